"""Certificates of the service itself, through the register: authorities, responders, time-stamping.

The order is that of a person's certificate: linted, reserved with the intent on record, signed,
stored. (security-and-pki 7.1)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.serials import serial_number
from csc_server.ports import Clock, Entropy
from hsm.interface import BindingClaim
from pki import authority
from pki.authority import Issuer, Order
from pki.certificates import Draft
from pki.ports import Register, Reservation, serial
from policies.audit import Event, EventType, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyService:
    """Makes a certificate for a key of the service."""

    register: Register
    clock: Clock
    entropy: Entropy
    actor: str
    """Who does it, for the audit log."""

    async def __call__(self, issuer: Issuer, order: Order) -> bytes:
        """The certificate, DER, in the register.

        Raises:
            CertificateUnfit: See ``pki.lint``. Nothing was signed.
        """
        now = self.clock.now()
        wanted = authority.draft(issuer, order, serial_number(self.entropy), now)
        tbs = authority.prepare(issuer, wanted)
        line = reservation(issuer, wanted, tbs)
        about = {"serial": str(line.serial), "profile": line.profile}
        intent = Event(EventType.CERTIFICATE_INTENT, Outcome.SUCCESS, now, self.actor, about)
        await self.register.reserve(line, now, [intent])
        certificate = await authority.finish(issuer, tbs)
        now = self.clock.now()
        done = Event(EventType.CERTIFICATE_ISSUED, Outcome.SUCCESS, now, self.actor, about)
        await self.register.store(line.serial, certificate, now, [done])
        return certificate


def reservation(
    issuer: Issuer,
    wanted: Draft,
    tbs: bytes,
    claim: BindingClaim | None = None,
) -> Reservation:
    """The register's line of what is about to be signed.

    Args:
        claim: Whose key it is; ``None``: the service's.
    """
    return Reservation(
        serial=serial(wanted.serial),
        issuer_id=issuer.issuer_id,
        profile=wanted.profile.name,
        tbs=tbs,
        not_before=wanted.not_before,
        not_after=wanted.not_after,
        account_id=claim.account_id if claim else None,
        credential_id=claim.credential_id if claim else None,
        key_id=claim.key_ref.key_id if claim else None,
        public_key_digest=hashlib.sha256(claim.public_key).digest() if claim else None,
    )


def crl_issued(number: int, entries: int, now: datetime, actor: str) -> Event:
    """The record of a revocation list, written before anybody sees it."""
    about: dict[str, str | int | list[str]] = {"number": number, "entries": entries}
    return Event(EventType.CRL_ISSUED, Outcome.SUCCESS, now, actor, about)
