"""Names of algorithms, and how a signature value is to be read that was asked for with them.

OIDs, lengths and PSS parameters alone; nothing is verified here.
(CSC v1 11.9, v2 11.10; RFC 4055 3.1, RFC 8017 A.2.3, RFC 5758 3.2)
"""

from __future__ import annotations

import base64
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from conformance.judge.wrong import Wrong, base64_bytes, guarded

RSA: Final = "1.2.840.113549.1.1.1"
"""PKCS#1 v1.5 with a digest named beside it."""
RSA_PSS: Final = "1.2.840.113549.1.1.10"
EC: Final = "1.2.840.10045.2.1"
"""Some servers list the type of the key in ``key/algo``."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest algorithm that CSC knows."""

    oid: str
    name: str
    """As ``hashlib`` and ``asn1crypto`` write it."""
    length: int
    """Bytes."""

    def primitive(self) -> hashes.HashAlgorithm:
        """The same in ``cryptography``."""
        return _PRIMITIVES[self.oid]()

    def of(self, content: bytes) -> bytes:
        """Its value for ``content``."""
        state = hashes.Hash(self.primitive())
        state.update(content)
        return state.finalize()


_NIST: Final = "2.16.840.1.101.3.4.2."
SHA256: Final = Digest(_NIST + "1", "sha256", 32)
SHA384: Final = Digest(_NIST + "2", "sha384", 48)
SHA512: Final = Digest(_NIST + "3", "sha512", 64)
SHA512_256: Final = Digest(_NIST + "6", "sha512_256", 32)
SHA3_256: Final = Digest(_NIST + "8", "sha3_256", 32)
SHA3_384: Final = Digest(_NIST + "9", "sha3_384", 48)
SHA3_512: Final = Digest(_NIST + "10", "sha3_512", 64)

DIGESTS: Final[Mapping[str, Digest]] = MappingProxyType(
    {one.oid: one for one in (SHA256, SHA384, SHA512, SHA512_256, SHA3_256, SHA3_384, SHA3_512)}
)
"""Those that may be used, by OID; SHA-1, SHA-224 and MD5 may not."""

_PRIMITIVES: Final[Mapping[str, type[hashes.HashAlgorithm]]] = MappingProxyType(
    {
        SHA256.oid: hashes.SHA256,
        SHA384.oid: hashes.SHA384,
        SHA512.oid: hashes.SHA512,
        SHA512_256.oid: hashes.SHA512_256,
        SHA3_256.oid: hashes.SHA3_256,
        SHA3_384.oid: hashes.SHA3_384,
        SHA3_512.oid: hashes.SHA3_512,
    }
)

SHA1_OID: Final = "1.3.14.3.2.26"
"""To be refused wherever it is offered."""
SHA1_LENGTH: Final = 20
"""Bytes."""

RSA_WITH: Final[Mapping[str, Digest]] = MappingProxyType(
    {
        "1.2.840.113549.1.1.11": SHA256,
        "1.2.840.113549.1.1.12": SHA384,
        "1.2.840.113549.1.1.13": SHA512,
    }
)
ECDSA_WITH: Final[Mapping[str, Digest]] = MappingProxyType(
    {
        "1.2.840.10045.4.3.2": SHA256,
        "1.2.840.10045.4.3.3": SHA384,
        "1.2.840.10045.4.3.4": SHA512,
    }
)

CURVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.2.840.10045.3.1.7": ec.SECP256R1.name,
        "1.3.132.0.34": ec.SECP384R1.name,
        "1.3.132.0.35": ec.SECP521R1.name,
        "1.3.36.3.3.2.8.1.1.7": ec.BrainpoolP256R1.name,
        "1.3.36.3.3.2.8.1.1.11": ec.BrainpoolP384R1.name,
        "1.3.36.3.3.2.8.1.1.13": ec.BrainpoolP512R1.name,
    }
)
"""Names in ``cryptography`` by OID."""


class Kind(enum.Enum):
    """How a signature value is made."""

    PKCS1 = "RSA PKCS#1 v1.5"
    PSS = "RSASSA-PSS"
    ECDSA = "ECDSA"


@dataclass(frozen=True, slots=True)
class Pss:
    """RSASSA-PSS-params; the trailer is always the one that exists."""

    digest: Digest
    mask_digest: Digest
    salt_length: int
    """Bytes; a server has to use exactly this many."""

    def encoded(self) -> str:
        """As ``signAlgoParams``: base64 of DER."""
        parameters = algos.RSASSAPSSParams(
            {
                "hash_algorithm": {"algorithm": self.digest.oid},
                "mask_gen_algorithm": {
                    "algorithm": "mgf1",
                    "parameters": {"algorithm": self.mask_digest.oid},
                },
                "salt_length": self.salt_length,
            }
        )
        return base64.b64encode(parameters.dump()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one signature value is to be verified."""

    kind: Kind
    digest: Digest
    pss: Pss | None = None
    """For ``Kind.PSS`` alone."""


def digest_of(oid: str) -> Digest:
    """The digest algorithm called ``oid``.

    Raises:
        Wrong: None of those that may be used.
    """
    try:
        return DIGESTS[oid]
    except KeyError as reason:
        raise Wrong(f"{oid} is no digest algorithm that may be used.") from reason


def default_pss(digest: Digest) -> Pss:
    """The same digest twice and a salt as long as it: what most clients ask for."""
    return Pss(digest, digest, digest.length)


@guarded("The RSASSA-PSS parameters")
def parse_pss(text: object) -> Pss:
    """What ``signAlgoParams`` asks for.

    Raises:
        Wrong: No RSASSA-PSS-params in base64 DER, or with an algorithm that may not be used.
    """
    der = base64_bytes(text, "signAlgoParams")
    return pss_of(algos.RSASSAPSSParams.load(der, strict=True))


def pss_of(parameters: algos.RSASSAPSSParams) -> Pss:
    """The same of parameters that stand inside a larger structure."""
    mask = parameters["mask_gen_algorithm"]
    if (
        mask["algorithm"].native != "mgf1"
        or parameters["trailer_field"].native != "trailer_field_bc"
    ):
        raise Wrong("The RSASSA-PSS parameters name another mask or trailer than MGF1 and 1.")
    return Pss(
        digest_of(parameters["hash_algorithm"]["algorithm"].dotted),
        digest_of(mask["parameters"]["algorithm"].dotted),
        int(parameters["salt_length"].native),
    )


def scheme(sign_algo: str, hash_algo: str = "", parameters: str = "") -> Scheme:
    """How to verify what was signed with these three members of a request.

    Args:
        hash_algo: OID; looked at only where ``sign_algo`` says nothing about the digest.
        parameters: ``signAlgoParams``; for RSASSA-PSS alone.

    Raises:
        Wrong: They do not name a scheme.
    """
    if sign_algo in RSA_WITH:
        return Scheme(Kind.PKCS1, RSA_WITH[sign_algo])
    if sign_algo in ECDSA_WITH:
        return Scheme(Kind.ECDSA, ECDSA_WITH[sign_algo])
    if sign_algo == RSA_PSS:
        pss = parse_pss(parameters)
        return Scheme(Kind.PSS, pss.digest, pss)
    if sign_algo in (RSA, EC):
        return Scheme(Kind.PKCS1 if sign_algo == RSA else Kind.ECDSA, digest_of(hash_algo))
    raise Wrong(f"{sign_algo} is no signature algorithm that this suite can verify.")
