"""The applications that people let in: the port ``Applications``.

Consents are given on the approval page (``oauth_tables``); here they are listed with their
clients' names, and taken back with everything that was given under them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.api import Application
from csc_server.storage import oauth_tables, rows, tables, tokens
from csc_server.storage.database import Database
from csc_server.storage.units import Row, Sql
from policies.audit import Event
from policies.oauth.values import Consent
from policies.tokens import Scope
from policies.values import (
    AccountId,
    ClientId,
    GrantId,
    microseconds_from_utc,
    utc_from_microseconds,
)

_consent: Final = oauth_tables.consents
_client: Final = oauth_tables.clients
_grant: Final = tables.grants
_OF_ACCOUNT: Final = (
    sa.select(
        _consent.c.account_id,
        _consent.c.client_id,
        _consent.c.scopes,
        _consent.c.given_at,
        _client.c.name,
        _client.c.host,
    )
    .select_from(_consent.outerjoin(_client, _client.c.client_id == _consent.c.client_id))
    .where(_consent.c.account_id == sa.bindparam("owner"), _consent.c.revoked_at.is_(None))
    .order_by(_consent.c.given_at.desc(), _consent.c.client_id)
)
_WITHDRAW: Final = (
    _consent.update()
    .where(
        _consent.c.account_id == sa.bindparam("owner"),
        _consent.c.client_id == sa.bindparam("client"),
        _consent.c.revoked_at.is_(None),
    )
    .values(revoked_at=sa.bindparam("now"))
)
_GRANTS: Final = sa.select(_grant.c.grant_id).where(
    _grant.c.account_id == sa.bindparam("owner"),
    _grant.c.client_id == sa.bindparam("client"),
    _grant.c.revoked_at.is_(None),
)


class SqlApplications:
    """The port ``Applications`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_account(self, account_id: AccountId) -> list[Application]:
        """Every application whose consent counts, the newest first."""
        found = await self._database.read(lambda sql: sql.rows(_OF_ACCOUNT, {"owner": account_id}))
        return [_application(row) for row in found]

    async def withdraw(
        self, account_id: AccountId, client_id: ClientId, now: datetime, events: Sequence[Event]
    ) -> bool:
        """Afterwards the consent, and all grants, tokens and SADs under it, are dead."""
        if not rows.storable(client_id):
            return False
        keys = {"owner": account_id, "client": client_id}
        dated = {**keys, "now": microseconds_from_utc(now)}

        def unit(sql: Sql) -> bool:
            if not sql.change(_WITHDRAW, dated):
                return False
            for [grant_id] in sql.rows(_GRANTS, keys):
                tokens.end_grant(sql, GrantId(grant_id), now)
            sql.audit(events)
            return True

        return await self._database.write(unit)


def _application(row: Row) -> Application:
    account_id, client_id, scopes, given_at, name, host = row
    consent = Consent(
        AccountId(account_id),
        ClientId(client_id),
        frozenset(map(Scope, scopes.split())),
        utc_from_microseconds(given_at),
    )
    return Application(consent, name or client_id, host or "")
