"""Which factors a credential may ask for, and which never without another. (ADR 9)

The rules refuse any other combination, and so does the signer process: a row that says otherwise
was not written by us.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from policies.values import Factor

OFFERED: Final = (
    frozenset({Factor.OTP}),
    frozenset({Factor.PIN}),
    frozenset({Factor.PIN, Factor.OTP}),
    # ASVS 6.6.1, NIST SP 800-63B-4 3.1.3.3: an SMS alone proves too little. And CSC v1 has one
    # field for codes, so it stands in place of the authenticator.
    frozenset({Factor.PIN, Factor.SMS}),
)


def sound(factors: Set[Factor]) -> bool:
    """True for a combination that may sign. Never for none."""
    return factors in OFFERED
