"""Any order of calls leaves SADs and hashes in the states that the tables of the rules give."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from csc_server.ports import SadAlreadyUsed
from policies.lifecycle import (
    OCCURRENCE,
    SAD,
    OccurrenceEvent,
    OccurrenceState,
    SadEvent,
    SadState,
)
from policies.sign import SigningFacts, SigningPermit, permit
from policies.values import Occurrence, OperationId, SadId
from tests import build
from tests.build import ALICE, SECOND, T0
from tests.contracts import stores
from tests.contracts.conftest import ENGINES

T = TypeVar("T")

DIGESTS = [bytes([n]) * 32 for n in range(4)]
END = T0 + timedelta(minutes=5)


class LifeCycle(RuleBasedStateMachine):
    """One signer's approval of four hashes, and everything that may become of it."""

    engine = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.directory = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.url = self.run(stores.empty_url(self.engine, self.directory))
        opened = stores.opened(self.url, self.directory)
        self.store = self.run(self.stack.enter_async_context(opened))
        self.run(stores.populate(self.store))
        self.occurrences = [OccurrenceState.AUTHORIZED] * len(DIGESTS)
        self.sads: list[SadState] = []
        self.operations: dict[str, tuple[SigningPermit, int]] = {}
        self.over = False

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for a call."""
        return self.runner.run(call)

    @initialize()
    def issue(self) -> None:
        """The signer approves."""
        self.run(stores.issue(self.store, "sad-0", *DIGESTS))
        self.sads.append(SadState.ISSUED)

    @rule(sad=st.integers(0, 3), ordinals=st.sets(st.integers(0, 3), min_size=1))
    def reserve(self, sad: int, ordinals: set[int]) -> None:
        """Claim hashes with any SAD, also one that is no longer good."""
        sad = min(sad, len(self.sads) - 1)
        stale = self._stale_permit(sad, ordinals)
        operation = f"operation-{len(self.operations)}"
        claim = OCCURRENCE[OccurrenceEvent.RESERVE]
        good = not self.over and self.sads[sad] in SAD[SadEvent.RESERVE]
        good = good and all(self.occurrences[ordinal] in claim for ordinal in ordinals)
        assert good is self._happens(stores.reserve(self.store, stale, operation))
        self.operations[operation] = (stale, sad if good else -1)
        if good:
            self.sads[sad] = SAD[SadEvent.RESERVE][self.sads[sad]]
            self._move(OccurrenceEvent.RESERVE, stale)

    @precondition(lambda self: self.operations)
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        """Report signatures of any operation, also of one that reserved nothing, or twice."""
        operation = data.draw(st.sampled_from(sorted(self.operations)))
        done, sad = self.operations[operation]
        self.run(stores.complete(self.store, done, operation))
        if sad >= 0:
            self._move(OccurrenceEvent.COMPLETE, done)
            last = OccurrenceState.AUTHORIZED not in self.occurrences
            event = SadEvent.COMPLETE_LAST if last else SadEvent.COMPLETE_SOME
            self.sads[sad] = SAD[event].get(self.sads[sad], self.sads[sad])
            self.operations[operation] = (done, -1)

    @precondition(lambda self: self.operations)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Give any operation back, also one that is over."""
        operation = data.draw(st.sampled_from(sorted(self.operations)))
        refused, sad = self.operations[operation]
        self.run(self.store.authorizations.release(refused, OperationId(operation), []))
        if sad >= 0:
            self._move(OccurrenceEvent.RELEASE, refused)
            self.sads[sad] = SAD[SadEvent.RELEASE].get(self.sads[sad], self.sads[sad])
            self.operations[operation] = (refused, -1)

    @precondition(lambda self: len(self.sads) < 4)
    @rule(old=st.integers(0, 3), ordinals=st.sets(st.integers(0, 3), min_size=1))
    def extend(self, old: int, ordinals: set[int]) -> None:
        """Exchange any SAD for one over any hashes."""
        old = min(old, len(self.sads) - 1)
        name = f"sad-{len(self.sads)}"
        new = stores.new_sad(name, root_id=SadId("sad-0"), open_ordinals=frozenset(ordinals))
        free = OCCURRENCE[OccurrenceEvent.RESERVE]
        good = not self.over and self.sads[old] in SAD[SadEvent.EXTEND]
        good = good and all(self.occurrences[ordinal] in free for ordinal in ordinals)
        call = self.store.authorizations.extend(SadId(f"sad-{old}"), new, self._now(), [])
        assert good is self._happens(call)
        if good:
            self.sads[old] = SAD[SadEvent.EXTEND][self.sads[old]]
            self.sads.append(SadState.ISSUED)

    @rule(over=st.booleans())
    def expire(self, over: bool) -> None:
        """Time passes, perhaps beyond the end."""
        self.over = self.over or over
        expired = self.run(self.store.authorizations.expire(self._now(), 10))
        table = SAD[SadEvent.EXPIRE]
        due = [number for number, state in enumerate(self.sads) if self.over and state in table]
        assert expired == len(due)
        for number in due:
            self.sads[number] = table[self.sads[number]]
            moves = OCCURRENCE[OccurrenceEvent.EXPIRE]
            self.occurrences = [moves.get(state, state) for state in self.occurrences]

    def teardown(self) -> None:
        """The store holds what the model holds."""
        try:
            for number, sad in enumerate(self.sads):
                found = self.run(stores.states(self.store, f"sad-{number}"))
                assert found == (sad, self.occurrences)
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            stores.give_back(self.url)

    def _now(self) -> datetime:
        return END if self.over else END - SECOND

    def _happens(self, call: Coroutine[Any, Any, None]) -> bool:
        try:
            self.run(call)
        except SadAlreadyUsed:
            return False
        return True

    def _move(self, event: OccurrenceEvent, moved: SigningPermit) -> None:
        for ordinal in moved.ordinals:
            state = self.occurrences[ordinal]
            self.occurrences[ordinal] = OCCURRENCE[event].get(state, state)

    def _stale_permit(self, sad: int, ordinals: set[int]) -> SigningPermit:
        """A permit as if it had been given when everything was still free."""
        every = tuple(
            Occurrence(n, digest, OccurrenceState.AUTHORIZED) for n, digest in enumerate(DIGESTS)
        )
        wanted = [DIGESTS[ordinal] for ordinal in ordinals]
        fresh = build.authorization(
            sad_id=SadId(f"sad-{sad}"),
            root_id=SadId("sad-0"),
            open_ordinals=frozenset(range(4)),
            occurrences=every,
        )
        facts = SigningFacts(fresh, build.credential())
        return permit(facts, ALICE, build.request(*wanted), T0)


@pytest.mark.parametrize("engine", ENGINES)
def test_any_order_of_calls_follows_the_tables(engine: str) -> None:
    """Model and store agree after every random sequence."""
    machine = type("LifeCycleOn", (LifeCycle,), {"engine": engine})
    examples = 60 if engine == "sqlite" else 12
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )
