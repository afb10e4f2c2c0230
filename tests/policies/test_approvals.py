"""Who may be asked to approve, who may answer, what a client that comes back is told. (ADR 9)"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from policies import approvals, errors, throttle
from policies.algorithms import HashAlgorithm
from policies.approvals import Approval
from policies.authorize import AuthorizeFacts, AuthorizeRequest
from policies.lifecycle import ApprovalState
from policies.second_factor import PairingState
from policies.secret import Otp, Pin
from policies.throttle import CLEAR, Throttle
from policies.values import ApprovalId, CredentialId, CredentialState, Factor, SadId
from tests import build
from tests.build import ALICE, ALICE_ELSEWHERE, DIGEST_A, DIGEST_B, MALLORY, SECOND, T0

END = T0 + approvals.LIFETIME
LOCKED = Throttle(throttle.LOCK_AFTER, T0 + timedelta(minutes=1))
BOUND = replace(ALICE, jkt="thumbprint")


def approval(state: ApprovalState = ApprovalState.PENDING, **changes: Any) -> Approval:
    """What Alice's desktop client asked at T0."""
    standard = Approval(
        approval_id=ApprovalId("approval-1"),
        principal=ALICE,
        credential_id=CredentialId("cred-alice"),
        hash_algorithm=HashAlgorithm.SHA256,
        hashes=(DIGEST_A, DIGEST_B),
        description="two contracts",
        state=state,
        asked_at=T0,
        expires_at=END,
        sad_id=None if state is ApprovalState.PENDING else SadId("sad-1"),
    )
    return replace(standard, **changes)


def facts(**changes: Any) -> AuthorizeFacts:
    """Alice's credential, nothing locked."""
    return replace(AuthorizeFacts(build.credential(), None, CLEAR, CLEAR), **changes)


def request(**changes: Any) -> AuthorizeRequest:
    """Two hashes, to be approved on our page."""
    standard = AuthorizeRequest(
        credential_id=CredentialId("cred-alice"),
        num_signatures=2,
        hashes=(DIGEST_A, DIGEST_B),
        hash_algo=HashAlgorithm.SHA256.oid,
        pin=None,
        otp=None,
        by_approval=True,
    )
    return replace(standard, **changes)


@pytest.mark.parametrize(
    ("email", "pairing", "can"),
    [
        ("ana@example.com", PairingState.ACTIVE, True),
        ("ana@example.com", PairingState.PENDING, False),
        ("ana@example.com", PairingState.NONE, False),
        (None, PairingState.ACTIVE, False),
        ("", PairingState.ACTIVE, False),
    ],
)
def test_who_can_be_asked(email: str | None, pairing: PairingState, can: bool) -> None:
    """Mail address and a paired authenticator, both."""
    assert approvals.offered(email, pairing) is can


def test_asking_needs_no_factor() -> None:
    """They are typed on the page; what is covered is what was asked."""
    covered = approvals.asked(facts(), ALICE, request(), T0, reachable=True)
    assert covered.hashes == (DIGEST_A, DIGEST_B)
    assert covered.credential == build.credential()


REFUSALS: list[tuple[str, dict[str, Any], dict[str, Any], type[errors.Refused]]] = [
    ("no such credential", {"credential": None}, {}, errors.CredentialUnknown),
    (
        "a disabled key",
        {"credential": build.credential(state=CredentialState.DISABLED)},
        {},
        errors.CredentialDisabled,
    ),
    ("too many", {}, {"num_signatures": 6}, errors.NumSignaturesTooHigh),
    ("no hashes", {}, {"hashes": None}, errors.HashesMissing),
    ("a short digest", {}, {"hashes": (DIGEST_A, b"x")}, errors.DigestLengthInvalid),
    ("one hash for two", {}, {"hashes": (DIGEST_A,)}, errors.HashCountDiffers),
    ("a locked code", {"otp_throttle": LOCKED}, {}, errors.OtpLocked),
    (
        "a locked PIN",
        {"credential": build.credential(factors=frozenset({Factor.PIN})), "pin_throttle": LOCKED},
        {},
        errors.PinLocked,
    ),
]


