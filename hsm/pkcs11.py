"""The one door to PKCS#11: two tokens, opened once, used by one thread.

Translates templates, handles and vendor exceptions; decides nothing. Loaded by the signer
processes alone: the binding initialises modules without locks and lets go of the interpreter
lock during calls, so a second thread in here crashes the process (design/hsm.md).

Rules of this file:

- A session that logged in is never closed: closing it logs the whole process out, after which
  private objects are merely absent. Repair is ``Device.reopen``: finalize, initialise, log in.
- Searches are consumed to their end, an open one blocks every other call on the session.
- ``find`` is linear in the objects of a token: never on the way of a signature.
- A PIN is tried once per opening.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Concatenate, Final, NewType, ParamSpec, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.constants import DEFAULT
from pkcs11.util.ec import encode_named_curve_parameters

from hsm import errors, mechanisms
from policies.algorithms import KeyAlgorithm
from policies.secret import Secret

P = ParamSpec("P")
R = TypeVar("R")
Handle = NewType("Handle", object)
"""A key in a token, good until it is destroyed or the device is reopened."""

SECRET_BITS: Final = 256
GCM_TAG_BITS: Final = 128
# Longest output of one call: an RSA-4096 signature, or a sealed seed.
_OUTPUT_BYTES: Final = 512
_SLOT_PREFIX: Final = "slot:"
_HMAC: Final = Mechanism(mechanisms.SHA256_HMAC)
_GCM: Final = Mechanism(mechanisms.AES_GCM)
_KEY_WRAP: Final = Mechanism(mechanisms.AES_KEY_WRAP_PAD)

_CURVE_PARAMETERS: Final = {
    algorithm: encode_named_curve_parameters(algorithm.curve_oid)
    for algorithm in KeyAlgorithm
    if algorithm.curve_oid is not None
}
_CURVE_OF: Final = {parameters: algorithm for algorithm, parameters in _CURVE_PARAMETERS.items()}

_STALE: Final = (
    pkcs11.ObjectHandleInvalid,
    pkcs11.KeyHandleInvalid,
    pkcs11.UnwrappingKeyHandleInvalid,
    pkcs11.WrappingKeyHandleInvalid,
)
_PIN: Final = (
    pkcs11.PinExpired,
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.UserPinNotInitialized,
)
_INPUT: Final = (
    pkcs11.DataInvalid,
    pkcs11.DataLenRange,
    pkcs11.KeySizeRange,
    pkcs11.KeyTypeInconsistent,
    pkcs11.MechanismInvalid,
    pkcs11.MechanismParamInvalid,
    pkcs11.EncryptedDataInvalid,
    pkcs11.EncryptedDataLenRange,
    pkcs11.WrappedKeyInvalid,
    pkcs11.WrappedKeyLenRange,
)


class Kind(Enum):
    """Which object a search is for."""

    PRIVATE = ObjectClass.PRIVATE_KEY
    PUBLIC = ObjectClass.PUBLIC_KEY
    SECRET = ObjectClass.SECRET_KEY


class Use(Enum):
    """What a secret key may do, and nothing else: key type, generator, capabilities."""

    MAC = (KeyType.GENERIC_SECRET, mechanisms.GENERIC_SECRET_KEY_GEN, MechanismFlag.SIGN)
    SEAL = (
        KeyType.AES,
        mechanisms.AES_KEY_GEN,
        MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
    )
    WRAP = (KeyType.AES, mechanisms.AES_KEY_GEN, MechanismFlag.WRAP | MechanismFlag.UNWRAP)


@dataclass(frozen=True, slots=True)
class Pair:
    """A new key pair."""

    private: Handle
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""


# A private key signs and does nothing else, and no copy of it can be allowed to do more.
_SIGNS_ONLY: Final = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.SIGN_RECOVER: False,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    # Last: some modules fill in a template from the top and obey what they have read so far.
    Attribute.COPYABLE: False,
    Attribute.MODIFIABLE: False,
}
_SECRET: Final = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.COPYABLE: False,
    Attribute.MODIFIABLE: False,
}
# The binding would add these to every unwrapped key; a private key has none of them.
_NOT_OF_PRIVATE_KEYS: Final = {
    Attribute.ENCRYPT: DEFAULT,
    Attribute.VERIFY: DEFAULT,
    Attribute.WRAP: DEFAULT,
}
# What a token says of a key that was made inside and can never leave (PKCS #11 v2.40 4.9).
_SEALED: Final = {
    Attribute.SENSITIVE: True,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.NEVER_EXTRACTABLE: True,
    Attribute.LOCAL: True,
}


def _translate(error: pkcs11.PKCS11Error) -> errors.HsmError:
    """The typed error for a vendor's; its text is the code's name, which is never secret."""
    name = type(error).__name__
    if isinstance(error, _STALE):
        return errors.Stale(name)
    if isinstance(error, _PIN):
        return errors.PinRefused(name)
    if isinstance(error, _INPUT):
        return errors.Rejected(name)
    return errors.Broken(name)


def _door(call: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """A method in which vendor exceptions become ours."""

    @functools.wraps(call)
    def through(door: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(door, *args, **kwargs)
        except pkcs11.PKCS11Error as error:
            raise _translate(error) from error

    return through


class Token:
    """One logged-in token.

    Every method raises ``Stale`` for a handle that is no longer good, ``Rejected`` for input
    that the token does not take, ``Broken`` when the token fails.
    """

    def __init__(self, session: pkcs11.Session) -> None:
        self._session = session

    @_door
    def find(self, kind: Kind, *, label: str | None = None, key_id: bytes = b"") -> Handle | None:
        """The one key with this label or identifier.

        Raises:
            Broken: More than one.
        """
        wanted: dict[Attribute, Any] = {Attribute.CLASS: kind.value}
        wanted |= {Attribute.ID: key_id} if label is None else {Attribute.LABEL: label}
        found = list(self._session.get_objects(wanted))
        if len(found) > 1:
            raise errors.Broken(f"{len(found)} keys with one name: {label or key_id.hex()}")
        return Handle(found[0]) if found else None

    @_door
    def key_ids(self) -> set[bytes]:
        """Identifiers of all private keys."""
        wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
        # A list first: an open search blocks the reading of attributes.
        return {key[Attribute.ID] for key in list(self._session.get_objects(wanted))}

    @_door
    def generate_pair(
        self, algorithm: KeyAlgorithm, *, key_id: bytes, label: str | None = None
    ) -> Pair:
        """A key pair kept in the token; with a label its public key is kept as well.

        Raises:
            Broken: The token does not vouch that the private key can never leave; it is
                destroyed again.
        """
        pair = self._generate(algorithm, key_id, label, {Attribute.TOKEN: True})
        self._check_sealed(pair.private)
        return pair

    @_door
    def generate_session_pair(self, algorithm: KeyAlgorithm, *, key_id: bytes) -> Pair:
        """A key pair that ends with this session, and that can be wrapped until then."""
        lasting = {Attribute.TOKEN: False, Attribute.EXTRACTABLE: True}
        return self._generate(algorithm, key_id, None, lasting)

    def _generate(
        self,
        algorithm: KeyAlgorithm,
        key_id: bytes,
        label: str | None,
        lasting: Mapping[Attribute, bool],
    ) -> Pair:
        keep_public = label is not None
        naming: dict[str, Any] = {"id": key_id, "label": label, "store": False}
        templates: dict[str, Any] = {
            "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
            "public_template": {Attribute.TOKEN: keep_public, Attribute.PRIVATE: False},
            "private_template": {**_SIGNS_ONLY, **lasting},
        }
        if algorithm.curve_oid is None:
            public, private = self._session.generate_keypair(
                KeyType.RSA,
                algorithm.bits,
                mechanism=Mechanism(mechanisms.RSA_PKCS_KEY_PAIR_GEN),
                **naming,
                **templates,
            )
        else:
            domain = self._session.create_domain_parameters(
                KeyType.EC, {Attribute.EC_PARAMS: _CURVE_PARAMETERS[algorithm]}, local=True
            )
            public, private = domain.generate_keypair(
                mechanism=Mechanism(mechanisms.EC_KEY_PAIR_GEN), **naming, **templates
            )
        spki = self.public_key(Handle(public))
        if not keep_public:
            # Searches are linear: half the objects, half the time.
            public.destroy()
        return Pair(Handle(private), spki)

    @_door
    def public_key(self, public: Handle) -> bytes:
        """SubjectPublicKeyInfo (DER) of a public key object."""
        key: Any = public
        if key.key_type is KeyType.RSA:
            modulus, exponent = key[Attribute.MODULUS], key[Attribute.PUBLIC_EXPONENT]
            return mechanisms.spki(mechanisms.rsa_public_key(modulus, exponent))
        algorithm = _CURVE_OF[key[Attribute.EC_PARAMS]]
        return mechanisms.spki(mechanisms.ec_public_key(algorithm, key[Attribute.EC_POINT]))

    def _check_sealed(self, private: Handle) -> None:
        key: Any = private
        wrong = [name.name for name, value in _SEALED.items() if key[name] is not value]
        if wrong:
            key.destroy()
            raise errors.Broken(f"the token does not seal keys: {', '.join(wrong)}")

    @_door
    def generate_secret(self, use: Use, label: str) -> Handle:
        """A 256-bit secret key kept in the token."""
        key_type, generator, capabilities = use.value
        key = self._session.generate_key(
            key_type,
            SECRET_BITS,
            label=label,
            store=True,
            capabilities=capabilities,
            mechanism=Mechanism(generator),
            template=_SECRET,
        )
        return Handle(key)

    @_door
    def destroy(self, key: Handle) -> None:
        """Afterwards the key does not exist."""
        raw: Any = key
        raw.destroy()

    @_door
    def sign(self, key: Handle, recipe: mechanisms.Recipe, data: bytes) -> bytes:
        """The device's raw output over ``data``, prefix included by the caller."""
        raw: Any = key
        output: bytes = raw.sign(
            data,
            mechanism=Mechanism(recipe.mechanism),
            mechanism_param=recipe.parameter,
            buffer_size=_OUTPUT_BYTES,
        )
        return output

    @_door
    def mac(self, key: Handle, data: bytes) -> bytes:
        """HMAC-SHA-256, 32 bytes."""
        raw: Any = key
        output: bytes = raw.sign(data, mechanism=_HMAC, buffer_size=_OUTPUT_BYTES)
        return output

    @_door
    def encrypt(self, key: Handle, nonce: bytes, context: bytes, plain: bytes) -> bytes:
        """AES-256-GCM ciphertext and tag (16 bytes), bound to ``context``."""
        raw: Any = key
        output: bytes = raw.encrypt(
            plain,
            mechanism=_GCM,
            mechanism_param=pkcs11.GCMParams(nonce, context, tag_bits=GCM_TAG_BITS),
        )
        return output

    @_door
    def decrypt(self, key: Handle, nonce: bytes, context: bytes, sealed: bytes) -> bytes:
        """What ``encrypt`` was given. A wrong context may look like a failing token."""
        raw: Any = key
        output: bytes = raw.decrypt(
            sealed,
            mechanism=_GCM,
            mechanism_param=pkcs11.GCMParams(nonce, context, tag_bits=GCM_TAG_BITS),
        )
        return output

    @_door
    def wrap(self, wrapping: Handle, key: Handle) -> bytes:
        """``key`` under ``wrapping``, with an integrity check (RFC 5649)."""
        raw: Any = wrapping
        blob: bytes = raw.wrap_key(key, mechanism=_KEY_WRAP)
        return blob

    @_door
    def unwrap(self, wrapping: Handle, blob: bytes, *, elliptic: bool) -> Handle:
        """The private key in ``blob``, for this session. A changed blob may look like a
        failing token."""
        raw: Any = wrapping
        key = raw.unwrap_key(
            ObjectClass.PRIVATE_KEY,
            KeyType.EC if elliptic else KeyType.RSA,
            blob,
            mechanism=_KEY_WRAP,
            capabilities=MechanismFlag.SIGN,
            template={**_SIGNS_ONLY, **_NOT_OF_PRIVATE_KEYS},
        )
        return Handle(key)

    @_door
    def random(self, length_bytes: int) -> bytes:
        """Bytes from the token's generator."""
        return self._session.generate_random(length_bytes * 8)

    @_door
    def lacks(self, needs: Mapping[int, str]) -> list[str]:
        """The sentences of those mechanisms that the token does not have."""
        offered = {int(one) for one in self._session.token.slot.get_mechanisms()}
        return [sentence for number, sentence in needs.items() if number not in offered]


