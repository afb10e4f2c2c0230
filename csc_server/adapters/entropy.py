"""The operating system's random bytes."""

from __future__ import annotations

import secrets


class SystemEntropy:
    """Reads the operating system's generator."""

    def identifier(self) -> str:
        """128 random bits, 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def token(self) -> str:
        """256 random bits, base64url without padding."""
        return secrets.token_urlsafe(32)
