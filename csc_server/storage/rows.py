"""From rows to values and back.

Columns are read in the order of the tuples below, so that a joined row can be cut into its
parts. Values are immutable: a row that was met before gives the value it gave then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from csc_server.ports import Account, NewAuthorization
from csc_server.storage import tables
from csc_server.storage.units import Row
from policies import key_ends
from policies.algorithms import HashAlgorithm, KeyAlgorithm
from policies.lifecycle import OccurrenceState, SadState
from policies.values import (
    AccountId,
    AccountState,
    AuthenticatorId,
    Authorization,
    CertificateFacts,
    ClientId,
    Credential,
    CredentialId,
    CredentialState,
    Factor,
    KeyRef,
    MintedSad,
    Occurrence,
    SadId,
    SealedTotp,
    microseconds_from_utc,
    utc_from_microseconds,
)

_CACHED: Final = 1024
"""Rows whose values are kept; a credential with its chain is about 6 kB."""

_a, _t, _c, _s = (
    tables.accounts.c,
    tables.authenticators.c,
    tables.credentials.c,
    tables.authorizations.c,
)
ACCOUNT: Final = (_a.account_id, _a.username, _a.password_hash, _a.state, _a.created_at)
AUTHENTICATOR: Final = (_t.authenticator_id, _t.account_id, _t.sealed, _t.last_used_step)
CREDENTIAL: Final = (
    _c.credential_id,
    _c.account_id,
    _c.description,
    _c.key_id,
    _c.wrapped,
    _c.key_algorithm,
    _c.public_key,
    _c.certificates,
    _c.subject_organization,
    _c.subject_common_name,
    _c.not_before,
    _c.not_after,
    _c.state,
    _c.factors,
    _c.multisign,
    _c.authenticator_id,
    _c.pin_verifier,
    _c.binding,
)
AUTHORIZATION: Final = (
    _s.sad_id,
    _s.root_id,
    _s.account_id,
    _s.client_id,
    _s.credential_id,
    _s.hash_oid,
    _s.state,
    _s.expires_at,
    _s.hard_expires_at,
    _s.open_ordinals,
    _s.record,
    _s.mac,
    _s.grant_id,
    _s.jkt,
)


def storable(text: str) -> bool:
    """False for text that no row can hold; PostgreSQL knows no NUL, UTF-8 no lone surrogate."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)


def account(row: Row) -> Account:
    """The value of a row of ``ACCOUNT``."""
    account_id, username, password_hash, state, created_at = row
    return Account(
        account_id=AccountId(account_id),
        username=username,
        password_hash=password_hash,
        state=AccountState(state),
        created_at=utc_from_microseconds(created_at),
    )


def authenticator(row: Row) -> SealedTotp | None:
    """The value of a row of ``AUTHENTICATOR``; ``None`` for an outer join's empty one."""
    authenticator_id, account_id, sealed, last_used_step = row
    if authenticator_id is None:
        return None
    return SealedTotp(
        AuthenticatorId(authenticator_id), AccountId(account_id), sealed, last_used_step
    )


def credential(row: Row) -> Credential:
    """The value of a row of ``CREDENTIAL``."""
    return _credential(*row)


@lru_cache(maxsize=_CACHED)
def _credential(
    credential_id: str,
    account_id: str,
    description: str,
    key_id: bytes,
    wrapped: bytes | None,
    key_algorithm: str,
    public_key: bytes,
    certificates: bytes,
    subject_organization: str | None,
    subject_common_name: str | None,
    not_before: int,
    not_after: int,
    state: str,
    factors: str,
    multisign: int,
    authenticator_id: str | None,
    pin_verifier: bytes | None,
    binding: bytes,
) -> Credential:
    facts = None
    if subject_common_name is not None:
        validity = utc_from_microseconds(not_before), utc_from_microseconds(not_after)
        facts = CertificateFacts(subject_organization, subject_common_name, *validity)
    return Credential(
        credential_id=CredentialId(credential_id),
        account_id=AccountId(account_id),
        description=description,
        key_ref=KeyRef(key_id, wrapped),
        key_algorithm=KeyAlgorithm.of_label(key_algorithm),
        public_key=public_key,
        certificates=split_certificates(certificates),
        certificate=facts,
        state=CredentialState(state),
        factors=frozenset(map(Factor, factors.split(","))),
        multisign=multisign,
        authenticator_id=AuthenticatorId(authenticator_id) if authenticator_id else None,
        pin_verifier=pin_verifier,
        binding=binding,
    )


