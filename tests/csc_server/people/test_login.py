"""Login, code at login, deferrals, the hard stop and its end. (journeys J1.3; security 5.1)"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from csc_server.operations.tokens import login_subject
from policies import errors, throttle
from policies.second_factor import Deferral, LoginStep
from policies.secret import LinkToken, Otp
from policies.values import AccountState, AuthenticatorId
from tests.csc_server.people import world
from tests.csc_server.people.world import EMAIL, FAR_AWAY, HOME, MINUTE, PASSWORD, WRONG, Town

DAY = timedelta(days=1)


async def test_the_first_login_shows_the_notice(town: Town) -> None:
    """By mail address in any case; the privacy notice is due."""
    account_id = await town.registered()
    answer = await town.people.sign_in(HOME, "ANA.POP@EXAMPLE.COM", PASSWORD)
    assert (answer.account_id, answer.step) == (account_id, LoginStep.NOTICE)
    assert answer.may_defer
    assert answer.privacy_due
    await town.people.accept_privacy_notice(HOME, account_id)
    assert not (await town.people.sign_in(HOME, EMAIL, PASSWORD)).privacy_due


async def test_a_new_version_of_the_notice_is_due_again(town: Town) -> None:
    """J1.6: version and time are on record."""
    account_id = await town.registered()
    await town.people.accept_privacy_notice(HOME, account_id)
    later = world.build(town.store, privacy_version="2027-02")
    assert (await later.people.sign_in(HOME, EMAIL, PASSWORD)).privacy_due


@pytest.mark.parametrize("name", ["nobody@example.com", "", "a\0b", "\ud800"])
async def test_wrong_logins_get_one_answer(town: Town, name: str) -> None:
    """Unknown, wrong, suspended: the same reason."""
    account_id = await town.registered()
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, name, PASSWORD)
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, EMAIL, WRONG)
    await town.people.set_account_state(HOME, "operator:op", account_id, AccountState.SUSPENDED)
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, EMAIL, PASSWORD)
    assert (await town.newest("account_suspended")).recipient == EMAIL
    await town.people.set_account_state(HOME, "operator:op", account_id, AccountState.ACTIVE)
    await town.people.sign_in(HOME, EMAIL, PASSWORD)


async def test_deferrals_are_kept(town: Town) -> None:
    """Until a day, until the next login, for ever; none of them after the mandatory day."""
    account_id = await town.registered()
    people, today = town.people, town.clock.at.date()

    async def step() -> LoginStep:
        return (await people.sign_in(HOME, EMAIL, PASSWORD)).step

    await people.defer_second_factor(HOME, account_id, Deferral.UNTIL, today + 2 * DAY)
    assert await step() is LoginStep.DONE
    town.clock.at += 2 * DAY
    assert await step() is LoginStep.NOTICE
    await people.defer_second_factor(HOME, account_id, Deferral.NEXT_LOGIN)
    assert await step() is LoginStep.NOTICE
    await people.defer_second_factor(HOME, account_id, Deferral.NEVER)
    assert await step() is LoginStep.DONE
    town.clock.at = town.clock.at.replace(year=2026, month=12, day=31)
    assert await step() is LoginStep.PAIR
    with pytest.raises(errors.SecondFactorMandatory):
        await people.defer_second_factor(HOME, account_id, Deferral.NEVER)


async def test_the_mandatory_day_is_a_setting(town: Town) -> None:
    """The day itself counts."""
    await town.registered()
    strict = world.build(town.store, mandatory_from=date(2026, 3, 1))
    assert (await strict.people.sign_in(HOME, EMAIL, PASSWORD)).step is LoginStep.PAIR


async def test_a_code_logs_in_once(town: Town) -> None:
    """The second use, and a code of an older step, are refused."""
    account_id = await town.paired()
    assert (await town.people.sign_in(HOME, EMAIL, PASSWORD)).step is LoginStep.CODE
    await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    for steps in (0, -1):
        with pytest.raises(errors.LoginCodeWrong):
            await town.people.check_login_code(HOME, account_id, town.otp(account_id, steps))
    state = await town.store.people.code_throttle(await authenticator(town))
    assert state.failures == 0, "a used code is not a guess"


async def test_of_64_with_one_code_one_gets_in(town: Town) -> None:
    """security-and-pki 5.1: each code is accepted once."""
    account_id = await town.paired()
    code = town.otp(account_id)
    results = await asyncio.gather(
        *(town.people.check_login_code(HOME, account_id, code) for _ in range(64)),
        return_exceptions=True,
    )
    assert sum(one is None for one in results) == 1
    assert sum(isinstance(one, errors.LoginCodeWrong) for one in results) == 63


async def test_a_login_and_a_signature_share_the_counter(town: Town) -> None:
    """What logged in is used up for whoever signs: one step, one throttle."""
    account_id = await town.paired()
    await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    found = await town.store.credentials.authenticator_of(account_id)
    assert found is not None
    assert found.last_used_step > 0


async def test_wrong_codes_lock_and_stop(town: Town) -> None:
    """Four are forgiven; then locks that double; after the tenth only the owner's link helps."""
    account_id = await town.paired()
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(errors.LoginCodeWrong) as wrong:
            await town.people.check_login_code(HOME, account_id, town.wrong_otp(account_id))
        assert wrong.value.tries_left == left
    checked = town.device.checked
    with pytest.raises(errors.LoginCodeLocked) as locked:
        await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    assert locked.value.until == town.clock.at + throttle.FIRST_LOCK
    assert town.device.checked == checked, "a locked code is not looked at"
    for _ in range(throttle.STOP_AFTER - throttle.LOCK_AFTER):
        town.clock.at += timedelta(days=1)
        with pytest.raises(errors.LoginCodeWrong):
            await town.people.check_login_code(HOME, account_id, town.wrong_otp(account_id))
    assert [one.kind for one in await town.messages()].count("login_locked") == 1
    town.clock.at += timedelta(days=300)
    with pytest.raises(errors.LoginCodeLocked) as stopped:
        await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    assert stopped.value.until is None


