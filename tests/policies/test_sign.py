"""When a permit is given, and when not. (CSC v1 11.9)"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import errors, sign
from policies.lifecycle import OccurrenceState, SadState
from policies.sign import SigningFacts, SigningPermit
from policies.values import CredentialId, CredentialState, Principal
from tests import build
from tests.build import ALICE, ALICE_ELSEWHERE, DIGEST_A, DIGEST_B, DIGEST_C, MALLORY, SECOND, T0

LONGER_LIFE = {"expires_at": T0 + timedelta(days=365), "hard_expires_at": T0 + timedelta(days=365)}


def test_the_permit_follows_the_order_of_the_request() -> None:
    """Ordinals and digests come out as asked, not as authorised."""
    permit = sign.permit(
        build.facts(DIGEST_A, DIGEST_B, DIGEST_C), ALICE, build.request(DIGEST_C, DIGEST_A), T0
    )
    order = permit.redeem()
    assert order.ordinals == (2, 0)
    assert order.digests == (DIGEST_C, DIGEST_A)


def test_the_same_hash_twice_needs_two_approvals() -> None:
    """A multiset: approved once is signed once, approved twice is signed twice."""
    twice = build.request(DIGEST_A, DIGEST_A)
    assert sign.permit(build.facts(DIGEST_A, DIGEST_A), ALICE, twice, T0).ordinals == (0, 1)
    with pytest.raises(errors.HashNotAuthorized):
        sign.permit(build.facts(DIGEST_A, DIGEST_B), ALICE, twice, T0)


def test_a_permit_is_good_once() -> None:
    """Redeeming again is a bug and says so."""
    permit = sign.permit(build.facts(DIGEST_A), ALICE, build.request(DIGEST_A), T0)
    permit.redeem()
    with pytest.raises(RuntimeError, match="already redeemed"):
        permit.redeem()


def test_nobody_else_makes_permits() -> None:
    """The constructor refuses everybody but the rule."""
    order = sign.permit(build.facts(DIGEST_A), ALICE, build.request(DIGEST_A), T0).redeem()
    with pytest.raises(TypeError, match="mints permits"):
        SigningPermit(object(), build.authorization(DIGEST_A), order, (0,))


REFUSALS: list[tuple[str, SigningFacts, Principal, dict[str, Any], type[errors.Refused]]] = [
    ("no such SAD", SigningFacts(None, build.credential()), ALICE, {}, errors.SadUnknown),
    (
        "another client of the same person",
        build.facts(DIGEST_A),
        ALICE_ELSEWHERE,
        {},
        errors.SadUnknown,
    ),
    ("another person", build.facts(DIGEST_A), MALLORY, {}, errors.CredentialUnknown),
    (
        "the SAD of another credential",
        build.facts(DIGEST_A, credential_id=CredentialId("cred-2")),
        ALICE,
        {},
        errors.SadUnknown,
    ),
    (
        "somebody else's SAD for one's own credential",
        build.facts(DIGEST_A, account_id=MALLORY.account_id),
        ALICE,
        {},
        errors.SadUnknown,
    ),
    (
        "another hash",
        build.facts(DIGEST_A),
        ALICE,
        {"hashes": (DIGEST_B,)},
        errors.HashNotAuthorized,
    ),
    (
        "a digest of another length",
        build.facts(DIGEST_A),
        ALICE,
        {"hashes": (b"x" * 20,)},
        errors.DigestLengthInvalid,
    ),
    (
        "another digest algorithm",
        build.facts(b"x" * 48),
        ALICE,
        {"hashes": (b"x" * 48,), "sign_algo": "1.2.840.10045.4.3.3"},
        errors.HashNotAuthorized,
    ),
    (
        "an algorithm of another key type",
        build.facts(DIGEST_A),
        ALICE,
        {"sign_algo": build.RSA_SHA256},
        errors.SignAlgoInvalid,
    ),
    (
        "an occurrence that this SAD does not open",
        build.facts(DIGEST_A, DIGEST_B, open_ordinals=frozenset({1})),
        ALICE,
        {},
        errors.HashNotAuthorized,
    ),
    (
        "a disabled key",
        SigningFacts(
            build.authorization(DIGEST_A), build.credential(state=CredentialState.DISABLED)
        ),
        ALICE,
        {},
        errors.CredentialDisabled,
    ),
    (
        "a key without certificate",
        SigningFacts(build.authorization(DIGEST_A), build.credential(certificate=None)),
        ALICE,
        {},
        errors.CredentialDisabled,
    ),
]


@pytest.mark.parametrize(
    ("facts", "principal", "changes", "reason"),
    [row[1:] for row in REFUSALS],
    ids=[row[0] for row in REFUSALS],
)
def test_refusals(
    facts: SigningFacts,
    principal: Principal,
    changes: dict[str, Any],
    reason: type[errors.Refused],
) -> None:
    """Each situation has its one reason."""
    with pytest.raises(reason):
        sign.permit(facts, principal, build.request(DIGEST_A, **changes), T0)


@pytest.mark.parametrize("state", [state for state in SadState if state is not SadState.ISSUED])
def test_only_an_issued_sad_signs(state: SadState) -> None:
    """Under way, used, spent, exchanged, expired, revoked: refused."""
    with pytest.raises(errors.SadNotUsable):
        sign.permit(build.facts(DIGEST_A, state=state), ALICE, build.request(DIGEST_A), T0)


@pytest.mark.parametrize(
    "state", [state for state in OccurrenceState if state is not OccurrenceState.AUTHORIZED]
)
def test_only_an_authorized_occurrence_signs(state: OccurrenceState) -> None:
    """Reserved, consumed, burned, expired: refused."""
    auth = build.authorization(DIGEST_A)
    used = tuple(replace(one, state=state) for one in auth.occurrences)
    known = SigningFacts(replace(auth, occurrences=used), build.credential())
    with pytest.raises(errors.HashNotAuthorized):
        sign.permit(known, ALICE, build.request(DIGEST_A), T0)


@pytest.mark.parametrize(
    ("offset", "good"), [(-SECOND, True), (0 * SECOND, False), (SECOND, False)]
)
def test_a_sad_ends_at_its_second(offset: timedelta, good: bool) -> None:
    """The second before is good, the end itself is not."""
    known = build.facts(DIGEST_A, expires_at=T0 - offset)
    if good:
        sign.permit(known, ALICE, build.request(DIGEST_A), T0)
        return
    with pytest.raises(errors.SadExpired):
        sign.permit(known, ALICE, build.request(DIGEST_A), T0)


@pytest.mark.parametrize(
    ("seconds", "good"), [(3599, True), (3600, True), (3601, False), (-3601, False)]
)
def test_a_certificate_ends_after_its_last_second(seconds: int, good: bool) -> None:
    """notAfter itself still belongs to the validity (RFC 5280 4.1.2.5)."""
    now, known = T0 + seconds * SECOND, build.facts(DIGEST_A, **LONGER_LIFE)
    if good:
        sign.permit(known, ALICE, build.request(DIGEST_A), now)
        return
    with pytest.raises(errors.CertificateExpired):
        sign.permit(known, ALICE, build.request(DIGEST_A), now)


@pytest.mark.req("SRA_SAP")
@given(
    approved=st.lists(st.sampled_from([DIGEST_A, DIGEST_B, DIGEST_C]), min_size=1, max_size=6),
    asked=st.lists(st.sampled_from([DIGEST_A, DIGEST_B, DIGEST_C]), min_size=1, max_size=6),
)
def test_what_is_signed_was_approved(approved: list[bytes], asked: list[bytes]) -> None:
    """A permit exists exactly when the asked hashes are a sub-multiset of the approved ones."""
    covered = all(asked.count(digest) <= approved.count(digest) for digest in asked)
    try:
        order = sign.permit(build.facts(*approved), ALICE, build.request(*asked), T0).redeem()
    except errors.HashNotAuthorized:
        assert not covered
        return
    assert covered
    assert [approved[ordinal] for ordinal in order.ordinals] == asked
    assert len(set(order.ordinals)) == len(asked)
