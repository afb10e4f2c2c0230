"""Digests, signature algorithms and PSS parameters: what a request names, and what the key does.

Digests are SHA-256 and stronger (v1 11.9; v2 11.10).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.conformance.reference.accounts import PSS, RSA, Credential
from tests.conformance.reference.call import Call
from tests.conformance.reference.keys import Key
from tests.conformance.reference.replies import Refused, generic, invalid, missing

SHA256: Final = "2.16.840.1.101.3.4.2.1"
DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
IMPLIED: Final = {
    "1.2.840.113549.1.1.11": "2.16.840.1.101.3.4.2.1",
    "1.2.840.113549.1.1.12": "2.16.840.1.101.3.4.2.2",
    "1.2.840.113549.1.1.13": "2.16.840.1.101.3.4.2.3",
    "1.2.840.10045.4.3.2": "2.16.840.1.101.3.4.2.1",
    "1.2.840.10045.4.3.3": "2.16.840.1.101.3.4.2.2",
    "1.2.840.10045.4.3.4": "2.16.840.1.101.3.4.2.3",
}
"""The digest that a signature algorithm comes with."""
_NAMES: Final = {"sha256": SHA256, "sha384": "2.16.840.1.101.3.4.2.2"} | {
    "sha512": "2.16.840.1.101.3.4.2.3"
}
_BLOCK: Final = 256
"""Bytes of an RSA signature here."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How digests become signatures."""

    digest: str
    """OID."""
    salt: int | None = None
    """Bytes; None: no PSS."""
    mask: str = ""
    """OID of the digest of MGF1."""

    def sign(self, key: Key, digest: bytes) -> bytes:
        """The signature of ``digest``: PKCS#1, or DER of r and s."""
        prehashed = Prehashed(DIGESTS[self.digest])
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(digest, ec.ECDSA(prehashed))
        return key.sign(digest, self._padding(), prehashed)

    def verify(self, key: rsa.RSAPublicKey, digest: bytes, signature: bytes) -> None:
        """Raises:
        InvalidSignature: It is not one of ``digest``.
        """
        key.verify(signature, digest, self._padding(), Prehashed(DIGESTS[self.digest]))

    def _padding(self) -> padding.AsymmetricPadding:
        if self.salt is None:
            return padding.PKCS1v15()
        return padding.PSS(padding.MGF1(DIGESTS[self.mask]), self.salt)


def scheme(call: Call, credential: Credential) -> Scheme:
    """What ``signAlgo``, its parameters and the digest OID of the request say together."""
    algorithm = call.text("signAlgo")
    params = call.members.get("signAlgoParams", "")
    if not isinstance(params, str) or (algorithm == PSS and not params):
        raise missing("string", "signAlgoParams")
    if algorithm not in credential.algos:
        raise invalid("signAlgo")
    if algorithm in IMPLIED:
        return Scheme(IMPLIED[algorithm])
    if algorithm == RSA:
        return Scheme(_named(call))
    found = pss(params)
    if call.algorithm_name in call.members and _named(call) != found.digest:
        raise invalid(call.algorithm_name)
    return found


def _named(call: Call) -> str:
    oid = call.text(call.algorithm_name)
    if oid not in DIGESTS:
        raise invalid(call.algorithm_name)
    return oid


def pss(params: str) -> Scheme:
    """The scheme in base64 of RSASSA-PSS-params (RFC 8017 A.2.3)."""
    try:
        found = algos.RSASSAPSSParams.load(base64.b64decode(params, validate=True), strict=True)
        mask = found["mask_gen_algorithm"]
        digest = _NAMES[found["hash_algorithm"]["algorithm"].native]
        scheme = Scheme(
            digest,
            found["salt_length"].native,
            _NAMES[mask["parameters"]["algorithm"].native],
        )
        trailer = found["trailer_field"].native
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise generic() from None
    longest = _BLOCK - DIGESTS[digest].digest_size - 2
    if trailer != "trailer_field_bc" or scheme.salt is None or not 0 <= scheme.salt <= longest:
        raise generic()
    return scheme


def decoded(call: Call, name: str) -> list[bytes]:
    """The array of hashes ``name``, at least one."""
    texts = call.members.get(name)
    if not isinstance(texts, list):
        raise missing("array", "hash")
    if not texts:
        raise Refused("Empty hash array")
    try:
        return [base64.b64decode(one.encode("ascii"), validate=True) for one in texts]
    except (AttributeError, ValueError, binascii.Error):
        raise Refused("Invalid Base64 hash string parameter") from None


def measure(digests: Sequence[bytes], oid: str) -> None:
    """Refuse digests that are not as long as those of ``oid``; any digest's length without one."""
    fits = {DIGESTS[oid].digest_size} if oid else {one.digest_size for one in DIGESTS.values()}
    if any(len(one) not in fits for one in digests):
        raise Refused("Invalid digest value length")
