"""Others cannot lock the owner out, and cannot try everybody. (security-and-pki 5.1, 7.2 row 13)"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from csc_server.ports import Call
from policies import errors, spray, throttle
from policies.audit import EventType
from policies.second_factor import LoginStep
from policies.secret import Password
from policies.values import AccountId
from tests.csc_server.people import world
from tests.csc_server.people.world import EMAIL, HOME, OTHER, PASSWORD, WRONG, Town

TRIES = 1000
SOON = timedelta(minutes=2)
"""Row 13: within so much the owner is in."""


def elsewhere(number: int) -> Call:
    """One of many networks that are not the owner's."""
    return Call(f"198.18.{number % 250}.{number // 250 + 1}", "a" * 32)


async def attack_password(town: Town, call: Call) -> None:
    """One wrong password from there, refused or not."""
    with pytest.raises((errors.LoginFailed, errors.RateLimited)):
        await town.people.sign_in(call, EMAIL, WRONG)


async def test_a_thousand_tries_from_elsewhere_do_not_reach_the_owner(town: Town) -> None:
    """The owner's first try at home succeeds, at any moment of the attack."""
    await town.registered()
    town.clock.at += timedelta(hours=1)
    for number in range(TRIES):
        await attack_password(town, elsewhere(number))
        town.clock.at += timedelta(seconds=1)
        if number % 100 == 99:
            await town.people.sign_in(HOME, EMAIL, PASSWORD)


async def test_tries_from_the_owners_own_network(town: Town) -> None:
    """Stopped; the mail that comes of it leads back in at once, link and password together."""
    await town.registered()
    neighbour = replace(HOME, source="192.0.2.77")
    for _ in range(TRIES):
        await attack_password(town, neighbour)
        town.clock.at += timedelta(minutes=30)
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(HOME, EMAIL, PASSWORD)
    started = town.clock.at
    await town.people.unlock(HOME, (await town.newest("login_locked")).link, PASSWORD)
    await town.people.sign_in(HOME, EMAIL, PASSWORD)
    assert town.clock.at - started <= SOON


async def test_a_thousand_codes_of_somebody_who_knows_the_password(town: Town) -> None:
    """The account's codes are stopped for all; the owner gets in by the link, or by a new password
    once the year's guesses are spent.
    """
    account_id = await town.paired()
    checked = town.device.checked
    for number in range(TRIES):
        wrong = town.wrong_otp(account_id)
        with pytest.raises((errors.LoginCodeWrong, errors.LoginCodeLocked)):
            await town.people.check_login_code(elsewhere(number), account_id, wrong)
        town.clock.at += timedelta(minutes=30)
    assert town.device.checked - checked <= throttle.STOP_AFTER
    started = await in_by_the_link(town, account_id)
    assert town.clock.at - started <= SOON
    await spend_the_year(town, account_id)
    started = town.clock.at
    await town.people.forgotten_password(HOME, EMAIL)
    link = (await town.newest("password_link")).link
    await town.people.send_password_code(HOME, link)
    code = (await town.newest("password_code")).code
    await town.people.set_new_password(HOME, link, code, OTHER, OTHER)
    assert (await town.people.sign_in(HOME, EMAIL, OTHER)).step is LoginStep.CODE
    await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    assert town.clock.at - started <= SOON


async def in_by_the_link(town: Town, account_id: AccountId) -> datetime:
    """Locked, then in; when that began."""
    with pytest.raises(errors.LoginCodeLocked):
        await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    started = town.clock.at
    await town.people.unlock(HOME, (await town.newest("login_locked")).link, PASSWORD)
    await town.people.check_login_code(HOME, account_id, town.otp(account_id))
    return started


async def spend_the_year(town: Town, account_id: AccountId) -> None:
    """Wrong codes with the owner's link after each stop, until the link does not help."""
    while True:
        for _ in range(throttle.STOP_AFTER):
            town.clock.at += timedelta(hours=9)
            try:
                await town.people.check_login_code(HOME, account_id, town.wrong_otp(account_id))
            except errors.LoginCodeWrong:
                continue
            except errors.LoginCodeLocked as locked:
                if locked.until is not None:
                    return
        await in_by_the_link(town, account_id)


async def test_one_password_at_many_accounts(town: Town) -> None:
    """Twenty-one names, then the place is refused for an hour, told, and nobody else is."""
    await town.registered()
    likely, sprayer = Password("Summer2026!Summer"), elsewhere(1)
    for number in itertools.count():
        town.clock.at += timedelta(minutes=1)
        try:
            await town.people.sign_in(sprayer, f"guest-{number}@example.com", likely)
        except errors.LoginFailed:
            continue
        except errors.RateLimited:
            break
    assert number == spray.MOST_NAMES + 1
    assert (await town.kinds()).count(EventType.LOGINS_SPRAYED) == 1
    await town.people.sign_in(HOME, EMAIL, PASSWORD)
    town.clock.at += spray.WINDOW
    with pytest.raises(errors.LoginFailed):
        await town.people.sign_in(sprayer, EMAIL, likely)


async def test_while_everybody_is_tried_from_everywhere(town: Town) -> None:
    """Each place may fail once a minute; the owner's password opens as ever."""
    await town.registered()
    busy = world.build(town.store, of_all_per_minute=2)
    busy.clock.at = town.clock.at
    for number in range(21):
        with pytest.raises(errors.LoginFailed):
            await busy.people.sign_in(elsewhere(number), f"guest-{number}@example.com", WRONG)
    assert (await town.kinds()).count(EventType.LOGINS_FLOODED) == 1
    await busy.people.sign_in(HOME, EMAIL, PASSWORD)
    with pytest.raises(errors.LoginFailed):
        await busy.people.sign_in(HOME, EMAIL, WRONG)
    with pytest.raises(errors.RateLimited):
        await busy.people.sign_in(HOME, EMAIL, WRONG)
    busy.clock.at += timedelta(minutes=1)
    await busy.people.sign_in(HOME, EMAIL, PASSWORD)
