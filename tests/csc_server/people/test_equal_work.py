"""Known or not, the same work: what is counted cannot be told by a clock. (security-and-pki 5.4)

The same statements in the same order, as many password hashes, as many messages written. What the
HSM computes is counted in ``tests/csc_server/adapters/test_passwords.py``, the bytes of answers are
compared in ``tests/csc_server/pages/test_forms.py``; ``tests/campaign/test_no_oracle.py`` asks a
running service a thousand times.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from csc_server.adapters.entropy import SystemEntropy
from csc_server.operations.check_password import CheckPassword
from csc_server.operations.login_limits import LoginLimits
from csc_server.operations.tokens import LogIn
from csc_server.storage.units import Sql
from policies import errors, throttle
from policies.secret import LinkToken, Password
from policies.spray import LoginRules
from policies.values import AccountState
from tests.csc_server.people.world import EMAIL, FORM, HOME, WRONG, Town

UNKNOWN = "b@example.com"
_WRITTEN = re.compile(r"(INSERT INTO|UPDATE) throttles.*", re.DOTALL)
"""Names that nobody has share a row, which somebody else may have made: the first failure of an
account inserts where theirs updates. Either is one statement about one row."""
Verb = Callable[[str], Awaitable[object]]


@dataclass(frozen=True)
class Cost:
    """What somebody could measure of a verb."""

    answer: object
    statements: list[str]
    hashes: int
    messages: int


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement but those of the audit log, whose records differ in length alone."""
    seen: list[str] = []
    for name in ("rows", "change"):
        for kind in {Sql, *Sql.__subclasses__()}:
            if name in vars(kind):
                plain = vars(kind)[name]

                def noted(self: Any, statement: Any, *rest: Any, _plain: Any = plain) -> Any:
                    seen.append(str(statement))
                    return _plain(self, statement, *rest)

                monkeypatch.setattr(kind, name, noted)
    return seen


async def cost(town: Town, statements: list[str], verb: Verb, name: str) -> Cost:
    """Of one call."""
    messages, hashes = len(await town.messages()), town.hasher.hashed
    statements.clear()
    answer: object
    try:
        answer = await verb(name)
    except errors.Refused as refusal:
        answer = type(refusal)
    told = [_WRITTEN.sub("write throttles", one) for one in statements if "audit" not in one]
    written = len(await town.messages()) - messages
    return Cost(answer, told, town.hasher.hashed - hashes, written)


def verbs(town: Town) -> dict[str, Verb]:
    """By the name that is asked about."""
    people, limits = town.people, LoginLimits(town.store.paces, LoginRules())
    log_in = LogIn(
        accounts=town.store.accounts,
        tokens=town.store.tokens,
        check_password=CheckPassword(town.store.accounts, town.hasher),
        limits=limits,
        clock=town.clock,
        entropy=SystemEntropy(),
    )
    return {
        "register": lambda name: people.start_registration(HOME, replace(FORM, email=name)),
        "forgotten password": lambda name: people.forgotten_password(HOME, name),
        "login on a page": lambda name: people.sign_in(HOME, name, WRONG),
        "login of the API": lambda name: log_in(HOME, name.lower(), WRONG, remember_me=True),
    }


@pytest.mark.parametrize(
    "what", ["register", "forgotten password", "login on a page", "login of the API"]
)
async def test_known_and_unknown_names_cost_the_same(
    town: Town, statements: list[str], what: str
) -> None:
    """The first time, again (resend), and when a login is locked: equal in all that is counted."""
    await town.registered()
    verb = verbs(town)[what]
    # What is counted of the place tells nothing of names: it is there before both.
    await cost(town, statements, verb, "somebody.else@example.com")
    for _ in range(throttle.LOCK_AFTER + 2):
        known = await cost(town, statements, verb, EMAIL)
        unknown = await cost(town, statements, verb, UNKNOWN)
        assert known == unknown
        assert known.statements
        town.clock.at += timedelta(seconds=10)
    assert known.hashes == (1 if what.startswith("login") else 0)


@pytest.mark.parametrize("what", ["login on a page", "login of the API"])
async def test_a_suspended_account_costs_what_an_unknown_name_does(
    town: Town, statements: list[str], what: str
) -> None:
    """With the right password too."""
    account_id = await town.registered()
    await town.people.set_account_state(HOME, "operator:op", account_id, AccountState.SUSPENDED)
    verb = verbs(town)[what]
    await cost(town, statements, verb, "somebody.else@example.com")
    suspended = await cost(town, statements, verb, EMAIL)
    assert suspended == await cost(town, statements, verb, UNKNOWN)


async def test_dead_links_cost_the_same(town: Town, statements: list[str]) -> None:
    """Never sent, or over: one look, no hash, nothing written."""
    await town.registered()
    await town.people.forgotten_password(HOME, EMAIL)
    over = (await town.newest("password_link")).link.value
    town.clock.at += timedelta(days=30)
    for verb in (
        lambda link: town.people.send_password_code(HOME, LinkToken(link)),
        lambda link: town.people.unlock(HOME, LinkToken(link), Password("x" * 20)),
    ):
        costs = [await cost(town, statements, verb, link) for link in (over, "y" * 43)]
        assert costs[0] == costs[1]
        assert (costs[0].answer, costs[0].hashes, costs[0].messages) == (errors.LinkInvalid, 0, 0)
