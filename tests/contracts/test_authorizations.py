"""The port ``Authorizations``: what each method does, one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest

from csc_server.ports import SadAlreadyUsed
from csc_server.storage import Storage
from policies import errors, sign, throttle
from policies.audit import Event, EventType
from policies.lifecycle import SadState
from policies.secret import Sad
from policies.throttle import CLEAR, Throttle
from policies.values import CredentialId, Factor, OperationId, SadId
from tests import build
from tests.build import ALICE, DIGEST_A, DIGEST_B, DIGEST_C, SECOND, T0
from tests.contracts import stores
from tests.contracts.stores import CRED_ALICE

HANDLE = Sad("handle-sad-1")
DONE, RELEASED = OperationId("operation-1"), OperationId("operation-2")
END = T0 + timedelta(minutes=5)


async def test_facts_hold_the_sad_and_the_credential(storage: Storage) -> None:
    """The handle finds what was issued, the identifier the credential."""
    new = await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B, DIGEST_A)
    facts = await storage.authorizations.facts(HANDLE, CRED_ALICE)
    assert facts.authorization == new.authorization
    assert facts.credential == await storage.credentials.find(CRED_ALICE)


@pytest.mark.parametrize("identifier", ["cred-nobody", "a\0b", "\ud800"])
async def test_facts_are_found_apart(storage: Storage, identifier: str) -> None:
    """An unknown credential does not hide the SAD, nor an unknown handle the credential."""
    new = await stores.issue(storage, "sad-1", DIGEST_A)
    known = await storage.authorizations.facts(HANDLE, CredentialId(identifier))
    assert known == sign.SigningFacts(new.authorization, None)
    unknown = await storage.authorizations.facts(Sad("sad-1"), CRED_ALICE)
    assert unknown.authorization is None
    assert unknown.credential is not None


async def test_a_thousand_hashes_are_issued_and_signed(storage: Storage) -> None:
    """The largest authorisation goes through in order."""
    digests = [hashlib.sha256(bytes([n % 251, n // 251])).digest() for n in range(1000)]
    await stores.issue(storage, "sad-1", *digests)
    permit = await stores.permit(storage, "sad-1", *digests)
    await stores.reserve(storage, permit, DONE)
    await stores.complete(storage, permit, DONE)
    assert await stores.states(storage, "sad-1") == (SadState.SPENT, ["consumed"] * 1000)


async def test_a_code_counts_once(storage: Storage) -> None:
    """The same time step and every earlier one are replays; the next one is not."""
    await stores.issue(storage, "sad-1", DIGEST_A, step=100)
    for name, step in (("sad-2", 100), ("sad-3", 99)):
        with pytest.raises(errors.OtpReplayed):
            await stores.issue(storage, name, DIGEST_A, step=step)
        facts = await storage.authorizations.facts(Sad(f"handle-{name}"), CRED_ALICE)
        assert facts.authorization is None
    await stores.issue(storage, "sad-4", DIGEST_A, step=101)
    found = await storage.credentials.authenticator_of(ALICE.account_id)
    assert found == stores.sealed(step=101)


async def test_a_locked_factor_stops_the_issue(storage: Storage) -> None:
    """A right PIN or code that arrives after the lock is refused like a wrong one."""
    for factor, reason in ((Factor.PIN, errors.PinLocked), (Factor.OTP, errors.OtpLocked)):
        await storage.accounts.unlock(ALICE.account_id, [])
        await _fail(storage, {factor}, throttle.LOCK_AFTER)
        with pytest.raises(reason):
            await stores.issue(storage, f"sad-{factor}", DIGEST_A, step=100)
    found = await storage.credentials.authenticator_of(ALICE.account_id)
    assert found == stores.sealed(step=-1)


async def test_success_clears_the_failures(storage: Storage) -> None:
    """Four wrong guesses are forgotten after a right one."""
    await _fail(storage, set(stores.BOTH), throttle.LOCK_AFTER - 1)
    await stores.issue(storage, "sad-1", DIGEST_A, step=100)
    facts = await storage.authorizations.authorize_facts(CRED_ALICE)
    spent = Throttle(spent_until=T0 + (throttle.LOCK_AFTER - 1) * throttle.GROWS_BACK)
    assert (facts.pin_throttle, facts.otp_throttle) == (spent, spent)


async def test_authorize_facts_hold_everything_in_one_read(storage: Storage) -> None:
    """Credential, its authenticator, and each factor's own failures."""
    await _fail(storage, {Factor.PIN}, 2)
    await _fail(storage, {Factor.OTP}, throttle.LOCK_AFTER)
    facts = await storage.authorizations.authorize_facts(CRED_ALICE)
    assert facts.credential == await storage.credentials.find(CRED_ALICE)
    assert facts.authenticator == stores.sealed()
    assert facts.pin_throttle == Throttle(2, None, T0 + 2 * throttle.GROWS_BACK)
    spent = T0 + throttle.LOCK_AFTER * throttle.GROWS_BACK
    assert facts.otp_throttle == Throttle(5, T0 + throttle.FIRST_LOCK, spent)


