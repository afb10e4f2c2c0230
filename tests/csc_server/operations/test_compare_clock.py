"""The clock held against servers that lie, sleep, disagree and step; what time-stamps make of it.

The clocks are the test's own: nothing is waited for. (7.2 row 25)
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from csc_server.adapters import ntp
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.time_source import TrustedClock
from csc_server.operations.status.compare_clock import CompareClock
from csc_server.ports.pki import NoTime
from policies import quorum, tsa
from policies.tsa import StampRefused
from tests.build import HOUR, SECOND, T0
from tests.csc_server.adapters import ntp_servers
from tests.csc_server.adapters.ntp_servers import TimeServer
from tests.pki.golden import NOW

NEAR = timedelta(milliseconds=100)


class TestClock:
    """Ours and one that nobody sets, both in the test's hand."""

    __test__ = False

    def __init__(self) -> None:
        self.true, self.step, self.ticks = T0, timedelta(0), 1000.0

    def now(self) -> datetime:
        """What our clock shows."""
        return self.true + self.step

    def pass_(self, time: timedelta) -> None:
        """Time goes by."""
        self.true += time
        self.ticks += time.total_seconds()


class Asked:
    """Four servers that know the true time, and what is wrong with some of them."""

    def __init__(self, clock: TestClock) -> None:
        self._clock = clock
        self.wrong: dict[str, timedelta | None] = {}
        """By server: how far ahead it is; ``None``: it sleeps."""
        self.count = 0

    async def __call__(
        self, server: str, number: bytes, now: object, limit: timedelta
    ) -> timedelta:
        """Our clock minus the server's."""
        assert (len(number), limit) == (8, quorum.ANSWER_LIMIT)
        self.count += 1
        ahead = self.wrong.get(server, timedelta(0))
        if ahead is None:
            raise NoTime("asleep")
        return self._clock.step - ahead


@pytest.fixture
def clock() -> TestClock:
    """Right, to begin with."""
    return TestClock()


@pytest.fixture
def asked(clock: TestClock) -> Asked:
    """Right, to begin with."""
    return Asked(clock)


@pytest.fixture
def source(clock: TestClock, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> CompareClock:
    """Not compared yet."""
    made = CompareClock(servers="abcd", ask=asked, clock=clock, entropy=SystemEntropy())
    monkeypatch.setattr(CompareClock, "ticks_s", lambda _: clock.ticks)
    return made


def told(source: CompareClock, clock: TestClock, mark: datetime | None = None) -> datetime:
    """The time of the next token."""
    off = tsa.offset(source.reading(), clock.now(), source.ticks_s())
    return tsa.gen_time(clock.now(), mark, off)


def refused(source: CompareClock, clock: TestClock, mark: datetime | None = None) -> bool:
    """No token now, for want of time."""
    try:
        told(source, clock, mark)
    except StampRefused as reason:
        return reason.failure is tsa.Failure.TIME_NOT_AVAILABLE
    return False


async def test_before_the_first_comparison_there_is_no_time(
    source: CompareClock, clock: TestClock
) -> None:
    """Then there is, at once."""
    assert refused(source, clock)
    await source()
    assert told(source, clock) == T0


@pytest.mark.parametrize(
    "wrong",
    [{"a": HOUR}, {"b": None}, {"c": -SECOND}, {"d": timedelta(milliseconds=300)}],
)
async def test_one_of_four_may_lie_or_sleep(
    source: CompareClock, asked: Asked, clock: TestClock, wrong: dict[str, timedelta | None]
) -> None:
    """Three agree; one try is enough."""
    asked.wrong = wrong
    await source()
    assert told(source, clock) == T0
    assert asked.count == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"a": HOUR, "b": HOUR},
        {"a": HOUR, "b": -HOUR},
        {"a": None, "b": None},
        {"a": None, "b": SECOND},
        dict.fromkeys("abcd"),
    ],
)
async def test_two_of_four_are_too_many(
    source: CompareClock, asked: Asked, clock: TestClock, wrong: dict[str, timedelta | None]
) -> None:
    """Three tries; the last reading goes on until it is a minute old, and no longer."""
    await source()
    asked.wrong, asked.count = wrong, 0
    clock.pass_(quorum.ASK_EVERY)
    assert not await source()
    assert asked.count == 4 * quorum.TRIES
    assert not refused(source, clock)
    clock.pass_(tsa.READING_LIFE - quorum.ASK_EVERY + timedelta(milliseconds=1))
    assert refused(source, clock)
    asked.wrong = {}
    await source()
    assert not refused(source, clock)


@pytest.mark.parametrize("step", [SECOND, -SECOND, HOUR, -HOUR])
async def test_a_step_is_seen_at_once(
    source: CompareClock, clock: TestClock, step: timedelta
) -> None:
    """No token until the clock is right again, and none that tells an earlier time."""
    await source()
    mark = told(source, clock)
    clock.step = step
    clock.pass_(timedelta(milliseconds=1))
    assert refused(source, clock, mark)
    await source()
    assert refused(source, clock, mark), "compared anew, and still off"
    clock.step = timedelta(0)
    assert told(source, clock, mark) >= mark


async def test_all_servers_step(source: CompareClock, asked: Asked, clock: TestClock) -> None:
    """If everybody else is an hour ahead, it is our clock that is off."""
    asked.wrong = dict.fromkeys("abcd", HOUR)
    await source()
    assert refused(source, clock)


async def test_a_clock_that_drifts(source: CompareClock, clock: TestClock) -> None:
    """Up to half a second tokens are given, within their accuracy; beyond there are none."""
    await source()
    for drift, off in ((400, False), (500, False), (501, True)):
        clock.step = timedelta(milliseconds=drift)
        assert await source() is not off
        assert refused(source, clock) is off
        if not off:
            assert abs(told(source, clock) - clock.true) <= tsa.ACCURACY


async def test_many_servers_take_turns(asked: Asked, clock: TestClock) -> None:
    """Four of all are asked, others each time."""
    servers = [f"ntp{number}" for number in range(12)]
    seen = set()
    for _ in range(20):
        source = CompareClock(servers=servers, ask=asked, clock=clock, entropy=SystemEntropy())
        chosen = source._chosen()
        assert len(set(chosen)) == quorum.ASKED
        seen.update(chosen)
    assert len(seen) > quorum.ASKED


async def test_real_servers() -> None:
    """Over UDP: three that are right outvote one that lies; two that lie stop the time."""
    servers = [TimeServer() for _ in range(4)]
    async with ntp_servers.running(*servers):
        clock = TrustedClock(RealClock())
        source = CompareClock(
            servers=[one.name for one in servers],
            ask=ntp.ask,
            clock=RealClock(),
            entropy=SystemEntropy(),
        )
        servers[2].ahead = HOUR
        await source()
        reading = source.reading()
        assert reading is not None
        assert abs(reading.offset) < NEAR
        assert len({origin for one in servers for origin in one.origins}) == 4
        servers[1].ahead = -HOUR
        await source()
        assert source.reading() is reading
        assert [one.asked for one in servers] == [1 + quorum.TRIES] * 4
        assert clock.reading().offset == timedelta(0)


class RealClock:
    """The machine's."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(NOW.tzinfo)
