"""From codes, refresh tokens and clients to tokens: the ports ``Grants`` and ``Replays``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports import NewToken
from csc_server.storage import authorizations, oauth_rows, oauth_tables, tables, tokens
from csc_server.storage.database import Database
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from policies import errors
from policies.audit import Event
from policies.oauth.values import CodeFacts
from policies.secret import AuthorizationCode
from policies.tokens import TokenKind
from policies.values import (
    ClientPrincipal,
    GrantId,
    Principal,
    microseconds_from_utc,
    utc_from_microseconds,
)

_code: Final = oauth_tables.codes
_request: Final = oauth_tables.requests
_replay: Final = oauth_tables.replays
_sad: Final = tables.authorizations
_token: Final = tables.tokens
_FIND: Final = (
    sa.select(
        _request.c.body,
        _code.c.account_id,
        _code.c.grant_id,
        _code.c.sad_id,
        _sad.c.credential_id,
        _sad.c.expires_at,
        _code.c.expires_at,
        _code.c.redeemed_at,
    )
    .select_from(_code.join(_request).outerjoin(_sad, _sad.c.sad_id == _code.c.sad_id))
    .where(_code.c.digest == sa.bindparam("key"))
)
_REDEEM: Final = (
    _code.update()
    .where(
        _code.c.digest == sa.bindparam("key"),
        _code.c.redeemed_at.is_(None),
        _code.c.expires_at > sa.bindparam("now"),
    )
    .values(redeemed_at=sa.bindparam("now"))
)
_ROTATE: Final = (
    _token.update()
    .where(
        _token.c.digest == sa.bindparam("key"),
        _token.c.kind == constant(TokenKind.REFRESH),
        _token.c.rotated_at.is_(None),
        _token.c.revoked_at.is_(None),
    )
    .values(rotated_at=sa.bindparam("now"))
)
_SEEN: Final = sa.select(_replay.c.until).where(_replay.c.digest == sa.bindparam("key"))
_REMEMBER: Final = _replay.insert()


class SqlGrants:
    """The port ``Grants`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def code(self, code: AuthorizationCode) -> CodeFacts | None:
        """The code with its request."""
        row = await self._database.row(_FIND, {"key": code.digest()})
        return _facts(row) if row else None

    async def redeem(
        self,
        code: AuthorizationCode,
        principal: Principal,
        new: Sequence[NewToken],
        now: datetime,
        events: Sequence[Event],
    ) -> bool:
        """Use the code, once; the grant with its tokens exists, the SAD has its handle.

        Raises:
            CodeInvalid: The SAD is over, or revoked.
        """
        instant = microseconds_from_utc(now)

        def unit(sql: Sql) -> bool:
            if not sql.change(_REDEEM, {"key": code.digest(), "now": instant}):
                return False
            for token in new:
                if token.sad_id is not None:
                    handle, jkt = token.token.digest(), principal.jkt
                    if not authorizations.hand_over(sql, token.sad_id, handle, jkt, now):
                        raise errors.CodeInvalid("its SAD is over")
            tokens.open_grant(sql, principal, new, now)
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def open(
        self,
        principal: Principal | ClientPrincipal,
        token: NewToken,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """A grant of ``client_credentials``."""

        def unit(sql: Sql) -> None:
            tokens.open_grant(sql, principal, [token], now)
            sql.audit(events)

        await self._database.write(unit)

    async def rotate(
        self,
        old: bytes,
        grant_id: GrantId,
        new: Sequence[NewToken],
        now: datetime,
        events: Sequence[Event],
    ) -> bool:
        """The refresh token of digest ``old`` goes, once, and these come."""

        def unit(sql: Sql) -> bool:
            if not sql.change(_ROTATE, {"key": old, "now": microseconds_from_utc(now)}):
                return False
            tokens.add_tokens(sql, grant_id, new)
            sql.audit(events)
            return True

        return await self._database.write(unit)


class SqlReplays:
    """The port ``Replays`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self, kind: str, owner: str, jti: str, until: datetime) -> bool:
        """True when nobody used this id before; it is remembered until ``until``."""
        text = "\0".join((kind, owner, jti))
        row = {
            "digest": hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(),
            "until": microseconds_from_utc(until),
        }

        def unit(sql: Sql) -> bool:
            # Writers run one after the other, so nobody can use it in between.
            if sql.one(_SEEN, {"key": row["digest"]}):
                return False
            sql.change(_REMEMBER, row)
            return True

        return await self._database.write(unit)


def _facts(row: Row) -> CodeFacts:
    body, account_id, grant_id, sad_id, credential_id, sad_expires, expires, redeemed = row
    return CodeFacts(
        request=oauth_rows.authorization_request(body),
        account_id=account_id,
        grant_id=grant_id,
        sad_id=sad_id,
        credential_id=credential_id,
        sad_expires_at=None if sad_expires is None else utc_from_microseconds(sad_expires),
        expires_at=utc_from_microseconds(expires),
        redeemed=redeemed is not None,
    )
