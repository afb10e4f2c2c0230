"""Signers' keys: as objects in the token, or wrapped under a key of the token.

One protocol, one contract suite (``tests/contracts/test_key_store.py``). Token objects are the
default and can never leave; wrapped keys live in the database, for more keys than a token
searches in good time. Knows no SAD and no certificate: who may use a key is decided before.
"""

from __future__ import annotations

from typing import Final, Protocol

from hsm import errors, requests
from hsm.handles import HandleCache
from hsm.interface import NewKey
from hsm.labelled import CANARY, KEY_ID_BYTES, sign_with
from hsm.pkcs11 import Handle, Kind, Token, Use
from policies.algorithms import KeyAlgorithm, Scheme, SignAlgorithm
from policies.values import KeyRef

WRAPPING_LABEL: Final = "paraph-wrapping-1"
# design/hsm.md: a token with more objects than this is slow anyway; a handle takes about 1.5 KB.
_TOKEN_HANDLES: Final = 10_000
# Each is an unwrapped key in the memory of the module.
_WRAPPED_HANDLES: Final = 512


class KeyStore(Protocol):
    """Where signers' keys lie.

    Every method raises ``Broken`` when the token fails.
    """

    @property
    def unwraps(self) -> int:
        """How many keys were unwrapped so far; SoftHSM loses 230 bytes each time."""

    def initialise(self) -> None:
        """Afterwards what the store itself needs exists. Idempotent."""

    def generate(self, algorithm: KeyAlgorithm, key_id: bytes | None = None) -> NewKey:
        """A new key, sensitive, that has signed its own request; nothing but the store can use it.

        Args:
            key_id: 16 bytes that no other key has, written down before; ``None`` for any.

        Raises:
            WrongSignature: What it signs does not verify; it is destroyed.
        """

    def sign(self, key_ref: KeyRef, algorithm: SignAlgorithm, digest: bytes) -> bytes:
        """The signature value. Not verified here, and that key and scheme fit is known.

        Raises:
            KeyGone: No such key.
        """

    def destroy(self, key_ref: KeyRef) -> None:
        """Afterwards this process cannot use the key.

        Raises:
            KeyGone: No such key.
        """

    def key_ids(self) -> set[bytes]:
        """Identifiers of all keys that lie in the token; takes seconds where there are many."""


def check_alive(token: Token) -> None:
    """Return if the token shows its private objects.

    A session that was logged out, or whose token went away, finds nothing; that must not be
    taken for a key that is gone.

    Raises:
        Broken: Not even the canary key is there.
    """
    if token.find(Kind.PRIVATE, label=CANARY) is None:
        raise errors.Broken("the signers' token is empty, logged out or not initialised")


class TokenKeyStore:
    """Keys as token objects: never extractable, found by their identifier."""

    unwraps = 0

    def __init__(self, token: Token) -> None:
        self._token = token
        self._handles = HandleCache(self._find, size=_TOKEN_HANDLES)

    def initialise(self) -> None:
        """Nothing is needed beyond the token."""

    def generate(self, algorithm: KeyAlgorithm, key_id: bytes | None = None) -> NewKey:
        """A key in the token, which vouches that it can never leave."""
        key_id = key_id or self._token.random(KEY_ID_BYTES)
        pair = self._token.generate_pair(algorithm, key_id=key_id)
        try:
            asked = requests.request(self._token, pair, algorithm)
        except errors.HsmError:
            self._token.destroy(pair.private)
            raise
        return NewKey(KeyRef(key_id), pair.public_key, asked)

    def sign(self, key_ref: KeyRef, algorithm: SignAlgorithm, digest: bytes) -> bytes:
        """See ``KeyStore``."""
        return self._handles.use(
            key_ref.key_id, lambda key: sign_with(self._token, key, algorithm, digest)
        )

    def destroy(self, key_ref: KeyRef) -> None:
        """Afterwards no process can use the key."""
        self._handles.use(key_ref.key_id, self._token.destroy)
        self._handles.drop(key_ref.key_id)

    def key_ids(self) -> set[bytes]:
        """See ``KeyStore``."""
        return self._token.key_ids()

    def _find(self, key_id: bytes) -> Handle:
        key = self._token.find(Kind.PRIVATE, key_id=key_id)
        if key is None:
            check_alive(self._token)
            raise errors.KeyGone(key_id.hex())
        return key


class WrappedKeyStore:
    """Keys as blobs that only the token can open; unwrapped keys are kept for a while.

    A blob opens in every process that has the token: it dies when its last copy does.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self._wrapping = HandleCache(self._find_wrapping, size=1)
        self._handles = HandleCache(self._unwrap, size=_WRAPPED_HANDLES, release=token.destroy)
        self.unwraps = 0

    def initialise(self) -> None:
        """Afterwards the wrapping key exists."""
        if self._token.find(Kind.SECRET, label=WRAPPING_LABEL) is None:
            self._token.generate_secret(Use.WRAP, WRAPPING_LABEL)

    def generate(self, algorithm: KeyAlgorithm, key_id: bytes | None = None) -> NewKey:
        """A key that exists only as the blob in its reference."""
        key_id = key_id or self._token.random(KEY_ID_BYTES)
        pair = self._token.generate_session_pair(algorithm, key_id=key_id)
        try:
            asked = requests.request(self._token, pair, algorithm)
            blob = self._wrapping.use(
                WRAPPING_LABEL, lambda wrapping: self._token.wrap(wrapping, pair.private)
            )
        finally:
            self._token.destroy(pair.private)
        return NewKey(KeyRef(key_id, blob), pair.public_key, asked)

    def sign(self, key_ref: KeyRef, algorithm: SignAlgorithm, digest: bytes) -> bytes:
        """See ``KeyStore``."""
        elliptic = algorithm.scheme is Scheme.ECDSA
        return self._handles.use(
            (key_ref, elliptic), lambda key: sign_with(self._token, key, algorithm, digest)
        )

    def destroy(self, key_ref: KeyRef) -> None:
        """Afterwards this process holds no opened copy; the caller deletes the blob."""
        for elliptic in (True, False):
            self._handles.drop((key_ref, elliptic))

    def key_ids(self) -> set[bytes]:
        """None: a wrapped key is nowhere but in the blob that its owner's row has."""
        return set()

    def _unwrap(self, name: tuple[KeyRef, bool]) -> Handle:
        key_ref, elliptic = name
        blob = key_ref.wrapped
        if blob is None:
            raise errors.KeyGone("a reference without a blob")
        self.unwraps += 1
        try:
            return self._wrapping.use(
                WRAPPING_LABEL,
                lambda wrapping: self._token.unwrap(wrapping, blob, elliptic=elliptic),
            )
        except (errors.Broken, errors.Rejected) as error:
            # The module has no code of its own for a blob that does not open.
            check_alive(self._token)
            raise errors.KeyGone("the blob does not open") from error

    def _find_wrapping(self, label: str) -> Handle:
        key = self._token.find(Kind.SECRET, label=label)
        if key is None:
            raise errors.Broken("no wrapping key: the token is empty or not initialised")
        return key
