"""The authority works off orders that are due: key, certificate, credential. (J1.12, J2.5)

An order is done in the transaction that stores its certificate, so a process that dies half-way
leaves it to another, and none is done twice. What the rules refuse fails for good; while a device
or an authority is out of order, orders wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.enrol import Enrolment, NewCredential
from csc_server.ports import Clock
from csc_server.ports.ca import CaUnavailable, CertificateAuthority
from csc_server.ports.orders import Orders
from hsm.errors import HsmError
from pki import profiles
from policies import errors, orders
from policies.audit import Event, EventType, Outcome
from policies.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOffOrders:
    """Issues what was ordered."""

    orders: Orders
    enrolment: Enrolment
    ca: CertificateAuthority
    clock: Clock

    async def __call__(self) -> None:
        """Afterwards nothing is due that can be issued now.

        Raises:
            CaUnavailable, HsmError: The order at hand is tried again in a minute, however often.
            StorageUnavailable: It is tried again when its lease is over.
        """
        while (order := await self.orders.claim(self.clock.now())) is not None:
            await self._issue(order)

    async def _issue(self, order: Order) -> None:
        wish = order.wish
        new = NewCredential(
            account_id=wish.account_id,
            person=wish.person,
            algorithm=wish.algorithm,
            pin=None,
            use_otp=True,
            profile=profiles.FOR_PEOPLE[wish.profile],
            lifetime=wish.years * profiles.YEAR,
            order_id=order.order_id,
        )
        try:
            orders.still_fit(wish, await self.orders.facts(wish))
            await self.enrolment.create_credential(new, self.ca)
        except errors.OrderNotSo:
            return
        except (CaUnavailable, HsmError):
            # Nothing that the order is to blame for: it loses no try by it.
            await self.orders.postpone(order.order_id, self.clock.now())
            raise
        except errors.Refused as reason:
            await self._fail(order, reason)

    async def _fail(self, order: Order, reason: errors.Refused) -> None:
        why = f"{type(reason).__name__}: {reason}"
        record = Event(
            EventType.CERTIFICATE_FAILED,
            Outcome.FAILURE,
            self.clock.now(),
            "system",
            {"order_id": str(order.order_id), "account_id": str(order.wish.account_id)},
        )
        await self.orders.failed(order.order_id, why, [record])
