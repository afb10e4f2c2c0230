"""Does this signature value fit this digest and this key, exactly as asked?

A value that does not is looked at once more, to say what it is instead: another encoding, another
salt, another digest, another hash of the same list. (CSC v1 11.9, v2 11.10)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from conformance.judge import algorithms
from conformance.judge.algorithms import Kind, Pss, Scheme
from conformance.judge.wrong import Unusual, Wrong, guarded

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

MOST_ORDERS: Final = 64
"""Hashes that a misplaced signature is compared with; above, only neighbours are told apart."""


@guarded("The public key of the certificate")
def key_of(certificate: x509.Certificate) -> PublicKey:
    """The key that a certificate is about.

    Raises:
        Wrong: Neither RSA nor ECDSA.
    """
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return key
    raise Wrong(f"The certificate's key is neither RSA nor ECDSA but {type(key).__name__}.")


def verify(signature: bytes, digest: bytes, key: PublicKey, scheme: Scheme) -> None:
    """Return if ``signature`` is one over ``digest``.

    Raises:
        Wrong: It is not; the text says what it is, as far as that can be told.
        Unusual: It is, but r and s of ECDSA stand bare one after the other.
    """
    if len(digest) != scheme.digest.length:
        raise Wrong(f"A digest of {len(digest)} bytes is none of {scheme.digest.name}.")
    if isinstance(key, rsa.RSAPublicKey) == (scheme.kind is Kind.ECDSA):
        raise Wrong(f"The certificate's key cannot make a signature of {scheme.kind.value}.")
    if _fits(signature, digest, key, scheme):
        return
    if isinstance(key, ec.EllipticCurvePublicKey):
        if _is_bare(signature, digest, key, scheme):
            raise Unusual("The ECDSA signature is bare r and s; clients expect DER of a SEQUENCE.")
        raise Wrong(_instead_ecdsa(signature, digest, key, scheme))
    raise Wrong(_instead_rsa(signature, digest, key, scheme))


def verify_all(
    signatures: Sequence[bytes], digests: Sequence[bytes], key: PublicKey, scheme: Scheme
) -> None:
    """Return if there is one signature for each digest, in their order.

    Raises:
        Wrong: Too many or too few, in another order, or a wrong one.
    """
    if len(signatures) != len(digests):
        raise Wrong(f"{len(digests)} hashes came back as {len(signatures)} signatures.")
    for place, (signature, digest) in enumerate(zip(signatures, digests, strict=True)):
        try:
            verify(signature, digest, key, scheme)
        except Unusual:
            raise
        except Wrong as reason:
            misplaced = _misplaced(place, signature, digests, key, scheme)
            raise Wrong(misplaced or str(reason)) from None


def _misplaced(
    place: int, signature: bytes, digests: Sequence[bytes], key: PublicKey, scheme: Scheme
) -> str:
    """The sentence about a signature of another hash of the list; empty when it is none."""
    for other, digest in enumerate(digests[:MOST_ORDERS]):
        if other != place and _fits(signature, digest, key, scheme):
            return f"Signature {place + 1} belongs to hash {other + 1}: the order is not kept."
    return ""


def _fits(signature: bytes, digest: bytes, key: PublicKey, scheme: Scheme) -> bool:
    hashed = utils.Prehashed(scheme.digest.primitive())
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(hashed))
        elif scheme.pss is not None:
            key.verify(signature, digest, _pss(scheme.pss), hashed)
        else:
            key.verify(signature, digest, padding.PKCS1v15(), hashed)
    except (InvalidSignature, ValueError):
        # ValueError: a salt that this key is too short for.
        return False
    return True


def _pss(parameters: Pss) -> padding.PSS:
    mask = padding.MGF1(parameters.mask_digest.primitive())
    return padding.PSS(mgf=mask, salt_length=parameters.salt_length)


def _instead_rsa(signature: bytes, digest: bytes, key: rsa.RSAPublicKey, scheme: Scheme) -> str:
    size = (key.key_size + 7) // 8
    if len(signature) != size:
        return f"The signature has {len(signature)} bytes; the RSA key makes {size}."
    if scheme.pss is None:
        return _instead_pkcs1(signature, digest, key, scheme)
    salt = _salt_length(signature, digest, key, scheme.pss)
    if salt is not None:
        asked = scheme.pss.salt_length
        return f"The RSASSA-PSS signature has a salt of {salt} bytes; {asked} were asked for."
    if _fits(signature, digest, key, Scheme(Kind.PKCS1, scheme.digest)):
        return "The signature is one of PKCS#1 v1.5; RSASSA-PSS was asked for."
    return "The RSASSA-PSS signature does not fit the hash and the certificate's key."


def _instead_pkcs1(signature: bytes, digest: bytes, key: rsa.RSAPublicKey, scheme: Scheme) -> str:
    pss = algorithms.default_pss(scheme.digest)
    if _salt_length(signature, digest, key, pss) is not None:
        return "The signature is one of RSASSA-PSS; PKCS#1 v1.5 was asked for."
    twice = scheme.digest.of(digest)
    if _fits(signature, twice, key, scheme):
        return "The hash was hashed once more before it was signed."
    return _about_recovered(signature, digest, key)


def _about_recovered(signature: bytes, digest: bytes, key: rsa.RSAPublicKey) -> str:
    """What an RSA signature holds that opens, but not to what it should."""
    try:
        inside = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
    except InvalidSignature:
        return "The signature does not fit the hash and the certificate's key."
    if inside == digest:
        return "The signature holds the bare hash; PKCS#1 v1.5 wraps it into a DigestInfo."
    if inside.endswith(digest):
        return "The signature names another digest algorithm than the one that was asked for."
    return "The signature is one of the certificate's key, but over another hash."


def _salt_length(signature: bytes, digest: bytes, key: rsa.RSAPublicKey, asked: Pss) -> int | None:
    """The salt with which it would be a good signature; None when there is none such."""
    hashed = utils.Prehashed(asked.digest.primitive())
    mask = padding.MGF1(asked.mask_digest.primitive())
    try:
        key.verify(signature, digest, padding.PSS(mask, padding.PSS.AUTO), hashed)
    except InvalidSignature:
        return None
    longest = (key.key_size + 6) // 8 - asked.digest.length - 2
    for length in range(longest + 1):
        guess = Pss(asked.digest, asked.mask_digest, length)
        if _fits(signature, digest, key, Scheme(Kind.PSS, asked.digest, guess)):
            return length
    return None


def _is_bare(
    signature: bytes, digest: bytes, key: ec.EllipticCurvePublicKey, scheme: Scheme
) -> bool:
    size = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        return False
    halves = (int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
    return _fits(utils.encode_dss_signature(*halves), digest, key, scheme)


def _instead_ecdsa(
    signature: bytes, digest: bytes, key: ec.EllipticCurvePublicKey, scheme: Scheme
) -> str:
    try:
        utils.decode_dss_signature(signature)
    except ValueError:
        return f"The ECDSA signature of {len(signature)} bytes is no DER SEQUENCE of r and s."
    if _fits(signature, scheme.digest.of(digest), key, scheme):
        return "The hash was hashed once more before it was signed."
    return "The ECDSA signature does not fit the hash and the certificate's key."
