"""Authorization requests from the first sight to the answer: the port ``Requests``.

A request is used once and answered once: each step is a conditional UPDATE on its state.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from csc_server.ports import NewAuthorization
from csc_server.ports.oauth import NewCode
from csc_server.storage import authorizations, oauth_rows, oauth_tables, rows
from csc_server.storage.database import Database
from csc_server.storage.tables import constant
from csc_server.storage.units import Sql
from policies import errors
from policies.audit import Event
from policies.oauth import requests as rules
from policies.oauth.values import Consent, RequestState, StoredRequest
from policies.secret import RequestUri
from policies.values import (
    AccountId,
    ClientId,
    SadId,
    microseconds_from_utc,
    utc_from_microseconds,
)

KEPT: Final = timedelta(days=1)
"""So long a code is remembered after its request is over, to know it when it comes again."""

_request: Final = oauth_tables.requests
_code: Final = oauth_tables.codes
_consent: Final = oauth_tables.consents
_replay: Final = oauth_tables.replays
_INSERT: Final = _request.insert()
_FIND: Final = sa.select(*oauth_rows.REQUEST).where(_request.c.request_id == sa.bindparam("key"))
_PUSHED: Final = sa.select(*oauth_rows.REQUEST).where(
    _request.c.uri_digest == sa.bindparam("uri"),
    _request.c.client_id == sa.bindparam("client"),
    _request.c.state == constant(RequestState.PUSHED),
    _request.c.expires_at > sa.bindparam("now"),
)
_OPEN: Final = (
    _request.update()
    .where(
        _request.c.request_id == sa.bindparam("key"),
        _request.c.state == constant(RequestState.PUSHED),
    )
    .values(
        state=constant(RequestState.OPEN),
        session_id=sa.bindparam("session"),
        expires_at=sa.bindparam("until"),
    )
)
_ANSWER: Final = (
    _request.update()
    .where(
        _request.c.request_id == sa.bindparam("key"),
        _request.c.state == constant(RequestState.OPEN),
        _request.c.expires_at > sa.bindparam("now"),
    )
    .values(state=sa.bindparam("answer"))
)
_INSERT_CODE: Final = _code.insert()
_CONSENT: Final = (_consent.c.account_id == sa.bindparam("owner")) & (
    _consent.c.client_id == sa.bindparam("client")
)
_FIND_CONSENT: Final = sa.select(_consent.c.scopes, _consent.c.given_at).where(
    _CONSENT, _consent.c.revoked_at.is_(None)
)
_INSERT_CONSENT: Final = _consent.insert()
_DELETE_CONSENT: Final = _consent.delete().where(_CONSENT)
_OVER: Final = (
    sa.select(_request.c.request_id)
    .where(_request.c.expires_at <= sa.bindparam("before"))
    .order_by(_request.c.expires_at)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_FORGET_CODES: Final = _code.delete().where(_code.c.request_id == sa.bindparam("key"))
_FORGET: Final = _request.delete().where(_request.c.request_id == sa.bindparam("key"))
_FORGET_REPLAYS: Final = _replay.delete().where(_replay.c.until <= sa.bindparam("before"))


class SqlRequests:
    """The ports ``Requests`` and ``Consents`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def push(self, stored: StoredRequest, uri: RequestUri) -> None:
        """Keep a pushed request until it is used or over."""
        columns = oauth_rows.request_columns(stored, uri.digest())
        await self._database.write(lambda sql: sql.change(_INSERT, columns))

    async def open(self, stored: StoredRequest) -> None:
        """Keep a request that a browser brought."""
        columns = oauth_rows.request_columns(stored, None)
        await self._database.write(lambda sql: sql.change(_INSERT, columns))

    async def is_pushed(self, uri: RequestUri, client_id: ClientId, now: datetime) -> bool:
        """Could ``open_pushed`` use this ``request_uri`` now?"""
        return await self._database.row(_PUSHED, _pushed(uri, client_id, now)) is not None

    async def open_pushed(
        self, uri: RequestUri, client_id: ClientId, session_id: str, now: datetime
    ) -> StoredRequest | None:
        """Use a ``request_uri``, once, for this browser session."""
        keys = _pushed(uri, client_id, now)

        def unit(sql: Sql) -> StoredRequest | None:
            row = sql.one(_PUSHED, keys)
            if row is None:
                return None
            pushed = oauth_rows.stored_request(row)
            until = now + rules.lifetime(pushed.request)
            opened = {
                "key": pushed.request_id,
                "session": session_id,
                "until": microseconds_from_utc(until),
            }
            if not sql.change(_OPEN, opened):
                return None
            return StoredRequest(
                pushed.request_id, pushed.request, RequestState.OPEN, session_id, until
            )

        return await self._database.write(unit)

    async def find(self, request_id: str) -> StoredRequest | None:
        """The request."""
        if not rows.storable(request_id):
            return None
        row = await self._database.row(_FIND, {"key": request_id})
        return oauth_rows.stored_request(row) if row else None

    async def grant(
        self,
        request_id: str,
        code: NewCode,
        consent: Consent,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """The person allowed: request answered, consent recorded, code kept.

        Raises:
            AuthorizationRequestGone: It was answered, or is over.
        """

        def unit(sql: Sql) -> None:
            _answer(sql, request_id, RequestState.GRANTED, now)
            _keep_consent(sql, consent)
            _keep_code(sql, request_id, code, None)
            sql.audit(events)

        await self._database.write(unit)

    async def approve(
        self,
        request_id: str,
        code: NewCode,
        new: NewAuthorization,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """The person approved signatures: request answered, SAD issued, code kept.

        Raises:
            AuthorizationRequestGone: It was answered, or is over.
            PinLocked, OtpLocked, OtpReplayed: See ``SqlAuthorizations.issue``.
        """

        def unit(sql: Sql) -> None:
            _answer(sql, request_id, RequestState.GRANTED, now)
            authorizations.issue(sql, new, now)
            _keep_code(sql, request_id, code, new.authorization.sad_id)
            sql.audit(events)

        await self._database.write(unit)

    async def deny(self, request_id: str, now: datetime, events: Sequence[Event]) -> None:
        """The person refused.

        Raises:
            AuthorizationRequestGone: It was answered, or is over.
        """

        def unit(sql: Sql) -> None:
            _answer(sql, request_id, RequestState.DENIED, now)
            sql.audit(events)

        await self._database.write(unit)

    async def consent(self, account_id: AccountId, client_id: ClientId) -> Consent | None:
        """The consent that counts."""
        row = await self._database.row(_FIND_CONSENT, {"owner": account_id, "client": client_id})
        if row is None:
            return None
        scopes, given_at = row
        return Consent(
            account_id, client_id, oauth_rows.scopes(scopes), utc_from_microseconds(given_at)
        )

    async def purge(self, now: datetime, limit: int) -> int:
        """Forget requests with their codes, at most so many, and used identifiers; how many."""
        keys = {"before": microseconds_from_utc(now - KEPT), "most": limit}

        def unit(sql: Sql) -> int:
            over = [{"key": request_id} for [request_id] in sql.rows(_OVER, keys)]
            if over:
                sql.change_many(_FORGET_CODES, over)
                sql.change_many(_FORGET, over)
            sql.change(_FORGET_REPLAYS, {"before": microseconds_from_utc(now)})
            return len(over)

        return await self._database.write(unit)


def _pushed(uri: RequestUri, client_id: ClientId, now: datetime) -> dict[str, Any]:
    return {"uri": uri.digest(), "client": client_id, "now": microseconds_from_utc(now)}


def _answer(sql: Sql, request_id: str, state: RequestState, now: datetime) -> None:
    keys = {"key": request_id, "answer": state, "now": microseconds_from_utc(now)}
    if not sql.change(_ANSWER, keys):
        raise errors.AuthorizationRequestGone("answered, or over")


def _keep_code(sql: Sql, request_id: str, new: NewCode, sad_id: SadId | None) -> None:
    sql.change(
        _INSERT_CODE,
        {
            "digest": new.code.digest(),
            "request_id": request_id,
            "account_id": new.principal.account_id,
            "grant_id": new.principal.grant_id,
            "sad_id": sad_id,
            "expires_at": microseconds_from_utc(new.expires_at),
            "redeemed_at": None,
        },
    )


def _keep_consent(sql: Sql, new: Consent) -> None:
    """What was allowed before stays allowed; the time is that of the newest scope."""
    keys = {"owner": new.account_id, "client": new.client_id}
    scopes = new.scopes
    if (row := sql.one(_FIND_CONSENT, keys)) is not None:
        before = oauth_rows.scopes(row[0])
        if scopes <= before:
            return
        scopes |= before
    sql.change(_DELETE_CONSENT, keys)
    sql.change(
        _INSERT_CONSENT,
        {
            "account_id": new.account_id,
            "client_id": new.client_id,
            "scopes": oauth_rows.words(scopes),
            "given_at": microseconds_from_utc(new.given_at),
            "revoked_at": None,
        },
    )
