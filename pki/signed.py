"""SIGNED{} of X.509: something to be signed, how, and the value. (RFC 5280 4.1.1, RFC 6960 4.2.1)

For CRLs and OCSP answers; light, because the process that tells status has no linter in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from ades import der, identifiers
from policies.algorithms import SignAlgorithm

Sign = Callable[[bytes, SignAlgorithm], Awaitable[bytes]]
"""From a digest and how it is to be signed to a signature value of one key."""


def digest(data: bytes, algorithm: SignAlgorithm) -> bytes:
    """What ``Sign`` wants for these bytes."""
    return hashlib.new(algorithm.hash_algorithm.name.lower(), data).digest()


def sealed(tbs: bytes, algorithm: SignAlgorithm, signature: bytes, *more: bytes) -> bytes:
    """DER of the whole: the bytes that were signed, untouched, and the signature."""
    return der.sequence(tbs, identifiers.signature_der(algorithm), der.bits(signature), *more)