async def test_failures_are_audited_with_the_new_states(storage: Storage) -> None:
    """The caller is told the states before, the events are made of the states after."""
    seen: list[dict[Factor, Throttle]] = []

    def events(states: dict[Factor, Throttle]) -> list[Event]:
        seen.append(states)
        return [stores.event(EventType.FACTOR_FAILED)]

    credential = build.credential(factors=stores.BOTH)
    await _fail(storage, {Factor.PIN}, throttle.LOCK_AFTER)
    before = await storage.authorizations.factors_failed(credential, stores.BOTH, T0, events)
    spent = T0 + throttle.LOCK_AFTER * throttle.GROWS_BACK
    locked = Throttle(throttle.LOCK_AFTER, T0 + throttle.FIRST_LOCK, spent)
    assert before == {Factor.PIN: locked, Factor.OTP: CLEAR}
    assert seen[-1] == {Factor.OTP: Throttle(1, None, T0 + throttle.GROWS_BACK)}


async def test_reserve_then_complete_spends(storage: Storage) -> None:
    """All hashes signed: nothing is left of the SAD."""
    await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B)
    permit = await stores.permit(storage, "sad-1", DIGEST_B, DIGEST_A)
    await stores.reserve(storage, permit, DONE)
    assert await stores.states(storage, "sad-1") == (SadState.CONSUMING, ["reserved"] * 2)
    await stores.complete(storage, permit, DONE)
    assert await stores.states(storage, "sad-1") == (SadState.SPENT, ["consumed"] * 2)


async def test_hashes_that_remain_leave_the_sad_used(storage: Storage) -> None:
    """It is good for an extension and nothing else."""
    await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B)
    permit = await stores.permit(storage, "sad-1", DIGEST_B)
    await stores.reserve(storage, permit, DONE)
    await stores.complete(storage, permit, DONE)
    assert await stores.states(storage, "sad-1") == (SadState.USED, ["authorized", "consumed"])
    with pytest.raises(errors.SadNotUsable):
        await stores.permit(storage, "sad-1", DIGEST_A)


async def test_release_puts_everything_back(storage: Storage) -> None:
    """After a definite refusal the same hashes can be signed with the same SAD."""
    await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B)
    permit = await stores.permit(storage, "sad-1", DIGEST_A)
    await stores.reserve(storage, permit, RELEASED)
    failed = stores.event(EventType.SIGN_FAILED)
    await storage.authorizations.release(permit, RELEASED, [failed])
    assert await stores.states(storage, "sad-1") == (SadState.ISSUED, ["authorized"] * 2)
    again = await stores.permit(storage, "sad-1", DIGEST_A)
    await stores.reserve(storage, again, DONE)


async def test_release_touches_its_own_operation_only(storage: Storage) -> None:
    """A release whose reservation was never committed gives nobody's hashes back."""
    await stores.issue(storage, "sad-1", DIGEST_A)
    permit = await stores.permit(storage, "sad-1", DIGEST_A)
    await stores.reserve(storage, permit, DONE)
    await storage.authorizations.release(permit, RELEASED, [])
    assert await stores.states(storage, "sad-1") == (SadState.CONSUMING, ["reserved"])
    await stores.complete(storage, permit, RELEASED)
    assert await stores.states(storage, "sad-1") == (SadState.CONSUMING, ["reserved"])


