"""How fast the device signs when nothing else is done: what the benchmark compares with."""

from __future__ import annotations

from time import perf_counter

from hsm.keystore import KeyStore
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm


def signing_s(store: KeyStore, key_algorithm: KeyAlgorithm, count: int) -> float:
    """Seconds that ``count`` signatures take with a throw-away key of the kind that people have.

    The handle is at hand, nothing is verified, nothing is said to anybody.
    """
    scheme = Scheme.RSA_PKCS1 if key_algorithm.curve_oid is None else Scheme.ECDSA
    algorithm = SignAlgorithm(scheme, HashAlgorithm.SHA256)
    key_ref = store.generate(key_algorithm).key_ref
    digest = bytes(range(HashAlgorithm.SHA256.digest_bytes))
    try:
        store.sign(key_ref, algorithm, digest)
        start = perf_counter()
        for _ in range(count):
            store.sign(key_ref, algorithm, digest)
        return perf_counter() - start
    finally:
        store.destroy(key_ref)
