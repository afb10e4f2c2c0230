"""How fast the device signs when nothing else is done: what the benchmark compares with."""

from __future__ import annotations

from time import perf_counter
from typing import Final

from hsm.keystore import KeyStore
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.values import KeyRef

_DIGEST: Final = bytes(range(HashAlgorithm.SHA256.digest_bytes))


class RawSpeed:
    """Signs with keys of the kind that people have, of its own, one for each algorithm.

    The keys stay until the token goes: this is for instances made for a benchmark.
    """

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._keys: dict[KeyAlgorithm, KeyRef] = {}

    def signing_s(self, key_algorithm: KeyAlgorithm, count: int) -> float:
        """Seconds that ``count`` signatures take, handle at hand, nothing verified or told."""
        scheme = Scheme.RSA_PKCS1 if key_algorithm.curve_oid is None else Scheme.ECDSA
        algorithm = SignAlgorithm(scheme, HashAlgorithm.SHA256)
        if key_algorithm not in self._keys:
            self._keys[key_algorithm] = self._store.generate(key_algorithm).key_ref
        key_ref = self._keys[key_algorithm]
        start = perf_counter()
        for _ in range(count):
            self._store.sign(key_ref, algorithm, _DIGEST)
        return perf_counter() - start
