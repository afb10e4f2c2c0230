"""Certificates on the stage: found, and ended as the test says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pki.ports import Registered, Serial
from policies import errors
from policies.revocation import CertificateState, Reason, Revocation
from policies.values import AccountId
from tests.csc_server.pages.cast import OWNER, soon

VALID: Final = Serial("5a3b00117c1e90b4")
"""Andreea's certificate that can be used."""
DAY: Final = timedelta(days=1)


class StagedCertificates:
    """The verbs ``find`` and ``end`` over one real certificate in several states."""

    def __init__(self, der: bytes) -> None:
        self.refusal: errors.Refused | None = None
        """What the next ending ends with."""
        self.ended: list[tuple[str, Serial, Reason | None]] = []
        first = Registered(
            serial=VALID,
            issuer_id="aa",
            profile="signature",
            state=CertificateState.ISSUED,
            certificate=der,
            not_before=soon(-60),
            not_after=soon(0) + 365 * DAY,
            account_id=OWNER,
            credential_id=None,
            revocation=None,
        )
        held = Revocation(soon(-90), Reason.CERTIFICATE_HOLD)
        gone = Revocation(soon(-90), Reason.KEY_COMPROMISE)
        self.lines = [
            replace(first, serial=Serial("e1"), not_after=soon(-60), profile="qualified"),
            replace(first, serial=Serial("e2"), state=CertificateState.REVOKED, revocation=gone),
            replace(first, serial=Serial("e3"), state=CertificateState.SUSPENDED, revocation=held),
            replace(first, serial=Serial("e4"), not_after=soon(0) + 20 * DAY),
            replace(first, serial=Serial("e5"), not_before=soon(60), profile="authentication"),
            first,
        ]

    @property
    def end(self) -> StagedCertificates:
        """The verbs that end one."""
        return self

    async def __call__(self, account_id: AccountId) -> list[Registered]:
        """All of them."""
        return self.lines

    @property
    def find(self) -> StagedCertificates:
        """The verb that finds them."""
        return self

    async def renewals(self, account_id: AccountId) -> dict[str, datetime]:
        """The one that ends soon is about to be renewed."""
        return {"e4": soon(0) + 17 * DAY}

    async def suspend(self, actor: Any, serial: Serial) -> None:
        """Done, or refused."""
        self._end("suspend", serial, None)

    async def revoke(self, actor: Any, serial: Serial, reason: Reason) -> None:
        """Done, or refused."""
        self._end("revoke", serial, reason)

    def _end(self, how: str, serial: Serial, reason: Reason | None) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.ended.append((how, serial, reason))
