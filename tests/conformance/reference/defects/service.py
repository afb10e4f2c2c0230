"""Defects of info, auth/login and auth/revoke."""

from __future__ import annotations

from typing import Final

from tests.conformance.reference.defects import ALL, Defect

DEFECTS: Final = (
    Defect(
        "revoke-no-cascade",
        ("revoke.cascade",),
        ALL,
        "Revoking a refresh token leaves the access tokens of its login alive.",
    ),
)
