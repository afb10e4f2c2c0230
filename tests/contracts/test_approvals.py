"""The port ``Approvals``: every step once, in the order of its table, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from csc_server.ports import NewToken
from csc_server.ports.messages import NewMessage
from csc_server.storage import Storage, message_tables
from policies import approvals, errors
from policies.algorithms import HashAlgorithm
from policies.approvals import Approval
from policies.audit import EventType
from policies.lifecycle import APPROVAL, ApprovalEvent, ApprovalState
from policies.messages import Language, MessageKind
from policies.secret import ApprovalHandle, Sad, Token
from policies.tokens import TokenKind
from policies.values import AccountId, ApprovalId, ClientId, GrantId, Principal, SadId
from tests.build import ALICE, DIGEST_A, DIGEST_B, HOUR, SECOND, T0
from tests.contracts import stores
from tests.contracts.stores import CRED_ALICE

END = T0 + approvals.LIFETIME
SAD_END = T0 + timedelta(minutes=5)
EVENT = stores.event(EventType.APPROVAL_REQUESTED)
ANOTHER = Principal(ALICE.account_id, ClientId("other-client"), GrantId("grant-3"))
_MAILS = sa.select(message_tables.messages.c.recipient)


@pytest.fixture
async def store(storage: Storage) -> Storage:
    """A store in which two programs of Alice's have a grant."""
    for principal in (ALICE, ANOTHER):
        await _grant(storage, principal)
    return storage


async def _grant(store: Storage, principal: Principal) -> None:
    token = NewToken(Token(f"token of {principal.grant_id}"), TokenKind.ACCESS, T0 + HOUR)
    assert await store.tokens.open(principal, [token], f"login:{principal.grant_id}|x", T0, [])


def asked(number: int = 1, **changes: Any) -> Approval:
    """What Alice's program asks at T0."""
    standard = Approval(
        approval_id=ApprovalId(f"approval-{number}"),
        principal=ALICE,
        credential_id=CRED_ALICE,
        hash_algorithm=HashAlgorithm.SHA256,
        hashes=(DIGEST_A, DIGEST_B, DIGEST_A),
        description="a stranger's text: \0 \ud800 ș",
        state=ApprovalState.PENDING,
        asked_at=T0,
        expires_at=END,
        sad_id=None,
    )
    return replace(standard, **changes)


async def ask(store: Storage, new: Approval) -> None:
    """With its mail; the handle is ``handle of ID``."""
    mail = NewMessage(
        message_id=f"mail-{new.approval_id}",
        kind=MessageKind.APPROVAL_WANTED,
        recipient="alice@example.com",
        language=Language.EN,
        facts={"name": "Alice", "link": "https://x"},
        account_id=new.principal.account_id,
        created_at=new.asked_at,
        expires_at=new.expires_at,
    )
    await store.approvals.ask(new, handle(new.approval_id), mail, [EVENT])


def handle(approval_id: str) -> ApprovalHandle:
    """What the client holds."""
    return ApprovalHandle(f"handle of {approval_id}")


async def approve(store: Storage, number: int, now: datetime = T0, sad: str = "") -> None:
    """With a SAD of its own, ``sad-NUMBER``."""
    name = sad or f"sad-{number}"
    new = stores.new_sad(name, DIGEST_A, DIGEST_B, grant_id=ALICE.grant_id)
    await store.approvals.approve(ApprovalId(f"approval-{number}"), new, now, [EVENT])


async def collect(store: Storage, number: int, sad: str = "given", now: datetime = T0) -> None:
    """As ``authorizeCheck`` does; ``sad`` is the handle that the client gets."""
    approved = asked(number, state=ApprovalState.APPROVED, sad_id=SadId(f"sad-{number}"))
    await store.approvals.collect(approved, Sad(sad), now, [EVENT])


async def state(store: Storage, number: int = 1) -> ApprovalState | None:
    """As the client would find it."""
    found = await store.approvals.by_handle(handle(f"approval-{number}"))
    return found.state if found else None


async def test_a_request_is_found_as_it_was_asked(store: Storage) -> None:
    """By identifier, by handle and in the list, every byte of a stranger's text; one mail."""
    await ask(store, asked())
    assert await store.approvals.find(ApprovalId("approval-1")) == asked()
    assert await store.approvals.by_handle(handle("approval-1")) == asked()
    assert await store.approvals.waiting(ALICE.account_id, END - SECOND) == [asked()]
    assert await store.approvals.waiting(ALICE.account_id, END) == []
    assert await store.approvals.waiting(AccountId("nobody"), T0) == []
    assert await store.approvals.find(ApprovalId("x\0")) is None
    assert await store.database.read(lambda sql: sql.rows(_MAILS)) == [("alice@example.com",)]


