"""What an operator sets of a person. (accounts from the command line)"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from csc_server.adapters.entropy import SystemEntropy
from csc_server.operations.people.letters import Letters
from csc_server.operations.people.set_profile import SetProfile
from csc_server.ports import NameTaken
from policies import errors
from policies.registration import RegistrationForm
from policies.values import NOBODY, AccountId
from tests.contracts import stores
from tests.csc_server.people.test_factors import open_everything, open_things
from tests.csc_server.people.world import EMAIL, FORM, HOME, PASSWORD, Hasher, Town


async def set_profile(town: Town, account_id: str, form: RegistrationForm) -> None:
    """As the command line does it."""
    letters = Letters(SystemEntropy(), town.people.rules)
    change = SetProfile(town.store.people, town.clock, letters)
    await change(HOME, "operator:op", AccountId(account_id), form)


async def test_an_account_without_a_profile_gets_one(town: Town) -> None:
    """From then on the pages serve it: codes, mails, pairing; the notice is still due."""
    account = stores.account("cli", password_hash=await Hasher().hash(NOBODY, PASSWORD))
    await town.store.accounts.add(account, [])
    with pytest.raises(errors.StepMissing):
        await town.people.start_pairing(HOME, account.account_id)
    await set_profile(town, "cli", FORM)
    assert (await town.people.sign_in(HOME, EMAIL.upper(), PASSWORD)).privacy_due
    await town.pair(account.account_id)
    await town.people.start_registration(HOME, FORM)
    assert (await town.newest("already_registered")).recipient == EMAIL


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"last_name": "Popa"}, True),
        ({"phone": "0722 999 888"}, False),
        ({"email": "ana@example.org"}, False),
    ],
)
async def test_a_profile_is_corrected(town: Town, changes: dict[str, Any], stays: bool) -> None:
    """What the person chose stays; another number or address ends what is open."""
    account_id = await town.paired()
    await town.people.accept_privacy_notice(HOME, account_id)
    await open_everything(town, account_id)
    await set_profile(town, account_id, replace(FORM, **changes))
    assert await open_things(town, account_id) == ((2, False) if stays else (0, True))
    found = (await town.people.show_person(account_id)).profile
    assert found is not None
    assert found.privacy is not None
    assert found.second_factor.login_code
    assert (found.last_name == "Popa") is ("last_name" in changes)


async def test_another_number_is_told(town: Town) -> None:
    """To the mail address, both numbers partly masked."""
    account_id = await town.registered()
    await set_profile(town, account_id, replace(FORM, phone="0722 999 888"))
    told = await town.newest("phone_changed")
    assert told.recipient == EMAIL
    assert "999" not in str(told.facts)


async def test_what_cannot_be_set_changes_nothing(town: Town) -> None:
    """A wrong address, an unknown account, somebody else's address."""
    account_id = await town.registered()
    with pytest.raises(errors.FormInvalid):
        await set_profile(town, account_id, replace(FORM, email="x"))
    with pytest.raises(errors.LinkInvalid):
        await set_profile(town, "nobody", FORM)
    await town.store.accounts.add(stores.account("other"), [])
    with pytest.raises(NameTaken):
        await set_profile(town, "other", FORM)
    assert (await town.people.show_person(AccountId("other"))).profile is None
