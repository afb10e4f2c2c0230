"""Values with meaning for the tests: alice, mallory, their credentials and SADs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from policies.algorithms import HashAlgorithm, KeyAlgorithm
from policies.lifecycle import OccurrenceState, SadState
from policies.secret import Sad
from policies.sign import SignHashRequest, SigningFacts
from policies.values import (
    AccountId,
    AuthenticatorId,
    Authorization,
    CertificateFacts,
    ClientId,
    Credential,
    CredentialId,
    CredentialState,
    Factor,
    GrantId,
    KeyRef,
    MintedSad,
    Occurrence,
    Principal,
    SadId,
)

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

DIGEST_A = hashlib.sha256(b"contract a").digest()
DIGEST_B = hashlib.sha256(b"contract b").digest()
DIGEST_C = hashlib.sha256(b"contract c").digest()

ALICE = Principal(AccountId("alice"), ClientId("desktop"), GrantId("grant-1"))
MALLORY = Principal(AccountId("mallory"), ClientId("desktop"), GrantId("grant-2"))
ALICE_ELSEWHERE = Principal(AccountId("alice"), ClientId("other-client"), GrantId("grant-3"))

RSA_SHA256 = "1.2.840.113549.1.1.11"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"


def credential(**changes: Any) -> Credential:
    """Alice's P-256 credential that asks for a code."""
    standard = Credential(
        credential_id=CredentialId("cred-alice"),
        account_id=ALICE.account_id,
        description="Alice",
        key_ref=KeyRef(b"k" * 16),
        key_algorithm=KeyAlgorithm.P_256,
        public_key=b"spki",
        certificates=(b"leaf", b"root"),
        certificate=CertificateFacts("Example", "Alice", T0 - HOUR, T0 + HOUR),
        state=CredentialState.ENABLED,
        factors=frozenset({Factor.OTP}),
        multisign=5,
        authenticator_id=AuthenticatorId("totp-alice"),
        pin_verifier=None,
        binding=b"b" * 32,
    )
    return replace(standard, **changes)


def authorization(*digests: bytes, **changes: Any) -> Authorization:
    """Alice's SAD over these digests, good for five minutes from T0."""
    standard = Authorization(
        sad_id=SadId("sad-1"),
        root_id=SadId("sad-1"),
        account_id=ALICE.account_id,
        client_id=ALICE.client_id,
        credential_id=CredentialId("cred-alice"),
        hash_algorithm=HashAlgorithm.SHA256,
        state=SadState.ISSUED,
        expires_at=T0 + timedelta(minutes=5),
        hard_expires_at=T0 + timedelta(minutes=10),
        open_ordinals=frozenset(range(len(digests))),
        occurrences=tuple(
            Occurrence(ordinal, digest, OccurrenceState.AUTHORIZED)
            for ordinal, digest in enumerate(digests)
        ),
        minted=MintedSad(b"record", b"m" * 32),
    )
    return replace(standard, **changes)


def facts(*digests: bytes, **changes: Any) -> SigningFacts:
    """Alice's SAD and credential."""
    return SigningFacts(authorization(*digests, **changes), credential())


def request(*digests: bytes, **changes: Any) -> SignHashRequest:
    """signHash of these digests under Alice's SAD."""
    standard = SignHashRequest(
        credential_id=CredentialId("cred-alice"),
        sad=Sad("handle"),
        hashes=digests,
        sign_algo=ECDSA_SHA256,
        hash_algo=None,
        parameters=None,
    )
    return replace(standard, **changes)
