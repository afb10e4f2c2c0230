"""Which keys, digests and signature schemes are offered, and what a request may ask for.

Implements the choice of ETSI TS 119 312 V1.5.1 (RSA from 3000 bits for new certificates from
2026 on, SHA-2 from 256 bits, no SHA-1) and the OID rules of CSC v1 11.9 and v2 11.11.
Knows no PKCS#11 mechanism: that is ``hsm.mechanisms``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from policies import errors


class Scheme(Enum):
    """How a digest becomes a signature value."""

    RSA_PKCS1 = "RSASSA-PKCS1-v1_5"
    RSA_PSS = "RSASSA-PSS"
    ECDSA = "ECDSA"


class HashAlgorithm(Enum):
    """Digests that may be signed: OID and length in bytes (NIST CSOR; CSC spec 6.4)."""

    SHA256 = ("2.16.840.1.101.3.4.2.1", 32)
    SHA384 = ("2.16.840.1.101.3.4.2.2", 48)
    SHA512 = ("2.16.840.1.101.3.4.2.3", 64)

    def __init__(self, oid: str, digest_bytes: int) -> None:
        self.oid = oid
        self.digest_bytes = digest_bytes

    @classmethod
    def of_oid(cls, oid: str) -> HashAlgorithm:
        """The digest with this OID.

        Raises:
            HashAlgoInvalid: Unknown, or too weak to be offered.
        """
        for algorithm in cls:
            if algorithm.oid == oid:
                return algorithm
        raise errors.HashAlgoInvalid(oid)

    @classmethod
    def of_length(cls, digest_bytes: int) -> HashAlgorithm:
        """The digest with this length: CSC v1 authorises hashes without naming their algorithm.

        Raises:
            DigestLengthInvalid: No offered digest is that long.
        """
        for algorithm in cls:
            if algorithm.digest_bytes == digest_bytes:
                return algorithm
        raise errors.DigestLengthInvalid(f"{digest_bytes} bytes")


class KeyAlgorithm(Enum):
    """Key types: name, bits, curve OID (``None`` for RSA)."""

    RSA_2048 = ("RSA-2048", 2048, None)
    RSA_3072 = ("RSA-3072", 3072, None)
    RSA_4096 = ("RSA-4096", 4096, None)
    P_256 = ("P-256", 256, "1.2.840.10045.3.1.7")
    P_384 = ("P-384", 384, "1.3.132.0.34")

    def __init__(self, label: str, bits: int, curve_oid: str | None) -> None:
        self.label = label
        self.bits = bits
        self.curve_oid = curve_oid

    @classmethod
    def of_label(cls, label: str) -> KeyAlgorithm:
        """The key type with this name, for example ``P-256``.

        Raises:
            KeyAlgorithmUnknown: No such name.
        """
        for algorithm in cls:
            if algorithm.label == label:
                return algorithm
        raise errors.KeyAlgorithmUnknown(label)


@dataclass(frozen=True, slots=True)
class SignAlgorithm:
    """What the device is to compute."""

    scheme: Scheme
    hash_algorithm: HashAlgorithm
    salt_bytes: int | None = None
    """Salt length of RSASSA-PSS; ``None`` for the other schemes."""


@dataclass(frozen=True, slots=True)
class PssParameters:
    """RSASSA-PSS-params as the client sent them (RFC 4055 3.1), OIDs not yet judged."""

    hash_oid: str
    mask_oid: str
    mask_hash_oid: str
    salt_bytes: int
    trailer: int


RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
RSASSA_PSS: Final = "1.2.840.113549.1.1.10"
MGF1: Final = "1.2.840.113549.1.1.8"
EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"

# OIDs that name scheme and digest at once, the most common first (RFC 8017 A.2.4, RFC 5758 3.2).
RSA_WITH_DIGEST: Final = {
    "1.2.840.113549.1.1.11": HashAlgorithm.SHA256,
    "1.2.840.113549.1.1.12": HashAlgorithm.SHA384,
    "1.2.840.113549.1.1.13": HashAlgorithm.SHA512,
}
ECDSA_WITH_DIGEST: Final = {
    "1.2.840.10045.4.3.2": HashAlgorithm.SHA256,
    "1.2.840.10045.4.3.3": HashAlgorithm.SHA384,
    "1.2.840.10045.4.3.4": HashAlgorithm.SHA512,
}

# TS 119 312 V1.5.1: below 3000 bits no new certificates from 2026-01-01 on; a deployment that
# must serve old keys names RSA-2048 in its configuration.
DEFAULT_KEY_ALGORITHMS: Final = (
    KeyAlgorithm.RSA_3072,
    KeyAlgorithm.RSA_4096,
    KeyAlgorithm.P_256,
    KeyAlgorithm.P_384,
)


def offered(key_algorithm: KeyAlgorithm) -> tuple[str, ...]:
    """``key/algo`` of credentials/info: digest-specific OIDs first (CSC spec 9.5)."""
    if key_algorithm.curve_oid is None:
        return (*RSA_WITH_DIGEST, RSA_ENCRYPTION, RSASSA_PSS)
    return (*ECDSA_WITH_DIGEST, EC_PUBLIC_KEY)


def named_digest(
    sign_algo: str, hash_algo: str | None, parameters: PssParameters | None
) -> HashAlgorithm | None:
    """The digest that a request names, whatever the key; where ``resolve`` gives an algorithm, its
    digest is this one. ``None``: none is named, or none that is offered."""
    if (named := RSA_WITH_DIGEST.get(sign_algo) or ECDSA_WITH_DIGEST.get(sign_algo)) is not None:
        return named
    oid = parameters.hash_oid if sign_algo == RSASSA_PSS and parameters else hash_algo
    return next((one for one in HashAlgorithm if one.oid == oid), None)


def resolve(
    key_algorithm: KeyAlgorithm,
    sign_algo: str,
    hash_algo: str | None,
    parameters: PssParameters | None,
) -> SignAlgorithm:
    """What ``signAlgo``, the digest OID and ``signAlgoParams`` mean for this key.

    A digest OID next to a ``sign_algo`` that names its own is ignored (CSC v1 11.9).

    Raises:
        SignAlgoInvalid: Not offered for this key.
        HashAlgoMissing: ``sign_algo`` names no digest and neither does the request.
        HashAlgoInvalid: The digest is unknown or too weak, or contradicts the PSS parameters.
        SignAlgoParamsMissing: RSASSA-PSS without parameters.
        SignAlgoParamsInvalid: Parameters that are weak, mixed, or too long for the key.
    """
    if sign_algo not in offered(key_algorithm):
        raise errors.SignAlgoInvalid(sign_algo)
    if sign_algo in RSA_WITH_DIGEST:
        return SignAlgorithm(Scheme.RSA_PKCS1, RSA_WITH_DIGEST[sign_algo])
    if sign_algo in ECDSA_WITH_DIGEST:
        return SignAlgorithm(Scheme.ECDSA, ECDSA_WITH_DIGEST[sign_algo])
    if sign_algo == RSASSA_PSS:
        return _pss(key_algorithm, hash_algo, parameters)
    if hash_algo is None:
        raise errors.HashAlgoMissing(sign_algo)
    scheme = Scheme.RSA_PKCS1 if sign_algo == RSA_ENCRYPTION else Scheme.ECDSA
    return SignAlgorithm(scheme, HashAlgorithm.of_oid(hash_algo))


def _pss(
    key_algorithm: KeyAlgorithm, hash_algo: str | None, parameters: PssParameters | None
) -> SignAlgorithm:
    if parameters is None:
        raise errors.SignAlgoParamsMissing("RSASSA-PSS")
    try:
        digest = HashAlgorithm.of_oid(parameters.hash_oid)
    except errors.HashAlgoInvalid as reason:
        raise errors.SignAlgoParamsInvalid(f"digest {parameters.hash_oid}") from reason
    if parameters.mask_oid != MGF1 or parameters.mask_hash_oid != digest.oid:
        raise errors.SignAlgoParamsInvalid("mask generation must be MGF1 with the same digest")
    if parameters.trailer != 1:
        raise errors.SignAlgoParamsInvalid("trailer field")
    # RFC 8017 9.1.1: emLen >= hLen + sLen + 2, emLen = ceil((bits - 1) / 8).
    longest = (key_algorithm.bits + 6) // 8 - digest.digest_bytes - 2
    if not 0 <= parameters.salt_bytes <= longest:
        raise errors.SignAlgoParamsInvalid(f"salt of {parameters.salt_bytes} bytes")
    if hash_algo is not None and HashAlgorithm.of_oid(hash_algo) is not digest:
        raise errors.HashAlgoInvalid("contradicts signAlgoParams")
    return SignAlgorithm(Scheme.RSA_PSS, digest, parameters.salt_bytes)


# How long a verifier may rely on what somebody else chose. (TS 119 312 V1.5.1)

RELIABLE_DIGESTS: Final = frozenset(
    {"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"}
)
"""TS 119 312 V1.5.1 table 1: no end named. SHA-1 and SHA-224 are not among them."""
RELIABLE_CURVES: Final = frozenset(
    {
        *("secp256r1", "secp384r1", "secp521r1"),
        *("brainpoolp256r1", "brainpoolp384r1", "brainpoolp512r1"),
    }
)
"""TS 119 312 V1.5.1 table 2; the Edwards curves are not in it."""
SHORT_RSA_BITS: Final = 1900
"""TS 119 312 V1.5.1 table 2: the shortest RSA modulus that may still be relied on."""
LONG_RSA_BITS: Final = 3000
SHORT_RSA_ENDS: Final = datetime(2029, 1, 1, tzinfo=UTC)
"""TS 119 312 V1.5.1: below 3000 bits usable to the end of 2028."""


@dataclass(frozen=True, slots=True)
class Reliance:
    """May be relied on, and until when: first instant at which not any more."""

    good: bool
    ends_at: datetime | None = None
    """``None`` beside ``good``: no end named. Beside not ``good``: never was."""


def reliance_on_digest(name: str, at: datetime) -> Reliance:
    """Whether a digest of this name (``sha256``) may be relied on at that time."""
    del at  # no digest of the table has an end yet
    return Reliance(name in RELIABLE_DIGESTS)


def reliance_on_key(kind: str, bits: int, curve: str | None, at: datetime) -> Reliance:
    """Whether a key may be relied on at that time.

    Args:
        kind: ``rsa``, ``ec`` or another word.
        bits: Of the modulus, or of the field.
        curve: Its name, for ``ec``.
        at: Aware.
    """
    if kind == "ec":
        return Reliance(curve in RELIABLE_CURVES)
    if kind != "rsa" or bits < SHORT_RSA_BITS:
        return Reliance(False)
    if bits >= LONG_RSA_BITS:
        return Reliance(True)
    return Reliance(at < SHORT_RSA_ENDS, SHORT_RSA_ENDS)
