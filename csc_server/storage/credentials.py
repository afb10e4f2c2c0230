"""Credentials and authenticators: the port ``Credentials``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.storage import rows, tables, transitions
from csc_server.storage.certificate_tables import certificates
from csc_server.storage.database import Database
from csc_server.storage.tables import constant, one_of
from csc_server.storage.units import Sql
from policies import errors
from policies.algorithms import KeyAlgorithm
from policies.audit import Event
from policies.revocation import CertificateState
from policies.second_factor import PairingState
from policies.values import (
    AccountId,
    Credential,
    CredentialId,
    CredentialState,
    SealedTotp,
    microseconds_from_utc,
)

_credential: Final = tables.credentials
_authenticator: Final = tables.authenticators
_NEXT_CREDENTIAL: Final = sa.select(
    sa.func.coalesce(sa.func.max(_credential.c.position), 0) + sa.literal_column("1")
)
_NEXT_AUTHENTICATOR: Final = sa.select(
    sa.func.coalesce(sa.func.max(_authenticator.c.position), 0) + sa.literal_column("1")
)
_INSERT: Final = _credential.insert()
_INSERT_AUTHENTICATOR: Final = _authenticator.insert()
_FIND: Final = sa.select(*rows.CREDENTIAL).where(
    _credential.c.credential_id == sa.bindparam("credential_id")
)
_OF_ACCOUNT: Final = (
    sa.select(*rows.CREDENTIAL)
    .where(_credential.c.account_id == sa.bindparam("account_id"))
    .order_by(_credential.c.position)
)
_RSA_KEYS: Final = (
    sa.select(_credential.c.position, _credential.c.public_key)
    .where(
        _credential.c.position > sa.bindparam("after"),
        one_of(
            _credential.c.key_algorithm,
            [one.label for one in KeyAlgorithm if one.curve_oid is None],
        ),
    )
    .order_by(_credential.c.position)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_AUTHENTICATORS_OF: Final = (
    sa.select(*rows.AUTHENTICATOR)
    .where(
        _authenticator.c.account_id == sa.bindparam("account_id"),
        _authenticator.c.state == constant(PairingState.ACTIVE),
    )
    .order_by(_authenticator.c.position.desc())
)
_RESEAL: Final = (
    _authenticator.update()
    .where(
        _authenticator.c.authenticator_id == sa.bindparam("key"),
        _authenticator.c.sealed == sa.bindparam("old"),
    )
    .values(sealed=sa.bindparam("new"), signs_from=sa.null())
)
_DISABLE: Final = (
    _credential.update()
    .where(_credential.c.credential_id == sa.bindparam("key"))
    .values(state=constant(CredentialState.DISABLED))
)
_ENABLE: Final = (
    _credential.update()
    .where(_credential.c.credential_id == sa.bindparam("key"), tables.KEY_ALIVE)
    .values(state=constant(CredentialState.ENABLED))
)
_OPEN_SADS: Final = sa.select(tables.authorizations.c.sad_id).where(
    tables.authorizations.c.credential_id == sa.bindparam("key"), tables.OPEN_SAD
)
_ENDED: Final = sa.select(certificates.c.serial).where(
    certificates.c.credential_id == sa.bindparam("key"),
    certificates.c.state != constant(CertificateState.ISSUED),
)


class SqlCredentials:
    """The port ``Credentials`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_authenticator(
        self, sealed: SealedTotp, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the account has this authenticator."""

        def unit(sql: Sql) -> None:
            [position] = sql.rows(_NEXT_AUTHENTICATOR)[0]
            row = {
                "authenticator_id": sealed.authenticator_id,
                "position": position,
                "account_id": sealed.account_id,
                "sealed": sealed.sealed,
                "last_used_step": sealed.last_used_step,
                "created_at": microseconds_from_utc(now),
                "state": PairingState.ACTIVE,
                "pending_sealed": None,
                "pending_until": None,
                "paired_at": microseconds_from_utc(now),
                "signs_from": None,
            }
            sql.change(_INSERT_AUTHENTICATOR, row)
            sql.audit(events)

        await self._database.write(unit)

    async def reseal(self, authenticator: SealedTotp, sealed: bytes) -> None:
        """Afterwards the same seed is kept under the new seal, unless it was replaced."""
        change = {
            "key": authenticator.authenticator_id,
            "old": authenticator.sealed,
            "new": sealed,
        }
        await self._database.write(lambda sql: sql.change(_RESEAL, change))

    async def authenticator_of(self, account_id: AccountId) -> SealedTotp | None:
        """The account's newest authenticator."""
        row = await self._database.row(_AUTHENTICATORS_OF, {"account_id": account_id})
        return rows.authenticator(row) if row else None

    async def add(self, credential: Credential, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the credential exists."""

        def unit(sql: Sql) -> None:
            insert(sql, credential, now)
            sql.audit(events)

        await self._database.write(unit)

    async def find(self, credential_id: CredentialId) -> Credential | None:
        """The credential, whoever owns it."""
        if not rows.storable(credential_id):
            return None
        row = await self._database.row(_FIND, {"credential_id": credential_id})
        return rows.credential(row) if row else None

    async def of_account(self, account_id: AccountId) -> list[Credential]:
        """All credentials of an account, the oldest first."""
        found = await self._database.read(
            lambda sql: sql.rows(_OF_ACCOUNT, {"account_id": account_id})
        )
        return [rows.credential(row) for row in found]

    async def rsa_keys(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Positions and public keys (DER) of RSA keys after a position, in order."""
        values = {"after": after, "most": limit}
        found = await self._database.read(lambda sql: sql.rows(_RSA_KEYS, values))
        return [(position, public_key) for position, public_key in found]

    async def set_state(
        self, credential_id: CredentialId, state: CredentialState, events: Sequence[Event]
    ) -> None:
        """Afterwards the key is enabled, or disabled and its open SADs dead.

        Raises:
            LookupError: No such credential; a programming error.
            CertificateNotSo: The certificate is suspended or revoked, or the key is destroyed:
                then it is not enabled.
        """

        def unit(sql: Sql) -> None:
            if sql.one(_FIND, {"credential_id": credential_id}) is None:
                raise LookupError(credential_id)
            if state is CredentialState.DISABLED:
                disable(sql, credential_id)
            elif sql.one(_ENDED, {"key": credential_id}) or not enable(sql, credential_id):
                raise errors.CertificateNotSo("suspended, revoked, or its key is destroyed")
            sql.audit(events)

        await self._database.write(unit)


def insert(sql: Sql, credential: Credential, now: datetime) -> None:
    """Write a new credential; part of a unit."""
    [position] = sql.rows(_NEXT_CREDENTIAL)[0]
    sql.change(_INSERT, rows.credential_columns(credential, position, now))


def disable(sql: Sql, credential_id: CredentialId) -> None:
    """Disable a key, part of a unit; nothing when there is no such credential.

    With the key its open SADs end: no signature can be begun after the commit.
    """
    sql.change(_DISABLE, {"key": credential_id})
    open_sads = sql.rows(_OPEN_SADS, {"key": credential_id})
    sql.change_many(transitions.REVOKE_SAD, [{"sad": sad} for [sad] in open_sads])


def enable(sql: Sql, credential_id: CredentialId) -> bool:
    """Enable a key, part of a unit; false when there is none, or none any more."""
    return bool(sql.change(_ENABLE, {"key": credential_id}))