def credential_columns(value: Credential, position: int, now: datetime) -> dict[str, Any]:
    """The row of a new credential."""
    facts = value.certificate
    return {
        "credential_id": value.credential_id,
        "position": position,
        "account_id": value.account_id,
        "description": value.description,
        "key_id": value.key_ref.key_id,
        "wrapped": value.key_ref.wrapped,
        "key_algorithm": value.key_algorithm.label,
        "public_key": value.public_key,
        "certificates": join_certificates(value.certificates),
        "subject_organization": facts and facts.subject_organization,
        "subject_common_name": facts and facts.subject_common_name,
        "not_before": facts and microseconds_from_utc(facts.not_before),
        "not_after": facts and microseconds_from_utc(facts.not_after),
        "state": value.state,
        "factors": ",".join(sorted(value.factors)),
        "multisign": value.multisign,
        "authenticator_id": value.authenticator_id,
        "pin_verifier": value.pin_verifier,
        "binding": value.binding,
        "created_at": microseconds_from_utc(now),
        "key_until": facts
        and microseconds_from_utc(key_ends.last_instant(facts.not_after, revocation=None)),
    }


def authorization(row: Row, occurrences: Sequence[Row]) -> Authorization:
    """The value of a row of ``AUTHORIZATION`` and its root's occurrences, by ordinal."""
    sad_id, root_id, account_id, client_id, credential_id, oid, state, expires, hard, *rest = row
    open_ordinals, record, mac, grant_id, jkt = rest
    return Authorization(
        sad_id=SadId(sad_id),
        root_id=SadId(root_id),
        account_id=AccountId(account_id),
        client_id=ClientId(client_id),
        credential_id=CredentialId(credential_id),
        hash_algorithm=HashAlgorithm.of_oid(oid),
        state=SadState(state),
        expires_at=utc_from_microseconds(expires),
        hard_expires_at=utc_from_microseconds(hard),
        open_ordinals=split_ordinals(open_ordinals),
        occurrences=tuple(
            Occurrence(ordinal, digest, OccurrenceState(state))
            for ordinal, digest, state in occurrences
        ),
        minted=MintedSad(record, mac),
        grant_id=grant_id,
        jkt=jkt,
    )


def authorization_columns(new: NewAuthorization) -> dict[str, Any]:
    """The row of a new SAD."""
    value = new.authorization
    return {
        "sad_id": value.sad_id,
        "handle_digest": new.sad.digest(),
        "root_id": value.root_id,
        "account_id": value.account_id,
        "client_id": value.client_id,
        "credential_id": value.credential_id,
        "hash_oid": value.hash_algorithm.oid,
        "state": value.state,
        "expires_at": microseconds_from_utc(value.expires_at),
        "hard_expires_at": microseconds_from_utc(value.hard_expires_at),
        "open_ordinals": join_ordinals(value.open_ordinals),
        "record": value.minted.record,
        "mac": value.minted.mac,
        "operation_id": None,
        "grant_id": value.grant_id,
        "jkt": value.jkt,
    }


def join_ordinals(ordinals: Iterable[int]) -> str:
    """Ordinals as text: ``0,1,7``."""
    return ",".join(map(str, sorted(ordinals)))


@lru_cache(maxsize=_CACHED)
def split_ordinals(text: str) -> frozenset[int]:
    """The ordinals of such a text."""
    return frozenset(map(int, text.split(","))) if text else frozenset()


def join_certificates(certificates: Iterable[bytes]) -> bytes:
    """Certificates as one value: each after its length in 4 bytes, big endian."""
    return b"".join(len(one).to_bytes(4, "big") + one for one in certificates)


def split_certificates(joined: bytes) -> tuple[bytes, ...]:
    """The certificates of such a value, in the same order."""
    found = []
    while joined:
        end = 4 + int.from_bytes(joined[:4], "big")
        found.append(joined[4:end])
        joined = joined[end:]
    return tuple(found)
