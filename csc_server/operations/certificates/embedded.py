"""The embedded authority certifies a person's key: reserve → lint → sign → store.

1. linter: the bytes that are to be signed
2. register: serial number and intent, durably
3. device: the authority's signature
4. register and credentials: certificate and credential, in one transaction

A process that dies between 2 and 4 leaves a reservation, which is counted as revoked when its time
is over (``policies.revocation.ABANDONED_AFTER``). (security-and-pki 6.3; Boulder, ISSUANCE-CYCLE)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.certify import reservation
from csc_server.operations.serials import serial_number
from csc_server.ports import Clock, Entropy
from csc_server.ports.ca import Asked, Certified
from hsm.interface import BindingClaim
from pki import authority, names
from pki.authority import Issuer, Order
from pki.ports import Register
from policies.audit import Event, EventType, Outcome
from policies.identity import IdentifierScheme
from policies.orders import OrderId
from policies.values import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedAuthority:
    """The port ``CertificateAuthority`` over ``pki``."""

    register: Register
    issuer: Issuer
    clock: Clock
    entropy: Entropy
    actor: str
    """Who does it, for the audit log."""

    async def earlier(self, order_id: OrderId) -> tuple[BindingClaim, bytes] | None:
        """None: what an earlier try began is abandoned, and begun anew."""
        del order_id
        return None

    async def certify(self, asked: Asked) -> Certified:
        """See ``CertificateAuthority``."""
        order = Order(
            profile=asked.profile,
            subject=names.person(asked.person),
            public_key=asked.public_key,
            lifetime=asked.lifetime,
            semantics=asked.person.identifier.scheme is not IdentifierScheme.OPAQUE,
        )
        now = self.clock.now()
        wanted = authority.draft(self.issuer, order, serial_number(self.entropy), now)
        tbs = authority.prepare(self.issuer, wanted)
        line = reservation(self.issuer, wanted, tbs, asked.claim)
        about = {"serial": str(line.serial), "profile": line.profile}
        intent = Event(EventType.CERTIFICATE_INTENT, Outcome.SUCCESS, now, self.actor, about)
        await self.register.reserve(line, now, [intent])
        leaf = await authority.finish(self.issuer, tbs)
        return Certified(line, (leaf, self.issuer.certificate, *self.issuer.chain))

    async def keep(
        self,
        certified: Certified,
        credential: Credential,
        order_id: OrderId | None,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """See ``CertificateAuthority``."""
        serial, leaf = certified.line.serial, certified.chain[0]
        await self.register.store(serial, leaf, now, events, credential, order_id)
