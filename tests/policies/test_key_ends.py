"""When keys die: the microsecond before, at and after each limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from policies import jobs, key_ends
from policies.key_ends import GRACE, DyingCertificate, DyingKey, KeyEnd
from policies.revocation import CertificateState, Reason, Revocation
from policies.values import CredentialId
from tests.build import HOUR, SECOND, T0

YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("revoked_at", "expected"),
    [
        (None, T0 + YEAR),
        (T0, T0 + GRACE),
        (T0 + YEAR - GRACE - SECOND, T0 + YEAR - SECOND),
        (T0 + YEAR - GRACE, T0 + YEAR),
        (T0 + YEAR - HOUR, T0 + YEAR),
    ],
)
def test_the_last_instant(revoked_at: object, expected: object) -> None:
    """notAfter, or a day after the revocation if that is sooner."""
    ended = Revocation(revoked_at, Reason.SUPERSEDED) if revoked_at else None  # type: ignore[arg-type]  # a table
    assert key_ends.last_instant(T0 + YEAR, ended) == expected


def test_accepted_work_ends_before_its_key() -> None:
    """What was accepted just before a revocation has a whole day."""
    assert jobs.WORK_LIMIT < GRACE


@pytest.mark.parametrize("state", [None, *CertificateState])
def test_what_a_key_dies_of(state: CertificateState | None) -> None:
    """Revoked, or simply over."""
    revoked = state is CertificateState.REVOKED
    certificate = None if state is None else DyingCertificate("c0ffee", None, state, T0, False)
    key = DyingKey(CredentialId("cred"), b"k", b"spki", certificate)
    assert key.cause is (KeyEnd.REVOKED if revoked else KeyEnd.EXPIRED)


@pytest.mark.parametrize(
    ("state", "replaced", "told"),
    [
        (CertificateState.ISSUED, False, True),
        (CertificateState.SUSPENDED, False, True),
        (CertificateState.REVOKED, False, False),
        (CertificateState.ISSUED, True, False),
    ],
)
def test_of_which_ends_owners_hear(state: CertificateState, replaced: bool, told: bool) -> None:
    """Of one that expired and has no successor; of a revocation they heard before."""
    certificate = DyingCertificate("c0ffee", None, state, T0, replaced)
    key = DyingKey(CredentialId("cred"), b"k", b"spki", certificate)
    assert key.to_be_told == (certificate if told else None)
    assert replace(key, certificate=None).to_be_told is None
