"""Secret keys of the service, in a token apart from the signers': MACs and seals.

One key per purpose, so that a text made for one can never pass for another. All are found by
their label and stay in the token; what is made here can only be checked here.
"""

from __future__ import annotations

import hmac
from enum import Enum
from typing import Final

from hsm import errors
from hsm.handles import HandleCache
from hsm.pkcs11 import Handle, Kind, Token, Use

NONCE_BYTES: Final = 12
"""SP 800-38D 8.2: the length that GCM is made for; random, for far fewer than 2^32 seeds."""


class Purpose(Enum):
    """The secret keys: label and use."""

    TOTP_SEAL = ("paraph-totp-seal-1", Use.SEAL)
    PIN_MAC = ("paraph-pin-mac-1", Use.MAC)
    SAD_MAC = ("paraph-sad-mac-1", Use.MAC)
    BINDING_MAC = ("paraph-binding-mac-1", Use.MAC)
    CODE_MAC = ("paraph-code-mac-1", Use.MAC)

    def __init__(self, label: str, use: Use) -> None:
        self.label = label
        self.use = use


class SecretKeys:
    """What the service's secret keys do.

    Every method raises ``Broken`` when the token fails or was never initialised.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self._handles = HandleCache(self._find_secret, size=len(Purpose))

    def initialise(self) -> None:
        """Afterwards every secret key exists. Idempotent."""
        for purpose in Purpose:
            if self._token.find(Kind.SECRET, label=purpose.label) is None:
                self._token.generate_secret(purpose.use, purpose.label)

    def mac(self, purpose: Purpose, text: bytes) -> bytes:
        """HMAC-SHA-256, 32 bytes."""
        return self._handles.use(purpose, lambda key: self._token.mac(key, text))

    def holds(self, purpose: Purpose, text: bytes, mac: bytes) -> bool:
        """True when ``mac`` belongs to ``text``; takes the same time when not."""
        return hmac.compare_digest(self.mac(purpose, text), mac)

    def random(self, count: int) -> bytes:
        """So many bytes of the token's generator."""
        return self._token.random(count)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Nonce, ciphertext and tag."""
        nonce = self._token.random(NONCE_BYTES)
        return nonce + self._handles.use(
            Purpose.TOTP_SEAL, lambda key: self._token.encrypt(key, nonce, context, plain)
        )

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        """What was sealed in this context.

        Raises:
            Rejected: Another context, or not what ``seal`` returned.
        """
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._handles.use(
                Purpose.TOTP_SEAL, lambda key: self._token.decrypt(key, nonce, context, rest)
            )
        except errors.Broken:
            # The module has no code of its own for a wrong tag: ask whether the token works.
            self.mac(Purpose.BINDING_MAC, b"")
            raise errors.Rejected("the seal does not open") from None

    def _find_secret(self, purpose: Purpose) -> Handle:
        key = self._token.find(Kind.SECRET, label=purpose.label)
        if key is None:
            raise errors.Broken(f"no key {purpose.label}: token empty or not initialised")
        return key