async def test_a_stale_permit_reserves_nothing(storage: Storage) -> None:
    """Who comes second changes nothing, whichever hash he wants."""
    await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B)
    first = await stores.permit(storage, "sad-1", DIGEST_A)
    second = await stores.permit(storage, "sad-1", DIGEST_B)
    await stores.reserve(storage, first, DONE)
    with pytest.raises(SadAlreadyUsed):
        await stores.reserve(storage, second, RELEASED)
    assert await stores.states(storage, "sad-1") == (
        SadState.CONSUMING,
        ["reserved", "authorized"],
    )


async def test_a_hash_that_is_gone_leaves_the_sad_alone(storage: Storage) -> None:
    """When one of the hashes was signed meanwhile, neither SAD nor the other one is touched."""
    await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B)
    first = await stores.permit(storage, "sad-1", DIGEST_A)
    await stores.reserve(storage, first, DONE)
    await stores.complete(storage, first, DONE)
    await _extend(storage, "sad-1", "sad-2", DIGEST_B)
    seen = build.facts(DIGEST_A, DIGEST_B, sad_id=SadId("sad-2"), root_id=SadId("sad-1"))
    stale = sign.permit(seen, ALICE, build.request(DIGEST_B, DIGEST_A), T0)
    with pytest.raises(SadAlreadyUsed):
        await stores.reserve(storage, stale, RELEASED)
    assert await stores.states(storage, "sad-2") == (SadState.ISSUED, ["consumed", "authorized"])


@pytest.mark.parametrize(("late", "good"), [(-SECOND, True), (0 * SECOND, False), (SECOND, False)])
async def test_the_end_is_the_first_instant_too_late(
    storage: Storage, late: timedelta, good: bool
) -> None:
    """Reserving and extending are judged at the end again, inside the transaction."""
    await stores.issue(storage, "sad-1", DIGEST_A)
    permit = await stores.permit(storage, "sad-1", DIGEST_A)
    new = stores.new_sad("sad-2", DIGEST_A, root_id=SadId("sad-1"))
    reserve = storage.authorizations.reserve(permit, DONE, END + late, [])
    assert await _happens(reserve) is good
    await storage.authorizations.release(permit, DONE, [])
    extend = storage.authorizations.extend(SadId("sad-1"), new, END + late, [])
    assert await _happens(extend) is good
    state, _ = await stores.states(storage, "sad-1")
    assert state == (SadState.EXCHANGED if good else SadState.ISSUED)


async def test_an_extension_carries_the_rest_on(storage: Storage) -> None:
    """The old SAD is exchanged, the new one signs what was left."""
    await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B, DIGEST_C)
    first = await stores.permit(storage, "sad-1", DIGEST_A)
    await stores.reserve(storage, first, DONE)
    await stores.complete(storage, first, DONE)
    await _extend(storage, "sad-1", "sad-2", DIGEST_B)
    assert (await stores.states(storage, "sad-1"))[0] == SadState.EXCHANGED
    with pytest.raises(errors.HashNotAuthorized):
        await stores.permit(storage, "sad-2", DIGEST_C)
    second = await stores.permit(storage, "sad-2", DIGEST_B)
    await stores.reserve(storage, second, RELEASED)
    await stores.complete(storage, second, RELEASED)
    assert await stores.states(storage, "sad-2") == (
        SadState.USED,
        ["consumed", "consumed", "authorized"],
    )


async def test_an_extension_is_made_once(storage: Storage) -> None:
    """The old SAD is gone, and a claimed hash is in nobody's new one."""
    await stores.issue(storage, "sad-1", DIGEST_A, DIGEST_B)
    await _extend(storage, "sad-1", "sad-2", DIGEST_A)
    with pytest.raises(SadAlreadyUsed):
        await _extend(storage, "sad-1", "sad-3", DIGEST_A)
    permit = await stores.permit(storage, "sad-2", DIGEST_A)
    await stores.reserve(storage, permit, DONE)
    await stores.complete(storage, permit, DONE)
    with pytest.raises(SadAlreadyUsed):
        await _extend(storage, "sad-2", "sad-4", DIGEST_A, DIGEST_B)
    assert (await stores.states(storage, "sad-2"))[0] == SadState.USED


