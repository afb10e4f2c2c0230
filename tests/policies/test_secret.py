"""Secrets do not show themselves."""

from __future__ import annotations

from policies.secret import Otp, Pin, Sad, Secret


def test_no_secret_shows_in_text() -> None:
    """repr, str, format and containers hide the value, for every type of secret."""
    kinds: list[type[Secret]] = [Secret, *Secret.__subclasses__()]
    for kind in kinds:
        secret = kind("s3cr3t-canary")
        shown = f"{secret} {secret!r} {secret!s} {[secret]} { {'a': secret} }"
        assert "canary" not in shown


def test_secrets_compare_by_value_and_type() -> None:
    """A PIN is not an OTP, even with the same digits."""
    assert Pin("1") == Pin("1")
    assert Pin("1") != Pin("2")
    assert Pin("1") != Otp("1")
    assert len({Sad("a"), Sad("a"), Sad("b")}) == 2


def test_digest_is_sha256_of_the_text() -> None:
    """FIPS 180-4 example: SHA-256 of "abc"."""
    assert Sad("abc").digest().hex().startswith("ba7816bf8f01cfea")
