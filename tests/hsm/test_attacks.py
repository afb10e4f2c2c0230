"""Somebody inside the signer process with a logged-in session: private keys still do not leave.

Straight through the PKCS#11 binding, past our own code. (security-and-pki 1.5, promise 6)
"""

from __future__ import annotations

from typing import Any

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass

from hsm.handles import HandleCache
from hsm.keystore import WRAPPING_LABEL, TokenKeyStore, WrappedKeyStore
from hsm.pkcs11 import Device, Kind, Use
from hsm.secret_keys import Purpose
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from tests.hsm.world import Room

ALGORITHMS = (KeyAlgorithm.RSA_2048, KeyAlgorithm.P_256)
STORES = ("token", "wrapped")


def raw_key(device: Device, store: str, algorithm: KeyAlgorithm) -> Any:
    """The PKCS#11 object that signs for a new key of this store."""
    if store == "token":
        key_ref = TokenKeyStore(device.signers).generate(algorithm).key_ref
        return device.signers.find(Kind.PRIVATE, key_id=key_ref.key_id)
    wrapped = WrappedKeyStore(device.signers)
    wrapped.initialise()
    key_ref = wrapped.generate(algorithm).key_ref
    scheme = Scheme.RSA_PKCS1 if algorithm.curve_oid is None else Scheme.ECDSA
    wrapped.sign(key_ref, SignAlgorithm(scheme, HashAlgorithm.SHA256), bytes(32))
    handles: HandleCache[Any] = wrapped._handles
    return next(iter(handles._handles.values()))


@pytest.fixture(scope="module")
def keys(initialised: Device) -> dict[tuple[str, KeyAlgorithm], Any]:
    return {
        (store, algorithm): raw_key(initialised, store, algorithm)
        for store in STORES
        for algorithm in ALGORITHMS
    }


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=ALGORITHMS, ids=lambda one: one.label)
def key(
    request: pytest.FixtureRequest, store: str, keys: dict[tuple[str, KeyAlgorithm], Any]
) -> Any:
    return keys[store, request.param]


@pytest.fixture
def wrapping(initialised: Device) -> Any:
    """A wrapping key that an attacker can use."""
    WrappedKeyStore(initialised.signers).initialise()
    return initialised.signers.find(Kind.SECRET, label=WRAPPING_LABEL)


def test_the_token_calls_the_key_sealed(key: Any, store: str) -> None:
    """The attributes say: signs only, sensitive, not extractable, not to be changed."""
    assert key[Attribute.PRIVATE] is True
    assert key[Attribute.SENSITIVE] is True
    assert key[Attribute.EXTRACTABLE] is False
    assert key[Attribute.SIGN] is True
    assert key[Attribute.MODIFIABLE] is False
    assert key[Attribute.COPYABLE] is False
    for use in ("SIGN_RECOVER", "DECRYPT", "UNWRAP", "DERIVE"):
        assert key[getattr(Attribute, use)] is False
    for history in ("ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE", "LOCAL"):
        # A key that came through a wrap cannot claim to have never been extractable.
        assert key[getattr(Attribute, history)] is (store == "token")


def test_secret_numbers_cannot_be_read(key: Any) -> None:
    """Exponent, primes and scalar are refused."""
    rsa = ("PRIVATE_EXPONENT", "PRIME_1", "PRIME_2", "EXPONENT_1", "EXPONENT_2", "COEFFICIENT")
    for name in rsa if key.key_type is KeyType.RSA else ("VALUE",):
        with pytest.raises(pkcs11.AttributeSensitive):
            key[getattr(Attribute, name)]


def test_the_key_cannot_be_wrapped(key: Any, wrapping: Any) -> None:
    """Not even the wrapping key takes it out again."""
    with pytest.raises(pkcs11.KeyUnextractable):
        wrapping.wrap_key(key, mechanism=Mechanism.AES_KEY_WRAP_PAD)


@pytest.mark.parametrize(
    "change",
    [{Attribute.EXTRACTABLE: True}, {Attribute.SENSITIVE: False}, {Attribute.DECRYPT: True}, {}],
    ids=["extractable", "not-sensitive", "decrypting", "same"],
)
def test_no_copy_is_made(key: Any, change: dict[Attribute, bool]) -> None:
    """A copy is refused, with more rights or with the same."""
    with pytest.raises(pkcs11.PKCS11Error):
        key.copy(change)


@pytest.mark.parametrize("name", ["EXTRACTABLE", "DECRYPT", "DERIVE", "UNWRAP", "MODIFIABLE"])
def test_no_right_is_added(key: Any, name: str) -> None:
    """Setting an attribute is refused."""
    with pytest.raises(pkcs11.PKCS11Error):
        key[getattr(Attribute, name)] = True


def test_the_key_does_nothing_but_sign(key: Any) -> None:
    """Decryption, derivation and unwrapping are not even offered by the object."""
    for verb in ("decrypt", "derive_key", "unwrap_key"):
        assert not hasattr(key, verb)


def test_service_keys_do_one_thing(initialised: Device) -> None:
    """Secret keys are sealed, and each may do what its purpose needs and nothing else."""
    allowed = {
        Use.MAC: {"SIGN"},
        Use.SEAL: {"ENCRYPT", "DECRYPT"},
    }
    for purpose in Purpose:
        key: Any = initialised.service.find(Kind.SECRET, label=purpose.label)
        assert key[Attribute.SENSITIVE] is True
        assert key[Attribute.NEVER_EXTRACTABLE] is True
        for use in ("SIGN", "VERIFY", "ENCRYPT", "DECRYPT", "WRAP", "UNWRAP", "DERIVE"):
            assert key[getattr(Attribute, use)] is (use in allowed[purpose.use])
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]


def test_a_planted_wrapping_key_does_not_help(initialised: Device, key: Any) -> None:
    """A wrapping key of the attacker's own, value known, wraps no signing key."""
    planted: Any = initialised.signers._session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.VALUE: bytes(32),
            Attribute.WRAP: True,
            Attribute.TOKEN: False,
        }
    )
    with pytest.raises(pkcs11.KeyUnextractable):
        planted.wrap_key(key, mechanism=Mechanism.AES_KEY_WRAP_PAD)


def test_the_suite_can_fail(initialised: Device, wrapping: Any) -> None:
    """A key made without our template is readable or can be wrapped: the attacks are real."""
    session: Any = initialised.signers._session
    _, weak = session.generate_keypair(
        KeyType.RSA,
        2048,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY | MechanismFlag.DECRYPT,
        private_template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
    )
    assert len(weak[Attribute.PRIVATE_EXPONENT]) > 200
    assert wrapping.wrap_key(weak, mechanism=Mechanism.AES_KEY_WRAP_PAD)
    weak.copy({Attribute.TOKEN: False})


def test_the_process_that_signs_cannot_make_or_destroy(settings: Any, room: Room) -> None:
    """Without the admin role the session is read-only: the token itself refuses."""
    key = room.administration.generate_key(KeyAlgorithm.P_256)
    token = pkcs11.lib(str(settings.module)).get_token(token_label=settings.signers_token)
    # The process is logged in already; a second session needs no PIN.
    session: Any = token.open(rw=False)
    private = session.get_key(ObjectClass.PRIVATE_KEY, id=key.key_ref.key_id)
    with pytest.raises(pkcs11.SessionReadOnly):
        private.destroy()
    with pytest.raises(pkcs11.SessionReadOnly):
        session.generate_key(KeyType.AES, 256, store=True)
