"""Do a request once, however often its client sends it. (``policies.idempotency``)

A refusal is no answer to be kept: the key is free again. When it is unknown whether the work was
done (the store fell silent, the process died), the key stays claimed until its lease is over; a
repetition after that does the work again, which every verb behind this allows: what must not
happen twice for one cause, a credit, is named by its own reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from csc_server.ports import Clock
from csc_server.ports.api import Idempotency
from policies import idempotency
from policies.errors import Refused
from policies.values import ClientId

Answer = tuple[int, bytes]
"""Status and body."""


@dataclass(frozen=True, slots=True)
class Once:
    """Remembers answers by client and key."""

    store: Idempotency
    clock: Clock

    async def __call__(
        self,
        client_id: ClientId,
        key: str,
        request: bytes,
        work: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        """What ``work`` gives, now or when this request came first.

        Args:
            key: The client's name for the request; other clients may use the same.
            request: Path and body in one spelling.

        Raises:
            IdempotencyKeyReused, RequestUnderWay: See ``policies.idempotency.replay``.
            Exception: What ``work`` raised.
        """
        name = hashlib.sha256(f"{client_id}\0{key}".encode()).digest()
        asked = hashlib.sha256(request).digest()
        kept = await self.store.claim(name, asked, self.clock.now())
        if kept is not None:
            return idempotency.replay(kept, asked)
        try:
            status, body = await work()
        except Refused:
            await self.store.drop(name)
            raise
        await self.store.keep(name, status, body)
        return status, body
