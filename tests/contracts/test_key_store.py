"""What every key store must do, run against token objects and wrapped keys on a real token."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cryptography.x509 import load_der_x509_csr

from hsm import errors
from hsm.interface import NewKey
from hsm.keystore import KeyStore, TokenKeyStore, WrappedKeyStore
from hsm.labelled import CANARY, OWN_KEY, LabelledKeys
from hsm.pkcs11 import Device
from pki import possession
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.values import KeyRef
from tests.softhsm import make_tokens, opened

STORES: dict[str, Callable[[Device], KeyStore]] = {
    "token": lambda device: TokenKeyStore(device.signers),
    "wrapped": lambda device: WrappedKeyStore(device.signers),
}
MESSAGE = b"the document"
SOFTWARE = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}
SALTS = ("none", "digest", "longest")


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """A token whose canary exists: what the stores ask when a key is not found."""
    with opened(make_tokens(tmp_path_factory.mktemp("softhsm"))) as device:
        LabelledKeys(device.signers).make(CANARY, OWN_KEY)
        yield device


@pytest.fixture(scope="module", params=STORES)
def make_store(request: pytest.FixtureRequest, device: Device) -> Callable[[], KeyStore]:
    """A new store of one kind over the same token, as another process would have it."""
    kind = STORES[request.param]
    kind(device).initialise()
    return lambda: kind(device)


@pytest.fixture(scope="module")
def store(make_store: Callable[[], KeyStore]) -> KeyStore:
    return make_store()


@pytest.fixture(scope="module")
def keys(store: KeyStore) -> dict[KeyAlgorithm, NewKey]:
    """One key of each kind; RSA keys take seconds, so they are shared."""
    return {algorithm: store.generate(algorithm) for algorithm in KeyAlgorithm}


def salt_bytes(key: KeyAlgorithm, digest: HashAlgorithm, salt: str) -> int:
    longest = (key.bits + 6) // 8 - digest.digest_bytes - 2
    return {"none": 0, "digest": digest.digest_bytes, "longest": longest}[salt]


def algorithms() -> Iterator[tuple[KeyAlgorithm, SignAlgorithm]]:
    for key in KeyAlgorithm:
        for digest in HashAlgorithm:
            if key.curve_oid is not None:
                yield key, SignAlgorithm(Scheme.ECDSA, digest)
                continue
            yield key, SignAlgorithm(Scheme.RSA_PKCS1, digest)
            for salt in SALTS:
                yield key, SignAlgorithm(Scheme.RSA_PSS, digest, salt_bytes(key, digest, salt))


def digest_of(algorithm: HashAlgorithm) -> bytes:
    return hashlib.new(algorithm.name.lower(), MESSAGE).digest()


def verify(spki: bytes, algorithm: SignAlgorithm, signature: bytes) -> None:
    """Verify over the message itself, on another way than the code under test."""
    key, digest = load_der_public_key(spki), SOFTWARE[algorithm.hash_algorithm]
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, MESSAGE, ec.ECDSA(digest))
        return
    assert isinstance(key, rsa.RSAPublicKey)
    if algorithm.salt_bytes is None:
        key.verify(signature, MESSAGE, padding.PKCS1v15(), digest)
    else:
        pss = padding.PSS(padding.MGF1(digest), algorithm.salt_bytes)
        key.verify(signature, MESSAGE, pss, digest)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    list(algorithms()),
    ids=lambda one: (
        getattr(one, "label", None)
        or f"{one.scheme.value}-{one.hash_algorithm.name}-{one.salt_bytes}"
    ),
)
def test_every_key_signs_with_every_scheme(
    store: KeyStore, keys: dict[KeyAlgorithm, NewKey], key: KeyAlgorithm, algorithm: SignAlgorithm
) -> None:
    """A signature value verifies in independent software, in the form that goes out."""
    new = keys[key]
    signature = store.sign(new.key_ref, algorithm, digest_of(algorithm.hash_algorithm))
    verify(new.public_key, algorithm, signature)
    if key.curve_oid is None:
        assert len(signature) == key.bits // 8


def test_the_check_of_this_suite_can_fail(
    store: KeyStore, keys: dict[KeyAlgorithm, NewKey]
) -> None:
    """A signature over another digest does not verify."""
    new = keys[KeyAlgorithm.P_256]
    algorithm = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
    with pytest.raises(InvalidSignature):
        verify(new.public_key, algorithm, store.sign(new.key_ref, algorithm, bytes(32)))


def test_a_new_key_has_signed_its_own_request(keys: dict[KeyAlgorithm, NewKey]) -> None:
    """Each kind proves by a request that names nobody that it can sign; none for another key."""
    for algorithm, new in keys.items():
        request = load_der_x509_csr(new.request)
        assert request.is_signature_valid, algorithm.label
        spki = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert (spki, list(request.subject), list(request.extensions)) == (new.public_key, [], [])
        assert possession.proven(new.request) == new.public_key


def test_another_process_can_use_the_key(
    make_store: Callable[[], KeyStore], keys: dict[KeyAlgorithm, NewKey]
) -> None:
    """A key works in a store that did not make it, from its reference alone."""
    new = keys[KeyAlgorithm.P_384]
    algorithm = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA384)
    signature = make_store().sign(new.key_ref, algorithm, digest_of(HashAlgorithm.SHA384))
    verify(new.public_key, algorithm, signature)


def test_keys_differ(store: KeyStore, keys: dict[KeyAlgorithm, NewKey]) -> None:
    """Each key has an identifier and a public key of its own."""
    again = store.generate(KeyAlgorithm.P_256)
    assert again.key_ref.key_id != keys[KeyAlgorithm.P_256].key_ref.key_id
    assert again.public_key != keys[KeyAlgorithm.P_256].public_key
    assert len(again.key_ref.key_id) == 16


def test_a_key_that_never_was_is_gone(store: KeyStore) -> None:
    """An unknown reference is KeyGone, not a broken device."""
    algorithm = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
    for wrapped in (None, b"", bytes(80)):
        with pytest.raises(errors.KeyGone):
            store.sign(KeyRef(bytes(16), wrapped), algorithm, bytes(32))


def test_a_token_key_dies_for_every_process(device: Device) -> None:
    """A destroyed token object is KeyGone, in a process that had its handle too."""
    algorithm = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
    one, other = TokenKeyStore(device.signers), TokenKeyStore(device.signers)
    key_ref = one.generate(KeyAlgorithm.P_256).key_ref
    other.sign(key_ref, algorithm, bytes(32))
    one.destroy(key_ref)
    for store in (one, other):
        with pytest.raises(errors.KeyGone):
            store.sign(key_ref, algorithm, bytes(32))
    with pytest.raises(errors.KeyGone):
        one.destroy(key_ref)


def test_a_changed_blob_does_not_open(device: Device) -> None:
    """Flipping any byte of a wrapped key makes it KeyGone, and the store goes on working."""
    store = WrappedKeyStore(device.signers)
    store.initialise()
    algorithm = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
    key_ref = store.generate(KeyAlgorithm.P_256).key_ref
    blob = key_ref.wrapped
    assert blob is not None
    for place in range(len(blob)):
        changed = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        with pytest.raises(errors.KeyGone):
            store.sign(KeyRef(key_ref.key_id, changed), algorithm, bytes(32))
    store.sign(key_ref, algorithm, bytes(32))


def test_a_scheme_of_another_kind_of_key_signs_nothing(
    store: KeyStore, keys: dict[KeyAlgorithm, NewKey]
) -> None:
    """ECDSA with an RSA key and the reverse give an error, never a value."""
    cases = (
        (KeyAlgorithm.RSA_2048, SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)),
        (KeyAlgorithm.P_256, SignAlgorithm(Scheme.RSA_PKCS1, HashAlgorithm.SHA256)),
    )
    for key, algorithm in cases:
        with pytest.raises(errors.HsmError):
            store.sign(keys[key].key_ref, algorithm, bytes(32))


def test_unwraps_are_counted_and_kept(device: Device) -> None:
    """A wrapped key is opened once and then remembered."""
    store = WrappedKeyStore(device.signers)
    store.initialise()
    algorithm = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
    first, second = (store.generate(KeyAlgorithm.P_256).key_ref for _ in range(2))
    for key_ref in (first, second, first, second):
        store.sign(key_ref, algorithm, bytes(32))
    assert store.unwraps == 2
    store.destroy(first)
    store.sign(first, algorithm, bytes(32))
    assert store.unwraps == 3


def test_a_wrapped_key_leaves_no_object(device: Device) -> None:
    """Making a wrapped key adds nothing that a search of the token finds."""
    store = WrappedKeyStore(device.signers)
    store.initialise()
    key_ref = store.generate(KeyAlgorithm.P_256).key_ref
    with pytest.raises(errors.KeyGone):
        TokenKeyStore(device.signers).sign(
            key_ref, SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256), bytes(32)
        )


def test_an_empty_token_is_broken_not_short_of_a_key(
    tmp_path_factory: pytest.TempPathFactory, device: Device
) -> None:
    """Without its canary a token is taken for logged out, and no key for gone."""
    signers = LabelledKeys(device.service)
    assert not signers.exists(CANARY)
    with pytest.raises(errors.Broken):
        TokenKeyStore(device.service).destroy(KeyRef(bytes(16)))
