"""Memory of failed logins by address and of signatures by client, in this process only.

The rules are ``policies.pacing``. With several web processes each counts for itself: a client
whose connections are spread may do as often as there are processes what it may do at one.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Final

from policies import pacing
from policies.pacing import Bucket
from policies.values import ClientId, Principal

ADDRESSES: Final = 10_000
"""Most addresses remembered; the one that failed longest ago goes first."""

CLIENTS: Final = 10_000
"""Most clients remembered; who signed longest ago goes first, and starts with a full bucket."""


class ClientPacing:
    """Remembers how often each client signs."""

    def __init__(self, per_second: int, direct: ClientId) -> None:
        """Nobody is known yet.

        Args:
            per_second: Requests a second and client; 0 for no limit.
            direct: The client id of people who log in without a client: each is one of their own.
        """
        self._per_second, self._direct = per_second, direct
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def admit(self, principal: Principal, now: datetime) -> None:
        """Let the client sign once more.

        Raises:
            ClientTooFast: See ``pacing.draw``.
        """
        if not self._per_second:
            return
        whose: str = principal.client_id
        if principal.client_id == self._direct:
            whose = f"{principal.client_id}|{principal.account_id}"
        self._buckets[whose] = pacing.draw(self._buckets.get(whose), self._per_second, now)
        self._buckets.move_to_end(whose)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)


class FailurePacing:
    """Remembers when each address failed last."""

    def __init__(self, failures_per_minute: int) -> None:
        self._limit = failures_per_minute
        self._failures: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def admit(self, address: str, now: datetime) -> None:
        """Let the address try.

        Raises:
            RateLimited: See ``pacing.admit``.
        """
        pacing.admit(self._failures.get(address, ()), self._limit, now)

    def failed(self, address: str, now: datetime) -> None:
        """Count a failure."""
        recent = pacing.recent(self._failures.pop(address, ()), now)
        self._failures[address] = (*recent, now)[-self._limit :]
        while len(self._failures) > ADDRESSES:
            self._failures.popitem(last=False)


class HourlyPacing:
    """Remembers when each address asked for something within the last hour."""

    def __init__(self, calls_per_hour: int) -> None:
        self._limit = calls_per_hour
        self._calls: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def admit(self, address: str, now: datetime) -> None:
        """Count the call.

        Raises:
            RateLimited: See ``pacing.admit_call``.
        """
        calls = pacing.admit_call(self._calls.get(address, ()), self._limit, now)
        self._calls[address] = calls
        self._calls.move_to_end(address)
        if len(self._calls) > ADDRESSES:
            self._calls.popitem(last=False)


class MinuteBrake:
    """Remembers how often each subject did something within the last minute."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def admit(self, subject: str, most: int, now: datetime) -> None:
        """Let the subject go on.

        Raises:
            RateLimited: See ``pacing.admit``.
        """
        pacing.admit(self._times.get(subject, ()), most, now)

    def count(self, subject: str, now: datetime) -> None:
        """Count one more."""
        self._times[subject] = (*pacing.recent(self._times.pop(subject, ()), now), now)
        while len(self._times) > ADDRESSES:
            self._times.popitem(last=False)
