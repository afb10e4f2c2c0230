"""PKCS#11 mechanisms as data: which one, with which parameter, over which bytes.

The only place that names ``CKM_*`` numbers (PKCS #11 v2.40 errata 01, header ``pkcs11t.h``).
Calls nothing in the device; the software side that checks a signature stands beside the recipe
that made it, so that the two cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from hsm import errors
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm

RSA_PKCS: Final = 0x0001
RSA_PKCS_PSS: Final = 0x000D
ECDSA: Final = 0x1041
RSA_PKCS_KEY_PAIR_GEN: Final = 0x0000
EC_KEY_PAIR_GEN: Final = 0x1040
SHA256_HMAC: Final = 0x0251
GENERIC_SECRET_KEY_GEN: Final = 0x0350
AES_KEY_GEN: Final = 0x1080
AES_GCM: Final = 0x1087
AES_KEY_WRAP_PAD: Final = 0x210A

SERVICE_NEEDS: Final = {
    SHA256_HMAC: "HMAC-SHA-256: SADs, PINs and bindings cannot be sealed",
    GENERIC_SECRET_KEY_GEN: "generic secret keys: no HMAC key can be made",
    AES_KEY_GEN: "AES keys: the key that seals authenticators cannot be made",
    AES_GCM: "AES-GCM: authenticators cannot be sealed",
    EC_KEY_PAIR_GEN: "elliptic curve keys: the audit key cannot be made",
    ECDSA: "ECDSA: audit checkpoints cannot be signed",
}
"""What the service token must offer, and what is missing without it."""

SIGNERS_NEED: Final = {
    RSA_PKCS_KEY_PAIR_GEN: "RSA keys: only elliptic curve credentials are possible",
    RSA_PKCS: "RSASSA-PKCS1-v1_5: RSA credentials cannot sign",
    RSA_PKCS_PSS: "RSASSA-PSS: RSA credentials offer one scheme less",
    EC_KEY_PAIR_GEN: "elliptic curve keys: no canary, only RSA credentials are possible",
    ECDSA: "ECDSA: no canary, elliptic curve credentials cannot sign",
}
"""What the signers' token should offer."""

WRAPPING_NEEDS: Final = {
    AES_KEY_GEN: "AES keys: the wrapping key cannot be made",
    AES_KEY_WRAP_PAD: "AES key wrap with padding: signers' keys cannot be wrapped",
}
"""What the signers' token must offer besides when keys are kept wrapped in the database."""

# CKM_SHAxxx and CKG_MGF1_SHAxxx, the two numbers of CK_RSA_PKCS_PSS_PARAMS.
_PSS_NUMBERS: Final = {
    HashAlgorithm.SHA256: (0x0250, 0x0002),
    HashAlgorithm.SHA384: (0x0260, 0x0003),
    HashAlgorithm.SHA512: (0x0270, 0x0004),
}

# DER of DigestInfo up to the digest (RFC 8017 9.2, note 1): CKM_RSA_PKCS pads and nothing else.
_DIGEST_INFO: Final = {
    HashAlgorithm.SHA256: bytes.fromhex("3031300d060960864801650304020105000420"),
    HashAlgorithm.SHA384: bytes.fromhex("3041300d060960864801650304020205000430"),
    HashAlgorithm.SHA512: bytes.fromhex("3051300d060960864801650304020305000440"),
}

_SOFTWARE_HASH: Final[dict[HashAlgorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}
_CURVE: Final[dict[KeyAlgorithm, ec.EllipticCurve]] = {
    KeyAlgorithm.P_256: ec.SECP256R1(),
    KeyAlgorithm.P_384: ec.SECP384R1(),
}

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the device is told in order to sign a digest."""

    mechanism: int
    """``CKM_*``."""
    parameter: tuple[int, int, int] | None
    """Digest, mask generation and salt length of PSS, always given: the usual default of
    bindings is SHA-1. ``None`` for the other mechanisms."""
    prefix: bytes
    """Goes before the digest."""


@lru_cache(maxsize=256)
def recipe(algorithm: SignAlgorithm) -> Recipe:
    """How the device computes ``algorithm``.

    Raises:
        Rejected: RSASSA-PSS without a salt length.
    """
    if algorithm.scheme is Scheme.ECDSA:
        return Recipe(ECDSA, None, b"")
    if algorithm.scheme is Scheme.RSA_PKCS1:
        return Recipe(RSA_PKCS, None, _DIGEST_INFO[algorithm.hash_algorithm])
    if algorithm.salt_bytes is None:
        raise errors.Rejected("RSASSA-PSS needs a salt length")
    digest, mask = _PSS_NUMBERS[algorithm.hash_algorithm]
    return Recipe(RSA_PKCS_PSS, (digest, mask, algorithm.salt_bytes), b"")


def signature_value(scheme: Scheme, raw: bytes) -> bytes:
    """The device's output as the signature value that goes out.

    PKCS #11 returns r and s side by side, X.509 and CMS want ``ECDSA-Sig-Value`` (RFC 3279
    2.2.3). RSA output is the value already.
    """
    if scheme is not Scheme.ECDSA:
        return raw
    half = len(raw) // 2
    return utils.encode_dss_signature(
        int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    )


def verifies(
    public_key: PublicKey, algorithm: SignAlgorithm, digest: bytes, signature: bytes
) -> bool:
    """True when ``signature`` is one over ``digest``, computed in software."""
    prehashed = utils.Prehashed(_SOFTWARE_HASH[algorithm.hash_algorithm])
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey):
            public_key.verify(signature, digest, ec.ECDSA(prehashed))
        else:
            public_key.verify(signature, digest, _padding(algorithm), prehashed)
    except InvalidSignature:
        return False
    return True


def _padding(algorithm: SignAlgorithm) -> padding.AsymmetricPadding:
    if algorithm.salt_bytes is None:
        return padding.PKCS1v15()
    mask = padding.MGF1(_SOFTWARE_HASH[algorithm.hash_algorithm])
    return padding.PSS(mask, algorithm.salt_bytes)


def fits(public_key: PublicKey, scheme: Scheme) -> bool:
    """True when this kind of key can carry this scheme."""
    return isinstance(public_key, rsa.RSAPublicKey) is (scheme is not Scheme.ECDSA)


# Parsing costs a third of a P-256 verification; the same signers come back.
@lru_cache(maxsize=4096)
def public_key(spki: bytes) -> PublicKey:
    """The key in a SubjectPublicKeyInfo.

    Raises:
        ValueError: Not DER, or neither RSA nor an elliptic curve.
    """
    key = load_der_public_key(spki)
    if isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        return key
    raise ValueError("neither RSA nor an elliptic curve")


def rsa_public_key(modulus: bytes, exponent: bytes) -> rsa.RSAPublicKey:
    """The key with these two big-endian numbers (``CKA_MODULUS``, ``CKA_PUBLIC_EXPONENT``)."""
    numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
    return numbers.public_key()


def ec_public_key(algorithm: KeyAlgorithm, point: bytes) -> ec.EllipticCurvePublicKey:
    """The key at ``CKA_EC_POINT``: a DER octet string around an uncompressed point.

    Some modules leave the octet string out (PKCS #11 v2.40 2.3.3 against practice).
    """
    length = 2 * (algorithm.bits // 8) + 1
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE[algorithm], point[-length:])


def spki(key: PublicKey) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
