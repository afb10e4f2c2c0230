"""The error table: every reason has a row, and the rows are those of the standard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from csc_server import ports
from csc_server.wire import errors, fields
from hsm import errors as hsm
from policies import errors as reasons


def leaves(root: type[Exception]) -> Iterator[type[Exception]]:
    """All subclasses, at any depth."""
    for kind in root.__subclasses__():
        yield kind
        yield from leaves(kind)


PORT_ERRORS = [
    kind for kind in vars(ports).values() if isinstance(kind, type) and issubclass(kind, Exception)
]


@pytest.mark.parametrize(
    "reason",
    [*leaves(reasons.Refused), *leaves(hsm.HsmError), *PORT_ERRORS],
    ids=lambda k: k.__name__,
)
def test_every_reason_has_a_row(reason: type[Exception]) -> None:
    """A reason without a row would reach the client as a bug of ours."""
    assert any(kind in errors.TABLE for kind in reason.__mro__)


# CSC spec section 5, retyped: (reason, v1 status, error, text), and v2 where it differs.
ROWS = [
    (errors.HeaderMalformed(), 400, "invalid_request", fields.GENERIC),
    (errors.LoginHeaderMalformed(), 401, "invalid_request", "Malformed authentication parameter."),
    (errors.LoginPairMalformed(), 400, "invalid_request", "Malformed username-password."),
    (reasons.RefreshTokenInvalid(), 400, "invalid_request", "Invalid refresh_token"),
    (
        reasons.LoginFailed(),
        400,
        "authentication_error",
        "An error occurred during authentication process",
    ),
    (reasons.TokenToRevokeUnknown(), 400, "invalid_request", "Invalid string parameter token"),
    (reasons.PageTokenInvalid(), 400, "invalid_request", "Invalid parameter pageToken"),
    (reasons.UserIdForbidden(), 400, "invalid_request", "userID parameter MUST be null"),
    (reasons.CredentialUnknown(), 400, "invalid_request", "Invalid parameter credentialID"),
    (
        reasons.CredentialDisabled(),
        400,
        "invalid_request",
        "The credential identified by credentialID is disabled",
    ),
    (
        reasons.NumSignaturesTooLow(),
        400,
        "invalid_request",
        "Invalid value for parameter numSignatures",
    ),
    (reasons.NumSignaturesTooHigh(), 400, "invalid_request", "Numbers of signatures is too high"),
    (reasons.OtpWrong(), 400, "invalid_otp", "The OTP is invalid"),
    (reasons.PinWrong(), 400, "invalid_pin", "The PIN is invalid"),
    (reasons.PinLocked(), 400, "invalid_request", "PIN locked"),
    (reasons.OtpLocked(), 400, "invalid_request", "OTP locked"),
    (reasons.SadUnknown(), 400, "invalid_request", "Invalid parameter SAD"),
    (reasons.SadExpired(), 400, "invalid_request", "SAD expired"),
    (reasons.HashNotAuthorized(), 400, "invalid_request", "Hash is not authorized by the SAD."),
    (reasons.SignAlgoInvalid(), 400, "invalid_request", "Invalid parameter signAlgo"),
    (reasons.HashAlgoInvalid(), 400, "invalid_request", "Invalid parameter hashAlgo"),
    (reasons.DigestLengthInvalid(), 400, "invalid_request", "Invalid digest value length"),
    (
        reasons.CertificateExpired("Example", "Alice"),
        400,
        "invalid_request",
        "Signing certificate 'O=Example,CN=Alice' is expired.",
    ),
    (
        reasons.TokenUnknown(),
        401,
        "invalid_token",
        "The token provided is not a valid OAuth access or refresh token.",
    ),
    (
        reasons.TokenExpired(),
        401,
        "expired_token",
        "The access or refresh token is expired or has been revoked.",
    ),
    (hsm.Busy(), 503, "temporarily_unavailable", errors.UNAVAILABLE),
    (ports.StorageUnavailable(), 503, "temporarily_unavailable", errors.UNAVAILABLE),
    (reasons.RateLimited(), 429, "temporarily_unavailable", errors.UNAVAILABLE),
    (errors.MethodNotImplemented(), 501, "not_implemented", "The method is not implemented."),
]


@pytest.mark.parametrize(("reason", "status", "error", "text"), ROWS)
def test_rows_of_the_standard(reason: Exception, status: int, error: str, text: str) -> None:
    """Status, code and sentence of v1."""
    answer = errors.answer(reason, 1, "ref")
    assert (answer.status, answer.error, answer.description) == (status, error, text)


@pytest.mark.parametrize(
    ("reason", "error", "text"),
    [
        (errors.HeaderMalformed(), "invalid_request", "Malformed authorization header."),
        (reasons.PinWrong(), "invalid_authentication_data", "The authentication data is invalid"),
        (
            reasons.OtpReplayed(),
            "invalid_authentication_data",
            "The authentication data is invalid",
        ),
        (reasons.OtpLocked(), "invalid_request", "Credential locked"),
        (reasons.HashAlgoInvalid(), "invalid_request", "Invalid parameter hashAlgorithmOID"),
    ],
)
def test_rows_that_v2_says_differently(reason: Exception, error: str, text: str) -> None:
    """Code and sentence of v2 where they differ from v1."""
    answer = errors.answer(reason, 2, "ref")
    assert (answer.error, answer.description) == (error, text)


def test_what_cannot_be_told_apart_says_the_same() -> None:
    """Unknown, somebody else's, spent and just claimed SADs: one answer, no oracle."""
    kinds = [reasons.SadUnknown(), reasons.SadNotUsable(), ports.SadAlreadyUsed()]
    assert len({errors.answer(kind, 1, "ref") for kind in kinds}) == 1
    replayed = errors.answer(reasons.OtpReplayed("step 5"), 1, "ref")
    assert replayed == errors.answer(reasons.OtpWrong("no step"), 1, "ref")


def test_an_unexpected_error_tells_only_its_number() -> None:
    """The details are for the log."""
    answer = errors.answer(RuntimeError("secret detail"), 1, "ref-17")
    assert (answer.status, answer.error) == (500, "server_error")
    assert "secret" not in answer.description
    assert "ref-17" in answer.description
    assert errors.unexpected(RuntimeError())


def test_everything_temporary_says_when_to_come_back() -> None:
    """503 and 429 carry Retry-After."""
    for kind, row in errors.TABLE.items():
        if row.status in (429, 503):
            assert row.retry_after_s, kind