async def test_time_ends_what_is_open(storage: Storage) -> None:
    """Unused hashes expire, reserved ones burn, signed ones stay signed."""
    for name in ("unused", "signed", "died"):
        await stores.issue(storage, name, DIGEST_A, DIGEST_B)
    signed = await stores.permit(storage, "signed", DIGEST_A)
    await stores.reserve(storage, signed, DONE)
    await stores.complete(storage, signed, DONE)
    await stores.reserve(storage, await stores.permit(storage, "died", DIGEST_B), RELEASED)
    assert await storage.authorizations.expire(END - SECOND, 10) == 0
    assert await storage.authorizations.expire(END, 10) == 3
    assert await storage.authorizations.expire(END, 10) == 0
    assert await stores.states(storage, "unused") == ("expired", ["expired", "expired"])
    assert await stores.states(storage, "signed") == ("expired", ["consumed", "expired"])
    assert await stores.states(storage, "died") == ("expired", ["expired", "burned"])


async def test_expiry_takes_at_most_the_limit(storage: Storage) -> None:
    """The rest follows in the next round."""
    for number in range(5):
        await stores.issue(storage, f"sad-{number}", DIGEST_A)
    rounds = [await storage.authorizations.expire(END, 2) for _ in range(4)]
    assert rounds == [2, 2, 1, 0]


async def test_occurrences_live_as_long_as_the_newest_sad(storage: Storage) -> None:
    """An exchanged SAD does not expire, and its root lives on in the next one."""
    await stores.issue(storage, "sad-1", DIGEST_A)
    await _extend(storage, "sad-1", "sad-2", DIGEST_A, expires_at=END + SECOND)
    assert await storage.authorizations.expire(END, 10) == 0
    assert await stores.states(storage, "sad-2") == (SadState.ISSUED, ["authorized"])
    assert await storage.authorizations.expire(END + SECOND, 10) == 1
    assert await stores.states(storage, "sad-1") == (SadState.EXCHANGED, ["expired"])


async def test_a_signature_after_the_end_stays_burned(storage: Storage) -> None:
    """Completing or releasing after expiry changes no state; the event is written."""
    await stores.issue(storage, "sad-1", DIGEST_A)
    permit = await stores.permit(storage, "sad-1", DIGEST_A)
    await stores.reserve(storage, permit, DONE)
    await storage.authorizations.expire(END, 10)
    await stores.complete(storage, permit, DONE)
    await storage.authorizations.release(permit, DONE, [])
    assert await stores.states(storage, "sad-1") == ("expired", ["burned"])


async def test_a_note_is_written(storage: Storage, url: str) -> None:
    """An event that changes nothing else is in the log all the same."""
    await storage.authorizations.note([stores.event(EventType.OTP_REPLAY_REJECTED)])
    assert "otp.replay_rejected" in stores.dump(url)


async def _happens(call: Coroutine[Any, Any, None]) -> bool:
    try:
        await call
    except SadAlreadyUsed:
        return False
    return True


async def _fail(storage: Storage, wrong: set[Factor], times: int) -> None:
    credential = build.credential(factors=stores.BOTH)
    for _ in range(times):
        await storage.authorizations.factors_failed(
            credential, frozenset(wrong), T0, lambda _: [stores.event(EventType.FACTOR_FAILED)]
        )


async def _extend(storage: Storage, old: str, name: str, *digests: bytes, **changes: Any) -> None:
    """As the operation does it, but with any hashes of the root."""
    facts = await storage.authorizations.facts(Sad(f"handle-{old}"), CRED_ALICE)
    assert facts.authorization is not None
    every = facts.authorization.occurrences
    ordinals = {one.digest: one.ordinal for one in every}
    new = stores.new_sad(
        name,
        root_id=facts.authorization.root_id,
        open_ordinals=frozenset(ordinals[digest] for digest in digests),
        occurrences=every,
        **changes,
    )
    event = stores.event(EventType.SAD_EXTENDED, sad_id=name)
    await storage.authorizations.extend(SadId(old), new, T0, [event])
