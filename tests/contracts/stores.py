"""Stores for tests: empty and migrated, on either engine, and the people who live in them."""

from __future__ import annotations

import functools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from csc_server import storage
from csc_server.ports import Account, LoginTry, NewAuthorization
from csc_server.ports.messages import NewMessage
from csc_server.storage import Storage, messages
from csc_server.storage.units import Sql
from policies import sign, sms_budget, spray
from policies.audit import Event, EventType, Outcome
from policies.messages import Channel
from policies.pacing import Limit, Pace, Paced
from policies.secret import Sad
from policies.sign import SigningPermit
from policies.values import (
    AccountId,
    AccountState,
    AuthenticatorId,
    ClientId,
    CredentialId,
    Factor,
    GrantId,
    OperationId,
    Principal,
    SadId,
    SealedTotp,
)
from tests import build, postgres
from tests.build import ALICE, T0

TOTP_ALICE = AuthenticatorId("totp-alice")
CRED_ALICE = CredentialId("cred-alice")
BOTH = frozenset({Factor.PIN, Factor.OTP})


async def empty_url(engine: str, directory: Path) -> str:
    """URL of a migrated, empty database of this engine."""
    if engine == "sqlite":
        path = directory / "store.db"
        shutil.copyfile(await _sqlite_template(), path)
        return f"sqlite:///{path}"
    template = await _postgres_template()
    if _given_back():
        database = _given_back().pop()
        postgres.shared().refill(database, _rows_of(template))
        return postgres.shared().url_of(database)
    return postgres.shared().create_database(template)


def give_back(url: str) -> None:
    """Who had it from ``empty_url`` is done with it, and has not changed its tables."""
    if url.startswith("postgresql"):
        _given_back().append(url.rpartition("/")[2])


@asynccontextmanager
async def opened(url: str, directory: Path, **options: Any) -> AsyncIterator[Storage]:
    """A store with its witnesses in the directory."""
    witnesses = {"journal": directory / "head", "checkpoints": directory / "checkpoints"}
    async with storage.open_storage(url, **{**witnesses, **options}) as store:
        yield store


async def populate(store: Storage) -> None:
    """Alice with an authenticator and a credential that asks for PIN and code."""
    account = Account(ALICE.account_id, "alice", "$argon2id$", AccountState.ACTIVE, T0)
    await store.accounts.add(account, [event(EventType.ACCOUNT_CREATED)])
    await store.credentials.add_authenticator(sealed(), T0, [event(EventType.FACTOR_BOUND)])
    both = build.credential(factors=BOTH, pin_verifier=b"v" * 32, multisign=1000)
    await store.credentials.add(both, T0, [event(EventType.KEY_GENERATED)])


def account(name: str, **changes: Any) -> Account:
    """An account with this name and identifier."""
    values = {"password_hash": "$argon2id$", "state": AccountState.ACTIVE, "created_at": T0}
    return Account(account_id=AccountId(name), username=name, **{**values, **changes})


def sealed(identifier: str = TOTP_ALICE, step: int = -1) -> SealedTotp:
    """An authenticator of Alice."""
    return SealedTotp(AuthenticatorId(identifier), ALICE.account_id, b"s" * 48, step)


def event(kind: EventType, **details: str | int | list[str]) -> Event:
    """An event with all its fields."""
    return Event(kind, Outcome.SUCCESS, T0, "account:alice", details, "192.0.2.1", "c" * 32)


def login_try(
    pace: Pace, name: str = "alice", *, most_names: int = 20, of_all: int = 600
) -> LoginTry:
    """A try under this name from the place of the pace; ``of_all`` in ten minutes from anywhere."""
    return LoginTry(
        pace=pace,
        of_all=Limit(Paced.FAILED_LOGIN_OF_ALL, of_all, timedelta(minutes=10)).of(""),
        place=spray.place_digest(pace.subject),
        name=spray.name_digest(name),
        most_names=most_names,
        sprayed=event(EventType.LOGINS_SPRAYED),
        flooded=event(EventType.LOGINS_FLOODED),
    )


def new_sad(
    name: str, *digests: bytes, step: int | None = None, **changes: Any
) -> NewAuthorization:
    """A SAD of Alice that used this time step; its handle is ``handle-NAME``."""
    changes = {"sad_id": SadId(name), "root_id": SadId(name), **changes}
    authorization = build.authorization(*digests, **changes)
    return NewAuthorization(Sad(f"handle-{name}"), authorization, step, TOTP_ALICE)


async def issue(store: Storage, name: str, *digests: bytes, **changes: Any) -> NewAuthorization:
    """Afterwards the SAD is in the store."""
    new = new_sad(name, *digests, **changes)
    await store.authorizations.issue(new, T0, [event(EventType.SAD_ISSUED, sad_id=name)])
    return new


async def permit(store: Storage, name: str, *digests: bytes) -> SigningPermit:
    """What the rules give for these digests now."""
    handle = Sad(f"handle-{name}")
    facts = await store.authorizations.facts(handle, CRED_ALICE)
    return sign.permit(facts, ALICE, build.request(*digests, sad=handle), T0)


async def reserve(store: Storage, permit: SigningPermit, operation: str) -> None:
    """Claim with the audit record of the intent."""
    intent = event(EventType.SIGN_INTENT, sad_id=permit.sad_id, operation_id=operation)
    await store.authorizations.reserve(permit, OperationId(operation), T0, [intent])


async def complete(store: Storage, permit: SigningPermit, operation: str) -> None:
    """The signatures exist."""
    done = event(EventType.SIGN_DONE, sad_id=permit.sad_id, operation_id=operation)
    await store.authorizations.complete(permit, OperationId(operation), [done])


async def states(store: Storage, name: str) -> tuple[str, list[str]]:
    """State of the SAD, and of all occurrences of its root."""
    facts = await store.authorizations.facts(Sad(f"handle-{name}"), CRED_ALICE)
    assert facts.authorization is not None
    occurrences = facts.authorization.occurrences
    return facts.authorization.state, [occurrence.state for occurrence in occurrences]


def insert_messages(sql: Sql, new: Sequence[NewMessage]) -> None:
    """Mails and SMS, as stores write them that change something for a person."""
    for one in new:
        if one.kind.channel is Channel.SMS:
            messages.insert_sms(sql, one, sms_budget.PER_DAY)
        else:
            messages.insert(sql, [one])


def principal(grant: str, account_id: str = "alice") -> Principal:
    """Somebody at the desktop client."""
    return Principal(AccountId(account_id), ClientId("desktop"), GrantId(grant))


def dump(url: str) -> str:
    """Everything in the database, as SQL."""
    if not url.startswith("sqlite"):
        return postgres.shared().dump(url.rpartition("/")[2])
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return "\n".join(connection.iterdump())


@functools.cache
def _templates() -> dict[str, str]:
    return {}


@functools.cache
def _given_back() -> list[str]:
    return []


@functools.cache
def _rows_of(database: str) -> str:
    return postgres.shared().rows(database)


async def _sqlite_template() -> str:
    if "sqlite" not in _templates():
        path = tempfile.mkdtemp() + "/template.db"
        await storage.migrate(f"sqlite:///{path}")
        os.chmod(path, 0o600)
        _templates()["sqlite"] = path
    return _templates()["sqlite"]


async def _postgres_template() -> str:
    if "postgresql" not in _templates():
        url = postgres.shared().create_database()
        await storage.migrate(url)
        _templates()["postgresql"] = url.rpartition("/")[2]
    return _templates()["postgresql"]
