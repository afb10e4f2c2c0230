"""Signature values: every scheme passes exactly as asked, and what differs is called by name."""

from __future__ import annotations

import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils

from conformance.judge import algorithms, signatures
from conformance.judge.algorithms import SHA256, SHA384, Digest, Pss, Scheme
from conformance.judge.wrong import Unusual, Wrong
from tests.conformance.judge import made

DIGESTS = [one for one in algorithms.DIGESTS.values() if not one.name.startswith("sha3")]
HELLO = hashlib.sha256(b"hello").digest()
WORLD = hashlib.sha256(b"world").digest()
PKCS1 = algorithms.scheme(algorithms.RSA, SHA256.oid)
ECDSA = algorithms.scheme("1.2.840.10045.4.3.2")


def pkcs1(digest: bytes, algorithm: Digest = SHA256) -> bytes:
    """An RSA signature as asked for."""
    hashed = utils.Prehashed(algorithm.primitive())
    return made.rsa_key().sign(digest, padding.PKCS1v15(), hashed)


def pss(digest: bytes, salt: int, algorithm: Digest = SHA256) -> bytes:
    """A PSS signature with a salt of this many bytes."""
    mask = padding.PSS(padding.MGF1(algorithm.primitive()), salt)
    return made.rsa_key().sign(digest, mask, utils.Prehashed(algorithm.primitive()))


def ecdsa(digest: bytes, algorithm: Digest = SHA256) -> bytes:
    """An ECDSA signature in DER."""
    return made.ec_key().sign(digest, ec.ECDSA(utils.Prehashed(algorithm.primitive())))


def said(signature: bytes, scheme: Scheme, digest: bytes = HELLO) -> str:
    """What the judge says of it."""
    kind = made.ec_key() if scheme.kind is algorithms.Kind.ECDSA else made.rsa_key()
    with pytest.raises(Wrong) as caught:
        signatures.verify(signature, digest, kind.public_key(), scheme)
    return str(caught.value)


@pytest.mark.parametrize("digest", DIGESTS, ids=lambda digest: digest.name)
def test_pkcs1_of_each_digest_passes(digest: Digest) -> None:
    """The digest is named beside the bare RSA algorithm."""
    value = digest.of(b"hello")
    scheme = algorithms.scheme(algorithms.RSA, digest.oid)
    signatures.verify(pkcs1(value, digest), value, made.rsa_key().public_key(), scheme)


@pytest.mark.parametrize("oid", list(algorithms.RSA_WITH) + list(algorithms.ECDSA_WITH))
def test_an_algorithm_with_its_digest_needs_no_other(oid: str) -> None:
    """The digest beside it is ignored."""
    scheme = algorithms.scheme(oid, "1.2.3")
    value = scheme.digest.of(b"hello")
    if oid in algorithms.RSA_WITH:
        signatures.verify(pkcs1(value, scheme.digest), value, made.rsa_key().public_key(), scheme)
    else:
        signatures.verify(ecdsa(value, scheme.digest), value, made.ec_key().public_key(), scheme)


@pytest.mark.parametrize("salt", [0, 20, 32, 222])
def test_pss_passes_with_the_salt_asked_for(salt: int) -> None:
    """Up to the longest that the key takes."""
    text = Pss(SHA256, SHA256, salt).encoded()
    scheme = algorithms.scheme(algorithms.RSA_PSS, "", text)
    signatures.verify(pss(HELLO, salt), HELLO, made.rsa_key().public_key(), scheme)


def test_pss_with_another_salt_is_told_by_its_length() -> None:
    """The length that was used is in the reason."""
    scheme = algorithms.scheme(algorithms.RSA_PSS, "", Pss(SHA256, SHA256, 222).encoded())
    assert "a salt of 32 bytes; 222 were asked for" in said(pss(HELLO, 32), scheme)


def test_the_two_kinds_of_rsa_are_told_apart() -> None:
    """Each is called by its name where the other was asked for."""
    scheme = algorithms.scheme(algorithms.RSA_PSS, "", algorithms.default_pss(SHA256).encoded())
    assert said(pkcs1(HELLO), scheme).startswith("The signature is one of PKCS#1 v1.5")
    assert said(pss(HELLO, 32), PKCS1).startswith("The signature is one of RSASSA-PSS")


def test_a_hash_hashed_again_is_told() -> None:
    """The classical mistake with PKCS#11 mechanisms."""
    twice = hashlib.sha256(HELLO).digest()
    assert "hashed once more" in said(pkcs1(twice), PKCS1)
    assert "hashed once more" in said(ecdsa(twice), ECDSA)


