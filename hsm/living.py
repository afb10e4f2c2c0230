"""A key store in which the dead stay dead, whatever the token says. (security-and-pki 1.5)"""

from __future__ import annotations

from hsm import errors
from hsm.interface import NewKey
from hsm.keystore import KeyStore
from hsm.tombstones import Tombstones
from policies.algorithms import KeyAlgorithm, SignAlgorithm
from policies.values import KeyRef


class LivingKeys:
    """A key store that uses no key with a tombstone."""

    def __init__(self, store: KeyStore, tombstones: Tombstones) -> None:
        self._store = store
        self._tombstones = tombstones

    @property
    def unwraps(self) -> int:
        """See ``KeyStore``."""
        return self._store.unwraps

    def initialise(self) -> None:
        """See ``KeyStore``."""
        self._store.initialise()

    def generate(self, algorithm: KeyAlgorithm, key_id: bytes | None = None) -> NewKey:
        """See ``KeyStore``."""
        return self._store.generate(algorithm, key_id)

    def sign(self, key_ref: KeyRef, algorithm: SignAlgorithm, digest: bytes) -> bytes:
        """See ``KeyStore``.

        Raises:
            KeyGone: No such key, or it was destroyed once.
        """
        if key_ref.key_id in self._tombstones.dead():
            raise errors.KeyGone(f"{key_ref.key_id.hex()} was destroyed")
        return self._store.sign(key_ref, algorithm, digest)

    def destroy(self, key_ref: KeyRef) -> None:
        """See ``KeyStore``."""
        self._store.destroy(key_ref)

    def key_ids(self) -> set[bytes]:
        """See ``KeyStore``."""
        return self._store.key_ids()

    def destroy_again(self) -> list[bytes]:
        """Destroy keys that came back with an old copy of the token; their identifiers."""
        back = sorted(self._store.key_ids() & self._tombstones.dead())
        for key_id in back:
            self._store.destroy(KeyRef(key_id))
        return back
