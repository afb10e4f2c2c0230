"""What the authority does by itself, again and again: roll, list, publish, tidy up.

Each step looks whether its work is due and does it whole; one that fails does not keep the others
from theirs. (security-and-pki 2.2, 2.4, 2.5, 7.1)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from asn1crypto import x509

from csc_server.operations.certify import CertifyService, crl_issued
from csc_server.ports import Authorizations, Clock
from csc_server.ports.pki import Publications
from pki import authority, crl, issuers, names
from pki.authority import Issuer, Order
from pki.crl import Entry
from pki.names import Provider
from pki.ports import Register, Serial, serial
from pki.profiles import Profile
from pki.service_keys import ServiceKeys
from policies import rolling, status
from policies.revocation import Revocation
from policies.status import Window

ISSUING_CRL: Final = "issuing.crl"
ABANDONED_AT_ONCE: Final = 100
"""Reservations that one round counts as revoked."""

_log = structlog.get_logger("csc_server.authority")


@dataclass(frozen=True, slots=True)
class Desk:
    """A service that has a certificate of its own, and two keys that take turns."""

    profile: Profile
    name: str
    """In the subject: ``Paraph OCSP``."""
    keys: tuple[str, str]
    """Service keys; the file of a key's certificate is published under its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAuthority:
    """One round of everything that may be due."""

    issuer: Issuer
    provider: Provider
    keys: ServiceKeys
    register: Register
    authorizations: Authorizations
    publications: Publications
    certify: CertifyService
    clock: Clock
    desks: tuple[Desk, ...]

    @property
    def steps(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """In the order of a round."""
        return (self.roll, self.list, self.abandon)

    async def roll(self) -> None:
        """Afterwards each service has a certificate that is young enough.

        Raises:
            CertificateUnfit, HsmError, StorageUnavailable: The old one goes on until its end.
        """
        for desk in self.desks:
            await self._roll(desk)

    async def list(self) -> None:
        """Afterwards the published list shows every revocation of more than ten seconds ago.

        Raises:
            HsmError, StorageUnavailable: The old list stays.
        """
        now = self.clock.now()
        lines = await self.register.not_good(self.issuer.issuer_id)
        ended = {line.serial: whole(line.revocation) for line in lines if line.revocation}
        known = self._listed()
        window, listed = known or (None, {})
        forgotten = self._forgotten(ended)
        ended |= {serial(one.serial): one.revocation for one in forgotten}
        changed = [
            one.at for key, one in ended.items() if listed.get(key) != one.at.replace(microsecond=0)
        ]
        # What was resumed is still listed, and nobody knows since when it should not be.
        if listed.keys() - ended.keys():
            changed.append(now - status.CRL_GATHER)
        if not status.crl_due(window, min(changed, default=None), now):
            return
        published = self.publications.get(ISSUING_CRL)
        number = await self.register.next_crl_number(
            self.issuer.issuer_id, now, None if published is None else crl.number(published)
        )
        wanted = crl.List(
            issuer=self.issuer.certificate,
            number=number,
            window=status.crl_window(now),
            entries=[*crl.entries(lines), *forgotten],
            expired_since=_not_before(self.issuer.certificate),
        )
        made = await crl.issue(wanted, authority.ALGORITHM, self.issuer.sign)
        # On record before it is seen.
        await self.authorizations.note([crl_issued(number, len(ended), now, self.certify.actor)])
        self.publications.put(ISSUING_CRL, made)

    def _forgotten(self, ended: Mapping[Serial, Revocation]) -> Sequence[Entry]:
        """Revocations that were published and that the register no longer knows of: an older
        database does not bring a certificate back to life."""
        der = self.publications.get(ISSUING_CRL)
        listed = [] if der is None else crl.for_good(der)
        found = [one for one in listed if serial(one.serial) not in ended]
        if found:
            _log.error("revocations_forgotten", serials=[serial(one.serial) for one in found[:10]])
        return found

    async def abandon(self) -> None:
        """Afterwards no reservation waits for a process that died."""
        await self.register.abandon(self.clock.now(), ABANDONED_AT_ONCE)

    async def _roll(self, desk: Desk) -> None:
        now = self.clock.now()
        lives = {key: issuers.life(self.publications.get(f"{key}.cer")) for key in desk.keys}
        key = rolling.next_key(desk.profile.name, lives, now)
        if key is None:
            return
        order = Order(
            profile=desk.profile,
            subject=names.authority(self.provider, f"{desk.name} {now:%Y-%m-%d}"),
            public_key=await self.keys.service_key(key, rolling.KEY),
            lifetime=desk.profile.longest,
        )
        self.publications.put(f"{key}.cer", await self.certify(self.issuer, order))

    def _listed(self) -> tuple[Window, Mapping[str, datetime]] | None:
        """The published list: its window, and what it says ended when."""
        der = self.publications.get(ISSUING_CRL)
        return None if der is None else crl.read(der)


def whole(revocation: Revocation) -> Revocation:
    """As a list shows it: without parts of seconds."""
    return Revocation(revocation.at.replace(microsecond=0), revocation.reason)


def _not_before(certificate: bytes) -> datetime:
    instant: datetime = x509.Certificate.load(certificate).not_valid_before
    return instant
