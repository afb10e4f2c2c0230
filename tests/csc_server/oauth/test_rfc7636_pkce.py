"""PKCE. (RFC 7636; RFC 9700 2.1.1)"""

from __future__ import annotations

import base64
import hashlib

import pytest

from policies import errors
from policies.oauth import pkce
from tests.csc_server.oauth.driver import CHALLENGE, VERIFIER


def _s256(verifier: str) -> str:
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def test_rfc7636_b_the_vector_of_the_standard_holds() -> None:
    """Verifier and challenge of appendix B."""
    pkce.verify(CHALLENGE, VERIFIER)


@pytest.mark.parametrize("length", [43, 44, 127, 128])
def test_rfc7636_4_1_lengths_of_a_verifier(length: int) -> None:
    """43 to 128 characters."""
    verifier = "a" * length
    pkce.verify(_s256(verifier), verifier)


@pytest.mark.parametrize("length", [0, 1, 42, 129, 1000])
def test_rfc7636_4_1_other_lengths_are_invalid_grant(length: int) -> None:
    """Even with the matching challenge."""
    verifier = "a" * length
    with pytest.raises(errors.VerifierWrong):
        pkce.verify(_s256(verifier), verifier)


def test_rfc7636_4_1_all_unreserved_characters() -> None:
    """Letters, digits, ``-._~``."""
    verifier = "ABCxyz0189-._~" * 4
    pkce.verify(_s256(verifier), verifier)


@pytest.mark.parametrize("bad", ["+", "/", "=", " ", "\n", "é", "\0", "%"])
def test_rfc7636_4_1_reserved_characters_are_invalid_grant(bad: str) -> None:
    """One of them anywhere."""
    verifier = "a" * 42 + bad
    with pytest.raises(errors.VerifierWrong):
        pkce.verify(_s256(verifier), verifier)


def test_rfc7636_4_6_wrong_verifier_is_invalid_grant() -> None:
    """Another one of the right shape."""
    with pytest.raises(errors.VerifierWrong):
        pkce.verify(CHALLENGE, "a" * 43)


def test_rfc7636_4_6_missing_verifier_is_invalid_grant() -> None:
    """A challenge was kept, so a verifier is owed."""
    with pytest.raises(errors.VerifierWrong):
        pkce.verify(CHALLENGE, None)


def test_rfc7636_4_6_the_challenge_is_no_verifier() -> None:
    """As ``plain`` would have it."""
    with pytest.raises(errors.VerifierWrong):
        pkce.verify(CHALLENGE, CHALLENGE)


def test_rfc9700_2_1_1_verifier_without_challenge_is_invalid_grant() -> None:
    """Somebody took the challenge out of the request."""
    with pytest.raises(errors.VerifierWrong):
        pkce.verify(None, VERIFIER)
    pkce.verify(None, None)


@pytest.mark.parametrize("method", [None, "plain", "s256", "S512", ""])
def test_rfc9700_2_1_1_only_s256(method: str | None) -> None:
    """Absent means ``plain`` (RFC 7636 4.3), which is refused."""
    with pytest.raises(errors.ParameterInvalid, match="code_challenge_method"):
        pkce.challenge(CHALLENGE, method, required=True)


@pytest.mark.parametrize("challenge", ["", "a" * 42, "a" * 44, "a" * 42 + "+", "a" * 42 + "="])
def test_rfc7636_4_2_a_challenge_is_a_sha256(challenge: str) -> None:
    """43 characters of base64url."""
    with pytest.raises(errors.ParameterInvalid, match="code_challenge"):
        pkce.challenge(challenge, "S256", required=True)


def test_rfc7636_4_4_1_a_missing_challenge_is_invalid_request() -> None:
    """Where it is required; and a method alone is half a request."""
    with pytest.raises(errors.ParameterMissing, match="code_challenge"):
        pkce.challenge(None, None, required=True)
    with pytest.raises(errors.ParameterMissing, match="code_challenge"):
        pkce.challenge(None, "S256", required=False)
    assert pkce.challenge(None, None, required=False) is None
