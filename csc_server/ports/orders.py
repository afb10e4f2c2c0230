"""Orders of certificates, from those who proofed people to the authority."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from policies.audit import Event
from policies.orders import Facts, Order, OrderId, Wish
from policies.values import AccountId


class Orders(Protocol):
    """Orders, worked off with leases: any process may die at any moment."""

    async def facts(self, wish: Wish) -> Facts:
        """What the rules need, in one read."""

    async def take(
        self, order: Order, source: str, now: datetime, events: Sequence[Event]
    ) -> Order:
        """Afterwards the order waits for its day; the one that stands.

        That is another where the same was ordered before (``policies.orders.admit_renewal``);
        then nothing is written.

        Raises:
            RenewalOrdered: Another order renews the certificate.
        """

    async def renewals(self, account_id: AccountId) -> dict[str, datetime]:
        """Serial numbers of the account's certificates whose renewal waits, and for when."""

    async def find(self, order_id: OrderId, source: str) -> Order | None:
        """The order, if it came from there."""

    async def source(self, serial: str) -> str | None:
        """Who ordered the certificate with this serial number; ``None``: an operator made it."""

    async def cancel(
        self, order_id: OrderId, source: str, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the order is not worked off.

        Raises:
            OrderUnknown: None of this source's.
            OrderNotSo: It was worked off, or is being worked at.
        """

    async def claim(self, now: datetime) -> Order | None:
        """The oldest that is due and at which nobody works, leased to the caller.

        Orders that were tried too often are failed on the way, each with an audit record. An
        order is done in the transaction that stores its certificate (``pki.ports.Register.store``).
        """

    async def postpone(self, order_id: OrderId, now: datetime) -> None:
        """The lease is given back: tried again after a while, and this was no try."""

    async def failed(self, order_id: OrderId, reason: str, events: Sequence[Event]) -> None:
        """Afterwards the order has failed for good, unless it is done or cancelled."""
