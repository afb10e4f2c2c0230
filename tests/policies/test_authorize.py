"""When factors may be checked, and which hashes an exchange may carry on. (CSC v1 11.6, 11.7)"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies import authorize, errors, throttle
from policies.algorithms import HashAlgorithm
from policies.authorize import AuthorizeFacts, AuthorizeRequest, ExtendRequest
from policies.lifecycle import OccurrenceState, SadState
from policies.secret import Otp, Pin, Sad
from policies.sign import SigningFacts
from policies.throttle import CLEAR, Throttle
from policies.values import AuthenticatorId, CredentialId, CredentialState, Factor, SealedTotp
from tests import build
from tests.build import ALICE, ALICE_ELSEWHERE, DIGEST_A, DIGEST_B, DIGEST_C, MALLORY, T0

LOCKED = Throttle(throttle.LOCK_AFTER, T0 + timedelta(minutes=1))


def facts(**changes: Any) -> AuthorizeFacts:
    """Alice's credential, nothing locked."""
    mine = SealedTotp(AuthenticatorId("totp-alice"), ALICE.account_id, b"sealed", -1)
    return replace(AuthorizeFacts(build.credential(), mine, CLEAR, CLEAR), **changes)


def asked(**changes: Any) -> AuthorizeRequest:
    """Two hashes and a code."""
    standard = AuthorizeRequest(
        credential_id=CredentialId("cred-alice"),
        num_signatures=2,
        hashes=(DIGEST_A, DIGEST_B),
        hash_algo=HashAlgorithm.SHA256.oid,
        pin=None,
        otp=Otp("123456"),
    )
    return replace(standard, **changes)


def test_the_check_names_exactly_these_hashes_and_this_client() -> None:
    """What the HSM is asked to mint for is what was asked, nothing more."""
    check = authorize.check(facts(), ALICE, asked(), T0)
    assert check.hashes == (DIGEST_A, DIGEST_B)
    assert check.client_id == ALICE.client_id
    assert check.hash_algorithm is HashAlgorithm.SHA256


@pytest.mark.parametrize("algorithm", HashAlgorithm)
def test_v1_tells_the_algorithm_by_the_length(algorithm: HashAlgorithm) -> None:
    """CSC v1 names no algorithm at authorize; the three offered lengths differ."""
    digest = b"d" * algorithm.digest_bytes
    one = asked(num_signatures=1, hashes=(digest,), hash_algo=None)
    assert authorize.check(facts(), ALICE, one, T0).hash_algorithm is algorithm


REFUSALS: list[tuple[str, dict[str, Any], dict[str, Any], type[errors.Refused]]] = [
    ("no such credential", {"credential": None}, {}, errors.CredentialUnknown),
    ("being replaced", {"authenticator": None}, {}, errors.AuthenticatorNotReady),
    (
        "a disabled key",
        {"credential": build.credential(state=CredentialState.DISABLED)},
        {},
        errors.CredentialDisabled,
    ),
    ("no signature", {}, {"num_signatures": 0}, errors.NumSignaturesTooLow),
    ("too many signatures", {}, {"num_signatures": 6}, errors.NumSignaturesTooHigh),
    ("no hashes", {}, {"hashes": None}, errors.HashesMissing),
    ("fewer hashes than signatures", {}, {"hashes": (DIGEST_A,)}, errors.HashCountDiffers),
    ("more hashes than signatures", {}, {"num_signatures": 1}, errors.HashCountDiffers),
    ("SHA-1", {}, {"hash_algo": "1.3.14.3.2.26"}, errors.HashAlgoInvalid),
    ("a short digest", {}, {"hashes": (DIGEST_A, b"x" * 20)}, errors.DigestLengthInvalid),
    (
        "digests of two lengths without a name",
        {},
        {"hashes": (DIGEST_A, b"x" * 48), "hash_algo": None},
        errors.DigestLengthInvalid,
    ),
    ("no code", {}, {"otp": None}, errors.OtpMissing),
    (
        "no PIN",
        {"credential": build.credential(factors=frozenset({Factor.PIN, Factor.OTP}))},
        {},
        errors.PinMissing,
    ),
    (
        "no factors at all",
        {"credential": build.credential(factors=frozenset())},
        {},
        errors.CredentialDisabled,
    ),
    ("a locked code", {"otp_throttle": LOCKED}, {}, errors.OtpLocked),
    (
        "a locked PIN",
        {
            "credential": build.credential(factors=frozenset({Factor.PIN})),
            "pin_throttle": LOCKED,
        },
        {"pin": Pin("493817")},
        errors.PinLocked,
    ),
]


