"""Two moduli with a prime in common give both keys away: a new one is held against all before.

(Lenstra et al. 2012, "Ron was wrong, Whit is right": one pair in 10,000 of bad generators.)
Moduli are kept as products of blocks, so that one division stands for hundreds of keys: 10,000
keys take 4 MB and some ten milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pki.ports import KnownKeys
from policies import errors

BLOCK: Final = 256
"""Moduli of one product, and keys of one read."""


@dataclass(slots=True)
class SharedFactors:
    """The RSA keys of this service, as far as they were read."""

    known: KnownKeys
    _position: int = field(default=0, init=False)
    _products: list[int] = field(default_factory=list, init=False)

    async def check(self, public_key: bytes) -> None:
        """Return if the key has no prime in common with one of ours.

        Args:
            public_key: SubjectPublicKeyInfo, DER, of a key that is in no credential yet.

        Raises:
            KeyUnfit: It has, or it is one of ours.
            StorageUnavailable: Nobody knows.
        """
        modulus = _modulus(public_key)
        if modulus is None:
            return
        await self._read_on()
        if any(math.gcd(modulus, product % modulus) != 1 for product in self._products):
            raise errors.KeyUnfit("shared factor")

    async def _read_on(self) -> None:
        while found := await self.known.rsa_keys(self._position, BLOCK):
            moduli = [_modulus(public_key) or 1 for _, public_key in found]
            last = self._products.pop() if self._open() else 1
            self._products.append(last * math.prod(moduli))
            self._position = found[-1][0]

    def _open(self) -> bool:
        """True while the last product is of few moduli: one key comes at a time."""
        return bool(self._products) and self._products[-1].bit_length() < BLOCK * 2048


def _modulus(public_key: bytes) -> int | None:
    key = load_der_public_key(public_key)
    return key.public_numbers().n if isinstance(key, rsa.RSAPublicKey) else None
