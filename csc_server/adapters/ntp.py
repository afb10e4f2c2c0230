"""Asking a time server: one SNTP question and one answer. (RFC 5905 7.3, 14; RFC 4330 5)

Strict: an answer that is not to our question, from a server that is not itself in time, or that
was long on its way is none. The question shows nothing of us: its one filled field is a random
number that has to come back, which is also all that keeps others from answering. Nothing here
judges the time; that is ``policies.quorum``.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from csc_server.ports.pki import NoTime
from policies import quorum

PORT: Final = 123
_SIZE: Final = 48
_ASK: Final = 0x23
"""No leap indicator, version 4, mode 3 (client)."""
_HEAD: Final = struct.Struct("!BBbb II4s QQQQ")
_SERVER: Final = 4
_VERSIONS: Final = (3, 4)
_NOT_IN_TIME: Final = 3
_STRATA: Final = range(1, 16)
_LONGEST_ROOT: Final = timedelta(seconds=1)
"""Delay or dispersion of a server towards its own source."""
_ERA: Final = timedelta(seconds=1 << 32)
_EPOCH: Final = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, by its own clock."""

    received_at: datetime
    sent_at: datetime


def question(number: bytes) -> bytes:
    """The packet to send.

    Args:
        number: Eight random bytes; they stand where a client may write its time.
    """
    return struct.pack("!B39x8s", _ASK, number)


def read(packet: bytes, number: bytes, now: datetime) -> Answer:
    """A server's answer.

    Args:
        now: Roughly; the 136 years of a time stamp are counted from there.

    Raises:
        NoTime: It is none.
    """
    if len(packet) < _SIZE:
        raise NoTime(f"{len(packet)} bytes")
    head, stratum, _, _, delay, dispersion, _, _, origin, received, sent = _HEAD.unpack(
        packet[:_SIZE]
    )
    leap, version, mode = head >> 6, head >> 3 & 7, head & 7
    if mode != _SERVER or version not in _VERSIONS:
        raise NoTime(f"mode {mode}, version {version}")
    if origin != int.from_bytes(number, "big"):
        raise NoTime("not an answer to this question")
    if leap == _NOT_IN_TIME or stratum not in _STRATA:
        # Stratum 0 is the kiss of death: whoever gets it has to stay away.
        raise NoTime(f"not in time: leap {leap}, stratum {stratum}")
    if max(delay, dispersion) / (1 << 16) > _LONGEST_ROOT.total_seconds():
        raise NoTime("far from its own source")
    if not received or not sent or sent < received:
        raise NoTime("no times")
    return Answer(_instant(received, now), _instant(sent, now))


def offset(answer: Answer, asked_at: datetime, got_at: datetime) -> timedelta:
    """Our clock minus the server's (RFC 5905 8).

    Args:
        asked_at, got_at: By our clock.

    Raises:
        NoTime: It was too long on its way, or the times contradict each other.
    """
    trip = (got_at - asked_at) - (answer.sent_at - answer.received_at)
    if not timedelta(milliseconds=-1) <= trip <= quorum.LONGEST_TRIP:
        raise NoTime(f"on its way for {trip.total_seconds():.3f} s")
    return ((asked_at - answer.received_at) + (got_at - answer.sent_at)) / 2


async def ask(
    server: str, number: bytes, clock: Callable[[], datetime], limit: timedelta
) -> timedelta:
    """Our clock minus the server's.

    Args:
        server: ``host`` or ``host:port``.
        number: Eight random bytes, new for each question.
        clock: Ours; nobody may set it between two calls.

    Raises:
        NoTime: There is no usable answer within the limit.
    """
    host, port = address(server)
    try:
        async with asyncio.timeout(limit.total_seconds()):
            packet, asked_at, got_at = await _exchange(host, port, question(number), clock)
    except (OSError, TimeoutError) as error:
        raise NoTime(f"{type(error).__name__} {error}".strip()) from error
    return offset(read(packet, number, got_at), asked_at, got_at)


def address(server: str) -> tuple[str, int]:
    """Host and port."""
    if server.startswith("["):
        host, _, port = server[1:].partition("]")
        return host, int(port[1:] or PORT)
    host, _, port = server.partition(":")
    return host, int(port or PORT)


async def _exchange(
    host: str, port: int, packet: bytes, clock: Callable[[], datetime]
) -> tuple[bytes, datetime, datetime]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Waiting(loop.create_future(), clock), remote_addr=(host, port)
    )
    try:
        asked_at = clock()
        transport.sendto(packet)
        answer, got_at = await protocol.answer
    finally:
        transport.close()
    return answer, asked_at, got_at


class _Waiting(asyncio.DatagramProtocol):
    """For the first packet; the socket is connected, so others cannot send any."""

    def __init__(
        self, answer: asyncio.Future[tuple[bytes, datetime]], clock: Callable[[], datetime]
    ) -> None:
        self.answer, self._clock = answer, clock

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's
        """Only the first one counts."""
        if not self.answer.done():
            self.answer.set_result((data, self._clock()))

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there."""
        if not self.answer.done():
            self.answer.set_exception(exc)


def _instant(stamp: int, now: datetime) -> datetime:
    """Of 32 bits of seconds and 32 of their parts, in the era next to ``now`` (RFC 5905 6)."""
    told = _EPOCH + timedelta(seconds=stamp >> 32, microseconds=(stamp & 0xFFFFFFFF) * 10**6 >> 32)
    return told + round((now - told) / _ERA) * _ERA
