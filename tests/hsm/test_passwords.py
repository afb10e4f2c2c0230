"""Verifiers of passwords: worth nothing without the HSM's key, and renewed one by one."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pkcs11
import pytest
from pkcs11 import Attribute

from hsm import errors, records
from hsm.passwords import Passwords
from hsm.pkcs11 import Device, Kind
from hsm.pool import SignerPool
from hsm.secret_keys import SecretKeys
from hsm.settings import PoolSettings
from policies.secret import PasswordTag
from policies.values import AccountId, PasswordVerifier

ALICE, BOB = AccountId("alice"), AccountId("bob")
TAG, OTHER = PasswordTag(hashlib.sha256(b"a").hexdigest()), PasswordTag("0" * 64)


@pytest.fixture
def passwords(initialised: Device) -> Passwords:
    """As a process has it that started just now."""
    return Passwords(SecretKeys(initialised.service))


def test_right_and_wrong(passwords: Passwords) -> None:
    """One tag, one account; nothing to match is never right."""
    kept = passwords.stamp(ALICE, TAG)
    assert passwords.check(ALICE, TAG, kept).right
    for account_id, tag, verifier in (
        (ALICE, OTHER, kept),
        (BOB, TAG, kept),
        (ALICE, TAG, None),
        (ALICE, TAG, replace(kept, mac=bytes(32))),
        (ALICE, TAG, replace(kept, mac=b"")),
    ):
        found = passwords.check(account_id, tag, verifier)
        assert (found.right, found.renewed) == (False, None)


def test_the_tag_says_nothing_without_the_key(passwords: Passwords) -> None:
    """What is kept is neither the tag, nor a MAC or digest of it that anybody could make."""
    kept = passwords.stamp(ALICE, TAG)
    text = records.encode_password(ALICE, TAG)
    plain = bytes.fromhex(TAG.value)
    for guess in (
        plain,
        hashlib.sha256(text).digest(),
        hmac.digest(bytes(32), text, "sha256"),
        hmac.digest(plain, text, "sha256"),
        hmac.digest(text, plain, "sha256"),
    ):
        assert kept.mac != guess


def test_a_tag_of_before_is_renewed(passwords: Passwords) -> None:
    """Version 0 is the tag itself; the right one gets a verifier, a wrong one nothing."""
    before = PasswordVerifier(0, bytes.fromhex(TAG.value))
    found = passwords.check(ALICE, TAG, before)
    assert found.right
    assert found.renewed is not None
    assert found.renewed.version >= 1
    assert passwords.check(ALICE, TAG, found.renewed).right
    assert not passwords.check(ALICE, OTHER, before).right
    assert not passwords.check(ALICE, TAG, replace(found.renewed, version=0)).right


def test_a_new_key_takes_over(initialised: Device, passwords: Passwords) -> None:
    """Passwords move when they are seen; the keys differ; a process that runs knows both."""
    kept = passwords.stamp(ALICE, TAG)
    version = SecretKeys(initialised.service).add_password_key()
    assert version == kept.version + 1
    assert passwords.check(ALICE, TAG, kept).renewed is None, "from its next start on"
    restarted = Passwords(SecretKeys(initialised.service))
    renewed = restarted.check(ALICE, TAG, kept).renewed
    assert renewed is not None
    assert renewed.version == version
    assert renewed.mac != kept.mac
    assert restarted.check(ALICE, TAG, kept).right
    assert passwords.check(ALICE, TAG, renewed).right, "another process was started since"
    assert restarted.check(ALICE, TAG, renewed).renewed is None


def test_a_key_that_is_not_there(passwords: Passwords) -> None:
    """Refused, and the process lives on: the database alone must not stop it."""
    kept = passwords.stamp(ALICE, TAG)
    for version in (kept.version + 1, 9999, -1):
        with pytest.raises(errors.Rejected):
            passwords.check(ALICE, TAG, replace(kept, version=version))
    assert passwords.check(ALICE, TAG, kept).right


def test_the_keys_stay_where_they_are(initialised: Device, passwords: Passwords) -> None:
    """A generic secret of 256 bits that makes MACs, is sensitive and was never extractable."""
    passwords.stamp(ALICE, TAG)
    key: Any = initialised.service.find(Kind.SECRET, label="paraph-password-mac-1")
    assert key[Attribute.KEY_TYPE] is pkcs11.KeyType.GENERIC_SECRET
    assert key[Attribute.VALUE_LEN] == 32
    for name, wanted in {
        "SENSITIVE": True,
        "EXTRACTABLE": False,
        "NEVER_EXTRACTABLE": True,
        "ALWAYS_SENSITIVE": True,
        "SIGN": True,
        "VERIFY": False,
        "ENCRYPT": False,
        "DECRYPT": False,
        "WRAP": False,
        "DERIVE": False,
    }.items():
        assert key[getattr(Attribute, name)] is wanted, name
    with pytest.raises(pkcs11.AttributeSensitive):
        key[Attribute.VALUE]


async def test_through_the_pool(settings: PoolSettings, initialised: Device) -> None:
    """By whichever process is free; tags hide from every repr."""
    async with SignerPool(replace(settings, processes=2)) as pool:
        kept = await pool.stamp_password(ALICE, TAG)
        assert (await pool.check_password(ALICE, TAG, kept)).right
        assert not (await pool.check_password(ALICE, OTHER, kept)).right
        assert not (await pool.check_password(ALICE, TAG, None)).right
        assert TAG.value not in repr(TAG)
