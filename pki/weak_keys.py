"""Keys that no authority certifies: too short, oddly made, or made by a generator known to be bad.

- size and exponent: TS 119 312 V1.5.1 7; exactly the kinds that this service makes
- ROCA (CVE-2017-15361): primes of Infineon's generator leave powers of 65537 modulo small primes
- Fermat: primes that lie close together are found by a short search (CVE-2022-26320)
- small factors, and squares: not the product of two large primes

Whether a modulus shares a prime with another key is ``pki.shared_factors``' question. Pure.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from policies import errors

EXPONENT: Final = 65537
RSA_BITS: Final = (2048, 3072, 4096)
"""2048 only where an operator asks for it (``allow_rsa_2048``); nothing else makes such a key."""
CURVES: Final = ("secp256r1", "secp384r1")
_ROCA_PRIMES_BELOW: Final = 168
"""The 38 odd primes of the published test; a good modulus passes for a bad one once in 2^27."""
FERMAT_ROUNDS: Final = 100
"""CA/Browser Forum Baseline Requirements 6.1.1.3 (4)."""
_TRIAL_BELOW: Final = 1 << 14
"""Far above what chance would leave: the factors of two primes have hundreds of digits."""


def check(public_key: bytes) -> None:
    """Return if this key may be certified.

    Args:
        public_key: SubjectPublicKeyInfo, DER.

    Raises:
        KeyUnfit: With the reason.
    """
    try:
        key = load_der_public_key(public_key)
    except ValueError as error:
        raise errors.KeyUnfit("no public key") from error
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != public_key:
        raise errors.KeyUnfit("not the usual encoding")
    if isinstance(key, rsa.RSAPublicKey):
        _check_rsa(key.public_numbers())
    elif not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
        # That the point lies on its curve was checked when it was loaded.
        raise errors.KeyUnfit("kind of key")


def _check_rsa(numbers: rsa.RSAPublicNumbers) -> None:
    modulus = numbers.n
    if modulus.bit_length() not in RSA_BITS:
        raise errors.KeyUnfit(f"{modulus.bit_length()} bits")
    if numbers.e != EXPONENT:
        raise errors.KeyUnfit("exponent")
    if math.gcd(modulus, _small_primes_product()) != 1:
        raise errors.KeyUnfit("small factor")
    if _of_roca(modulus):
        raise errors.KeyUnfit("ROCA")
    if _of_close_primes(modulus):
        raise errors.KeyUnfit("close primes")


def _of_roca(modulus: int) -> bool:
    return all(modulus % prime in residues for prime, residues in _roca_residues().items())


def _of_close_primes(modulus: int) -> bool:
    """Fermat's factorisation, so many rounds of it; finds squares at once."""
    middle = math.isqrt(modulus)
    if middle * middle < modulus:
        middle += 1
    for _ in range(FERMAT_ROUNDS):
        rest = middle * middle - modulus
        if math.isqrt(rest) ** 2 == rest:
            return True
        middle += 1
    return False


@cache
def _small_primes_product() -> int:
    return math.prod(_primes(_TRIAL_BELOW))


@cache
def _roca_residues() -> dict[int, frozenset[int]]:
    """For each small prime what the powers of 65537 leave."""
    return {
        prime: frozenset(pow(EXPONENT, power, prime) for power in range(prime))
        for prime in _primes(_ROCA_PRIMES_BELOW)
        if prime > 2
    }


def _primes(below: int) -> list[int]:
    sieve = bytearray([1]) * below
    sieve[:2] = b"\0\0"
    for number in range(2, math.isqrt(below) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(sieve[number * number :: number]))
    return [number for number in range(below) if sieve[number]]
