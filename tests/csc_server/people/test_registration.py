"""From the form to an account. (journeys J1.1, J1.2)"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from csc_server.ports import NameTaken
from policies import codes, errors, links
from policies.links import LinkPurpose
from policies.messages import Language
from policies.secret import Code, LinkToken, Password
from policies.sms_budget import SmsLimits
from tests.csc_server.people import world
from tests.csc_server.people.world import EMAIL, FORM, HOME, MINUTE, PASSWORD, PHONE, Town


async def test_the_way_to_an_account(town: Town) -> None:
    """Form, mail, SMS, password: then the account is there, and the link is used up."""
    link = await town.invited()
    found = await town.people.open_invitation(link)
    assert (found.applicant.email, found.applicant.phone) == (EMAIL, PHONE)
    sent = await town.people.send_phone_code(HOME, link, "712345678", "+40")
    assert sent.destination == "+40 7•• ••• 678"
    assert sent.expires_at == town.clock.at + 10 * MINUTE
    assert sent.resend_at == town.clock.at + 30 * MINUTE
    message = await town.newest("phone_code")
    assert message.recipient == PHONE
    await town.people.confirm_phone(HOME, link, message.code)
    account_id = await town.people.create_account(HOME, link, PASSWORD, PASSWORD)
    person = await town.people.show_person(account_id)
    assert person.profile is not None
    assert (person.account.username, person.profile.phone) == (EMAIL.lower(), PHONE)
    assert person.profile.language is Language.RO
    with pytest.raises(errors.LinkInvalid):
        await town.people.open_invitation(link)
    with pytest.raises(errors.LinkInvalid):
        await town.people.create_account(HOME, link, PASSWORD, PASSWORD)


async def test_an_address_with_an_account_gets_the_login_page(town: Town) -> None:
    """The form answers the same; the mail does not open a second account."""
    await town.registered()
    await town.people.start_registration(HOME, replace(FORM, email=EMAIL.upper(), first_name="X"))
    mail = (await town.messages())[-1]
    assert (mail.kind, mail.recipient) == ("already_registered", EMAIL)
    assert mail.facts["link"] == "https://sign.example.com/login"
    assert mail.facts["name"] == "Ana Pop"


async def test_the_mail_to_an_unknown_address_is_never_sent(town: Town) -> None:
    """Nobody without an account gets a mail about a password."""
    await town.people.forgotten_password(HOME, "nobody@example.com")
    [mail] = await town.messages()
    assert not mail.sent


async def test_every_wrong_field_is_told(town: Town) -> None:
    """Nothing goes out."""
    form = replace(FORM, first_name="", email="a@b", phone="+33612345678", privacy_read=False)
    with pytest.raises(errors.FormInvalid) as refusal:
        await town.people.start_registration(HOME, form)
    assert refusal.value.problems == {
        "first_name": "missing",
        "email": "malformed",
        "phone": "country",
        "privacy_read": "missing",
    }
    assert await town.messages() == []


async def test_an_invitation_lives_a_day(town: Town) -> None:
    """To the last instant, not longer."""
    link = await town.invited()
    town.clock.at += links.LIFE[LinkPurpose.INVITATION] - timedelta(microseconds=1)
    await town.people.open_invitation(link)
    town.clock.at += timedelta(microseconds=1)
    with pytest.raises(errors.LinkInvalid):
        await town.people.open_invitation(link)
    with pytest.raises(errors.LinkInvalid):
        await town.people.send_phone_code(HOME, link, PHONE)
    with pytest.raises(errors.LinkInvalid):
        await town.people.open_invitation(LinkToken("made up"))


async def test_a_mailbox_gets_three_invitations_an_hour(town: Town) -> None:
    """More are asked for in vain, and the answer is the same."""
    for _ in range(5):
        await town.people.start_registration(HOME, FORM)
    assert len(await town.messages()) == links.MAILS_PER_HOUR
    town.clock.at += links.HOUR
    await town.people.start_registration(HOME, FORM)
    assert len(await town.messages()) == links.MAILS_PER_HOUR + 1


async def test_an_address_registers_five_times_an_hour(town: Town) -> None:
    """security-and-pki 5.7."""
    slow = world.build(town.store, per_hour=5)
    for number in range(5):
        await slow.people.start_registration(HOME, replace(FORM, email=f"a{number}@example.com"))
    with pytest.raises(errors.RateLimited):
        await slow.people.start_registration(HOME, FORM)
    await slow.people.start_registration(world.FAR_AWAY, FORM)


async def test_no_second_sms_before_half_an_hour(town: Town) -> None:
    """Asking again says what there is; a changed number gets a code of its own."""
    link = await town.invited()
    first = await town.people.send_phone_code(HOME, link, PHONE)
    town.clock.at += codes.RESEND_AFTER - timedelta(microseconds=1)
    again = await town.people.send_phone_code(HOME, link, PHONE)
    assert first.fresh
    assert not again.fresh
    assert not again.usable
    assert again.resend_at == first.resend_at
    changed = await town.people.send_phone_code(HOME, link, "+40723456789")
    assert changed.fresh
    await town.people.send_phone_code(HOME, link, PHONE)
    town.clock.at += timedelta(microseconds=1)
    assert (await town.people.send_phone_code(HOME, link, PHONE)).fresh


async def test_a_code_counts_for_the_number_it_went_to(town: Town) -> None:
    """After *Change phone number* the code of the old number confirms nothing."""
    link = await town.invited()
    await town.people.send_phone_code(HOME, link, PHONE)
    old = (await town.newest("phone_code")).code
    await town.people.send_phone_code(HOME, link, "+40723456789")
    with pytest.raises(errors.CodeWrong):
        await town.people.confirm_phone(HOME, link, old)
    with pytest.raises(errors.StepMissing):
        await town.people.create_account(HOME, link, PASSWORD, PASSWORD)


async def test_three_wrong_codes_kill_the_code(town: Town) -> None:
    """The right one comes too late."""
    link = await town.invited()
    await town.people.send_phone_code(HOME, link, PHONE)
    right = (await town.newest("phone_code")).code
    wrong = Code("000000" if right.value != "000000" else "111111")
    left = []
    for _ in range(codes.TRIES):
        with pytest.raises(errors.CodeWrong) as refusal:
            await town.people.confirm_phone(HOME, link, wrong)
        left.append(refusal.value.tries_left)
    assert left == [2, 1, 0]
    with pytest.raises(errors.CodeExpired):
        await town.people.confirm_phone(HOME, link, right)


async def test_a_number_gets_five_sms_a_day(town: Town) -> None:
    """Whoever asks for them; security-and-pki 5.7."""
    for number in range(codes.SMS_PER_DAY):
        link = await town.invited(email=f"a{number}@example.com")
        await town.people.send_phone_code(HOME, link, PHONE)
    link = await town.invited(email="late@example.com")
    with pytest.raises(errors.RateLimited):
        await town.people.send_phone_code(HOME, link, PHONE)
    town.clock.at += codes.DAY - timedelta(hours=1)
    with pytest.raises(errors.RateLimited):
        await town.people.send_phone_code(HOME, link, PHONE)


async def test_a_registration_gets_five_sms_a_day(town: Town) -> None:
    """Changing the number does not help."""
    link = await town.invited()
    for number in range(codes.SMS_PER_DAY):
        await town.people.send_phone_code(HOME, link, f"+4072345678{number}")
    with pytest.raises(errors.RateLimited):
        await town.people.send_phone_code(HOME, link, "+40723456789")


async def test_a_weak_password_uses_nothing_up(town: Town) -> None:
    """The reason is told; the next try succeeds."""
    link = await town.invited()
    await town.people.send_phone_code(HOME, link, PHONE)
    await town.people.confirm_phone(HOME, link, (await town.newest("phone_code")).code)
    for password, reason in (
        ("short", "too_short"),
        ("Ana.Pop@example", "context"),
        ("passwordpassword", "common"),
        ("zgzgzgzgzgzgzgzgzgzg", "guessable"),
        ("ă" * 200, "too_long"),
    ):
        with pytest.raises(errors.PasswordRefused) as refusal:
            await town.people.create_account(HOME, link, Password(password), Password(password))
        assert refusal.value.reason == reason, password
    with pytest.raises(errors.FormInvalid) as differs:
        await town.people.create_account(HOME, link, PASSWORD, world.OTHER)
    assert differs.value.problems == {"repeated": "differs"}
    assert await town.people.create_account(HOME, link, PASSWORD, PASSWORD)


async def test_two_invitations_make_one_account(town: Town) -> None:
    """The second link of the same address comes too late."""
    first, second = await town.invited(), await town.invited()
    for link in (first, second):
        await town.people.send_phone_code(HOME, link, PHONE)
        await town.people.confirm_phone(HOME, link, (await town.newest("phone_code")).code)
    await town.people.create_account(HOME, first, PASSWORD, PASSWORD)
    with pytest.raises(NameTaken):
        await town.people.create_account(HOME, second, PASSWORD, PASSWORD)


async def test_the_service_sends_so_many_sms_a_day(town: Town) -> None:
    """To whomever; the operator is told in time, and who is refused loses nothing."""
    few = world.build(town.store, sms=SmsLimits(timedelta(), per_day=5))
    first, last = await few.invited(email="a@example.com"), await few.invited()
    with structlog.testing.capture_logs() as logs:
        for number in range(5):
            link = first if number < 4 else last
            await few.people.send_phone_code(HOME, link, f"+4072345678{number}")
    assert [(one["event"], one["log_level"], one["sent"]) for one in logs] == [
        ("sms_budget_low", "warning", 4)
    ]
    code = (await few.newest("phone_code")).code
    await few.people.confirm_phone(HOME, last, code)
    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.SmsBudgetSpent),
    ):
        await few.people.send_phone_code(HOME, last, "+40723456799")
    assert [(one["event"], one["log_level"]) for one in logs] == [("sms_budget_spent", "error")]
    kept = await few.people.open_invitation(last)
    assert (kept.applicant.phone, kept.phone_confirmed) == ("+40723456784", True)
    assert len([one for one in await few.messages() if one.kind == "phone_code"]) == 5
    few.clock.at += codes.DAY
    late = await few.invited(email="b@example.com")
    assert (await few.people.send_phone_code(HOME, late, "+40723456789")).fresh


async def test_mails_do_not_touch_the_budget_of_sms(town: Town) -> None:
    """Nor stop when it is spent."""
    few = world.build(town.store, sms=SmsLimits(timedelta(), per_day=1))
    account_id = await few.registered()
    with pytest.raises(errors.SmsBudgetSpent):
        await few.people.start_pairing(HOME, account_id)
    assert (await few.people.send_email_code(HOME, account_id)).fresh