async def test_the_owner_lifts_the_stop(town: Town) -> None:
    """Link and password together; the link once."""
    await town.registered()
    await stop_the_login(town)
    link = (await town.newest("login_locked")).link
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, EMAIL, PASSWORD)
    with pytest.raises(errors.PasswordWrong):
        await town.people.unlock(HOME, link, WRONG)
    with pytest.raises(errors.LinkInvalid):
        await town.people.unlock(HOME, LinkToken("made up"), PASSWORD)
    await town.people.unlock(HOME, link, PASSWORD)
    await town.people.sign_in(HOME, EMAIL, PASSWORD)
    with pytest.raises(errors.LinkInvalid):
        await town.people.unlock(HOME, link, PASSWORD)


async def test_a_stop_from_elsewhere_is_lifted_too(town: Town) -> None:
    """Failures of the API or of signatures send no mail; the owner's right password does."""
    account_id = await town.paired()
    subject, now = login_subject(account_id, HOME.source), town.clock.at
    for number in range(throttle.STOP_AFTER):
        await town.store.accounts.login_failed(subject, now + number * timedelta(days=1), [])
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, EMAIL, WRONG)
    assert "login_locked" not in {one.kind for one in await town.messages()}
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, EMAIL, PASSWORD)
    await town.people.unlock(HOME, (await town.newest("login_locked")).link, PASSWORD)
    await town.people.sign_in(HOME, EMAIL, PASSWORD)
    for number in range(throttle.STOP_AFTER):
        at = now + number * timedelta(days=1)
        identifier = await authenticator(town)
        await town.store.people.code_wrong(identifier, at, lambda _: [], None)
    town.clock.at += timedelta(hours=2)
    with pytest.raises(errors.LoginCodeLocked):
        await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    await town.people.unlock(HOME, (await town.newest("login_locked")).link, PASSWORD)
    await town.people.check_login_code(HOME, account_id, town.otp(account_id))


async def test_a_stranger_far_away_does_not_lock_the_owner_out(town: Town) -> None:
    """Failures count by network; the link cannot be guessed at for ever either."""
    await town.registered()
    await stop_the_login(town)
    await town.people.sign_in(FAR_AWAY, EMAIL, PASSWORD)
    link = (await town.newest("login_locked")).link
    for _ in range(throttle.LOCK_AFTER):
        with pytest.raises(errors.PasswordWrong):
            await town.people.unlock(HOME, link, WRONG)
    with pytest.raises(errors.PasswordWrong):
        await town.people.unlock(HOME, link, PASSWORD)


async def test_failures_of_an_address_are_paced(town: Town) -> None:
    """Also for names that nobody has (security-and-pki 5.7)."""
    slow = world.build(town.store, per_minute=2)
    for _ in range(2):
        with pytest.raises(errors.LoginFailed):
            await slow.people.sign_in(HOME, "nobody@example.com", WRONG)
    with pytest.raises(errors.RateLimited):
        await slow.people.sign_in(HOME, "nobody@example.com", WRONG)
    slow.clock.at += MINUTE
    with pytest.raises(errors.LoginFailed):
        await slow.people.sign_in(HOME, "nobody@example.com", WRONG)


async def test_without_an_authenticator_no_code_is_right(town: Town) -> None:
    """Nothing is paired, nothing is checked."""
    account_id = await town.registered()
    with pytest.raises(errors.AuthenticatorNotReady):
        await town.people.check_login_code(HOME, account_id, Otp("000000"))
    assert town.device.checked == 0


async def stop_the_login(town: Town) -> None:
    """Ten wrong passwords, each after the lock of the one before."""
    for _ in range(throttle.STOP_AFTER):
        with pytest.raises(errors.LoginFailed):
            await town.people.sign_in(HOME, EMAIL, WRONG)
        town.clock.at += timedelta(hours=9)


async def authenticator(town: Town) -> AuthenticatorId:
    """Identifier of Ana's authenticator."""
    person = await town.store.people.by_name(EMAIL)
    assert person is not None
    assert person.authenticator is not None
    return person.authenticator.totp.authenticator_id