@pytest.mark.parametrize(
    ("known", "changes", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_refusals(
    known: dict[str, Any], changes: dict[str, Any], reason: type[errors.Refused]
) -> None:
    """Each situation has its one reason."""
    with pytest.raises(reason):
        authorize.check(facts(**known), ALICE, asked(**changes), T0)


def test_another_persons_credential_does_not_exist() -> None:
    """Mallory learns nothing about Alice's credential."""
    with pytest.raises(errors.CredentialUnknown):
        authorize.check(facts(), MALLORY, asked(), T0)


def test_the_lock_of_a_factor_that_is_not_needed_does_not_matter() -> None:
    """A locked PIN does not stop a credential that asks for codes only."""
    authorize.check(facts(pin_throttle=LOCKED), ALICE, asked(), T0)


def extend(*hashes: bytes, **changes: Any) -> ExtendRequest:
    """extendTransaction with these hashes."""
    standard = ExtendRequest(CredentialId("cred-alice"), Sad("handle"), hashes, None)
    return replace(standard, **changes)


def signed_first(*digests: bytes, **changes: Any) -> SigningFacts:
    """A SAD whose first hash is signed."""
    auth = build.authorization(*digests, state=SadState.USED, **changes)
    first = replace(auth.occurrences[0], state=OccurrenceState.CONSUMED)
    return SigningFacts(
        replace(auth, occurrences=(first, *auth.occurrences[1:])), build.credential()
    )


def test_an_exchange_carries_on_what_is_left() -> None:
    """The next SAD opens exactly the hashes named."""
    extension = authorize.extension(
        signed_first(DIGEST_A, DIGEST_B, DIGEST_C), ALICE, extend(DIGEST_C), T0
    )
    assert extension.open_ordinals == {2}


def test_a_hash_left_out_once_can_still_be_named_later() -> None:
    """The approval stays with the root: a SAD that opens B leads to one that opens C."""
    known = signed_first(DIGEST_A, DIGEST_B, DIGEST_C, open_ordinals=frozenset({1}))
    assert authorize.extension(known, ALICE, extend(DIGEST_C), T0).open_ordinals == {2}


@pytest.mark.parametrize("stranger", [DIGEST_A, DIGEST_C])
def test_an_exchange_brings_no_new_signatures(stranger: bytes) -> None:
    """Neither a signed hash again, nor one that the signer never approved."""
    with pytest.raises(errors.HashNotAuthorized):
        authorize.extension(signed_first(DIGEST_A, DIGEST_B), ALICE, extend(stranger), T0)


def test_the_end_moves_but_not_past_the_hard_end() -> None:
    """Five more minutes, ten in all."""
    known = build.facts(DIGEST_A)
    early = authorize.extension(known, ALICE, extend(DIGEST_A), T0 + timedelta(minutes=1))
    late = authorize.extension(
        known, ALICE, extend(DIGEST_A), T0 + timedelta(minutes=4, seconds=59)
    )
    assert early.expires_at == T0 + timedelta(minutes=6)
    assert late.expires_at == T0 + timedelta(minutes=9, seconds=59)
    prolonged = build.facts(DIGEST_A, expires_at=T0 + timedelta(minutes=9))
    last = authorize.extension(prolonged, ALICE, extend(DIGEST_A), T0 + timedelta(minutes=8))
    assert last.expires_at == T0 + timedelta(minutes=10)


@pytest.mark.parametrize(
    "state", [SadState.CONSUMING, SadState.SPENT, SadState.EXCHANGED, SadState.REVOKED]
)
def test_a_sad_that_ended_is_not_exchanged(state: SadState) -> None:
    """Only an issued or used SAD leads to another."""
    with pytest.raises(errors.SadNotUsable):
        authorize.extension(build.facts(DIGEST_A, state=state), ALICE, extend(DIGEST_A), T0)


def test_an_expired_sad_is_not_exchanged() -> None:
    """CSC v1 11.7: an expired SAD cannot be extended."""
    with pytest.raises(errors.SadExpired):
        authorize.extension(
            build.facts(DIGEST_A), ALICE, extend(DIGEST_A), T0 + timedelta(minutes=5)
        )


@pytest.mark.parametrize(
    ("principal", "changes", "reason"),
    [
        (ALICE_ELSEWHERE, {}, errors.SadUnknown),
        (ALICE, {"hashes": None}, errors.HashesMissing),
        (ALICE, {"hash_algo": HashAlgorithm.SHA384.oid}, errors.DigestLengthInvalid),
        (ALICE, {"hashes": (b"x" * 48,)}, errors.HashAlgoInvalid),
    ],
)
def test_refused_exchanges(
    principal: Any, changes: dict[str, Any], reason: type[errors.Refused]
) -> None:
    """Another client, no hashes, or another algorithm than the approved one."""
    with pytest.raises(reason):
        authorize.extension(build.facts(DIGEST_A), principal, extend(DIGEST_A, **changes), T0)