@pytest.mark.parametrize(
    ("known", "asked", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_asking_keeps_the_rules_of_authorize(
    known: dict[str, Any], asked: dict[str, Any], reason: type[errors.Refused]
) -> None:
    """Nobody is asked for what could not be signed."""
    with pytest.raises(reason):
        approvals.asked(facts(**known), ALICE, request(**asked), T0, reachable=True)


def test_who_cannot_be_reached_is_not_asked() -> None:
    """As if the object did not exist."""
    with pytest.raises(errors.AuthenticationDataUnknown):
        approvals.asked(facts(), ALICE, request(), T0, reachable=False)


def test_another_accounts_credential_is_unknown() -> None:
    """Nobody can have somebody else asked."""
    with pytest.raises(errors.CredentialUnknown):
        approvals.asked(facts(), MALLORY, request(), T0, reachable=True)


@pytest.mark.parametrize(
    ("waiting", "lately", "admitted"),
    [(0, 0, True), (2, 9, True), (3, 0, False), (4, 0, False), (0, 10, False), (0, 11, False)],
)
def test_the_pace_of_requests(waiting: int, lately: int, admitted: bool) -> None:
    """Three wait at most; ten an hour from one client."""
    if admitted:
        approvals.admit(waiting, lately)
        return
    with pytest.raises(errors.ApprovalsTooMany):
        approvals.admit(waiting, lately)


@pytest.mark.parametrize("now", [T0, END - SECOND])
def test_the_owner_answers_in_time(now: datetime) -> None:
    """Until the second before the end."""
    assert approvals.answerable(approval(), ALICE.account_id, now) == approval()


GONE: list[tuple[str, Approval | None, Any, datetime]] = [
    ("unknown", None, ALICE, T0),
    ("another account's", approval(), MALLORY, T0),
    ("at its end", approval(), ALICE, END),
    ("after its end", approval(), ALICE, END + SECOND),
    *(
        (state.value, approval(state), ALICE, T0)
        for state in ApprovalState
        if state is not ApprovalState.PENDING
    ),
]


@pytest.mark.parametrize(
    ("found", "who", "now"), [row[1:] for row in GONE], ids=[row[0] for row in GONE]
)
def test_what_nobody_may_answer(found: Approval | None, who: Any, now: datetime) -> None:
    """One reason for all."""
    with pytest.raises(errors.AuthorizationRequestGone):
        approvals.answerable(found, who.account_id, now)


def test_the_answer_is_about_what_was_asked() -> None:
    """Same credential and hashes; nothing but the factors is new."""
    wanted = approvals.wanted(approval(), Pin("294719"), Otp("123456"))
    assert wanted == request(pin=Pin("294719"), otp=Otp("123456"), by_approval=False)


def test_a_client_waits_then_collects() -> None:
    """Nothing while pending; the request once approved; also on the way of another grant."""
    assert approvals.collectable(approval(), ALICE, END - SECOND) is None
    approved = approval(ApprovalState.APPROVED)
    assert approvals.collectable(approved, ALICE, END - SECOND) == approved


@pytest.mark.parametrize(
    ("found", "who", "now"),
    [
        (None, ALICE, T0),
        (approval(), MALLORY, T0),
        (approval(), ALICE_ELSEWHERE, T0),
        (approval(principal=BOUND), ALICE, T0),
        (approval(), ALICE, END),
        (approval(ApprovalState.APPROVED), ALICE, END),
        (approval(ApprovalState.COLLECTED), ALICE, T0),
        (approval(ApprovalState.EXPIRED), ALICE, T0),
    ],
    ids=[
        *("unknown", "another account", "another client", "another key"),
        *("over", "approved and over", "collected", "expired"),
    ],
)
def test_handles_that_open_nothing(found: Approval | None, who: Any, now: datetime) -> None:
    """One reason for all: no oracle."""
    with pytest.raises(errors.HandleUnknown):
        approvals.collectable(found, who, now)


def test_a_refusal_is_told_to_the_client_alone() -> None:
    """Others learn nothing."""
    with pytest.raises(errors.ApprovalRefused):
        approvals.collectable(approval(ApprovalState.REFUSED), ALICE, T0)
    with pytest.raises(errors.HandleUnknown):
        approvals.collectable(approval(ApprovalState.REFUSED), ALICE_ELSEWHERE, T0)


def test_a_bound_request_is_collected_with_its_key() -> None:
    """RFC 9449 7.2, as for the SAD."""
    approved = approval(ApprovalState.APPROVED, principal=BOUND)
    assert approvals.collectable(approved, BOUND, T0) == approved
