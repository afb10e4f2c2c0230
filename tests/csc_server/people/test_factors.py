"""Pairing, password and phone number: each change, what it ends, who is told. (J1.4, J4-J6)"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from csc_server.ports import NewToken
from policies import codes, errors, sessions
from policies.second_factor import PENDING_LIFE, LoginStep
from policies.secret import Code, Password, Token
from policies.sessions import Session, SessionId, Stage
from policies.tokens import TokenKind
from policies.values import AccountId, AccountState, ClientId, GrantId, Principal
from tests.csc_server.people.world import EMAIL, HOME, OTHER, PASSWORD, PHONE, WRONG, Town

NEW_PHONE = "+40723456789"


async def test_pairing_takes_sms_tick_and_one_code(town: Town) -> None:
    """URI, QR code and groups say one seed; the owner is told; everybody is signed out."""
    account_id = await town.registered()
    keep = await open_everything(town, account_id)
    await town.people.start_pairing(HOME, account_id)
    code = (await town.newest("pairing_code")).code
    with pytest.raises(errors.FormInvalid):
        await town.people.confirm_pairing_code(HOME, account_id, code, installed=False)
    shown = await town.people.confirm_pairing_code(HOME, account_id, code, installed=True)
    query = parse_qs(urlsplit(shown.uri).query)
    assert query["secret"] == [shown.seed.value] == ["".join(shown.groups)]
    assert shown.uri.startswith("otpauth://totp/Paraph:Ana.Pop%40example.com?")
    assert shown.png.startswith(b"\x89PNG")
    assert not shown.replaces
    assert shown.seed.value not in repr(shown)
    town.seeds[account_id] = shown.seed
    paired = await town.people.finish_pairing(
        HOME, account_id, town.otp(account_id), for_login=True, keep_session=keep
    )
    assert not paired.replaced
    assert (await town.newest("authenticator_paired")).recipient == EMAIL
    assert await open_things(town, account_id) == (1, True)
    assert (await town.people.sign_in(HOME, EMAIL, PASSWORD)).step is LoginStep.CODE
    with pytest.raises(errors.LoginCodeWrong):
        # The proving code is used up.
        await town.people.check_login_code(HOME, account_id, town.otp(account_id))


async def test_a_pending_seed_is_worth_nothing(town: Town) -> None:
    """It neither logs in nor counts as paired, and after ten minutes it cannot be proved."""
    account_id = await town.registered()
    await town.people.start_pairing(HOME, account_id)
    code = (await town.newest("pairing_code")).code
    shown = await town.people.confirm_pairing_code(HOME, account_id, code, installed=True)
    town.seeds[account_id] = shown.seed
    with pytest.raises(errors.AuthenticatorNotReady):
        await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    assert await town.store.credentials.authenticator_of(account_id) is None
    wrong = town.wrong_otp(account_id)
    with pytest.raises(errors.OtpWrong):
        await town.people.finish_pairing(HOME, account_id, wrong, for_login=True)
    ahead = town.otp(account_id, 6)
    with pytest.raises(errors.ClockSkewed) as skewed:
        await town.people.finish_pairing(HOME, account_id, ahead, for_login=True)
    assert skewed.value.seconds == 180
    town.clock.at += PENDING_LIFE
    with pytest.raises(errors.StepMissing):
        await town.people.finish_pairing(HOME, account_id, town.otp(account_id), for_login=True)


async def test_a_wrong_sms_code_shows_no_seed(town: Town) -> None:
    """Three tries; the authenticator in use goes on."""
    account_id = await town.paired()
    await town.people.start_pairing(HOME, account_id)
    right = (await town.newest("pairing_code")).code
    wrong = Code("000000" if right.value != "000000" else "111111")
    for _ in range(codes.TRIES):
        with pytest.raises(errors.CodeWrong):
            await town.people.confirm_pairing_code(HOME, account_id, wrong, installed=True)
    with pytest.raises(errors.CodeExpired):
        await town.people.confirm_pairing_code(HOME, account_id, right, installed=True)
    await town.people.check_login_code(HOME, account_id, town.otp(account_id))


async def test_the_old_seed_dies_when_the_new_one_is_shown(town: Town) -> None:
    """J6; a reset that is broken off leaves no way around the code."""
    account_id = await town.paired()
    before = (await town.store.credentials.authenticator_of(account_id)) or None
    assert before is not None
    await town.people.start_pairing(HOME, account_id)
    await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    code = (await town.newest("pairing_code")).code
    shown = await town.people.confirm_pairing_code(HOME, account_id, code, installed=True)
    assert shown.replaces
    town.clock.at += timedelta(minutes=1)
    with pytest.raises(errors.AuthenticatorNotReady):
        await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    assert (await town.people.sign_in(HOME, EMAIL, PASSWORD)).step is LoginStep.PAIR
    town.seeds[account_id] = shown.seed
    done = await town.people.finish_pairing(HOME, account_id, town.otp(account_id), for_login=False)
    assert done.replaced
    assert done.signs_from == town.clock.at - timedelta(minutes=1) + town.people.rules.cooling_off
    assert (await town.newest("authenticator_replaced")).facts == {"name": "Ana Pop"}
    after = await town.store.credentials.authenticator_of(account_id)
    assert after is not None
    assert after.authenticator_id == before.authenticator_id
    assert after.sealed != before.sealed


async def test_pairing_for_signatures_leaves_the_login_as_it_was(town: Town) -> None:
    """J1.11."""
    account_id = await town.registered()
    await town.people.send_pairing_invitation(account_id)
    mail = await town.newest("pairing_invitation")
    assert mail.facts["link"] == "https://sign.example.com/authenticator"
    await town.pair(account_id, for_login=False)
    assert (await town.people.sign_in(HOME, EMAIL, PASSWORD)).step is LoginStep.NOTICE


async def test_a_known_password_is_changed(town: Town) -> None:
    """Other sessions and all grants end, this session stays, the owner is told."""
    account_id = await town.paired()
    keep = await open_everything(town, account_id)
    change = town.people.change_password
    with pytest.raises(errors.PasswordWrong):
        await change(HOME, account_id, WRONG, OTHER, OTHER, keep_session=keep)
    with pytest.raises(errors.PasswordRefused) as same:
        await change(HOME, account_id, PASSWORD, PASSWORD, PASSWORD, keep_session=keep)
    assert same.value.reason == "same"
    assert await open_things(town, account_id) == (2, False)
    await change(HOME, account_id, PASSWORD, OTHER, OTHER, keep_session=keep)
    assert await open_things(town, account_id) == (1, True)
    assert (await town.newest("password_changed")).recipient == EMAIL
    await town.people.sign_in(HOME, EMAIL, OTHER)
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, EMAIL, PASSWORD)


async def test_a_forgotten_password_is_replaced(town: Town) -> None:
    """Link, SMS code, new password; link and code are used up, every lock is lifted."""
    account_id = await town.registered()
    await open_everything(town, account_id)
    for _ in range(5):
        with pytest.raises(errors.LoginFailed):
            await town.people.sign_in(HOME, EMAIL, WRONG)
    await town.people.forgotten_password(HOME, EMAIL.lower())
    link = (await town.newest("password_link")).link
    sent = await town.people.send_password_code(HOME, link)
    assert sent.destination.endswith("678")
    code = (await town.newest("password_code")).code
    people = town.people
    wrong = Code("000000" if code.value != "000000" else "111111")
    with pytest.raises(errors.CodeWrong):
        await people.set_new_password(HOME, link, wrong, OTHER, OTHER)
    weak = Password("too weak")
    with pytest.raises(errors.PasswordRefused):
        await people.set_new_password(HOME, link, code, weak, weak)
    await people.set_new_password(HOME, link, code, OTHER, OTHER)
    assert await open_things(town, account_id) == (0, True)
    await people.sign_in(HOME, EMAIL, OTHER)
    with pytest.raises(errors.LinkInvalid):
        await people.set_new_password(HOME, link, code, OTHER, OTHER)


async def test_a_link_opens_only_what_it_was_sent_for(town: Town) -> None:
    """An invitation sets no password, a password link lifts no stop."""
    invitation = await town.invited(email="b@example.com")
    await town.registered()
    await town.people.forgotten_password(HOME, EMAIL)
    link = (await town.newest("password_link")).link
    with pytest.raises(errors.LinkInvalid):
        await town.people.send_password_code(HOME, invitation)
    with pytest.raises(errors.LinkInvalid):
        await town.people.unlock(HOME, link, PASSWORD)
    with pytest.raises(errors.LinkInvalid):
        await town.people.open_invitation(link)
    town.clock.at += timedelta(hours=1)
    with pytest.raises(errors.LinkInvalid):
        await town.people.send_password_code(HOME, link)


async def test_the_phone_number_changes_in_three_steps(town: Town) -> None:
    """Mail code, SMS code to the new number, done: signed out, and told of both numbers."""
    account_id = await town.registered()
    await open_everything(town, account_id)
    people = town.people
    with pytest.raises(errors.StepMissing):
        await people.send_new_phone_code(HOME, account_id, NEW_PHONE)
    sent = await people.send_email_code(HOME, account_id)
    assert sent.destination == "A•••@example.com"
    assert sent.expires_at - town.clock.at == timedelta(minutes=5)
    assert sent.resend_at - town.clock.at == timedelta(minutes=30)
    await people.confirm_email(HOME, account_id, (await town.newest("email_code")).code)
    with pytest.raises(errors.FormInvalid):
        await people.send_new_phone_code(HOME, account_id, PHONE)
    number, _ = await people.send_new_phone_code(HOME, account_id, "0723 456 789", "+40")
    assert number == NEW_PHONE
    message = await town.newest("new_phone_code")
    assert message.recipient == NEW_PHONE
    with pytest.raises(errors.CodeExpired):
        # The code is bound to the number it went to.
        await people.confirm_new_phone(HOME, account_id, "+40700000000", message.code)
    await people.confirm_new_phone(HOME, account_id, number, message.code)
    profile = (await people.show_person(account_id)).profile
    assert profile is not None
    assert profile.phone == NEW_PHONE
    assert await open_things(town, account_id) == (0, True)
    told = await town.newest("phone_changed")
    assert (told.facts["old_phone"], told.facts["new_phone"]) == (
        "+40 7•• ••• 678",
        "+40 7•• ••• 789",
    )
    with pytest.raises(errors.StepMissing):
        # The confirmed mail address is used up.
        await people.send_new_phone_code(HOME, account_id, PHONE)


async def test_a_confirmed_mail_address_counts_for_a_while(town: Town) -> None:
    """Long enough for a second SMS, not longer."""
    account_id = await town.registered()
    await town.people.send_email_code(HOME, account_id)
    await town.people.confirm_email(HOME, account_id, (await town.newest("email_code")).code)
    town.clock.at += codes.RESEND_AFTER
    await town.people.send_new_phone_code(HOME, account_id, NEW_PHONE)
    code = (await town.newest("new_phone_code")).code
    town.clock.at += codes.EMAIL_PROOF - codes.RESEND_AFTER
    with pytest.raises(errors.StepMissing):
        await town.people.confirm_new_phone(HOME, account_id, NEW_PHONE, code)


async def test_a_proposed_number_waits_for_the_answer(town: Town) -> None:
    """J1.9: asked at the next login; confirmed it counts, refused it is forgotten."""
    account_id = await town.registered()
    people = town.people
    for accept, wanted in ((False, PHONE), (True, NEW_PHONE)):
        await people.propose_phone(HOME, account_id, NEW_PHONE)
        assert (await people.sign_in(HOME, EMAIL, PASSWORD)).proposed_phone == NEW_PHONE
        with pytest.raises(errors.StepMissing):
            await people.answer_phone_proposal(HOME, account_id, PHONE, accept=True)
        await people.answer_phone_proposal(HOME, account_id, NEW_PHONE, accept=accept)
        found = await people.sign_in(HOME, EMAIL, PASSWORD)
        profile = (await people.show_person(account_id)).profile
        assert profile is not None
        assert (found.proposed_phone, profile.phone) == (None, wanted)
    assert [one.kind for one in await town.messages()].count("phone_changed") == 1


async def test_suspension_ends_everything(town: Town) -> None:
    """Sessions and grants."""
    account_id = await town.registered()
    await open_everything(town, account_id)
    state = AccountState.SUSPENDED
    await town.people.set_account_state(HOME, "operator:op", account_id, state)
    assert await open_things(town, account_id) == (0, True)


async def open_everything(town: Town, account_id: AccountId) -> bytes:
    """Two sessions and a grant; the digest of the first session."""
    for number in (1, 2):
        now = town.clock.at
        session = Session(
            session_id=SessionId(f"session-{number}"),
            digest=bytes([number]) * 32,
            stage=Stage.SIGNED_IN,
            account_id=account_id,
            opened_at=now,
            seen_at=now,
            ends_at=now + sessions.ABSOLUTE,
            proved_at=None,
            source="192.0.2.1",
            device="",
        )
        await town.store.sessions.open(session, [])
    principal = Principal(account_id, ClientId("desktop"), GrantId("grant-1"))
    token = NewToken(Token("refresh"), TokenKind.REFRESH, town.clock.at + timedelta(days=30))
    await town.store.tokens.open(principal, [token], f"login:{account_id}|x", town.clock.at, [])
    return b"\x01" * 32


async def open_things(town: Town, account_id: AccountId) -> tuple[int, bool]:
    """Sessions that are open, and whether the grant is revoked."""
    found = await town.store.tokens.find(Token("refresh").digest())
    assert found is not None
    return len(await town.store.sessions.of_account(account_id, town.clock.at)), found.revoked
