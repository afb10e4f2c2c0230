"""Asking time servers that are honest, asleep, out of time, or not the ones that were asked."""

from __future__ import annotations

import contextlib
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_server.adapters import ntp
from csc_server.ports.pki import NoTime
from tests.csc_server.adapters import ntp_servers
from tests.csc_server.adapters.ntp_servers import TimeServer, stamp

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
NUMBER = bytes(range(1, 9))
SOON = timedelta(seconds=5)
SHORT = timedelta(milliseconds=50)
MS = timedelta(milliseconds=1)
ROUGHLY = 200 * MS
"""Half a trip on a busy machine."""


def now() -> datetime:
    """The test's own clock."""
    return datetime.now(UTC)


async def ask(server: TimeServer, limit: timedelta = SOON) -> timedelta:
    """One question."""
    async with ntp_servers.running(server):
        return await ntp.ask(server.name, NUMBER, now, limit)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=1), timedelta(hours=-1)])
async def test_the_offset_is_ours_minus_theirs(ahead: timedelta) -> None:
    """Whatever its clock shows."""
    assert abs(await ask(TimeServer(ahead=ahead)) + ahead) < ROUGHLY


async def test_the_question_shows_nothing_but_a_random_number() -> None:
    """48 bytes, version 4, client; no time of ours."""
    server = TimeServer()
    await ask(server)
    assert server.origins == [NUMBER]
    assert ntp.question(NUMBER) == b"\x23" + bytes(39) + NUMBER


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"leap": 3}, "not in time"),
        ({"stratum": 0}, "not in time"),
        ({"stratum": 16}, "not in time"),
        ({"mode": 3}, "mode"),
        ({"version": 1}, "version"),
        ({"root_s": 1.1}, "far from its own source"),
        ({"spoil": lambda packet: packet[:47]}, "47 bytes"),
        ({"spoil": lambda packet: packet[:24] + bytes(8) + packet[32:]}, "not an answer"),
        ({"spoil": lambda packet: packet[:32] + bytes(16)}, "no times"),
        ({"spoil": lambda packet: packet[:40] + b"\x01" + packet[41:]}, "no times"),
    ],
)
async def test_answers_that_are_none(changes: dict[str, Any], why: str) -> None:
    """Each is refused with its reason."""
    with pytest.raises(NoTime, match=why):
        await ask(TimeServer(**changes))


async def test_more_behind_the_answer_does_not_matter() -> None:
    """Extensions and signatures follow the 48 bytes (RFC 5905 7.5)."""
    assert abs(await ask(TimeServer(spoil=lambda packet: packet + bytes(20)))) < ROUGHLY


async def test_silence_ends() -> None:
    """At the limit."""
    with pytest.raises(NoTime, match="TimeoutError"):
        await ask(TimeServer(silent=True), SHORT)


async def test_nobody_listens_and_nobody_is_called_that() -> None:
    """A closed port and a name without an address are reasons like the others."""
    server = TimeServer()
    async with ntp_servers.running(server):
        pass
    with pytest.raises(NoTime):
        await ntp.ask(server.name, NUMBER, now, SOON)
    with pytest.raises(NoTime):
        await ntp.ask("no.such.host.invalid", NUMBER, now, SOON)


@pytest.mark.parametrize(
    ("trip", "taken"),
    [(0 * MS, True), (200 * MS, True), (201 * MS, False), (-1 * MS, True), (-2 * MS, False)],
)
def test_how_long_an_answer_may_take(trip: timedelta, taken: bool) -> None:
    """Longer than that it could be wrong by more than we may be; shorter than nothing is a lie."""
    answer = ntp.Answer(T0 + 20 * MS, T0 + 30 * MS)
    asked_at, got_at = T0, T0 + trip + 10 * MS
    if taken:
        assert ntp.offset(answer, asked_at, got_at) == (got_at - T0 - 50 * MS) / 2
    else:
        with pytest.raises(NoTime, match="on its way"):
            ntp.offset(answer, asked_at, got_at)


@pytest.mark.parametrize("year", [2026, 2035, 2036, 2037, 2100])
def test_the_era_is_that_of_now(year: int) -> None:
    """The counter starts again in February 2036 (RFC 5905 6)."""
    for moment in (datetime(year, 2, 7, 6, tzinfo=UTC), datetime(year, 2, 8, tzinfo=UTC)):
        packet = struct.pack(
            "!BBbbIIIQ8sQQ", 0x24, 1, 6, -20, 0, 0, 0, 0, NUMBER, *[stamp(moment)] * 2
        )
        found = ntp.read(packet, NUMBER, moment + timedelta(days=1))
        assert abs(found.sent_at - moment) < MS


@given(packet=st.binary(max_size=80))
def test_anything_may_come(packet: bytes) -> None:
    """Whatever arrives is an answer or ``NoTime``."""
    with contextlib.suppress(NoTime):
        ntp.read(packet, NUMBER, T0)


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("ntp.example.ro", ("ntp.example.ro", 123)),
        ("10.0.0.7:1123", ("10.0.0.7", 1123)),
        ("[2001:db8::1]", ("2001:db8::1", 123)),
        ("[2001:db8::1]:1123", ("2001:db8::1", 1123)),
    ],
)
def test_names_of_servers(server: str, address: tuple[str, int]) -> None:
    """Host, or host and port."""
    assert ntp.address(server) == address
