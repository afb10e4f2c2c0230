"""Defects of the rows that every method has: the header and the token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model import Version
from tests.conformance.reference.defects import ALL, V1, V2, Defect

_METHODS: Final[tuple[tuple[str, str, tuple[Version, ...]], ...]] = (
    ("credentials/authorize", "authorize", ALL),
    ("credentials/authorizeCheck", "authorize-check", V2),
    ("credentials/getChallenge", "challenge", V2),
    ("credentials/sendOTP", "otp", V1),
    ("credentials/extendTransaction", "extend", ALL),
    ("signatures/signHash", "sign-hash", ALL),
    ("signatures/signPolling", "polling", V2),
)


def _of(method: str, prefix: str, versions: tuple[Version, ...]) -> Iterator[Defect]:
    for name, what in (
        ("header-malformed", "A header that is not Bearer is called an invalid token."),
        ("header-missing", "A missing header is answered with 403."),
        ("token-unknown", "Any token opens alice's account."),
    ):
        yield Defect(f"{name} of {method}", (f"{prefix}.{name}",), versions, what)


DEFECTS: Final = tuple(defect for row in _METHODS for defect in _of(*row))
