"""Types of secrets: text that never shows itself.

A secret's ``repr`` and ``str`` hide the value, so that a log line, a traceback or an f-string
cannot leak it. Reading the value takes the explicit attribute ``value``.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Secret:
    """A text that must not be shown, compared in constant time."""

    value: str
    """The secret itself. Never log it, never put it in an exception."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __str__(self) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret) or type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self.value.encode(), other.value.encode())

    def __hash__(self) -> int:
        return hash((type(self), self.digest()))

    def digest(self) -> bytes:
        """SHA-256 of the value, 32 bytes: what a store keeps in place of a token."""
        return hashlib.sha256(self.value.encode("utf-8", "surrogatepass")).digest()


class Pin(Secret):
    """Knowledge factor of a signer (CSC v1 11.6, parameter PIN)."""

    __slots__ = ()


class Otp(Secret):
    """One-time code of a signer (CSC v1 11.6, parameter OTP)."""

    __slots__ = ()


class Password(Secret):
    """Password of an account."""

    __slots__ = ()


class PasswordTag(Secret):
    """What argon2id makes of a password, in hexadecimal: whoever has it can try guesses."""

    __slots__ = ()


class Code(Secret):
    """Six digits sent by SMS or mail (journeys J1.2, J1.4, J4.2, J5)."""

    __slots__ = ()


class LinkToken(Secret):
    """The random part of a link in a mail (journeys J1.1, J4.2)."""

    __slots__ = ()


class Sad(Secret):
    """Handle of signature activation data, opaque to the client (CSC v1 11.6)."""

    __slots__ = ()


class ResponseId(Secret):
    """Handle of asynchronous work, opaque to the client (CSC v2 11.10, ``responseID``)."""

    __slots__ = ()


class ApprovalHandle(Secret):
    """Handle of an approval that is waited for, opaque to the client (CSC v2 11.6, ``handle``)."""

    __slots__ = ()


class Token(Secret):
    """Access or refresh token (RFC 6749 1.4, 1.5)."""

    __slots__ = ()


class ClientSecret(Secret):
    """Secret of a client (RFC 6749 2.3.1), random, 256 bits."""

    __slots__ = ()


class AuthorizationCode(Secret):
    """Authorization code (RFC 6749 4.1.2)."""

    __slots__ = ()


class RequestUri(Secret):
    """Reference to a pushed request (RFC 9126 2.2)."""

    __slots__ = ()


class TotpSeed(Secret):
    """Base32 seed of an authenticator, shown once when it is paired (RFC 6238)."""

    __slots__ = ()
