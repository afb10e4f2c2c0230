"""Done once: what becomes of the key when the work does not end well."""

from __future__ import annotations

from datetime import datetime

import pytest

from csc_server.operations.api.once import Answer, Once
from csc_server.ports import StorageUnavailable
from policies import errors, idempotency
from policies.idempotency import Kept
from policies.values import ClientId
from tests.build import T0

PORTAL = ClientId("portal")


class Keys:
    """The port ``Idempotency`` in memory."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Kept] = {}

    async def claim(self, key: bytes, request_digest: bytes, now: datetime) -> Kept | None:
        """As the store does it."""
        known = self.kept.get(key)
        if known is not None and not idempotency.is_free(known, now):
            return known
        self.kept[key] = Kept(request_digest, now, None, None)
        return None

    async def keep(self, key: bytes, status: int, body: bytes) -> None:
        """The answer."""
        known = self.kept[key]
        self.kept[key] = Kept(known.request_digest, known.claimed_at, status, body)

    async def drop(self, key: bytes) -> None:
        """Free again."""
        del self.kept[key]


class At:
    """A clock that stands."""

    now_is = T0

    def now(self) -> datetime:
        """Always the same."""
        return self.now_is


class Work:
    """Counts how often it is done; raises what it is given first."""

    def __init__(self, *reasons: Exception) -> None:
        self.done, self._reasons = 0, list(reasons)

    async def __call__(self) -> Answer:
        """202, once the reasons are used up."""
        if self._reasons:
            raise self._reasons.pop(0)
        self.done += 1
        return 202, b"{}"


async def test_it_is_done_once() -> None:
    """Three times asked, one time done; another request and another client are other things."""
    once, work = Once(Keys(), At()), Work()
    for _ in range(3):
        assert await once(PORTAL, "k", b"request", work) == (202, b"{}")
    assert work.done == 1
    with pytest.raises(errors.IdempotencyKeyReused):
        await once(PORTAL, "k", b"another", work)
    await once(ClientId("shop"), "k", b"another", work)
    assert work.done == 2


async def test_a_refusal_frees_the_key() -> None:
    """The client mends its request and uses the key again."""
    once, work = Once(Keys(), At()), Work(errors.FormInvalid({"phone": "missing"}))
    with pytest.raises(errors.FormInvalid):
        await once(PORTAL, "k", b"request", work)
    assert await once(PORTAL, "k", b"mended", work) == (202, b"{}")


async def test_what_may_have_been_done_is_not_done_again_at_once() -> None:
    """The store fell silent: the key stays claimed until its lease is over."""
    clock, work = At(), Work(StorageUnavailable("silent"))
    once = Once(Keys(), clock)
    with pytest.raises(StorageUnavailable):
        await once(PORTAL, "k", b"request", work)
    with pytest.raises(errors.RequestUnderWay):
        await once(PORTAL, "k", b"request", work)
    clock.now_is = T0 + idempotency.LEASE
    assert await once(PORTAL, "k", b"request", work) == (202, b"{}")
