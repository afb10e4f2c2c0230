"""Grants, access tokens and refresh tokens, by digest: the port ``Tokens``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from csc_server.ports import LoginTry, NewToken
from csc_server.storage import login_tries, paces, tables, throttles, transitions
from csc_server.storage.database import Database
from csc_server.storage.units import Row, Sql
from policies import throttle
from policies.audit import Event
from policies.tokens import Scope, TokenFacts, TokenKind, TokenType
from policies.values import (
    AccountState,
    ClientPrincipal,
    GrantId,
    Principal,
    microseconds_from_utc,
    utc_from_microseconds,
)

_grant: Final = tables.grants
_token: Final = tables.tokens
_INSERT_GRANT: Final = _grant.insert()
_INSERT_TOKEN: Final = _token.insert()
_FIND: Final = (
    sa.select(
        _token.c.kind,
        _token.c.expires_at,
        _token.c.revoked_at,
        _token.c.scope,
        _token.c.token_type,
        _token.c.credential_id,
        _token.c.jkt,
        _token.c.rotated_at,
        _grant.c.grant_id,
        _grant.c.client_id,
        _grant.c.revoked_at,
        tables.accounts.c.account_id,
        tables.accounts.c.state,
    )
    .select_from(_token.join(_grant).outerjoin(tables.accounts))
    .where(_token.c.digest == sa.bindparam("digest"))
)
_SAD: Final = tables.authorizations.c
_SADS: Final = sa.select(_SAD.sad_id, _SAD.root_id).where(
    tables.OPEN_SAD, _SAD.grant_id == sa.bindparam("grant")
)
_SAD_OF_TOKEN: Final = (
    sa.select(_SAD.sad_id, _SAD.root_id)
    .select_from(tables.authorizations.join(_token, _token.c.sad_id == _SAD.sad_id))
    .where(_token.c.digest == sa.bindparam("digest"), tables.OPEN_SAD)
)
# The first revocation counts: a second one changes nothing.
_REVOKE_TOKEN: Final = (
    _token.update()
    .where(_token.c.digest == sa.bindparam("key"), _token.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("now"))
)
_REVOKE_GRANT: Final = (
    _grant.update()
    .where(_grant.c.grant_id == sa.bindparam("key"), _grant.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("now"))
)


class SqlTokens:
    """The port ``Tokens`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self,
        principal: Principal,
        tokens: Sequence[NewToken],
        throttle_subject: str,
        now: datetime,
        events: Sequence[Event],
        tried: LoginTry | None = None,
    ) -> bool:
        """A new grant with its tokens, the throttle cleared; False if it blocks at ``now``.

        Raises:
            RateLimited: Failures from the same address came first.
        """

        def unit(sql: Sql) -> bool:
            if tried is not None:
                paces.admit(sql, tried.pace, now)
            failures = throttles.find(sql, throttle_subject)
            if throttle.blocked(failures, now):
                if tried is not None:
                    login_tries.failed(sql, tried, now)
                return False
            if failures.failures:
                throttles.clear(sql, throttle_subject)
            if tried is not None:
                login_tries.opened(sql, tried, now)
            open_grant(sql, principal, tokens, now)
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def renew(self, grant_id: GrantId, token: NewToken, events: Sequence[Event]) -> None:
        """A further access token of a grant."""

        def unit(sql: Sql) -> None:
            add_tokens(sql, grant_id, [token])
            sql.audit(events)

        await self._database.write(unit)

    async def find(self, digest: bytes) -> TokenFacts | None:
        """The token with this SHA-256."""
        row = await self._database.row(_FIND, {"digest": digest})
        return _facts(row) if row else None

    async def revoke_token(self, digest: bytes, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards this one token is dead."""

        def unit(sql: Sql) -> None:
            sql.change(_REVOKE_TOKEN, {"key": digest, "now": microseconds_from_utc(now)})
            _end_sads(sql, sql.rows(_SAD_OF_TOKEN, {"digest": digest}))
            sql.audit(events)

        await self._database.write(unit)

    async def revoke_grant(self, grant_id: GrantId, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the grant and all its tokens are dead."""

        def unit(sql: Sql) -> None:
            end_grant(sql, grant_id, now)
            sql.audit(events)

        await self._database.write(unit)


def open_grant(
    sql: Sql,
    principal: Principal | ClientPrincipal,
    tokens: Sequence[NewToken],
    now: datetime,
) -> None:
    """Part of a unit: a new grant with its tokens."""
    grant = {
        "grant_id": principal.grant_id,
        "account_id": principal.account_id if isinstance(principal, Principal) else None,
        "client_id": principal.client_id,
        "created_at": microseconds_from_utc(now),
        "revoked_at": None,
    }
    sql.change(_INSERT_GRANT, grant)
    add_tokens(sql, principal.grant_id, tokens)


def add_tokens(sql: Sql, grant_id: GrantId, tokens: Sequence[NewToken]) -> None:
    """Part of a unit: further tokens of a grant."""
    sql.change_many(_INSERT_TOKEN, [_columns(grant_id, one) for one in tokens])


def end_grant(sql: Sql, grant_id: GrantId, now: datetime) -> None:
    """Part of a unit: the grant, its tokens and its open SADs are dead."""
    sql.change(_REVOKE_GRANT, {"key": grant_id, "now": microseconds_from_utc(now)})
    _end_sads(sql, sql.rows(_SADS, {"grant": grant_id}))


def _end_sads(sql: Sql, found: Sequence[Row]) -> None:
    if found:
        sql.change_many(transitions.REVOKE_SAD, [{"sad": row[0]} for row in found])
        sql.change_many(transitions.EXPIRE, [{"root": row[1]} for row in found])


def _columns(grant_id: GrantId, token: NewToken) -> dict[str, Any]:
    return {
        "digest": token.token.digest(),
        "grant_id": grant_id,
        "kind": token.kind,
        "expires_at": microseconds_from_utc(token.expires_at),
        "revoked_at": None,
        "scope": " ".join(sorted(token.scopes)),
        "token_type": token.token_type,
        "credential_id": token.credential_id,
        "sad_id": token.sad_id,
        "jkt": token.jkt,
        "rotated_at": None,
    }


def _facts(row: Row) -> TokenFacts:
    kind, expires_at, token_revoked, scope, token_type, credential_id, jkt, rotated_at, *rest = row
    grant_id, client_id, grant_revoked, account_id, state = rest
    principal: Principal | ClientPrincipal = ClientPrincipal(client_id, grant_id, jkt)
    if account_id is not None:
        principal = Principal(account_id, client_id, grant_id, jkt)
    return TokenFacts(
        kind=TokenKind(kind),
        principal=principal,
        account_state=AccountState(state) if state is not None else None,
        expires_at=utc_from_microseconds(expires_at),
        revoked=token_revoked is not None or grant_revoked is not None,
        scopes=_scopes(scope),
        token_type=TokenType(token_type),
        credential_id=credential_id,
        rotated=rotated_at is not None,
    )


@lru_cache(maxsize=64)
def _scopes(words: str) -> frozenset[Scope]:
    return frozenset(map(Scope, words.split(" ")))
