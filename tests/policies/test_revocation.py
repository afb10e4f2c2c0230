"""The life of a certificate: every event in every state."""

from __future__ import annotations

import pytest

from policies import errors, revocation
from policies.revocation import CertificateEvent as E
from policies.revocation import CertificateState as S
from policies.revocation import Reason

FOLLOWS = {
    (E.STORE, S.RESERVED): S.ISSUED,
    (E.ABANDON, S.RESERVED): S.REVOKED,
    (E.SUSPEND, S.ISSUED): S.SUSPENDED,
    (E.RESUME, S.SUSPENDED): S.ISSUED,
    (E.REVOKE, S.ISSUED): S.REVOKED,
    (E.REVOKE, S.SUSPENDED): S.REVOKED,
}


@pytest.mark.parametrize("event", E)
@pytest.mark.parametrize("state", S)
def test_what_follows(event: E, state: S) -> None:
    """Anything that the table does not know is refused; revoked is for good."""
    if (event, state) in FOLLOWS:
        assert revocation.after(event, state) is FOLLOWS[event, state]
        return
    with pytest.raises(errors.CertificateNotSo):
        revocation.after(event, state)


def test_a_hold_is_no_revocation() -> None:
    """A suspended certificate has its own reason, and nobody revokes for it (RFC 5280 5.3.1)."""
    assert Reason.CERTIFICATE_HOLD not in revocation.FOR_REVOCATION
    assert len(revocation.FOR_REVOCATION) == len(Reason) - 1
