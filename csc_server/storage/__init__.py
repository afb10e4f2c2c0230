"""The store: accounts, tokens, credentials and SADs in SQLite or PostgreSQL.

``open_storage`` gives the ports of ``csc_server.ports`` on one database; ``migrate`` has to have
run before. The only place that knows SQL.
"""

from __future__ import annotations

import platform
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from csc_server.storage import checkpointer, guard
from csc_server.storage.accounts import SqlAccounts
from csc_server.storage.applications import SqlApplications
from csc_server.storage.approvals import SqlApprovals
from csc_server.storage.audit import READ_HEAD
from csc_server.storage.authorizations import SqlAuthorizations
from csc_server.storage.ca_requests import SqlCaRequests
from csc_server.storage.certificates import SqlCertificates
from csc_server.storage.checkpointer import Checkpointer, Sign
from csc_server.storage.credentials import SqlCredentials
from csc_server.storage.database import Database, engine_for
from csc_server.storage.guard import DatabaseRolledBack
from csc_server.storage.history import SqlHistory
from csc_server.storage.idempotency import SqlIdempotency
from csc_server.storage.jobs import SqlJobs
from csc_server.storage.journal import Journal, WitnessBroken
from csc_server.storage.ledger import SqlLedger
from csc_server.storage.login_tries import SqlLoginTries
from csc_server.storage.messages import SqlMessages
from csc_server.storage.oauth_clients import SqlClients
from csc_server.storage.oauth_grants import SqlGrants, SqlReplays
from csc_server.storage.oauth_requests import SqlRequests
from csc_server.storage.orders import SqlOrders
from csc_server.storage.outbox import SqlOutbox
from csc_server.storage.paces import SqlPaces
from csc_server.storage.people import SqlPeople
from csc_server.storage.schema import SchemaOutdated, migrate, pending
from csc_server.storage.sessions import SqlSessions
from csc_server.storage.signing_codes import SqlSigningCodes
from csc_server.storage.tokens import SqlTokens
from csc_server.storage.tombstones import SqlTombstones
from csc_server.storage.verify import AuditReport, Finding, verify_audit

__all__ = [
    "AuditReport",
    "DatabaseRolledBack",
    "Finding",
    "SchemaOutdated",
    "Storage",
    "WitnessBroken",
    "migrate",
    "open_storage",
    "pending",
    "verify_audit",
]


@dataclass(frozen=True, slots=True)
class Storage:
    """The stores' ports on one database."""

    accounts: SqlAccounts
    tokens: SqlTokens
    credentials: SqlCredentials
    authorizations: SqlAuthorizations
    applications: SqlApplications
    ca_requests: SqlCaRequests
    certificates: SqlCertificates
    approvals: SqlApprovals
    history: SqlHistory
    idempotency: SqlIdempotency
    jobs: SqlJobs
    ledger: SqlLedger
    oauth_clients: SqlClients
    oauth_grants: SqlGrants
    oauth_replays: SqlReplays
    oauth_requests: SqlRequests
    messages: SqlMessages
    orders: SqlOrders
    outbox: SqlOutbox
    login_tries: SqlLoginTries
    paces: SqlPaces
    people: SqlPeople
    sessions: SqlSessions
    signing_codes: SqlSigningCodes
    tombstones: SqlTombstones
    database: Database

    async def ping(self) -> None:
        """Return when the database answers.

        Raises:
            StorageUnavailable: It does not.
        """
        await self.database.row(READ_HEAD)


@asynccontextmanager
async def open_storage(
    url: str,
    *,
    journal: Path,
    checkpoints: Path,
    sign_checkpoint: Sign | None = None,
    node: str | None = None,
    checkpoint_records: int = checkpointer.EVERY_RECORDS,
    checkpoint_s: float = checkpointer.EVERY_S,
) -> AsyncIterator[Storage]:
    """The store, while the context lasts; at its end what was handed in is finished.

    Args:
        url: ``sqlite:///path`` or ``postgresql://user@host/name``.
        journal: High-water journal of this process, made if absent, mode 0600.
        checkpoints: Checkpoint file of this process, likewise.
        sign_checkpoint: Signs with the audit key (ECDSA P-256, SHA-256, DER). ``None``: no
            checkpoints are made.
        node: Name of this process in the audit records. Default: the host's name.
        checkpoint_records: Records after which a checkpoint is made.
        checkpoint_s: Seconds after which one is made when the chain has moved.

    Raises:
        SchemaOutdated: ``migrate`` has to run first.
        DatabaseRolledBack: The database is older than what this process has committed.
        WitnessBroken: Journal or checkpoints cannot be read.
        StorageUnavailable: The database does not answer.
    """
    if await pending(url):
        raise SchemaOutdated(url)
    async with AsyncExitStack() as stack:
        # Closed in the opposite order: the database first, so that its last commit is witnessed.
        high_water = Journal(journal)
        stack.callback(high_water.close)
        signer = None
        if sign_checkpoint is not None:
            signer = Checkpointer(
                checkpoints,
                sign_checkpoint,
                every_records=checkpoint_records,
                every_s=checkpoint_s,
            )
            stack.push_async_callback(signer.close)
        database = Database(engine_for(url, node or platform.node()))
        stack.push_async_callback(database.close)
        await database.open()
        await guard.refuse_rolled_back(database, journal, checkpoints)
        database.witnesses.append(high_water.write)
        if signer is not None:
            database.witnesses.append(signer.moved)
        yield Storage(
            accounts=SqlAccounts(database),
            tokens=SqlTokens(database),
            credentials=SqlCredentials(database),
            authorizations=SqlAuthorizations(database),
            applications=SqlApplications(database),
            ca_requests=SqlCaRequests(database),
            certificates=SqlCertificates(database),
            approvals=SqlApprovals(database),
            history=SqlHistory(database),
            idempotency=SqlIdempotency(database),
            jobs=SqlJobs(database),
            ledger=SqlLedger(database),
            oauth_clients=SqlClients(database),
            oauth_grants=SqlGrants(database),
            oauth_replays=SqlReplays(database),
            oauth_requests=SqlRequests(database),
            messages=SqlMessages(database),
            orders=SqlOrders(database),
            outbox=SqlOutbox(database),
            login_tries=SqlLoginTries(database),
            paces=SqlPaces(database),
            people=SqlPeople(database),
            sessions=SqlSessions(database),
            signing_codes=SqlSigningCodes(database),
            tombstones=SqlTombstones(database),
            database=database,
        )
