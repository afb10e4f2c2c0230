"""How fast the device signs when nothing else is done: what the benchmark compares with."""

from __future__ import annotations

from time import perf_counter

from hsm.labelled import KEY_ID_BYTES, sign_with
from hsm.pkcs11 import Token
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm


def signing_s(token: Token, key_algorithm: KeyAlgorithm, count: int) -> float:
    """Seconds that ``count`` signatures take with a throw-away key. Nothing is verified."""
    scheme = Scheme.RSA_PKCS1 if key_algorithm.curve_oid is None else Scheme.ECDSA
    algorithm = SignAlgorithm(scheme, HashAlgorithm.SHA256)
    key_id = token.random(KEY_ID_BYTES)
    key = token.generate_session_pair(key_algorithm, key_id=key_id).private
    digest = token.random(HashAlgorithm.SHA256.digest_bytes)
    try:
        start = perf_counter()
        for _ in range(count):
            sign_with(token, key, algorithm, digest)
        return perf_counter() - start
    finally:
        token.destroy(key)
