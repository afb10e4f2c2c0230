"""Suspend, resume, revoke. (EN 319 411-1 6.2.4, 6.3.9; security-and-pki 1.5, 2.4)

The store disables the key and ends the certificate in one transaction; status follows by itself,
because responder and revocation list read the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.ports import Clock
from csc_server.ports.orders import Orders
from pki.ports import Register, Registered, Serial
from policies import errors, revocation
from policies.audit import Event, EventType, Outcome
from policies.revocation import CertificateState, Reason
from policies.values import AccountId


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

    register: Register
    orders: Orders
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
        kind = EventType.CERTIFICATE_REVOKED
        return await self._end(actor, serial, CertificateState.REVOKED, reason, kind)

    async def suspend(self, actor: Actor, serial: Serial) -> Registered:
        """Afterwards the certificate is on hold, and its key disabled.

        Raises:
            CertificateUnknown, CertificateNotSo: As for ``revoke``.
        """
        hold, kind = Reason.CERTIFICATE_HOLD, EventType.CERTIFICATE_SUSPENDED
        return await self._end(actor, serial, CertificateState.SUSPENDED, hold, kind)

    async def resume(self, actor: Actor, serial: Serial) -> Registered:
        """Afterwards a suspended certificate is good again, and its key enabled.

        Raises:
            CertificateUnknown, CertificateNotSo: As for ``revoke``.
        """
        await self._reach(actor, serial)
        now = self.clock.now()
        record = _event(EventType.CERTIFICATE_RESUMED, actor, serial, now)
        await self.register.resume(serial, [record])
        return await self._reach(actor, serial)

    async def _end(
        self,
        actor: Actor,
        serial: Serial,
        to: CertificateState,
        reason: Reason,
        kind: EventType,
    ) -> Registered:
        await self._reach(actor, serial)
        now = self.clock.now()
        record = _event(kind, actor, serial, now, reason=reason.value)
        await self.register.end(serial, to, reason, now, [record])
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
