"""The port ``Tokens``."""

from __future__ import annotations

import hashlib

from csc_server.ports import NewToken
from csc_server.storage import Storage
from policies import throttle
from policies.audit import EventType
from policies.secret import Token
from policies.throttle import CLEAR
from policies.tokens import TokenFacts, TokenKind
from policies.values import AccountState
from tests.build import ALICE, HOUR, SECOND, T0
from tests.contracts import stores

HOME = "login:alice|192.0.2.0/24"
ACCESS = NewToken(Token("access-1"), TokenKind.ACCESS, T0 + HOUR)
REFRESH = NewToken(Token("refresh-1"), TokenKind.REFRESH, T0 + 24 * HOUR)
LOGIN = stores.event(EventType.LOGIN)


async def test_a_grant_opens_with_its_tokens(storage: Storage) -> None:
    """Each token is found by its digest, with everything that its judges need."""
    assert await storage.tokens.open(ALICE, [ACCESS, REFRESH], HOME, T0, [LOGIN])
    assert await storage.tokens.find(ACCESS.token.digest()) == TokenFacts(
        TokenKind.ACCESS, ALICE, AccountState.ACTIVE, T0 + HOUR, revoked=False
    )
    refresh = await storage.tokens.find(REFRESH.token.digest())
    assert refresh is not None
    assert (refresh.kind, refresh.expires_at) == (TokenKind.REFRESH, T0 + 24 * HOUR)


async def test_an_unknown_digest_is_not_found(storage: Storage) -> None:
    """Neither a stranger's digest nor the token itself finds anything."""
    await storage.tokens.open(ALICE, [ACCESS], HOME, T0, [])
    assert await storage.tokens.find(hashlib.sha256(b"other").digest()) is None
    assert await storage.tokens.find(ACCESS.token.value.encode()) is None


async def test_a_login_clears_its_throttle(storage: Storage) -> None:
    """Four failures are forgotten after a success."""
    for _ in range(throttle.LOCK_AFTER - 1):
        await storage.accounts.login_failed(HOME, T0, [])
    assert await storage.tokens.open(ALICE, [ACCESS], HOME, T0, [])
    assert await storage.accounts.login_throttle(HOME) == CLEAR


async def test_a_right_password_after_the_lock_does_not_count(storage: Storage) -> None:
    """While the throttle blocks nothing is opened and nothing cleared; at its end it is."""
    for _ in range(throttle.LOCK_AFTER):
        locked = await storage.accounts.login_failed(HOME, T0, [])
    end = T0 + throttle.FIRST_LOCK
    assert not await storage.tokens.open(ALICE, [ACCESS], HOME, end - SECOND, [LOGIN])
    assert await storage.tokens.find(ACCESS.token.digest()) is None
    assert await storage.accounts.login_throttle(HOME) == locked
    assert await storage.tokens.open(ALICE, [ACCESS], HOME, end, [LOGIN])


async def test_a_grant_is_renewed(storage: Storage) -> None:
    """The further token belongs to the same grant."""
    await storage.tokens.open(ALICE, [REFRESH], HOME, T0, [])
    await storage.tokens.renew(ALICE.grant_id, ACCESS, [stores.event(EventType.TOKEN_ISSUED)])
    found = await storage.tokens.find(ACCESS.token.digest())
    assert found is not None
    assert found.principal == ALICE


async def test_revoking_a_token_leaves_the_others(storage: Storage) -> None:
    """One dead token, twice revoked, and a living one."""
    await storage.tokens.open(ALICE, [ACCESS, REFRESH], HOME, T0, [])
    for _ in range(2):
        await storage.tokens.revoke_token(ACCESS.token.digest(), T0, [])
    access = await storage.tokens.find(ACCESS.token.digest())
    refresh = await storage.tokens.find(REFRESH.token.digest())
    assert access is not None
    assert access.revoked
    assert refresh is not None
    assert not refresh.revoked


async def test_revoking_a_grant_kills_all_its_tokens(storage: Storage) -> None:
    """Also those that are added later; other grants live."""
    other = stores.principal("grant-other")
    elsewhere = NewToken(Token("access-2"), TokenKind.ACCESS, T0 + HOUR)
    await storage.tokens.open(ALICE, [REFRESH], HOME, T0, [])
    await storage.tokens.open(other, [elsewhere], HOME, T0, [])
    await storage.tokens.revoke_grant(ALICE.grant_id, T0, [stores.event(EventType.TOKEN_REVOKED)])
    await storage.tokens.renew(ALICE.grant_id, ACCESS, [])
    for token, revoked in ((REFRESH, True), (ACCESS, True), (elsewhere, False)):
        found = await storage.tokens.find(token.token.digest())
        assert found is not None
        assert found.revoked is revoked


async def test_a_suspended_account_shows_on_its_tokens(storage: Storage) -> None:
    """The rules refuse by the state of the account, so the token has to carry it."""
    await storage.tokens.open(ALICE, [ACCESS], HOME, T0, [])
    await storage.accounts.set_state(ALICE.account_id, AccountState.SUSPENDED, [])
    found = await storage.tokens.find(ACCESS.token.digest())
    assert found is not None
    assert found.account_state is AccountState.SUSPENDED


async def test_no_token_is_written_anywhere(storage: Storage, url: str) -> None:
    """The file holds digests only."""
    await storage.tokens.open(ALICE, [ACCESS, REFRESH], HOME, T0, [LOGIN])
    dump = stores.dump(url)
    assert ACCESS.token.digest().hex().upper() in dump.upper()
    assert "access-1" not in dump
    assert b"access-1".hex().upper() not in dump.upper()