async def test_the_handle_is_not_in_the_database(store: Storage, url: str) -> None:
    """Only its digest."""
    await ask(store, asked())
    assert "handle of approval-1" not in await asyncio.to_thread(stores.dump, url)


async def test_few_requests_wait_for_one_account(store: Storage) -> None:
    """Of eight at a time from two programs three come through, with three mails; the rest 429."""
    calls = [
        ask(store, asked(number, principal=(ALICE, ANOTHER)[number % 2])) for number in range(8)
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results.count(None) == approvals.MOST_WAITING
    assert {type(one) for one in results if one} == {errors.ApprovalsTooMany}
    mails = await store.database.read(lambda sql: sql.rows(_MAILS))
    assert len(mails) == approvals.MOST_WAITING


async def test_one_program_asks_ten_times_an_hour(store: Storage) -> None:
    """Answered ones count too; another program, and the next hour, are not concerned."""
    for number in range(approvals.MOST_PER_HOUR):
        await ask(store, asked(number))
        await store.approvals.refuse(ApprovalId(f"approval-{number}"), T0, [])
    with pytest.raises(errors.ApprovalsTooMany):
        await ask(store, asked(98, asked_at=T0 + HOUR - SECOND))
    await ask(store, asked(99, principal=ANOTHER))
    await ask(store, asked(100, asked_at=T0 + HOUR))


async def step(store: Storage, event: ApprovalEvent, number: int, sad: str = "") -> None:
    """What brings this event about."""
    match event:
        case ApprovalEvent.APPROVE:
            await approve(store, number, sad=sad)
        case ApprovalEvent.REFUSE:
            await store.approvals.refuse(ApprovalId(f"approval-{number}"), T0, [])
        case ApprovalEvent.COLLECT:
            await collect(store, number, f"given {number}")
        case ApprovalEvent.EXPIRE:
            await store.approvals.expire(END, 10)


WAYS: dict[ApprovalState, tuple[ApprovalEvent, ...]] = {
    ApprovalState.PENDING: (),
    ApprovalState.APPROVED: (ApprovalEvent.APPROVE,),
    ApprovalState.COLLECTED: (ApprovalEvent.APPROVE, ApprovalEvent.COLLECT),
    ApprovalState.REFUSED: (ApprovalEvent.REFUSE,),
    ApprovalState.EXPIRED: (ApprovalEvent.EXPIRE,),
}
"""How each state is come by."""


@pytest.mark.parametrize("before", ApprovalState)
async def test_every_step_follows_the_table(store: Storage, before: ApprovalState) -> None:
    """From each state, each event moves as the table says, or is refused and changes nothing."""
    for number, event in enumerate(ApprovalEvent):
        await ask(store, asked(number))
        for made in WAYS[before]:
            await step(store, made, number)
        assert await state(store, number) is before
        after = APPROVAL[event].get(before)
        if event is ApprovalEvent.EXPIRE or after is not None:
            await step(store, event, number, f"second-{number}")
        else:
            with pytest.raises((errors.AuthorizationRequestGone, errors.HandleUnknown)):
                await step(store, event, number, f"second-{number}")
        assert await state(store, number) is (after or before), event


async def test_an_approved_sad_waits_for_its_client(store: Storage) -> None:
    """Nobody has its handle until it is collected; then this one signs, and no other."""
    await ask(store, asked())
    await approve(store, 1)
    found = await store.approvals.by_handle(handle("approval-1"))
    assert found is not None
    assert (found.sad_id, found.expires_at) == ("sad-1", SAD_END)
    await collect(store, 1, "the client's")
    assert (await store.authorizations.facts(Sad("the client's"), CRED_ALICE)).authorization
    assert not (await store.authorizations.facts(Sad("handle-sad-1"), CRED_ALICE)).authorization


async def test_a_sad_is_collected_once(store: Storage) -> None:
    """Of 64 at a time one gets it."""
    await ask(store, asked())
    await approve(store, 1)
    calls = [collect(store, 1, f"sad of {number}") for number in range(64)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results.count(None) == 1
    assert {type(one) for one in results if one} == {errors.HandleUnknown}


async def test_a_request_is_approved_once(store: Storage) -> None:
    """Of 64 answers at a time one counts, with one SAD; a refusal among them changes nothing."""
    await ask(store, asked())
    calls: list[Any] = [
        store.approvals.approve(
            ApprovalId("approval-1"), stores.new_sad(f"sad-{number}", DIGEST_A), T0, []
        )
        for number in range(64)
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results.count(None) == 1
    assert {type(one) for one in results if one} == {errors.AuthorizationRequestGone}
    sads = [f"handle-sad-{number}" for number in range(64)]
    found = [await store.authorizations.facts(Sad(one), CRED_ALICE) for one in sads]
    assert sum(one.authorization is not None for one in found) == 1


@pytest.mark.parametrize("answer", ["approve", "refuse"])
async def test_nothing_is_answered_after_its_end(store: Storage, answer: str) -> None:
    """The second before counts, the end does not, whether the sweeper came by or not."""
    await ask(store, asked(1))
    await ask(store, asked(2))

    async def give(number: int, now: datetime) -> None:
        if answer == "approve":
            await approve(store, number, now)
        else:
            await store.approvals.refuse(ApprovalId(f"approval-{number}"), now, [])

    with pytest.raises(errors.AuthorizationRequestGone):
        await give(1, END)
    await give(2, END - SECOND)
    if answer == "approve":
        with pytest.raises(errors.HandleUnknown):
            await collect(store, 2, now=SAD_END)


async def test_a_request_dies_with_its_grant(store: Storage) -> None:
    """Nobody finds it, nobody approves it; what was approved is not collected."""
    await ask(store, asked(1))
    await ask(store, asked(2))
    await ask(store, asked(3, principal=ANOTHER))
    await approve(store, 2)
    await store.tokens.revoke_grant(ALICE.grant_id, T0, [])
    assert [await state(store, number) for number in (1, 2, 3)] == [None, None, "pending"]
    assert await store.approvals.find(ApprovalId("approval-1")) is None
    assert [one.approval_id for one in await store.approvals.waiting(ALICE.account_id, T0)] == [
        "approval-3"
    ]
    with pytest.raises(errors.AuthorizationRequestGone):
        await approve(store, 1)
    with pytest.raises(errors.HandleUnknown):
        await collect(store, 2)
    # What nobody sees any more takes nobody's place.
    for number in (4, 5):
        await ask(store, asked(number, principal=ANOTHER))


async def test_a_locked_factor_stops_the_approval(store: Storage) -> None:
    """Judged in the same transaction as everywhere; the request waits on."""
    await ask(store, asked())
    await stores.issue(store, "used", DIGEST_A, step=7)
    with pytest.raises(errors.OtpReplayed):
        await store.approvals.approve(
            ApprovalId("approval-1"), stores.new_sad("sad-1", DIGEST_A, step=7), T0, []
        )
    assert await state(store) is ApprovalState.PENDING


async def test_the_sweeper_ends_and_forgets(store: Storage) -> None:
    """In batches, on record; what ended is remembered for a day."""
    for number in range(3):
        await ask(store, asked(number))
    await approve(store, 0)
    await store.approvals.refuse(ApprovalId("approval-1"), T0, [])
    assert await store.approvals.expire(SAD_END - SECOND, 10) == 0
    assert await store.approvals.expire(SAD_END, 10) == 1
    assert await store.approvals.expire(END, 10) == 1
    assert await store.approvals.expire(END, 10) == 0
    assert [await state(store, number) for number in range(3)] == ["expired", "refused", "expired"]
    assert await store.approvals.expire(END + approvals.KEPT - SECOND, 10) == 0
    assert await state(store, 2) is ApprovalState.EXPIRED
    assert await store.approvals.expire(END + approvals.KEPT, 10) == 0
    assert await state(store, 2) is None
    assert await state(store, 1) is None


async def test_nothing_is_forgotten_without_a_record(store: Storage) -> None:
    """After a long rest of the service each is first expired, then forgotten, batch by batch."""
    for number in range(2):
        await ask(store, asked(number))
    late = END + approvals.KEPT + HOUR
    assert [await store.approvals.expire(late, 1) for _ in range(3)] == [1, 1, 0]
    assert await store.approvals.waiting(ALICE.account_id, T0) == []
