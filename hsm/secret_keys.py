"""Secret keys of the service, in a token apart from the signers': MACs and seals.

One key per purpose, so that a text made for one can never pass for another; for passwords one per
version besides, for they are renewed one by one. All are found by their label and stay in the
token; what is made here can only be checked here.
"""

from __future__ import annotations

import hmac
import itertools
from enum import Enum
from typing import Final

from hsm import errors
from hsm.handles import HandleCache
from hsm.pkcs11 import Handle, Kind, Token, Use

NONCE_BYTES: Final = 12
"""SP 800-38D 8.2: the length that GCM is made for; random, for far fewer than 2^32 seeds."""
_PASSWORD_MAC: Final = "paraph-password-mac-"  # noqa: S105 - a label
"""The version follows, from 1 on."""
_NOT_INITIALISED: Final = "token empty, or csc-server init was not run"
_REMEMBERED: Final = 16
"""Handles kept: every purpose, and the password keys that are in use together."""


class Purpose(Enum):
    """The secret keys that there is one of: label and use."""

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
        self._handles = HandleCache(self._find_secret, size=_REMEMBERED)
        self._newest = 0

    def initialise(self) -> None:
        """Afterwards every secret key exists. Idempotent."""
        for purpose in Purpose:
            if not self._exists(purpose.label):
                self._token.generate_secret(purpose.use, purpose.label)
        if not self._exists(_password_label(1)):
            self.add_password_key()

    def initialised(self) -> bool:
        """False also for a token that an older release initialised."""
        labels = [*(purpose.label for purpose in Purpose), _password_label(1)]
        return all(map(self._exists, labels))

    def mac(self, purpose: Purpose, text: bytes) -> bytes:
        """HMAC-SHA-256, 32 bytes."""
        return self._mac(purpose.label, text)

    def holds(self, purpose: Purpose, text: bytes, mac: bytes) -> bool:
        """True when ``mac`` belongs to ``text``; takes the same time when not."""
        return hmac.compare_digest(self.mac(purpose, text), mac)

    def newest_password_key(self) -> int:
        """Version of the key that new verifiers are made with, as of the first time of asking."""
        if not self._newest:
            self._newest = self._count_password_keys()
        if not self._newest:
            raise errors.Broken(f"no key {_password_label(1)}: {_NOT_INITIALISED}")
        return self._newest

    def add_password_key(self) -> int:
        """Afterwards there is one more; its version."""
        self._newest = self._count_password_keys() + 1
        self._token.generate_secret(Use.MAC, _password_label(self._newest))
        return self._newest

    def password_mac(self, version: int, text: bytes) -> bytes:
        """HMAC-SHA-256 by the password key of this version, 32 bytes.

        Raises:
            Rejected: There is no such key.
        """
        if version > self.newest_password_key():
            # Made since by somebody else, if it is there at all.
            self._newest = self._count_password_keys()
        if not 1 <= version <= self._newest:
            raise errors.Rejected(f"no password key {version}")
        return self._mac(_password_label(version), text)

    def random(self, count: int) -> bytes:
        """So many bytes of the token's generator."""
        return self._token.random(count)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Nonce, ciphertext and tag."""
        nonce = self._token.random(NONCE_BYTES)
        return nonce + self._handles.use(
            Purpose.TOTP_SEAL.label, lambda key: self._token.encrypt(key, nonce, context, plain)
        )

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        """What was sealed in this context.

        Raises:
            Rejected: Another context, or not what ``seal`` returned.
        """
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._handles.use(
                Purpose.TOTP_SEAL.label,
                lambda key: self._token.decrypt(key, nonce, context, rest),
            )
        except errors.Broken:
            # The module has no code of its own for a wrong tag: ask whether the token works.
            self.mac(Purpose.BINDING_MAC, b"")
            raise errors.Rejected("the seal does not open") from None

    def _mac(self, label: str, text: bytes) -> bytes:
        return self._handles.use(label, lambda key: self._token.mac(key, text))

    def _count_password_keys(self) -> int:
        versions = itertools.count(1)
        return next(one for one in versions if not self._exists(_password_label(one))) - 1

    def _exists(self, label: str) -> bool:
        return self._token.find(Kind.SECRET, label=label) is not None

    def _find_secret(self, label: str) -> Handle:
        key = self._token.find(Kind.SECRET, label=label)
        if key is None:
            raise errors.Broken(f"no key {label}: {_NOT_INITIALISED}")
        return key


def _password_label(version: int) -> str:
    return f"{_PASSWORD_MAC}{version}"
