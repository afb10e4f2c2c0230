"""The port ``SigningCodes``, and what ``Authorizations`` does with a code: on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa

from csc_server.ports import NewAuthorization
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import NewCode
from csc_server.ports.signing_codes import NewSigningCode
from csc_server.storage import Storage, message_tables
from policies import errors, links, signing_codes, throttle
from policies.audit import Event, EventType
from policies.codes import CodeKey, CodePurpose
from policies.messages import Language, MessageKind
from policies.secret import Code, Sad
from policies.signing_codes import SigningCode
from policies.sms_budget import SmsLimits
from policies.throttle import CLEAR, Throttle
from policies.values import CredentialId, Factor, StampedCode
from tests import build
from tests.build import ALICE, DIGEST_A, SECOND, T0
from tests.contracts import stores

CRED_SMS = CredentialId("cred-sms")
CREDENTIAL = build.credential(
    credential_id=CRED_SMS,
    factors=frozenset({Factor.PIN, Factor.SMS}),
    authenticator_id=None,
    pin_verifier=b"v" * 32,
)
PHONE = "+40712345678"
GAP = timedelta(seconds=60)
LIMITS = SmsLimits(gap=GAP)
NO_GAP = SmsLimits(gap=timedelta())
SENT = stores.event(EventType.CODE_SENT)
_SMS: Final = sa.select(message_tables.messages.c.message_id)


@pytest.fixture
async def store(storage: Storage) -> Storage:
    """A store in which Alice has a credential that asks for PIN and SMS."""
    await storage.credentials.add(CREDENTIAL, T0, [stores.event(EventType.KEY_GENERATED)])
    return storage


def stamped(name: str = "code-1", at: datetime = T0) -> StampedCode:
    """What the HSM gave for a code drawn at this instant."""
    return StampedCode(name, at + signing_codes.LIFE, name.encode().ljust(32))


def sms(name: str, at: datetime, kind: MessageKind = MessageKind.SIGNING_CODE) -> NewMessage:
    """The SMS that carries it."""
    return NewMessage(
        message_id=f"sms-{name}",
        kind=kind,
        recipient=PHONE,
        language=Language.RO,
        facts={"code": "482913"},
        account_id=ALICE.account_id,
        created_at=at,
        expires_at=at + signing_codes.LIFE,
    )


async def send(
    store: Storage, name: str = "code-1", at: datetime = T0, limits: SmsLimits = LIMITS
) -> int | None:
    """A code goes to Alice's phone."""
    new = NewSigningCode(stamped(name, at), ALICE.account_id, CRED_SMS, PHONE, at)
    return await store.signing_codes.send(new, sms(name, at), limits, [SENT])


async def latest(store: Storage) -> SigningCode | None:
    """What ``authorize`` is told."""
    return (await store.authorizations.authorize_facts(CRED_SMS)).code


def new_sad(name: str, code_id: str | None = "code-1") -> NewAuthorization:
    """A SAD that PIN and code have approved."""
    made = stores.new_sad(name, DIGEST_A, credential_id=CRED_SMS)
    return replace(made, authenticator_id=None, code_id=code_id)


async def issue(store: Storage, name: str, now: datetime = T0, **changes: Any) -> None:
    """Store it."""
    event = stores.event(EventType.SAD_ISSUED, sad_id=name)
    await store.authorizations.issue(new_sad(name, **changes), now, [event])


async def fail(store: Storage, times: int = 1, wrong: Factor = Factor.SMS) -> None:
    """Wrong guesses at the code that went out."""

    def events(states: dict[Factor, Throttle]) -> list[Event]:
        return [stores.event(EventType.FACTOR_FAILED)] * len(states)

    for _ in range(times):
        await store.authorizations.factors_failed(
            CREDENTIAL, frozenset({wrong}), T0, events, "code-1"
        )


async def count_sms(store: Storage) -> int:
    """SMS that were written."""
    return len(await store.database.read(lambda sql: sql.rows(_SMS)))


async def test_a_code_is_known_as_it_was_stamped(store: Storage) -> None:
    """By the facts of ``authorize`` and of the next sending; with its SMS."""
    before = await store.signing_codes.facts(CRED_SMS, PHONE, T0)
    assert (before.credential, before.latest, before.throttle) == (CREDENTIAL, None, CLEAR)
    assert (list(before.to_number), list(before.for_owner)) == ([], [])
    assert await send(store) == 1
    sent = SigningCode(stamped(), T0, tries=0, used=False)
    assert await latest(store) == sent
    after = await store.signing_codes.facts(CRED_SMS, PHONE, T0 + SECOND)
    assert after.latest == sent
    assert (list(after.to_number), list(after.for_owner)) == ([T0], [T0])
    assert await count_sms(store) == 1


async def test_strange_names_are_unknown(store: Storage) -> None:
    """Also where the database could not even hold them."""
    for name in ("nobody's", "a\0b", "\ud800"):
        facts = await store.signing_codes.facts(CredentialId(name), PHONE, T0)
        assert (facts.credential, facts.latest) == (None, None)


async def test_only_the_last_code_counts(store: Storage) -> None:
    """A new one takes the place of the one before, whose tries and use are its own."""
    await send(store, "code-1", T0)
    await fail(store)
    await send(store, "code-2", T0 + GAP)
    assert await latest(store) == SigningCode(
        stamped("code-2", T0 + GAP), T0 + GAP, tries=0, used=False
    )