@dataclass(frozen=True, slots=True)
class Login:
    """Which token, and the PIN of its user."""

    token: str
    """Label, or ``slot:N``."""
    pin: Secret


class Device:
    """The module with its two tokens: service keys apart from signers' keys."""

    service: Token
    signers: Token
    """Not there when no login was given for it."""

    def __init__(
        self, module: Path, service: Login, signers: Login | None, *, writable: bool
    ) -> None:
        """Nothing is opened yet.

        Args:
            module: Path of the PKCS#11 module.
            signers: ``None`` leaves the signers' token alone.
            writable: Keys may be made and destroyed; without it the tokens refuse that.
        """
        self._module = module
        self._service = service
        self._signers = signers
        self._writable = writable
        self._library: Any = None

    @_door
    def open(self) -> None:
        """Afterwards the tokens are open and logged in; all former handles are void.

        Raises:
            PinRefused: A PIN is wrong. Do not call again.
            Broken: Module or token absent or failing.
        """
        if self._library is None:
            self._library = pkcs11.lib(str(self._module))
        else:
            self._library.reinitialize()
        self.service = Token(self._session(self._service))
        if self._signers is not None:
            self.signers = Token(self._session(self._signers))

    def _session(self, login: Login) -> pkcs11.Session:
        if login.token.startswith(_SLOT_PREFIX):
            token = self._token_in(login.token.removeprefix(_SLOT_PREFIX))
        else:
            token = self._library.get_token(token_label=login.token)
        session: pkcs11.Session = token.open(rw=self._writable, user_pin=login.pin.value)
        return session

    def _token_in(self, number: str) -> Any:
        for slot in self._library.get_slots():
            if str(slot.slot_id) == number:
                return slot.get_token()
        raise errors.Broken(f"no slot {number}")
