"""The port ``Accounts``."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from csc_server.ports import NameTaken
from csc_server.storage import Storage
from policies import throttle
from policies.audit import EventType
from policies.throttle import CLEAR, Throttle
from policies.values import AccountId, AccountState
from tests import build
from tests.build import ALICE, SECOND, T0
from tests.contracts import stores

HOME = "login:alice|192.0.2.0/24"


async def test_an_account_is_found_by_its_exact_name(storage: Storage) -> None:
    """Every field comes back; another spelling is another name."""
    bob = stores.account("bob", password_hash="$argon2id$bob", created_at=T0 + SECOND)
    await storage.accounts.add(bob, [])
    assert await storage.accounts.find("bob") == bob
    assert await storage.accounts.find("Bob") is None


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "", "x" * 10_000])
async def test_a_name_that_cannot_exist_is_not_found(storage: Storage, name: str) -> None:
    """Text that no database can hold is an unknown name, not a failure."""
    assert await storage.accounts.find(name) is None
    assert await storage.accounts.login_throttle(name) == CLEAR


async def test_a_user_name_is_taken_once(storage: Storage) -> None:
    """Of many who ask for one name at a time, one gets it."""
    wanted = [replace(stores.account(f"id-{number}"), username="carol") for number in range(8)]
    results = await asyncio.gather(
        *(storage.accounts.add(one, []) for one in wanted), return_exceptions=True
    )
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, NameTaken) for result in results) == 7


async def test_all_accounts_come_the_oldest_first(storage: Storage) -> None:
    """Order of creation, also when the clock stood still."""
    for name in ("zoe", "bob", "mia"):
        await storage.accounts.add(stores.account(name), [])
    names = [account.username for account in await storage.accounts.all()]
    assert names == ["alice", "zoe", "bob", "mia"]


async def test_what_is_kept_of_a_password_is_renewed(storage: Storage) -> None:
    """Unless it was changed meanwhile: nobody's new password is undone."""
    before = await storage.accounts.find("alice")
    assert before is not None
    record = stores.event(EventType.PASSWORD_RENEWED)
    for renewed in ("$renewed$", "$too-late$"):
        await storage.accounts.renew_password(before, renewed, [record])
        found = await storage.accounts.find("alice")
        assert found == replace(before, password_hash="$renewed$")


async def test_the_state_of_an_account_changes(storage: Storage) -> None:
    """Suspended is suspended; an account that does not exist is a fault of the caller."""
    event = stores.event(EventType.ACCOUNT_SUSPENDED)
    await storage.accounts.set_state(ALICE.account_id, AccountState.SUSPENDED, [event])
    found = await storage.accounts.find("alice")
    assert found is not None
    assert found.state is AccountState.SUSPENDED
    with pytest.raises(LookupError):
        await storage.accounts.set_state(AccountId("nobody"), AccountState.ACTIVE, [])


async def test_failed_logins_count_one_by_one(storage: Storage) -> None:
    """Parallel failures count as if they came in a row, and stop counting at the lock."""
    assert await storage.accounts.login_throttle(HOME) == CLEAR
    states = await asyncio.gather(*(storage.accounts.login_failed(HOME, T0, []) for _ in range(8)))
    locked = Throttle(throttle.LOCK_AFTER, T0 + throttle.FIRST_LOCK)
    assert [state.failures for state in states] == [1, 2, 3, 4, 5, 5, 5, 5]
    assert states[-1] == locked
    assert await storage.accounts.login_throttle(HOME) == locked


async def test_after_the_lock_the_count_goes_on(storage: Storage) -> None:
    """A failure at the end of a lock doubles it."""
    for _ in range(throttle.LOCK_AFTER):
        await storage.accounts.login_failed(HOME, T0, [])
    later = T0 + throttle.FIRST_LOCK
    state = await storage.accounts.login_failed(HOME, later, [])
    assert state == Throttle(6, later + 2 * throttle.FIRST_LOCK)


async def test_unlock_clears_everything_of_one_account(storage: Storage) -> None:
    """Logins from anywhere, PIN and code; other accounts stay locked."""
    strangers = ["login:alice2|192.0.2.0/24", "login:ali|192.0.2.0/24"]
    for subject in [HOME, "login:alice|2001:db8::/64", *strangers]:
        await storage.accounts.login_failed(subject, T0, [])
    both = build.credential(factors=stores.BOTH, pin_verifier=b"v" * 32)
    await storage.authorizations.factors_failed(both, stores.BOTH, T0, lambda _: [])
    await storage.accounts.unlock(ALICE.account_id, [stores.event(EventType.FACTOR_UNLOCKED)])
    facts = await storage.authorizations.authorize_facts(stores.CRED_ALICE)
    assert (facts.pin_throttle, facts.otp_throttle) == (CLEAR, CLEAR)
    assert await storage.accounts.login_throttle(HOME) == CLEAR
    assert await storage.accounts.login_throttle("login:alice|2001:db8::/64") == CLEAR
    for subject in strangers:
        assert (await storage.accounts.login_throttle(subject)).failures == 1


async def test_ping_answers(storage: Storage) -> None:
    """An open store is ready."""
    await storage.ping()
