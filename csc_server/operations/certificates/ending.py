"""Suspend, resume, revoke. (EN 319 411-1 6.2.4, 6.3.9; security-and-pki 1.5, 2.4)

The store disables the key, ends the certificate and writes the mail to its owner in one
transaction; status follows by itself, because responder and revocation list read the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from csc_server.operations.certificates.telling import TellOwner
from csc_server.ports import Clock
from csc_server.ports.certificates import Endings
from csc_server.ports.orders import Orders
from pki.ports import Register, Registered, Serial
from policies import errors, revocation
from policies.audit import Event, EventType, Outcome
from policies.messages import MessageKind
from policies.revocation import CertificateState, Reason
from policies.values import AccountId

_ENDINGS: Final = {
    CertificateState.SUSPENDED: (
        EventType.CERTIFICATE_SUSPENDED,
        MessageKind.CERTIFICATE_SUSPENDED,
    ),
    CertificateState.REVOKED: (EventType.CERTIFICATE_REVOKED, MessageKind.CERTIFICATE_REVOKED),
}
"""What the audit log and the owner are told."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks."""

    name: str
    """``operator:NAME``, ``client:ID`` or ``account:ID``, for the audit log."""
    account_id: AccountId | None = None
    """Set for people: they reach their own certificates alone."""
    ordered_by: str | None = None
    """Set for clients: they reach the certificates that they ordered, alone (``Orders.source``)."""
    source: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class FindCertificates:
    """All certificates of an account, the oldest first."""

    register: Register

    async def __call__(self, account_id: AccountId) -> list[Registered]:
        """Reserved ones are not certificates yet and stay out."""
        found = await self.register.of_account(account_id)
        return [line for line in found if line.certificate is not None]


@dataclass(frozen=True, slots=True)
class EndCertificate:
    """Suspend or revoke.

    Who may end what is decided here and nowhere else, apart from who may order what: one tenant's
    certificates are not ended by another (EJBCA's CVE-2021-40088).
    """

    register: Endings
    orders: Orders
    tell: TellOwner
    clock: Clock

    async def revoke(self, actor: Actor, serial: Serial, reason: Reason) -> Registered:
        """Afterwards the certificate is revoked for good, and its key disabled.

        Raises:
            CertificateUnknown: No such certificate, or not the actor's.
            CertificateNotSo: It is revoked already, or was never issued.
            ReasonUnfit: ``certificateHold`` is no reason to revoke.
        """
        if reason not in revocation.FOR_REVOCATION:
            raise errors.ReasonUnfit(reason)
        return await self._end(actor, serial, CertificateState.REVOKED, reason)

    async def suspend(self, actor: Actor, serial: Serial) -> Registered:
        """Afterwards the certificate is on hold, and its key disabled.

        Raises:
            CertificateUnknown, CertificateNotSo: As for ``revoke``.
        """
        hold = Reason.CERTIFICATE_HOLD
        return await self._end(actor, serial, CertificateState.SUSPENDED, hold)

    async def resume(self, actor: Actor, serial: Serial) -> Registered:
        """Afterwards a suspended certificate is good again, and its key enabled.

        Raises:
            CertificateUnknown, CertificateNotSo: As for ``revoke``.
        """
        line, now = await self._reach(actor, serial), self.clock.now()
        record = _event(EventType.CERTIFICATE_RESUMED, actor, serial, now)
        mails = await self.tell(MessageKind.CERTIFICATE_RESUMED, line.account_id, serial, now)
        await self.register.resume(serial, [record], mails)
        return await self._reach(actor, serial)

    async def _end(
        self,
        actor: Actor,
        serial: Serial,
        to: CertificateState,
        reason: Reason,
    ) -> Registered:
        line, now = await self._reach(actor, serial), self.clock.now()
        kind, word = _ENDINGS[to]
        record = _event(kind, actor, serial, now, reason=reason.value)
        mails = await self.tell(word, line.account_id, serial, now)
        await self.register.end(serial, to, reason, now, [record], mails)
        return await self._reach(actor, serial)

    async def _reach(self, actor: Actor, serial: Serial) -> Registered:
        line = await self.register.find(serial)
        if line is None or actor.account_id not in (None, line.account_id):
            raise errors.CertificateUnknown(serial)
        if actor.ordered_by is not None and actor.ordered_by != await self.orders.source(serial):
            raise errors.CertificateUnknown(serial)
        return line


def _event(kind: EventType, actor: Actor, serial: Serial, now: datetime, **details: str) -> Event:
    return Event(
        type=kind,
        outcome=Outcome.SUCCESS,
        at=now,
        actor=actor.name,
        details={"serial": str(serial), **details},
        source=actor.source,
        correlation_id=actor.correlation_id,
    )
