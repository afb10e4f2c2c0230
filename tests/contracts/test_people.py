"""The port ``People``: what may happen once happens once, on both engines, also in parallel."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from csc_server.ports.messages import NewMessage
from csc_server.ports.people import (
    FinishedPairing,
    Guess,
    NewCode,
    NewLink,
    NewPassword,
    PendingSeed,
    Profile,
    Stop,
)
from csc_server.storage import Storage, message_tables, throttles
from csc_server.storage.units import Sql
from policies import codes, errors, links, sms_budget, throttle
from policies.audit import EventType
from policies.codes import CodeKey, CodePurpose, Verdict
from policies.links import LinkPurpose
from policies.messages import Language, MessageKind
from policies.privacy import Acceptance
from policies.registration import Applicant
from policies.second_factor import Deferral, PairingState, SecondFactor
from policies.secret import Code, LinkToken
from policies.sms_budget import SmsLimits
from policies.throttle import CLEAR, Throttle
from policies.values import AccountId, AuthenticatorId, Factor, SealedTotp
from tests import build
from tests.build import ALICE, HOUR, SECOND, T0
from tests.contracts import stores

APPLICANT = Applicant("Bob", "Ionescu", "Bob@Example.com", "+40799000111", Language.FR)
TOKEN = LinkToken("token-bob")
KEY = CodeKey(CodePurpose.REGISTRATION, "reg-1", APPLICANT.phone)
RIGHT, WRONG = Code("123456"), Code("654321")
FREELY = SmsLimits(timedelta())
_KINDS = sa.select(message_tables.messages.c.kind).order_by(message_tables.messages.c.message_id)


def link(purpose: LinkPurpose, subject: str, token: LinkToken = TOKEN) -> NewLink:
    """A link that lives an hour."""
    return NewLink(token, purpose, subject, "bob@example.com", T0, T0 + HOUR)


def message(kind: MessageKind, number: int = 0, **facts: str) -> NewMessage:
    """A message to Bob."""
    return NewMessage(
        message_id=f"{kind.word}-{number}",
        kind=kind,
        recipient="bob@example.com",
        language=Language.FR,
        facts=facts,
        account_id=None,
        created_at=T0,
        expires_at=T0 + HOUR,
    )


INVITATION = message(MessageKind.INVITATION, name="Bob", link="https://x")
KNOWN = message(MessageKind.ALREADY_REGISTERED, name="Bob", link="https://x")


async def kinds(store: Storage) -> list[str]:
    """Words of all messages."""
    return [kind for [kind] in await store.database.read(lambda sql: sql.rows(_KINDS))]


async def invite(store: Storage, registration_id: str = "reg-1", token: LinkToken = TOKEN) -> None:
    """Bob asked for an account."""

    def letter(profile: Profile | None) -> NewMessage:
        return INVITATION if profile is None else KNOWN

    new = link(LinkPurpose.INVITATION, registration_id, token)
    await store.people.start_registration(registration_id, APPLICANT, new, letter, [])


async def send(store: Storage, number: int = 0, key: CodeKey = KEY, **changes: Any) -> Any:
    """A code is sent at T0, or later."""
    at = changes.get("at", T0)
    new = NewCode(f"code-{number}", RIGHT, key, b"s" * 16, at)
    sms = message(MessageKind.PHONE_CODE, number, code=RIGHT.value)
    return await store.people.send_code(new, sms, changes.get("limits", FREELY), [])


def guess(code: Code = RIGHT, key: CodeKey = KEY) -> Guess:
    """Somebody types a code."""
    right = stores.event(EventType.CODE_ACCEPTED)
    return Guess(key, code, [right], [stores.event(EventType.CODE_FAILED)])


async def bob(store: Storage) -> AccountId:
    """Bob has an account."""
    await invite(store)
    await send(store)
    judged = await store.people.confirm_registration_phone("reg-1", guess(), T0)
    assert judged.verdict is Verdict.RIGHT
    account = stores.account("bob")
    assert await store.people.create_account(TOKEN.digest(), account, T0, [])
    return account.account_id


async def test_a_registration_becomes_a_person(storage: Storage) -> None:
    """Every field arrives; found by user name, by address in any case, and by account."""
    account_id = await bob(storage)
    person = await storage.people.find(account_id)
    assert person is not None
    assert person.profile == Profile(
        account_id=account_id,
        first_name="Bob",
        last_name="Ionescu",
        email="Bob@Example.com",
        phone="+40799000111",
        proposed_phone=None,
        language=Language.FR,
        second_factor=SecondFactor(),
        privacy=None,
        created_at=T0,
    )
    assert person.pairing is PairingState.NONE
    for name in ("bob", "BOB@example.com"):
        assert await storage.people.by_name(name) == person
    for name in ("Bob", "a\0b", "\ud800", "", "b@example.com"):
        assert await storage.people.by_name(name) is None
    # Alice was made on the command line: an authenticator and no profile.
    alice = await storage.people.by_name("alice")
    assert alice is not None
    assert (alice.profile, alice.pairing) == (None, PairingState.ACTIVE)


async def test_an_invitation_makes_one_account(storage: Storage) -> None:
    """Of many at a time; the rest find the link dead."""
    await invite(storage)
    await send(storage)
    await storage.people.confirm_registration_phone("reg-1", guess(), T0)
    results = await asyncio.gather(
        *(
            storage.people.create_account(TOKEN.digest(), stores.account(f"bob-{n}"), T0, [])
            for n in range(8)
        )
    )
    assert sorted(results) == [False] * 7 + [True]


async def test_a_changed_number_is_not_confirmed(storage: Storage) -> None:
    """Neither by the code of the old one that comes late, nor because the old one was."""
    await invite(storage)
    change, digest = storage.people.set_registration_phone, TOKEN.digest()
    await send(storage)
    assert await change(digest, "+40799000222", T0, [])
    await storage.people.confirm_registration_phone("reg-1", guess(), T0)
    with pytest.raises(errors.StepMissing):
        await storage.people.create_account(digest, stores.account("bob"), T0, [])
    key = CodeKey(KEY.purpose, KEY.owner, "+40799000222")
    await send(storage, 1, key)
    await storage.people.confirm_registration_phone("reg-1", guess(key=key), T0)
    assert await change(digest, "+40799000333", T0, [])
    with pytest.raises(errors.StepMissing):
        await storage.people.create_account(digest, stores.account("bob"), T0, [])
    assert not await change(digest, "+40799000222", T0 + HOUR, [])


async def test_the_second_mail_tells_that_there_is_an_account(storage: Storage) -> None:
    """And its registration leads nowhere: nobody was given the link."""
    await bob(storage)
    await invite(storage, "reg-2", LinkToken("nobody's"))
    assert await kinds(storage) == ["already_registered", "invitation", "phone_code"]


async def test_a_code_takes_three_guesses_however_many_come_at_once(storage: Storage) -> None:
    """Sixteen wrong ones in parallel: three are compared, and the right one comes too late."""
    await send(storage)
    results = await asyncio.gather(*(storage.people.redeem(guess(WRONG), T0) for _ in range(16)))
    assert [one.verdict for one in results].count(Verdict.WRONG) == codes.TRIES
    assert (await storage.people.redeem(guess(), T0)).verdict is Verdict.DEAD


async def test_a_right_code_is_used_once(storage: Storage) -> None:
    """Of many at a time."""
    await send(storage)
    results = await asyncio.gather(*(storage.people.redeem(guess(), T0) for _ in range(8)))
    assert [one.verdict for one in results].count(Verdict.RIGHT) == 1
    assert await storage.people.redeemed_at(KEY) == T0
    assert await storage.people.redeemed_at(CodeKey(KEY.purpose, "reg-2", KEY.destination)) is None


@pytest.mark.parametrize("purpose", codes.BUDGETED)
async def test_guesses_at_codes_of_an_account_have_a_budget(
    storage: Storage, purpose: CodePurpose
) -> None:
    """Code after code, 25 guesses; then neither a guess nor a new code, until one grows back."""
    key, now = CodeKey(purpose, ALICE.account_id, KEY.destination), T0
    for number in range(throttle.BUDGET):
        if number % codes.TRIES == 0:
            now += codes.DAY / 2
            await send(storage, number, key, at=now)
        assert (await storage.people.redeem(guess(WRONG, key), now)).verdict is Verdict.WRONG
    assert (await storage.people.redeem(guess(key=key), now)).verdict is Verdict.DEAD
    later = now + codes.RESEND_AFTER
    with pytest.raises(errors.RateLimited):
        await send(storage, 90, key, at=later)
    other = CodePurpose.PASSWORD if purpose is not CodePurpose.PASSWORD else CodePurpose.PAIRING
    assert (await send(storage, 91, CodeKey(other, key.owner, "+40799000222"), at=later)).fresh
    again = now + throttle.GROWS_BACK
    await send(storage, 92, key, at=again)
    assert (await storage.people.redeem(guess(key=key), again)).verdict is Verdict.RIGHT


async def test_who_lifts_the_budget_of_sent_codes(storage: Storage) -> None:
    """A new password by link: for what only the old one led to. An operator: all of it."""
    owner, token = await bob(storage), LinkToken("forgotten")
    mail = message(MessageKind.PASSWORD_LINK, name="Bob", link="https://x")
    await storage.people.open_link(link(LinkPurpose.PASSWORD, owner, token), mail, [])
    for number, purpose in enumerate(codes.BUDGETED):
        key = CodeKey(purpose, owner, f"+4079900022{number}")
        await send(storage, 10 + number, key)
        await storage.people.redeem(guess(WRONG, key), T0)
    assert await spent(storage, owner) == set(codes.BUDGETED)
    new = NewPassword(owner, "$new$", None, [])
    # The last key is that of the password.
    judged = await storage.people.set_new_password(token.digest(), guess(key=key), new, T0)
    assert judged is not None
    assert judged.verdict is Verdict.RIGHT
    assert await spent(storage, owner) == {CodePurpose.PASSWORD}
    await storage.accounts.unlock(owner, [])
    assert await spent(storage, owner) == set()


async def spent(store: Storage, owner: AccountId) -> set[CodePurpose]:
    """Purposes of codes at which wrong guesses are remembered."""
    subjects = {purpose: throttles.sent_codes(owner, purpose) for purpose in CodePurpose}

    def unit(sql: Sql) -> set[CodePurpose]:
        return {one for one, subject in subjects.items() if throttles.find(sql, subject) != CLEAR}

    return await store.database.read(unit)


async def test_a_code_that_no_database_can_hold_is_wrong(storage: Storage) -> None:
    """A lone surrogate is no failure of ours."""
    await send(storage)
    judged = await storage.people.redeem(guess(Code("\ud800")), T0)
    assert judged.verdict is not Verdict.RIGHT


async def test_the_page_opened_many_times_sends_one_sms(storage: Storage) -> None:
    """One message; everybody sees the same end."""
    states = await asyncio.gather(*(send(storage, number) for number in range(8)))
    assert [one.fresh for one in states].count(True) == 1
    assert {one.code.expires_at for one in states} == {T0 + timedelta(minutes=10)}
    assert await kinds(storage) == ["phone_code"]


async def test_sms_to_a_number_keep_their_distance(storage: Storage) -> None:
    """Whoever they are for."""
    await send(storage, 1)
    other = CodeKey(CodePurpose.PAIRING, "bob", KEY.destination)
    minute = timedelta(minutes=1)
    slowly = SmsLimits(minute)
    with pytest.raises(errors.RateLimited):
        await send(storage, 2, other, at=T0 + minute - SECOND, limits=slowly)
    assert (await send(storage, 3, other, at=T0 + minute, limits=slowly)).fresh


@pytest.mark.parametrize(
    ("limits", "numbers", "expected"),
    [
        (SmsLimits(timedelta(minutes=1)), 1, 1),
        (FREELY, 1, codes.SMS_PER_DAY),
        (SmsLimits(timedelta(), per_day=3), 8, 3),
    ],
    ids=["gap of a number", "day of a number", "day of the service"],
)
async def test_limits_of_sms_hold_for_all_processes(
    storage: Storage, other: Storage, limits: SmsLimits, numbers: int, expected: int
) -> None:
    """Eight owners ask at a time, every second one elsewhere: as many as one process would send."""
    calls = [
        send(
            (storage, other)[owner % 2],
            owner,
            CodeKey(CodePurpose.PAIRING, f"owner-{owner}", f"+4072100000{owner % numbers}"),
            limits=limits,
        )
        for owner in range(8)
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, errors.RateLimited) for one in results) == 8 - expected
    assert len(await kinds(storage)) == expected
    day = sms_budget.WINDOW
    assert await other.messages.sms_lately(T0 + day - SECOND) == expected
    assert await other.messages.sms_lately(T0 + day) == 0


async def test_a_login_code_is_used_once(storage: Storage) -> None:
    """Of 64 at a time; and what failed before is forgiven."""
    await storage.people.code_wrong(stores.TOTP_ALICE, T0, lambda _: [], None)
    results = await asyncio.gather(
        *(storage.people.use_code(stores.TOTP_ALICE, 7, T0, []) for _ in range(64)),
        return_exceptions=True,
    )
    assert [one for one in results if one is None] == [None]
    assert all(isinstance(one, errors.OtpReplayed) for one in results if one is not None)
    assert (await storage.people.code_throttle(stores.TOTP_ALICE)).failures == 0


async def test_a_code_that_logged_in_does_not_sign(storage: Storage) -> None:
    """One counter for both."""
    await storage.people.use_code(stores.TOTP_ALICE, 7, T0, [])
    with pytest.raises(errors.OtpReplayed):
        await stores.issue(storage, "sad-1", build.DIGEST_A, step=7)
    await stores.issue(storage, "sad-2", build.DIGEST_A, step=8)
    with pytest.raises(errors.OtpReplayed):
        await storage.people.use_code(stores.TOTP_ALICE, 8, T0, [])


async def test_wrong_codes_of_login_and_signature_add_up(storage: Storage) -> None:
    """One throttle for both."""
    both = build.credential(factors=stores.BOTH, pin_verifier=b"v" * 32)
    for _ in range(2):
        await storage.people.code_wrong(stores.TOTP_ALICE, T0, lambda _: [], None)
        await storage.authorizations.factors_failed(both, frozenset({Factor.OTP}), T0, lambda _: [])
    assert (await storage.people.code_throttle(stores.TOTP_ALICE)).failures == 4


async def test_a_success_leaves_the_budget_spent(storage: Storage) -> None:
    """Guesses before each success of the owner add up, for codes; not for passwords."""
    step, now = 1, T0
    for _ in range(throttle.BUDGET):
        assert not throttle.blocked(await storage.people.code_throttle(stores.TOTP_ALICE), now)
        await storage.people.code_wrong(stores.TOTP_ALICE, now, lambda _: [], None)
        step += 1
        if step <= throttle.BUDGET:
            await storage.people.use_code(stores.TOTP_ALICE, step, now, [])
    state = await storage.people.code_throttle(stores.TOTP_ALICE)
    assert throttle.blocked(state, now)
    with pytest.raises(errors.OtpLocked):
        await storage.people.use_code(stores.TOTP_ALICE, 99, now, [])
    with pytest.raises(errors.OtpLocked):
        await stores.issue(storage, "sad-1", build.DIGEST_A, step=99)
    facts = await storage.authorizations.authorize_facts(stores.CRED_ALICE)
    assert facts.otp_throttle == state
    assert await storage.people.password_wrong("login:alice|x", now, [], None) == Throttle(1)


async def test_the_hard_stop_is_told_once(storage: Storage) -> None:
    """With the tenth failure; the link lifts it once."""
    mail = message(MessageKind.LOGIN_LOCKED, name="Alice", link="https://x")
    stop = Stop(link(LinkPurpose.UNLOCK, ALICE.account_id), mail)
    state = CLEAR
    while not state.stopped:
        assert await kinds(storage) == []
        now = state.locked_until or T0
        state = await storage.people.password_wrong("login:alice|x", now, [], stop)
    assert await kinds(storage) == ["login_locked"]
    await storage.people.password_wrong("login:alice|x", now, [], stop)
    results = await asyncio.gather(
        *(storage.people.unlock(TOKEN.digest(), ALICE.account_id, T0, []) for _ in range(4))
    )
    assert sorted(results) == [False, False, False, True]
    assert await storage.accounts.login_throttle("login:alice|x") == CLEAR


async def test_a_pairing_replaces_the_seed_in_two_steps(url: str, storage: Storage) -> None:
    """Pending: the old seed is gone and nothing signs; finished: the identifier stayed."""
    pairing = CodeKey(CodePurpose.PAIRING, ALICE.account_id, KEY.destination)
    await send(storage, key=pairing)
    new = SealedTotp(stores.TOTP_ALICE, ALICE.account_id, b"new seed", -1)
    pending = PendingSeed(new, T0 + timedelta(minutes=10), T0 + 24 * HOUR)
    await storage.people.use_code(stores.TOTP_ALICE, 7, T0, [])
    wrong = await storage.people.begin_pairing(guess(WRONG, pairing), pending, T0)
    assert wrong.verdict is Verdict.WRONG
    assert (await storage.authorizations.authorize_facts(stores.CRED_ALICE)).authenticator
    await storage.people.begin_pairing(guess(key=pairing), pending, T0)
    person = await storage.people.find(ALICE.account_id)
    assert person is not None
    assert person.authenticator is not None
    assert person.authenticator.state is PairingState.PENDING
    assert person.authenticator.replaces
    assert person.authenticator.totp == new
    assert stores.sealed().sealed.hex() not in stores.dump(url).lower()
    facts = await storage.authorizations.authorize_facts(stores.CRED_ALICE)
    assert facts.authenticator is None
    with pytest.raises(errors.OtpReplayed):
        # Checked by the device before the old seed died.
        await stores.issue(storage, "sad-1", build.DIGEST_A, step=8)
    with pytest.raises(errors.AuthenticatorNotReady):
        await storage.people.use_code(stores.TOTP_ALICE, 8, T0, [])
    done = FinishedPairing(
        authenticator_id=stores.TOTP_ALICE,
        sealed=b"new seed",
        account_id=ALICE.account_id,
        step=3,
        login_code=True,
        events=[],
        messages=[message(MessageKind.AUTHENTICATOR_REPLACED, name="Alice")],
    )
    results = await asyncio.gather(
        *(storage.people.finish_pairing(done, T0) for _ in range(4)), return_exceptions=True
    )
    assert [type(one) for one in results].count(errors.StepMissing) == 3
    facts = await storage.authorizations.authorize_facts(stores.CRED_ALICE)
    assert facts.authenticator == SealedTotp(stores.TOTP_ALICE, ALICE.account_id, b"new seed", 3)


async def test_a_first_pairing_makes_the_authenticator(storage: Storage) -> None:
    """Too late, or with another seed, it is not finished."""
    account_id = await bob(storage)
    pairing = CodeKey(CodePurpose.PAIRING, account_id, KEY.destination)
    await send(storage, 1, pairing)
    totp = SealedTotp(AuthenticatorId("totp-bob"), account_id, b"seed", -1)
    end = T0 + timedelta(minutes=10)
    pending = PendingSeed(totp, end, T0 + 24 * HOUR)
    await storage.people.begin_pairing(guess(key=pairing), pending, T0)
    for sealed, at in ((b"seed", end), (b"other", T0)):
        done = FinishedPairing(AuthenticatorId("totp-bob"), sealed, account_id, 3, True, [], [])
        with pytest.raises(errors.StepMissing):
            await storage.people.finish_pairing(done, at)
    done = FinishedPairing(AuthenticatorId("totp-bob"), b"seed", account_id, 3, True, [], [])
    await storage.people.finish_pairing(done, end - SECOND)
    person = await storage.people.find(account_id)
    assert person is not None
    assert person.authenticator is not None
    assert person.profile is not None
    assert person.pairing is PairingState.ACTIVE
    assert person.authenticator.paired_at == end - SECOND
    assert person.authenticator.signs_from == T0 + 24 * HOUR
    assert person.profile.second_factor == SecondFactor(login_code=True)


async def test_a_password_link_sets_one_password(storage: Storage) -> None:
    """Of many at a time, one; a wrong code leaves link and password alone."""
    account_id = await bob(storage)
    token, key = LinkToken("forgotten"), CodeKey(CodePurpose.PASSWORD, "bob", KEY.destination)
    mail = message(MessageKind.PASSWORD_LINK, name="Bob", link="https://x")
    await storage.people.open_link(link(LinkPurpose.PASSWORD, account_id, token), mail, [])
    await send(storage, 1, key)
    new = NewPassword(account_id, "$new$", None, [])
    set_password = storage.people.set_new_password
    wrong = await set_password(token.digest(), guess(WRONG, key), new, T0)
    assert wrong is not None
    assert wrong.verdict is Verdict.WRONG
    results = await asyncio.gather(
        *(set_password(token.digest(), guess(key=key), new, T0) for _ in range(4))
    )
    assert [one.verdict for one in results if one] == [Verdict.RIGHT]
    person = await storage.people.find(account_id)
    assert person is not None
    assert person.account.password_hash == "$new$"


async def test_what_a_person_sets_comes_back(storage: Storage) -> None:
    """Deferral, privacy notice, language, proposed number."""
    account_id = await bob(storage)
    second = SecondFactor(deferral=Deferral.UNTIL, remind_on=T0.date())
    await storage.people.defer(account_id, second, [])
    await storage.people.accept_privacy(account_id, Acceptance("2026-11", T0), [])
    await storage.people.set_language(account_id, Language.EN)
    await storage.people.propose_phone(account_id, "+40723456789", [])
    person = await storage.people.find(account_id)
    assert person is not None
    assert person.profile is not None
    assert person.profile.second_factor == second
    assert person.profile.privacy == Acceptance("2026-11", T0)
    assert person.profile.language is Language.EN
    assert person.profile.proposed_phone == "+40723456789"


async def test_nothing_secret_lies_in_the_store(url: str, storage: Storage) -> None:
    """Link and code are there as digests only, but for the message that waits to be sent."""
    await bob(storage)
    dump = stores.dump(url)
    assert TOKEN.value not in dump
    assert dump.count(RIGHT.value) == 1, "in the waiting message"


async def test_what_nobody_finished_is_forgotten(storage: Storage) -> None:
    """Registration, link and code, two days later; the person who did finish stays."""
    account_id = await bob(storage)
    assert await storage.people.purge(T0 + links.KEPT) == 0
    assert await storage.people.purge(T0 + links.KEPT + SECOND) == 3
    assert await storage.people.find(account_id) is not None
