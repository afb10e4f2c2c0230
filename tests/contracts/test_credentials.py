"""The port ``Credentials``."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csc_server.storage import Storage
from csc_server.storage.units import ConstraintBroken
from policies import factors
from policies.algorithms import KeyAlgorithm
from policies.audit import EventType
from policies.values import (
    AccountId,
    AuthenticatorId,
    CertificateFacts,
    Credential,
    CredentialId,
    CredentialState,
    Factor,
    KeyRef,
)
from tests import build
from tests.build import ALICE, HOUR, SECOND, T0
from tests.contracts import stores

BARE = build.credential(
    credential_id=CredentialId("cred-bare"),
    certificates=(),
    certificate=None,
    factors=frozenset({Factor.PIN}),
    authenticator_id=None,
    pin_verifier=b"v" * 32,
)


async def test_a_credential_comes_back_as_it_was(storage: Storage) -> None:
    """Before issuance without certificates, and with a wrapped key."""
    wrapped = build.credential(
        credential_id=CredentialId("cred-wrapped"), key_ref=KeyRef(b"i" * 16, b"wrapped \0 blob")
    )
    for credential in (BARE, wrapped):
        await storage.credentials.add(credential, T0, [stores.event(EventType.KEY_GENERATED)])
        assert await storage.credentials.find(credential.credential_id) == credential


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
_CREDENTIALS = st.builds(
    build.credential,
    description=_TEXT,
    key_ref=st.builds(KeyRef, st.binary(), st.none() | st.binary()),
    key_algorithm=st.sampled_from(KeyAlgorithm),
    public_key=st.binary(),
    certificates=st.lists(st.binary(max_size=300), max_size=4).map(tuple),
    certificate=st.none()
    | st.builds(CertificateFacts, st.none() | _TEXT, _TEXT, st.just(T0), st.just(T0 + HOUR)),
    state=st.sampled_from(CredentialState),
    factors=st.sampled_from(factors.OFFERED),
    multisign=st.integers(1, 2**31),
    pin_verifier=st.none() | st.binary(),
    binding=st.binary(),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_CREDENTIALS)
async def test_any_credential_comes_back_as_it_was(
    storage: Storage, credential: Credential
) -> None:
    """Whatever its fields hold, the row gives it back."""
    named = replace(credential, credential_id=CredentialId(uuid4().hex))
    await storage.credentials.add(named, T0, [])
    assert await storage.credentials.find(named.credential_id) == named


@pytest.mark.parametrize("identifier", ["cred-nobody", "a\0b", "\ud800", "CRED-ALICE"])
async def test_an_unknown_credential_is_not_found(storage: Storage, identifier: str) -> None:
    """Neither by a stranger's identifier nor by text that cannot be one."""
    unknown = CredentialId(identifier)
    assert await storage.credentials.find(unknown) is None
    assert (await storage.authorizations.authorize_facts(unknown)).credential is None


async def test_credentials_of_an_account_come_the_oldest_first(storage: Storage) -> None:
    """Order of creation, and nobody else's."""
    await storage.accounts.add(stores.account("bob"), [])
    for name, owner in (("z", "alice"), ("b", "bob"), ("a", "alice")):
        credential = build.credential(credential_id=CredentialId(name), account_id=AccountId(owner))
        await storage.credentials.add(credential, T0, [])
    found = await storage.credentials.of_account(ALICE.account_id)
    assert [one.credential_id for one in found] == ["cred-alice", "z", "a"]
    assert await storage.credentials.of_account(AccountId("nobody")) == []


async def test_a_key_is_switched_off_and_on(storage: Storage) -> None:
    """The very next read sees it."""
    for state in (CredentialState.DISABLED, CredentialState.ENABLED):
        await storage.credentials.set_state(stores.CRED_ALICE, state, [])
        found = await storage.credentials.find(stores.CRED_ALICE)
        assert found is not None
        assert found.state is state
    with pytest.raises(LookupError):
        await storage.credentials.set_state(CredentialId("nobody's"), CredentialState.ENABLED, [])


async def test_the_newest_authenticator_counts(storage: Storage) -> None:
    """The one that was added last, also when the clock stood still or went back."""
    newer = stores.sealed("totp-newer", step=7)
    await storage.credentials.add_authenticator(newer, T0 - SECOND, [])
    assert await storage.credentials.authenticator_of(ALICE.account_id) == newer
    assert await storage.credentials.authenticator_of(AccountId("nobody")) is None


async def test_a_credential_of_nobody_is_refused(storage: Storage) -> None:
    """A row that points nowhere is a fault of the caller, and changes nothing."""
    orphan = build.credential(
        credential_id=CredentialId("orphan"), authenticator_id=AuthenticatorId("nobody's")
    )
    with pytest.raises(ConstraintBroken):
        await storage.credentials.add(orphan, T0, [stores.event(EventType.KEY_GENERATED)])
    assert await storage.credentials.find(orphan.credential_id) is None


async def test_rsa_keys_in_order(storage: Storage) -> None:
    """Those of RSA alone, after a position, in pieces."""
    made = [
        build.credential(
            credential_id=CredentialId(f"rsa-{number}"),
            key_algorithm=KeyAlgorithm.RSA_3072,
            public_key=b"spki %d" % number,
        )
        for number in range(3)
    ]
    for one in made:
        await storage.credentials.add(one, T0, [])
    first = await storage.credentials.rsa_keys(0, 2)
    rest = await storage.credentials.rsa_keys(first[-1][0], 2)
    assert [key for _, key in first + rest] == [one.public_key for one in made]
    assert await storage.credentials.rsa_keys(rest[-1][0], 2) == []
