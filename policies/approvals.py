"""Approval out of band: a client asks, the person answers on our page, the client gets the SAD.

The rules of ``policies.authorize`` hold when the client asks and again when the person answers;
here is who may be asked, how often, who may answer, and what a client that comes back is told.
(CSC v2 8.1 ``PasswordOOB``, 11.6, 11.7; security-and-pki 6.2 approval fatigue; ADR 9)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies import authorize, errors
from policies.algorithms import HashAlgorithm
from policies.authorize import AuthorizeFacts, AuthorizeRequest, Covered
from policies.lifecycle import APPROVAL, ApprovalEvent, ApprovalState
from policies.second_factor import PairingState
from policies.secret import Otp, Pin
from policies.values import (
    AccountId,
    ApprovalId,
    CredentialId,
    Principal,
    SadId,
)

LIFETIME: Final = timedelta(minutes=10)
"""ASVS 6.5.5: the most for an answer out of band."""
MOST_WAITING: Final = 3
"""Requests that may wait for one account: few enough that each is read."""
MOST_PER_HOUR: Final = 10
"""Requests of one client for one account within an hour, each of which is a mail."""
HOUR: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=1)
"""So long after its end a request is remembered: past the hour for which they are counted."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A request that waits for the person, or was answered."""

    approval_id: ApprovalId
    """Stands in the address of the page; opens nothing without the person's login."""
    principal: Principal
    """Who asked: the SAD will be this client's, under this grant and key."""
    credential_id: CredentialId
    hash_algorithm: HashAlgorithm
    hashes: tuple[bytes, ...]
    """Raw digests in the client's order, at least one; one signature each."""
    description: str | None
    """What the client says about it: a stranger's text."""
    state: ApprovalState
    asked_at: datetime
    expires_at: datetime
    """First instant at which it cannot be answered any more or, once approved, collected."""
    sad_id: SadId | None
    """Set when it was approved."""


def offered(email: str | None, pairing: PairingState) -> bool:
    """Can the person be asked: by mail, and with an authenticator for what follows?"""
    return bool(email) and pairing is PairingState.ACTIVE


def asked(
    facts: AuthorizeFacts,
    principal: Principal,
    request: AuthorizeRequest,
    now: datetime,
    *,
    reachable: bool,
) -> Covered:
    """What the person will be asked to approve.

    Args:
        reachable: See ``offered``.

    Raises:
        AuthenticationDataUnknown: This account cannot be asked.
        PinLocked, OtpLocked: Nobody could answer.
        Refused: Everything of ``policies.authorize.covered``.
    """
    covered = authorize.covered(facts, principal, request, now)
    if not reachable:
        raise errors.AuthenticationDataUnknown("no mail address, or no authenticator")
    authorize.unlocked(facts, covered.credential, now)
    return covered


def admit(waiting: int, lately: int) -> None:
    """Let one more request come before the person.

    Args:
        waiting: Requests that wait for the account.
        lately: Requests of this client for the account within ``HOUR``.

    Raises:
        ApprovalsTooMany: There are enough.
    """
    if waiting >= MOST_WAITING:
        raise errors.ApprovalsTooMany(f"{waiting} wait")
    if lately >= MOST_PER_HOUR:
        raise errors.ApprovalsTooMany(f"{lately} within an hour")


def answerable(found: Approval | None, account_id: AccountId, now: datetime) -> Approval:
    """The request, if this account may answer it at ``now``.

    Raises:
        AuthorizationRequestGone: Unknown, another account's, answered, or over: one reason on
            purpose.
    """
    if (
        found is None
        or found.principal.account_id != account_id
        or found.state not in APPROVAL[ApprovalEvent.APPROVE]
        or now >= found.expires_at
    ):
        raise errors.AuthorizationRequestGone("not waiting for this account")
    return found


def wanted(found: Approval, pin: Pin | None, otp: Otp | None) -> AuthorizeRequest:
    """The request as ``credentials/authorize`` would have it with these factors."""
    return AuthorizeRequest(
        credential_id=found.credential_id,
        num_signatures=len(found.hashes),
        hashes=found.hashes,
        hash_algo=found.hash_algorithm.oid,
        pin=pin,
        otp=otp,
    )


def collectable(found: Approval | None, principal: Principal, now: datetime) -> Approval | None:
    """The request, if its SAD waits for this client; ``None`` while the person has not answered.

    Raises:
        ApprovalRefused: The person said no.
        HandleUnknown: Unknown, another account's or client's, bound to a key that the caller
            does not prove, collected, or over.
    """
    if (
        found is None
        or found.principal.account_id != principal.account_id
        or found.principal.client_id != principal.client_id
        # As for the SAD itself (RFC 9449 7.2).
        or found.principal.jkt not in (None, principal.jkt)
    ):
        raise errors.HandleUnknown("not this client's")
    if found.state is ApprovalState.REFUSED:
        raise errors.ApprovalRefused(found.approval_id)
    if found.state not in APPROVAL[ApprovalEvent.EXPIRE] or now >= found.expires_at:
        raise errors.HandleUnknown(f"{found.approval_id} is {found.state}, or over")
    return found if found.state in APPROVAL[ApprovalEvent.COLLECT] else None
