"""What an audit record says. (EN 319 401 7.10; security-and-pki 1.4)

An event is written in the same transaction as its cause. It never carries a PIN, a code, a
password, a SAD or a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """The kinds of events written so far."""

    SYSTEM_STARTED = "system.started"
    SYSTEM_STOPPED = "system.stopped"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_SUSPENDED = "account.suspended"
    ACCOUNT_RESUMED = "account.resumed"
    PROFILE_SET = "account.profile_set"
    LOGIN = "authn.login"
    LOGINS_SPRAYED = "authn.logins_sprayed"
    """One place tried many accounts."""
    LOGINS_FLOODED = "authn.logins_flooded"
    """Too many failed logins from everywhere."""
    SESSION_ENDED = "session.ended"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an event
    TOKEN_REUSED = "token.reused"  # noqa: S105 - the name of an event
    CLIENT_ADDED = "client.added"
    CLIENT_REMOVED = "client.removed"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    AUTHORIZATION_GRANTED = "authorization.granted"
    AUTHORIZATION_DENIED = "authorization.denied"
    FACTOR_BOUND = "authn.factor_bound"
    FACTOR_FAILED = "authn.factor_failed"
    FACTOR_LOCKED = "authn.factor_locked"
    FACTOR_UNLOCKED = "authn.factor_unlocked"
    FACTOR_USED = "authn.factor_used"
    FACTOR_PENDING = "authn.factor_pending"
    FACTOR_REPLACED = "authn.factor_replaced"
    FACTOR_DEFERRED = "authn.factor_deferred"
    PASSWORD_CHANGED = "authn.password_changed"  # noqa: S105 - the name of an event
    PASSWORD_RENEWED = "authn.password_renewed"  # noqa: S105 - the name of an event
    """The same password, kept in a newer form."""
    PHONE_CHANGED = "authn.phone_changed"
    PHONE_PROPOSED = "authn.phone_proposed"
    PHONE_REFUSED = "authn.phone_refused"
    REGISTRATION_REQUESTED = "registration.requested"
    LINK_SENT = "link.sent"
    CODE_SENT = "code.sent"
    CODE_ACCEPTED = "code.accepted"
    CODE_FAILED = "code.failed"
    PRIVACY_ACCEPTED = "consent.privacy_accepted"
    CREDIT_ADDED = "credit.added"
    OTP_REPLAY_REJECTED = "otp.replay_rejected"
    KEY_GENERATED = "key.generated"
    KEY_ENABLED = "key.enabled"
    KEY_DISABLED = "key.disabled"
    KEY_BURIED = "key.buried"
    KEY_DESTROYED = "key.destroyed"
    TOMBSTONES_RESTORED = "key.tombstones_restored"
    CERTIFICATE_ORDERED = "cert.ordered"
    CERTIFICATE_CANCELLED = "cert.order_cancelled"
    CERTIFICATE_FAILED = "cert.order_failed"
    CERTIFICATE_GIVEN_UP = "cert.order_given_up"
    """Processes died at the order, one after the other: something is wrong with them."""
    CERTIFICATE_INTENT = "cert.intent"
    CERTIFICATE_ISSUED = "cert.issued"
    CERTIFICATE_SUSPENDED = "cert.suspended"
    CERTIFICATE_RESUMED = "cert.resumed"
    CERTIFICATE_REVOKED = "cert.revoked"
    CRL_ISSUED = "crl.issued"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    APPROVAL_COLLECTED = "approval.collected"
    APPROVAL_EXPIRED = "approval.expired"
    SAD_ISSUED = "sad.issued"
    SAD_EXTENDED = "sad.extended"
    SAD_EXPIRED = "sad.expired"
    SIGN_INTENT = "sign.intent"
    SIGN_DONE = "sign.done"
    SIGN_FAILED = "sign.failed"
    TIMESTAMP_FAILED = "timestamp.failed"
    DOCUMENT_FAILED = "document.failed"


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, before it gets its place in the chain."""

    type: EventType
    outcome: Outcome
    at: datetime
    """Aware UTC."""
    actor: str
    """``account:ID``, ``operator:NAME`` or ``system``."""
    details: Mapping[str, str | int | list[str]] = field(default_factory=dict)
    """Identifiers and counts; nothing secret."""
    source: str | None = None
    """Address of the caller."""
    correlation_id: str | None = None
    """Ties the record to the request's log line."""