async def test_two_requests_at_a_time_send_one_sms(store: Storage) -> None:
    """Of sixteen one draws the code that counts; the others change nothing."""
    results = await asyncio.gather(*(send(store, f"code-{n}") for n in range(16)))
    assert sorted(results, key=str) == [1] + [None] * 15
    assert await count_sms(store) == 1


async def test_all_sms_of_a_number_count_together(store: Storage) -> None:
    """Those for pairing delay and use up those for signing, and the other way round."""
    key = CodeKey(CodePurpose.PAIRING, ALICE.account_id, PHONE)

    async def pair(name: str, at: datetime) -> None:
        new = NewCode(name, Code("123456"), key, b"salt", at)
        message = sms(name, at, MessageKind.PAIRING_CODE)
        await store.people.send_code(new, message, LIMITS, [SENT])

    await pair("pairing", T0)
    with pytest.raises(errors.RateLimited):
        await send(store, "code-1", T0 + GAP - SECOND)
    for number in range(1, 5):
        assert await send(store, f"code-{number}", T0 + number * GAP)
    with pytest.raises(errors.RateLimited):
        await send(store, "code-5", T0 + 5 * GAP)
    with pytest.raises(errors.RateLimited):
        await pair("pairing again", T0 + 60 * GAP)
    assert await count_sms(store) == 5


async def test_the_budget_of_the_service_holds(store: Storage) -> None:
    """An SMS that it does not cover leaves nothing behind."""
    limits = replace(NO_GAP, per_day=1)
    await send(store, "code-1", T0, limits)
    with pytest.raises(errors.SmsBudgetSpent):
        await send(store, "code-2", T0 + SECOND, limits)
    found = await latest(store)
    assert found is not None
    assert found.stamped == stamped("code-1")


async def test_a_code_is_used_once(store: Storage) -> None:
    """Of 64 approvals at a time one gets its SAD; nothing is left of the others."""
    await send(store)
    results = await asyncio.gather(
        *(issue(store, f"sad-{n}") for n in range(64)), return_exceptions=True
    )
    assert results.count(None) == 1
    assert {type(one) for one in results if one} == {errors.OtpReplayed}
    handles = [Sad(f"handle-sad-{n}") for n in range(64)]
    found = [await store.authorizations.facts(one, CRED_SMS) for one in handles]
    assert sum(one.authorization is not None for one in found) == 1
    used = await latest(store)
    assert used is not None
    assert used.used


async def test_a_code_is_not_used_after_its_end(store: Storage) -> None:
    """The second before, not at it; nor one that was never sent."""
    await send(store)
    with pytest.raises(errors.OtpReplayed):
        await issue(store, "sad-1", T0 + signing_codes.LIFE)
    with pytest.raises(errors.OtpReplayed):
        await issue(store, "sad-2", code_id="another")
    await issue(store, "sad-3", T0 + signing_codes.LIFE - SECOND)


async def test_three_wrong_guesses_end_a_code(store: Storage) -> None:
    """A right one that arrives after them is refused, in the same transaction; a wrong PIN beside
    a right code takes no try of it."""
    await send(store)
    await fail(store, wrong=Factor.PIN)
    await fail(store, signing_codes.TRIES - 1)
    found = await latest(store)
    assert found is not None
    assert found.tries == signing_codes.TRIES - 1
    await fail(store)
    with pytest.raises(errors.OtpReplayed):
        await issue(store, "sad-1")


async def test_guesses_in_parallel_count_one_by_one(store: Storage) -> None:
    """64 wrong codes at a time are five failures and a lock; the budget of the year is spent."""
    await send(store)
    await asyncio.gather(*(fail(store) for _ in range(64)))
    facts = await store.authorizations.authorize_facts(CRED_SMS)
    spent = T0 + throttle.LOCK_AFTER * throttle.GROWS_BACK
    assert facts.otp_throttle == Throttle(throttle.LOCK_AFTER, T0 + throttle.FIRST_LOCK, spent)
    assert facts.pin_throttle == CLEAR
    with pytest.raises(errors.OtpLocked):
        await issue(store, "sad-1")
    with pytest.raises(errors.OtpLocked):
        await send(store, "code-2", T0 + GAP)


async def test_success_clears_the_failures_and_unlocking_too(store: Storage) -> None:
    """But what is spent of the year stays after a success; an operator lifts all."""
    await send(store)
    await fail(store)
    await issue(store, "sad-1")
    facts = await store.authorizations.authorize_facts(CRED_SMS)
    assert facts.otp_throttle == Throttle(spent_until=T0 + throttle.GROWS_BACK)
    await fail(store, throttle.LOCK_AFTER)
    await store.accounts.unlock(ALICE.account_id, [])
    assert (await store.authorizations.authorize_facts(CRED_SMS)).otp_throttle == CLEAR


async def test_other_credentials_know_nothing_of_it(store: Storage) -> None:
    """One with an authenticator keeps its own failures, and is told of no code."""
    await send(store)
    await fail(store, 2)
    facts = await store.authorizations.authorize_facts(stores.CRED_ALICE)
    assert (facts.code, facts.otp_throttle) == (None, CLEAR)


async def test_codes_are_forgotten(store: Storage) -> None:
    """After the day for which they are counted."""
    await send(store)
    await store.people.purge(T0 + links.KEPT)
    assert await latest(store) is not None
    await store.people.purge(T0 + links.KEPT + SECOND)
    assert await latest(store) is None