def test_a_bare_hash_in_an_rsa_signature_is_told() -> None:
    """The other one: no DigestInfo."""
    key = made.rsa_key()
    numbers = key.private_numbers()
    size, modulus = 256, numbers.public_numbers.n
    padded = b"\x00\x01" + b"\xff" * (size - 3 - len(HELLO)) + b"\x00" + HELLO
    bare = pow(int.from_bytes(padded, "big"), numbers.d, modulus).to_bytes(size, "big")
    assert "bare hash" in said(bare, PKCS1)


def test_another_digest_algorithm_or_hash_is_told() -> None:
    """The signature opens, but not to what was asked for."""
    value = SHA384.of(b"hello")
    other = pkcs1(SHA256.of(b"hello"))
    assert "over another hash" in said(other, algorithms.scheme(algorithms.RSA, SHA384.oid), value)
    wrong = pkcs1(HELLO, algorithms.SHA512_256)
    assert "names another digest algorithm" in said(wrong, PKCS1)


def test_bare_r_and_s_is_unusual_and_not_plainly_wrong() -> None:
    """No clause says DER; every client expects it."""
    r, s = utils.decode_dss_signature(ecdsa(HELLO))
    bare = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    with pytest.raises(Unusual, match="bare r and s"):
        signatures.verify(bare, HELLO, made.ec_key().public_key(), ECDSA)


@pytest.mark.parametrize("garbage", [b"", b"\x30", b"\x30\x80\x00", bytes(64), os.urandom(2**20)])
def test_garbage_is_wrong_and_nothing_else(garbage: bytes) -> None:
    """Of either kind of key."""
    assert said(garbage, PKCS1)
    assert "no DER SEQUENCE" in said(garbage, ECDSA)
    assert said(
        garbage, algorithms.scheme(algorithms.RSA_PSS, "", Pss(SHA256, SHA256, 9).encoded())
    )


def test_a_changed_bit_is_wrong() -> None:
    """In the signature, of RSA, PSS and ECDSA alike."""
    for value, scheme in (
        (pkcs1(HELLO), PKCS1),
        (ecdsa(HELLO), ECDSA),
        (
            pss(HELLO, 32),
            algorithms.scheme(algorithms.RSA_PSS, "", Pss(SHA256, SHA256, 32).encoded()),
        ),
    ):
        assert "does not fit" in said(value[:-1] + bytes([value[-1] ^ 1]), scheme)


def test_the_order_is_told() -> None:
    """Signatures in the order of their hashes pass; swapped ones name both places."""
    key, made_ = made.rsa_key().public_key(), [pkcs1(HELLO), pkcs1(WORLD)]
    signatures.verify_all(made_, [HELLO, WORLD], key, PKCS1)
    with pytest.raises(Wrong, match="Signature 1 belongs to hash 2"):
        signatures.verify_all(made_[::-1], [HELLO, WORLD], key, PKCS1)
    with pytest.raises(Wrong, match="2 hashes came back as 1 signatures"):
        signatures.verify_all(made_[:1], [HELLO, WORLD], key, PKCS1)


def test_a_wrong_one_among_good_ones_is_no_matter_of_order() -> None:
    """The reason stays its own."""
    key = made.rsa_key().public_key()
    with pytest.raises(Wrong, match="over another hash"):
        signatures.verify_all([pkcs1(HELLO), pkcs1(bytes(32))], [HELLO, WORLD], key, PKCS1)


def test_key_and_algorithm_have_to_go_together() -> None:
    """Also when the certificate is about a key of a kind unknown here."""
    with pytest.raises(Wrong, match="cannot make a signature of ECDSA"):
        signatures.verify(b"x", HELLO, made.rsa_key().public_key(), ECDSA)
    with pytest.raises(Wrong, match="none of sha256"):
        signatures.verify(b"x", b"short", made.rsa_key().public_key(), PKCS1)
    assert signatures.key_of(made.ec_leaf()) == made.ec_key().public_key()


def test_a_key_of_another_kind_is_wrong() -> None:
    """Ed25519 in a certificate."""
    odd = ed25519.Ed25519PrivateKey.generate()
    certificate = made.leaf(odd)  # type: ignore[arg-type] # a kind that the judges do not know
    with pytest.raises(Wrong, match="neither RSA nor ECDSA"):
        signatures.key_of(certificate)
