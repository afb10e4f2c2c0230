"""The ports of the registration API and the account API: ledger, history, keys of requests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from csc_server.ports import NewToken
from csc_server.ports.api import Credit
from csc_server.storage import Storage, oauth_tables
from csc_server.storage.units import Sql
from policies import errors, idempotency
from policies.algorithms import HashAlgorithm
from policies.audit import EventType
from policies.history import Entry, Place, Result
from policies.idempotency import Kept
from policies.secret import Token
from policies.tokens import Scope, TokenKind
from policies.transactions import Balance
from policies.values import AccountId, ClientId, OperationId
from tests.build import ALICE, DIGEST_A, DIGEST_B, DIGEST_C, HOUR, SECOND, T0
from tests.contracts import stores

ORDER = Credit("client:portal", "order-1", ALICE.account_id, 2)
CONSENT = oauth_tables.consents.insert()
ADDED = stores.event(EventType.CREDIT_ADDED)


async def sign(store: Storage, name: str, *digests: bytes) -> None:
    """Afterwards these hashes of the SAD are signed."""
    permit = await stores.permit(store, name, *digests)
    await stores.reserve(store, permit, f"op-{name}")
    await stores.complete(store, permit, f"op-{name}")


async def test_nobody_is_metered_without_a_credit(storage: Storage) -> None:
    """Signatures are counted, and nothing limits them."""
    await stores.issue(storage, "one", DIGEST_A, DIGEST_B)
    await sign(storage, "one", DIGEST_A, DIGEST_B)
    assert await storage.ledger.balance(ALICE.account_id) == Balance(None, 2)


async def test_credits_add_up_and_each_counts_once(storage: Storage) -> None:
    """The same order told twice is one credit; the same words for another are refused."""
    for _ in range(2):
        await storage.ledger.add(ORDER, T0, [ADDED])
    await storage.ledger.add(replace(ORDER, reference="order-2", transactions=5), T0, [ADDED])
    await storage.ledger.add(replace(ORDER, source="operator:root"), T0, [ADDED])
    assert await storage.ledger.balance(ALICE.account_id) == Balance(9, 0)
    with pytest.raises(errors.CreditDiffers):
        await storage.ledger.add(replace(ORDER, transactions=3), T0, [ADDED])


async def test_what_was_bought_can_be_signed_and_no_more(storage: Storage) -> None:
    """The hash after the last credit is refused, and its approval stays as it was."""
    await storage.ledger.add(ORDER, T0, [])
    await stores.issue(storage, "one", DIGEST_A, DIGEST_B)
    await sign(storage, "one", DIGEST_A, DIGEST_B)
    await stores.issue(storage, "two", DIGEST_C)
    permit = await stores.permit(storage, "two", DIGEST_C)
    with pytest.raises(errors.TransactionsUsedUp):
        await stores.reserve(storage, permit, "op-two")
    assert await stores.states(storage, "two") == ("issued", ["authorized"])
    await storage.ledger.add(replace(ORDER, reference="order-2"), T0, [])
    await sign(storage, "two", DIGEST_C)
    assert await storage.ledger.balance(ALICE.account_id) == Balance(4, 3)


async def test_requests_in_parallel_cannot_overdraw(storage: Storage) -> None:
    """Eight at once with credit for two: two."""
    await storage.ledger.add(ORDER, T0, [])
    names = [f"sad-{number}" for number in range(8)]
    permits = []
    for name in names:
        await stores.issue(storage, name, DIGEST_A)
        permits.append(await stores.permit(storage, name, DIGEST_A))
    outcomes = await asyncio.gather(
        *(stores.reserve(storage, one, f"op-{one.sad_id}") for one in permits),
        return_exceptions=True,
    )
    assert outcomes.count(None) == 2
    assert sum(isinstance(one, errors.TransactionsUsedUp) for one in outcomes) == 6


async def test_a_failed_signature_is_not_charged(storage: Storage) -> None:
    """Released or burned, it is given back (journeys J7.7)."""
    await storage.ledger.add(ORDER, T0, [])
    await stores.issue(storage, "one", DIGEST_A)
    permit = await stores.permit(storage, "one", DIGEST_A)
    await stores.reserve(storage, permit, "op-1")
    assert await storage.ledger.balance(ALICE.account_id) == Balance(2, 1)
    await storage.authorizations.release(permit, OperationId("op-1"), [])
    assert await storage.ledger.balance(ALICE.account_id) == Balance(2, 0)
    await stores.reserve(storage, await stores.permit(storage, "one", DIGEST_A), "op-2")
    await storage.authorizations.expire(T0 + timedelta(hours=1), 10)
    assert await storage.ledger.balance(ALICE.account_id) == Balance(2, 0)


async def test_the_history_tells_each_hash(storage: Storage) -> None:
    """What, when, by which client and credential, with which result; not what was only approved."""
    new = await stores.issue(storage, "one", DIGEST_A, DIGEST_B)
    await sign(storage, "one", DIGEST_A)
    ends_at = new.authorization.expires_at
    assert await storage.history.page(ALICE.account_id, None, 10) == [
        Entry(
            place=Place(ends_at, new.authorization.sad_id, 0),
            digest=DIGEST_A,
            hash_algorithm=HashAlgorithm.SHA256,
            result=Result.SIGNED,
            signed_at=T0,
            credential_id=stores.CRED_ALICE,
            client_id=ClientId("desktop"),
        )
    ]
    assert await storage.history.page(AccountId("mallory"), None, 10) == []


async def test_the_history_tells_what_became_of_a_hash(storage: Storage) -> None:
    """Under way, then uncertain when nobody finished it."""
    await stores.issue(storage, "one", DIGEST_A)
    await stores.reserve(storage, await stores.permit(storage, "one", DIGEST_A), "op-1")
    [entry] = await storage.history.page(ALICE.account_id, None, 10)
    assert entry.result is Result.UNDER_WAY
    await storage.authorizations.expire(T0 + timedelta(hours=1), 10)
    [entry] = await storage.history.page(ALICE.account_id, None, 10)
    assert entry.result is Result.UNCERTAIN


async def test_the_history_comes_in_pages(storage: Storage) -> None:
    """Page by page, of every size, each hash once, the newest approval first."""
    for number in range(3):
        later = T0 + timedelta(minutes=5) + number // 2 * SECOND
        await stores.issue(storage, f"sad-{number}", DIGEST_A, DIGEST_B, expires_at=later)
        await sign(storage, f"sad-{number}", DIGEST_A, DIGEST_B)
    whole = await storage.history.page(ALICE.account_id, None, 10)
    assert [(one.place.root_id, one.place.ordinal) for one in whole] == [
        ("sad-2", 0),
        ("sad-2", 1),
        ("sad-1", 0),
        ("sad-1", 1),
        ("sad-0", 0),
        ("sad-0", 1),
    ]
    for size in (1, 2, 4, 5):
        pages, after = [], None
        while page := await storage.history.page(ALICE.account_id, after, size):
            pages += page
            after = page[-1].place
        assert pages == whole


async def test_a_key_is_claimed_once(storage: Storage) -> None:
    """The second claim is told what the first one asked, and later what it got."""
    assert await storage.idempotency.claim(b"k" * 32, b"r" * 32, T0) is None
    under_way = await storage.idempotency.claim(b"k" * 32, b"other" * 8, T0)
    assert under_way == Kept(b"r" * 32, T0, None, None)
    await storage.idempotency.keep(b"k" * 32, 202, b"{}")
    done = await storage.idempotency.claim(b"k" * 32, b"r" * 32, T0)
    assert done == Kept(b"r" * 32, T0, 202, b"{}")


async def test_a_key_is_free_again(storage: Storage) -> None:
    """After a refusal at once, after a crash soon, after an answer a day later; not before."""
    key, request = b"k" * 32, b"r" * 32
    await storage.idempotency.claim(key, request, T0)
    await storage.idempotency.drop(key)
    assert await storage.idempotency.claim(key, request, T0) is None
    late = T0 + idempotency.LEASE
    assert await storage.idempotency.claim(key, request, late - SECOND) is not None
    assert await storage.idempotency.claim(key, request, late) is None
    await storage.idempotency.keep(key, 200, b"{}")
    over = late + idempotency.KEPT
    assert await storage.idempotency.claim(key, request, over - SECOND) is not None
    assert await storage.idempotency.claim(key, request, over) is None


async def test_of_many_claims_at_once_one_succeeds(storage: Storage) -> None:
    """A client that sends twice does not get two."""
    claims = [storage.idempotency.claim(b"k" * 32, b"r" * 32, T0) for _ in range(8)]
    assert (await asyncio.gather(*claims)).count(None) == 1


async def test_an_application_is_shut_out_with_all_it_holds(storage: Storage, url: str) -> None:
    """Its grants and open SADs end with the consent; other clients' and other people's do not."""
    desktop, others = stores.principal("grant-desktop"), stores.principal("grant-bob", "bob")
    await storage.accounts.add(stores.account("bob"), [])
    token = NewToken(Token("access-desktop"), TokenKind.ACCESS, T0 + HOUR)
    elsewhere = NewToken(Token("access-bob"), TokenKind.ACCESS, T0 + HOUR)
    await storage.tokens.open(desktop, [token], "login:alice", T0, [])
    await storage.tokens.open(others, [elsewhere], "login:bob", T0, [])
    await stores.issue(storage, "one", DIGEST_A, grant_id=desktop.grant_id)
    await stores.issue(storage, "two", DIGEST_A)
    desktop_id = ClientId("desktop")
    await storage.database.write(lambda sql: _consent(sql, ALICE.account_id))
    [listed] = await storage.applications.of_account(ALICE.account_id)
    assert (listed.name, listed.host) == ("desktop", "")
    assert listed.consent.scopes == frozenset({Scope.SERVICE})
    bob = others.account_id
    assert not await storage.applications.withdraw(bob, desktop_id, T0, [ADDED])
    assert await storage.applications.withdraw(ALICE.account_id, desktop_id, T0, [ADDED])
    assert not await storage.applications.withdraw(ALICE.account_id, desktop_id, T0, [ADDED])
    assert await storage.applications.of_account(ALICE.account_id) == []
    dead = await storage.tokens.find(token.token.digest())
    alive = await storage.tokens.find(elsewhere.token.digest())
    assert dead is not None
    assert dead.revoked
    assert alive is not None
    assert not alive.revoked
    assert await stores.states(storage, "one") == ("revoked", ["expired"])
    assert await stores.states(storage, "two") == ("issued", ["authorized"])


def _consent(sql: Sql, account_id: AccountId) -> None:
    sql.change(
        CONSENT,
        {
            "account_id": account_id,
            "client_id": "desktop",
            "scopes": "service",
            "given_at": 0,
            "revoked_at": None,
        },
    )
