"""SADs, the hashes they cover, and the factors' failures: the port ``Authorizations``.

Each method is one transaction. A claim is a conditional UPDATE whose row count must match; who
comes second changes nothing and is told so. (security-and-pki 1.3; docs/signing-cycle.md)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from csc_server.ports import NewAuthorization, SadAlreadyUsed
from csc_server.storage import (
    ledger,
    paces,
    rows,
    signing_codes,
    tables,
    throttles,
    transitions,
)
from csc_server.storage.database import Database
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from policies import errors, throttle, totp
from policies.audit import Event, EventType, Outcome
from policies.authorize import AuthorizeFacts
from policies.lifecycle import SadState
from policies.pacing import Pace
from policies.secret import Sad
from policies.sign import Permit, SigningFacts
from policies.throttle import CLEAR, Throttle
from policies.values import (
    AccountId,
    Authorization,
    Credential,
    CredentialId,
    Factor,
    OperationId,
    SadId,
    microseconds_from_utc,
)

_credential: Final = tables.credentials
_authenticator: Final = tables.authenticators
_authorization: Final = tables.authorizations
_occurrence: Final = tables.occurrences
_pin: Final = tables.throttles.alias("pin")
_otp: Final = tables.throttles.alias("otp")
_THROTTLES: Final = (
    _pin.c.failures,
    _pin.c.locked_until,
    _pin.c.spent_until,
    _otp.c.failures,
    _otp.c.locked_until,
    _otp.c.spent_until,
)
_CREDENTIAL: Final = _credential.c.credential_id == sa.bindparam("credential")

_AUTHORIZE_FACTS: Final = (
    sa.select(*rows.CREDENTIAL, *rows.AUTHENTICATOR, *_THROTTLES)
    .select_from(
        _credential.outerjoin(
            _authenticator,
            sa.and_(
                _authenticator.c.authenticator_id == _credential.c.authenticator_id,
                # While it is being replaced the account has none.
                _authenticator.c.state == constant("active"),
            ),
        )
        .outerjoin(_pin, _pin.c.subject == sa.bindparam("pin_subject"))
        .outerjoin(
            _otp,
            _otp.c.subject
            == sa.literal_column(f"'{throttles.OTP_PREFIX}'", sa.Text())
            + _credential.c.authenticator_id,
        )
    )
    .where(_CREDENTIAL)
)
_FACTORS: Final = (
    sa.select(*_THROTTLES, _authenticator.c.last_used_step)
    .select_from(
        _credential.outerjoin(
            _authenticator, _authenticator.c.authenticator_id == sa.bindparam("authenticator")
        )
        .outerjoin(_pin, _pin.c.subject == sa.bindparam("pin_subject"))
        .outerjoin(_otp, _otp.c.subject == sa.bindparam("otp_subject"))
    )
    .where(_CREDENTIAL)
)
_USE_STEP: Final = (
    _authenticator.update()
    .where(
        _authenticator.c.authenticator_id == sa.bindparam("authenticator"),
        _authenticator.c.last_used_step < sa.bindparam("step"),
        # A code of a seed that died meanwhile is worth nothing.
        _authenticator.c.state == constant("active"),
    )
    .values(last_used_step=sa.bindparam("step"))
)
_INSERT: Final = _authorization.insert()
_INSERT_OCCURRENCE: Final = _occurrence.insert()
_SIGNING_FACTS: Final = (
    sa.select(*rows.CREDENTIAL, *rows.AUTHORIZATION)
    .select_from(
        _credential.outerjoin(
            _authorization, _authorization.c.handle_digest == sa.bindparam("handle")
        )
    )
    .where(_CREDENTIAL)
)
_BY_HANDLE: Final = sa.select(*rows.AUTHORIZATION).where(
    _authorization.c.handle_digest == sa.bindparam("handle")
)
_OCCURRENCES: Final = (
    sa.select(_occurrence.c.ordinal, _occurrence.c.digest, _occurrence.c.state)
    .where(_occurrence.c.root_id == sa.bindparam("root"))
    .order_by(_occurrence.c.ordinal)
)
_HAND_OVER: Final = (
    _authorization.update()
    .where(
        _authorization.c.sad_id == sa.bindparam("sad"),
        _authorization.c.state == constant(SadState.ISSUED),
        _authorization.c.expires_at > sa.bindparam("now"),
    )
    .values(handle_digest=sa.bindparam("handle"), jkt=sa.bindparam("key_of_client"))
)
_OVERDUE: Final = (
    sa.select(
        _authorization.c.sad_id,
        _authorization.c.root_id,
        _authorization.c.account_id,
        _authorization.c.credential_id,
    )
    .where(tables.OPEN_SAD, _authorization.c.expires_at <= sa.bindparam("now"))
    .order_by(_authorization.c.expires_at)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)


class SqlAuthorizations:
    """The port ``Authorizations`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def authorize_facts(self, credential_id: CredentialId) -> AuthorizeFacts:
        """Credential, authenticator and throttles, in one read."""
        nothing = AuthorizeFacts(None, None, CLEAR, CLEAR)
        if not rows.storable(credential_id):
            return nothing
        keys = {"credential": credential_id, "pin_subject": throttles.pin(credential_id)}
        row = await self._database.row(_AUTHORIZE_FACTS, keys)
        facts = _authorize_facts(row) if row else nothing
        if facts.credential is None or Factor.SMS not in facts.credential.factors:
            return facts
        # Few credentials take codes by SMS: only these cost a second read.
        return await self._database.read(lambda sql: _with_code(sql, facts, credential_id))

    async def issue(self, new: NewAuthorization, now: datetime, events: Sequence[Event]) -> None:
        """Store a SAD and mark its factors as used, in one transaction.

        Raises:
            PinLocked, OtpLocked: The failures of others came first.
            OtpReplayed: The time step was used before.
        """

        def unit(sql: Sql) -> None:
            issue(sql, new, now)
            sql.audit(events)

        await self._database.write(unit)

    async def factors_failed(
        self,
        credential: Credential,
        wrong: frozenset[Factor],
        now: datetime,
        events: Callable[[dict[Factor, Throttle]], Sequence[Event]],
        code_id: str | None = None,
    ) -> dict[Factor, Throttle]:
        """Count a failure of each wrong factor that is not blocked; the states before.

        ``events`` gets the new state of each factor that was counted.
        """

        def unit(sql: Sql) -> dict[Factor, Throttle]:
            before, counted = {}, {}
            for factor in sorted(wrong):
                subject = _subject(credential, factor)
                before[factor], after = throttles.count_failure(sql, subject, now)
                if after is not before[factor]:
                    counted[factor] = after
            if Factor.SMS in wrong and code_id is not None:
                signing_codes.count(sql, code_id)
            sql.audit(events(counted))
            return before

        return await self._database.write(unit)

    async def facts(self, sad: Sad, credential_id: CredentialId) -> SigningFacts:
        """The SAD with this handle and the credential with this id, in one read."""
        handle = sad.digest()

        def unit(sql: Sql) -> tuple[Row | None, Row | None, Sequence[Row]]:
            both = None
            if rows.storable(credential_id):
                both = sql.one(_SIGNING_FACTS, {"credential": credential_id, "handle": handle})
            if both is None:
                credential, authorization = None, sql.one(_BY_HANDLE, {"handle": handle})
            else:
                cut = len(rows.CREDENTIAL)
                credential, authorization = both[:cut], both[cut:]
            if authorization is None or authorization[0] is None:
                return credential, None, []
            root_id = authorization[1]
            return credential, authorization, sql.rows(_OCCURRENCES, {"root": root_id})

        credential, authorization, occurrences = await self._database.read(unit)
        return SigningFacts(
            rows.authorization(authorization, occurrences) if authorization else None,
            rows.credential(credential) if credential else None,
        )

    async def reserve(
        self,
        permit: Permit[Any],
        operation_id: OperationId,
        now: datetime,
        events: Sequence[Event],
        pace: Pace | None = None,
    ) -> None:
        """Claim the SAD and the permit's occurrences, durably.

        The client's pace is counted here, where it costs a statement and no transaction (ADR 10).

        Raises:
            ClientTooFast: The client signs too often; nothing was claimed.
            SadAlreadyUsed: The state has changed since the permit was given.
            TransactionsUsedUp: The account's credits do not cover them.
        """
        at = {"now": microseconds_from_utc(now)}
        operation = {"root": permit.root_id, "operation": operation_id}
        claims = [{**operation, **at, "number": ordinal} for ordinal in permit.ordinals]
        sad = {"sad": permit.sad_id, "operation": operation_id, **at}

        def unit(sql: Sql) -> None:
            if pace is not None:
                paces.take(sql, pace, now)
            if not sql.change(transitions.RESERVE_SAD, sad):
                raise SadAlreadyUsed(permit.sad_id)
            sql.change_many(transitions.RESERVE, claims)
            [[count, metered]] = sql.rows(transitions.RESERVED, {**operation, "sad": permit.sad_id})
            if count != len(claims):
                raise SadAlreadyUsed(permit.sad_id)
            if metered is not None:
                ledger.require_cover(sql, AccountId(metered))
            sql.audit(events)

        await self._database.write(unit)

    async def complete(
        self, permit: Permit[Any], operation_id: OperationId, events: Sequence[Event]
    ) -> None:
        """The signatures exist: occurrences consumed, the SAD used or spent.

        What expired meanwhile stays burned; the events are written all the same.
        """
        keys = {"root": permit.root_id, "sad": permit.sad_id, "operation": operation_id}

        def unit(sql: Sql) -> None:
            sql.change(transitions.COMPLETE, keys)
            if not sql.change(transitions.COMPLETE_LAST, keys):
                sql.change(transitions.COMPLETE_SOME, keys)
            sql.audit(events)

        await self._database.write(unit)

    async def release(
        self, permit: Permit[Any], operation_id: OperationId, events: Sequence[Event]
    ) -> None:
        """The HSM definitely refused: occurrences and SAD as before the reservation."""
        keys = {"root": permit.root_id, "sad": permit.sad_id, "operation": operation_id}

        def unit(sql: Sql) -> None:
            sql.change(transitions.RELEASE, keys)
            sql.change(transitions.RELEASE_SAD, keys)
            sql.audit(events)

        await self._database.write(unit)

    async def note(self, events: Sequence[Event]) -> None:
        """Write events that change nothing else."""
        await self._database.write(lambda sql: sql.audit(events))

    async def extend(
        self,
        old: SadId,
        new: NewAuthorization,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """Old SAD out, new SAD in; occurrences stay with the root.

        Raises:
            SadAlreadyUsed: The old SAD or one of the hashes was claimed meanwhile.
        """
        wanted = new.authorization.open_ordinals
        keys = {"sad": old, "now": microseconds_from_utc(now)}

        def unit(sql: Sql) -> None:
            if not sql.change(transitions.EXTEND_SAD, keys):
                raise SadAlreadyUsed(old)
            free = sql.rows(transitions.FREE, {"root": new.authorization.root_id})
            if not wanted <= {ordinal for [ordinal] in free}:
                raise SadAlreadyUsed(old)
            sql.change(_INSERT, rows.authorization_columns(new))
            sql.audit(events)

        await self._database.write(unit)

    async def expire(self, now: datetime, limit: int) -> int:
        """Expire SADs whose time is over, at most ``limit``, with their roots; how many."""
        keys = {"now": microseconds_from_utc(now), "most": limit}

        def unit(sql: Sql) -> int:
            overdue = sql.rows(_OVERDUE, keys)
            if overdue:
                sql.change_many(transitions.EXPIRE_SAD, [{"sad": row[0]} for row in overdue])
                sql.change_many(transitions.EXPIRE, [{"root": row[1]} for row in overdue])
            sql.audit(_expired(row, now) for row in overdue)
            return len(overdue)

        return await self._database.write(unit)


def issue(sql: Sql, new: NewAuthorization, now: datetime) -> None:
    """Part of a unit: the SAD is stored, its factors are used.

    Raises:
        PinLocked, OtpLocked, OtpReplayed: See ``SqlAuthorizations.issue``.
    """
    _use_factors(sql, new, now)
    sql.change(_INSERT, rows.authorization_columns(new))
    sql.change_many(_INSERT_OCCURRENCE, _occurrence_rows(new.authorization))


def hand_over(
    sql: Sql, sad_id: SadId | None, handle: bytes, jkt: str | None, now: datetime
) -> bool:
    """Part of a unit: the SAD, of which nobody has the handle, gets one that a client has.

    False, and nothing changed: the SAD is over, or revoked.

    Args:
        handle: Digest of the handle.
        jkt: Thumbprint of the client's key, if it proves one.
    """
    instant = microseconds_from_utc(now)
    keys = {"sad": sad_id, "handle": handle, "key_of_client": jkt, "now": instant}
    return sql.change(_HAND_OVER, keys) > 0


def _authorize_facts(row: Row) -> AuthorizeFacts:
    first, second = len(rows.CREDENTIAL), len(rows.CREDENTIAL) + len(rows.AUTHENTICATOR)
    failures = row[second:]
    return AuthorizeFacts(
        credential=rows.credential(row[:first]),
        authenticator=rows.authenticator(row[first:second]),
        pin_throttle=throttles.value(*failures[:3]),
        otp_throttle=throttles.value(*failures[3:]),
    )


def _with_code(sql: Sql, facts: AuthorizeFacts, credential_id: CredentialId) -> AuthorizeFacts:
    return replace(
        facts,
        otp_throttle=throttles.find(sql, throttles.sms(credential_id)),
        code=signing_codes.latest(sql, credential_id),
    )


def _use_factors(sql: Sql, new: NewAuthorization, now: datetime) -> None:
    credential_id, authenticator_id = new.authorization.credential_id, new.authenticator_id
    subjects = {
        "pin_subject": throttles.pin(credential_id),
        "otp_subject": throttles.otp(authenticator_id) if authenticator_id else None,
    }
    if new.code_id is not None:
        subjects["otp_subject"] = throttles.sms(credential_id)
    row = sql.one(
        _FACTORS, {"credential": credential_id, "authenticator": authenticator_id, **subjects}
    )
    if row is None:
        raise LookupError(credential_id)
    *failures, last_used_step = row
    pin, otp = throttles.value(*failures[:3]), throttles.value(*failures[3:])
    if throttle.blocked(pin, now):
        raise errors.PinLocked(credential_id)
    if throttle.blocked(otp, now):
        raise errors.OtpLocked(credential_id)
    if new.otp_step is not None:
        step = totp.judge(new.otp_step, last_used_step)
        if not sql.change(_USE_STEP, {"authenticator": authenticator_id, "step": step}):
            raise errors.OtpReplayed(f"time step {step}")
    if new.code_id is not None:
        signing_codes.use(sql, new.code_id, now)
    for subject, state in zip(subjects.values(), (pin, otp), strict=True):
        if subject:
            throttles.succeed(sql, subject, state, now)


def _subject(credential: Credential, factor: Factor) -> str:
    if factor is Factor.PIN:
        return throttles.pin(credential.credential_id)
    if factor is Factor.SMS:
        return throttles.sms(credential.credential_id)
    if credential.authenticator_id is None:
        raise LookupError(f"{credential.credential_id} has no authenticator")
    return throttles.otp(credential.authenticator_id)


def _occurrence_rows(authorization: Authorization) -> list[dict[str, Any]]:
    return [
        {
            "root_id": authorization.root_id,
            "ordinal": occurrence.ordinal,
            "digest": occurrence.digest,
            "state": occurrence.state,
            "operation_id": None,
            "reserved_at": None,
        }
        for occurrence in authorization.occurrences
    ]


def _expired(row: Row, now: datetime) -> Event:
    sad_id, root_id, account_id, credential_id = row
    details = {
        "account_id": account_id,
        "credential_id": credential_id,
        "root_id": root_id,
        "sad_id": sad_id,
    }
    return Event(EventType.SAD_EXPIRED, Outcome.SUCCESS, now, "system", details)
