"""Orders of certificates: taken, looked at, cancelled. (journeys J1.12, J2.5, J3)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.certificates.ending import Actor
from csc_server.ports import Clock, Entropy
from csc_server.ports.orders import Orders
from policies import errors, orders
from policies.audit import Event, EventType, Outcome
from policies.orders import Order, OrderId, OrderState, Wish
from policies.values import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCertificate:
    """Takes an order; the authority works it off when it is due."""

    orders: Orders
    clock: Clock
    entropy: Entropy
    offered: frozenset[str]
    """Profiles that may be ordered."""

    async def __call__(self, actor: Actor, wish: Wish) -> Order:
        """The order, durably kept; the first one, where the same renewal is ordered again.

        Raises:
            Refused: See ``policies.orders.admit``.
            RenewalOrdered: Another order renews the certificate.
        """
        now = self.clock.now()
        tidy, due_at = orders.admit(wish, await self.orders.facts(wish), self.offered, now)
        order_id = OrderId(self.entropy.identifier())
        order = Order(order_id, tidy, OrderState.WAITING, due_at, now)
        record = _event(EventType.CERTIFICATE_ORDERED, actor, order, now)
        return await self.orders.take(order, actor.name, now, [record])


@dataclass(frozen=True, slots=True)
class ShowOrder:
    """Where an order stands."""

    orders: Orders

    async def __call__(self, actor: Actor, order_id: OrderId) -> Order:
        """The order.

        Raises:
            OrderUnknown: None of the actor's.
        """
        order = await self.orders.find(order_id, actor.name)
        if order is None:
            raise errors.OrderUnknown(order_id)
        return order


@dataclass(frozen=True, slots=True)
class ShowRenewals:
    """Which certificates of an account are about to be renewed."""

    orders: Orders

    async def __call__(self, account_id: AccountId) -> dict[str, datetime]:
        """Their serial numbers, and when the new one is due."""
        return await self.orders.renewals(account_id)


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Calls an order off."""

    orders: Orders
    clock: Clock

    async def __call__(self, actor: Actor, order_id: OrderId) -> Order:
        """The order, cancelled.

        Raises:
            OrderUnknown: None of the actor's.
            OrderNotSo: It was worked off, or is being worked at.
        """
        now = self.clock.now()
        show = ShowOrder(self.orders)
        record = _event(EventType.CERTIFICATE_CANCELLED, actor, await show(actor, order_id), now)
        await self.orders.cancel(order_id, actor.name, now, [record])
        return await show(actor, order_id)


def _event(kind: EventType, actor: Actor, order: Order, now: datetime) -> Event:
    return Event(
        type=kind,
        outcome=Outcome.SUCCESS,
        at=now,
        actor=actor.name,
        details={
            "order_id": str(order.order_id),
            "account_id": str(order.wish.account_id),
            "profile": order.wish.profile,
        },
        source=actor.source,
        correlation_id=actor.correlation_id,
    )
