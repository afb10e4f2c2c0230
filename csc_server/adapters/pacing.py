"""Memory of how fast each client calls this process: the shield before the store's count.

The limit holds for all processes together because the store counts each signature in the
transaction that it makes anyway (ADR 10). A client that is too fast for a single process already
is refused here, before it costs a read; calls that come to nothing count here too. The rule is
``policies.pacing``.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Final

from policies import addresses, pacing
from policies.pacing import Bucket, Limit, Pace, Paced
from policies.values import ClientId, Principal

CLIENTS: Final = 10_000
"""Most clients remembered; who came longest ago goes first, and starts with a full bucket."""


class Buckets:
    """One for each subject that came lately."""

    def __init__(self, per_second: int, at_once: int | None = None) -> None:
        """Nobody is known yet.

        Args:
            per_second: Requests a second and subject; 0 for no limit.
            at_once: Requests that may come together; ``None``: those of a second.
        """
        self._per_second, self._at_once = per_second, at_once
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def draw(self, subject: str, now: datetime) -> None:
        """Count one request.

        Raises:
            ClientTooFast: See ``pacing.draw``.
        """
        if not self._per_second:
            return
        before = self._buckets.get(subject)
        self._buckets[subject] = pacing.draw(before, self._per_second, now, self._at_once)
        self._buckets.move_to_end(subject)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)


class SourcePacing:
    """The port of this name, in memory: one process answers for an instance."""

    def __init__(self, per_second: int, at_once: int | None = None) -> None:
        """As in ``Buckets``."""
        self._buckets = Buckets(per_second, at_once)

    def admit(self, source: str, now: datetime) -> None:
        """Let an address have one more.

        Raises:
            ClientTooFast: See ``pacing.draw``.
        """
        if source == addresses.UNKNOWN:
            # A socket in the file system: our own processes, which have limits of their own.
            return
        self._buckets.draw(addresses.household(source), now)


class ClientPacing:
    """Remembers how often each client signs."""

    def __init__(self, per_second: int, direct: ClientId) -> None:
        """Nobody is known yet.

        Args:
            per_second: Requests a second and client; 0 for no limit.
            direct: The client id of people who log in without a client: each is one of their own.
        """
        self._per_second, self._direct = per_second, direct
        self._buckets = Buckets(per_second)

    def admit(self, principal: Principal, now: datetime) -> Pace | None:
        """Let the client go on to the store; under what it is counted there.

        Raises:
            ClientTooFast: See ``pacing.draw``.
        """
        if not self._per_second:
            return None
        whose: str = principal.client_id
        if principal.client_id == self._direct:
            whose = f"{principal.client_id}|{principal.account_id}"
        self._buckets.draw(whose, now)
        return Limit(Paced.SIGNATURE, self._per_second, pacing.SECOND).of(whose)
