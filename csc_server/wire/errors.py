"""One table: what went wrong, and what the client is told. (CSC v1 and v2, error tables)

Each row names its clause. Reasons that together would tell a stranger what exists (an unknown
SAD, somebody else's SAD) share their words on purpose. What has no row is a bug of ours: 500 with
a reference number, the details in the log only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ades import desk
from csc_server import ports
from csc_server.ports import documents, oauth
from csc_server.wire.fields import GENERIC, Malformed
from csc_server.wire.unfit import UNFIT
from hsm import errors as hsm
from pki.ports import SerialTaken
from policies import errors as reasons

Text = str | Callable[[Exception], str]


@dataclass(frozen=True, slots=True)
class Row:
    """What the client is told."""

    status: int
    error: str
    description: Text
    """A sentence of the standard, or a function that fills its blanks."""
    v2_error: str | None = None
    """Code in v2 where it differs."""
    v2_description: str | None = None
    """Sentence in v2 where it differs."""
    v2_status: int | None = None
    """Status in v2 where it differs."""
    retry_after_s: int | None = None
    """Value of Retry-After."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An error as it goes on the wire."""

    status: int
    error: str
    description: str
    retry_after_s: int | None = None

    def json(self) -> dict[str, str]:
        """The flat object of CSC v1 10.1."""
        return {"error": self.error, "error_description": self.description}


class HeaderMalformed(Exception):
    """The Authorization header is not exactly one of ``Bearer`` or ``DPoP`` and a token."""


class HeaderMissing(HeaderMalformed):
    """There is no Authorization header at all."""


class TokenInAddress(Exception):
    """The query holds an access token: logs and browsers keep it (RFC 6750 5.3)."""


class LoginHeaderMalformed(Exception):
    """auth/login with neither a refresh token nor a Basic header."""


class LoginPairMalformed(Exception):
    """The Basic header does not hold ``username:password``."""


class PathUnknown(Exception):
    """No such path."""


class HttpMethodWrong(Exception):
    """The path exists, but not for this HTTP method."""


class BodyTooLarge(Exception):
    """The body is over the limit."""


class ContentTypeWrong(Exception):
    """The body is not declared as JSON."""


class MethodNotImplemented(Exception):
    """A method of the standard that this service does not have."""


class BearerMissing(Exception):
    """registration/v1 or account/v1 without an access token."""


class RequestTookTooLong(Exception):
    """The request was not done within its time."""


class UploadTooSlow(Exception):
    """The body came more slowly than it may."""


class ConnectionGone(Exception):
    """The client hung up before its request was whole."""


def _bad(text: Text, v2: str | None = None) -> Row:
    return Row(400, "invalid_request", text, v2_description=v2)


def _unavailable(seconds: int) -> Row:
    return Row(503, "temporarily_unavailable", UNAVAILABLE, retry_after_s=seconds)


def _expired_certificate(reason: Exception) -> str:
    assert isinstance(reason, reasons.CertificateExpired)  # noqa: S101 - the table pairs them
    return f"Signing certificate 'O={reason.organization},CN={reason.common_name}' is expired."


def _form(reason: Exception) -> str:
    assert isinstance(reason, reasons.FormInvalid)  # noqa: S101 - the table pairs them
    named = (f"{_camel(field)} ({why})" for field, why in reason.problems.items())
    return f"Invalid parameter {', '.join(named)}"


def _camel(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.title() for word in rest)


def _properties(reason: Exception) -> str:
    assert isinstance(reason, reasons.PropertiesInvalid)  # noqa: S101 - the table pairs them
    return f"Invalid parameter signed_props ({', '.join(reason.names)})"


def _document_unfit(reason: Exception) -> str:
    assert isinstance(reason, reasons.DocumentUnfit)  # noqa: S101 - the table pairs them
    return f"Invalid array parameter documents: {UNFIT[reason.why]}"


def _client(text: str) -> Row:
    return Row(400, "invalid_request", text, "invalid_client", v2_status=401)


def _grant(text: str) -> Row:
    return Row(400, "invalid_grant", text)


def _missing(reason: Exception) -> str:
    return f"Missing parameter {reason}"


def _invalid(reason: Exception) -> str:
    return f"Invalid parameter {reason}"


def _unfit(reason: Exception) -> str:
    return f"This identity cannot be certified: {reason}."


_PROOF: Final = "The DPoP proof is missing or does not fit the request."
_ACCESS_DENIED: Final = "The user, authorization server or remote service denied the request."
UNAVAILABLE: Final = (
    "The authorization server is currently unable to handle the request due to a temporary "
    "overloading or maintenance of the server."
)
SERVER_ERROR: Final = (
    "The authorization server encountered an unexpected condition that prevented it from "
    "fulfilling the request."
)
_SAD: Final = _bad("Invalid parameter SAD")  # SIGN-3, DOC-3
_NOT_COVERED: Final = _bad("Hash is not authorized by the SAD.")  # SIGN-9
_HASH_ALGO: Final = _bad("Invalid parameter hashAlgo", "Invalid parameter hashAlgorithmOID")
_CREDENTIAL: Final = _bad("Invalid parameter credentialID")  # INFO-3, AUTH-3, SIGN-5
_DENIED: Final = "The authentication data is invalid"  # AUTH-12
_LOCKED: Final = "Credential locked"  # AUTH-13
_ACCEPTED: Final = (
    "The previous asynchronous signature request has been accepted for processing, but the "
    "processing has not yet been completed."
)
_SERVER: Final = Row(500, "server_error", SERVER_ERROR)

TABLE: Final[dict[type[Exception], Row]] = {
    # Transport (CSC v1 10.1, 10.2; v2.1 4.4)
    HeaderMalformed: _bad(GENERIC, "Malformed authorization header."),  # LIST-1 and its likes
    TokenInAddress: Row(
        400, "invalid_request", "An access token belongs into the Authorization header."
    ),  # RFC 6750 2.3, 3.1; RFC 9700 4.3.2
    PathUnknown: Row(404, "invalid_request", "There is nothing at this path."),
    HttpMethodWrong: Row(405, "invalid_request", "This path does not take this HTTP method."),
    BodyTooLarge: Row(413, "invalid_request", "The request body is too large."),
    ContentTypeWrong: Row(415, "invalid_request", "The request body must be application/json."),
    MethodNotImplemented: Row(501, "not_implemented", "The method is not implemented."),
    RequestTookTooLong: _unavailable(1),
    UploadTooSlow: Row(408, "invalid_request", "The request body came too slowly."),
    # Nobody reads it; the log has a status all the same.
    ConnectionGone: _bad(GENERIC),
    reasons.RateLimited: Row(429, "temporarily_unavailable", UNAVAILABLE, retry_after_s=30),
    # Ours to mend, and not before the operator has looked (security-and-pki 5.7).
    reasons.SmsBudgetSpent: _unavailable(3600),
    # Tokens (CSC v1 10.1; pairing with 401 as in v2.1)
    reasons.TokenUnknown: Row(
        401, "invalid_token", "The token provided is not a valid OAuth access or refresh token."
    ),
    reasons.TokenExpired: Row(
        401, "expired_token", "The access or refresh token is expired or has been revoked."
    ),
    # auth/login (CSC v1 11.2)
    LoginHeaderMalformed: Row(
        401, "invalid_request", "Malformed authentication parameter."
    ),  # LOGIN-1
    LoginPairMalformed: _bad("Malformed username-password."),  # LOGIN-2
    reasons.RefreshTokenInvalid: _bad("Invalid refresh_token"),  # LOGIN-4
    reasons.LoginFailed: Row(
        400, "authentication_error", "An error occurred during authentication process"
    ),  # LOGIN-5
    # auth/revoke (CSC v1 11.3)
    reasons.TokenToRevokeUnknown: _bad("Invalid string parameter token"),  # AREV-4
    # credentials/list (CSC v1 11.4)
    reasons.PageTokenInvalid: _bad("Invalid parameter pageToken"),  # LIST-2
    reasons.UserIdForbidden: _bad("userID parameter MUST be null"),  # LIST-3
    # credentials/info, credentials/authorize (CSC v1 11.5, 11.6)
    reasons.CredentialUnknown: _CREDENTIAL,
    reasons.CredentialDisabled: _bad(
        "The credential identified by credentialID is disabled"
    ),  # AUTH-4
    reasons.CertificateExpired: _bad(_expired_certificate),  # SIGN-23
    reasons.NumSignaturesTooLow: _bad("Invalid value for parameter numSignatures"),  # AUTH-6
    reasons.NumSignaturesTooHigh: _bad("Numbers of signatures is too high"),  # AUTH-7
    # No rows in the standard (CSC spec 2.7): the sentence of signHash, and the general one.
    reasons.HashesMissing: _bad(
        "Missing (or invalid type) array parameter hash",
        "Missing (or invalid type) array parameter hashes",
    ),
    reasons.HashCountDiffers: _bad(GENERIC),
    reasons.AuthenticationDataUnknown: Row(400, "invalid_authentication_data", _DENIED),
    reasons.OtpWrong: Row(
        400, "invalid_otp", "The OTP is invalid", "invalid_authentication_data", _DENIED
    ),  # AUTH-8, AUTH-12
    reasons.OtpReplayed: Row(
        400, "invalid_otp", "The OTP is invalid", "invalid_authentication_data", _DENIED
    ),
    reasons.OtpMissing: Row(
        400, "invalid_otp", "The OTP is invalid", "invalid_authentication_data", _DENIED
    ),
    reasons.PinWrong: Row(
        400, "invalid_pin", "The PIN is invalid", "invalid_authentication_data", _DENIED
    ),  # AUTH-9, AUTH-12
    reasons.PinMissing: Row(
        400, "invalid_pin", "The PIN is invalid", "invalid_authentication_data", _DENIED
    ),
    reasons.PinLocked: _bad("PIN locked", _LOCKED),  # AUTH-10, AUTH-13
    reasons.OtpLocked: _bad("OTP locked", _LOCKED),  # AUTH-11, AUTH-13
    reasons.AuthenticatorNotReady: _bad("OTP locked", _LOCKED),  # AUTH-11, AUTH-13
    reasons.AuthenticatorCooling: _bad("OTP locked", _LOCKED),  # AUTH-11, AUTH-13
    # credentials/sendOTP, credentials/getChallenge (CSC v1 11.8, v2 11.8). No row for a credential
    # whose codes are not sent: OTP-3, CHAL-3.
    reasons.OtpNotSent: _bad("Invalid parameter credentialID", "Invalid parameter authObjectID"),
    # credentials/authorizeCheck (CSC v2 11.7), and how often a person may be asked
    reasons.HandleUnknown: _bad("Invalid parameter handle"),  # CHECK-2
    reasons.ApprovalRefused: Row(400, "invalid_authentication_data", _DENIED),  # CHECK-3
    reasons.ApprovalsTooMany: Row(429, "temporarily_unavailable", UNAVAILABLE, retry_after_s=60),
    # signatures/signHash, credentials/extendTransaction (CSC v1 11.9, 11.7)
    reasons.SadUnknown: _SAD,
    reasons.SadNotUsable: _SAD,
    ports.SadAlreadyUsed: _SAD,
    reasons.SadExpired: _bad("SAD expired"),  # SIGN-22
    reasons.HashNotAuthorized: _NOT_COVERED,
    reasons.SignAlgoInvalid: _bad("Invalid parameter signAlgo"),  # SIGN-14
    reasons.HashAlgoMissing: _bad(
        "Missing (or invalid type) string parameter hashAlgo",
        "Missing (or invalid type) string parameter hashAlgorithmOID",
    ),  # SIGN-12
    reasons.HashAlgoInvalid: _HASH_ALGO,  # SIGN-13
    reasons.SignAlgoParamsMissing: _bad(
        "Missing (or invalid type) string parameter signAlgoParams"
    ),  # SIGN-11
    reasons.SignAlgoParamsInvalid: _bad("Invalid parameter signAlgoParams"),
    reasons.DigestLengthInvalid: _bad("Invalid digest value length"),  # SIGN-20
    # signatures/signDoc (CSC v2 11.11)
    reasons.DocumentNotAuthorized: Row(
        403, "invalid_hash", "Document or documentDigest does not match authorized hash"
    ),  # DOC-31, its spelling corrected
    reasons.DocumentUnfit: _bad(_document_unfit),  # DOC-7, with the reason
    reasons.HashAlgoContradicts: _bad(
        "String parameter hashAlgorithmOID contradicts with signAlgo parameter"
    ),  # DOC-15
    reasons.LevelInvalid: _bad("Invalid parameter conformance_level"),  # DOC-20
    reasons.EnvelopeInvalid: _bad("Invalid parameter signed_envelope_property"),  # DOC-21
    reasons.PropertiesInvalid: _bad(_properties),  # DOC-22
    reasons.SignatureUnsound: _SERVER,
    reasons.QualifierInvalid: _bad("Invalid parameter signatureQualifier"),
    # Asynchronous work (CSC v2 11.10 to 11.12)
    reasons.ValidityOutOfBounds: _bad("Out of bounds parameter validity_period"),  # SIGN-17
    reasons.ResponseUnknown: _bad("Invalid parameter requestID"),  # POLL-3
    reasons.ResponsePending: Row(202, "accepted_request", _ACCEPTED, retry_after_s=1),  # POLL-0
    # No row in the standard: the work ended, and asking again will not change it.
    reasons.ResponseFailed: _bad(
        "The asynchronous signature request has failed. Authorize it anew."
    ),
    # signatures/timestamp (CSC v1 11.10), the time-stamps of signDoc, the pace of clients
    reasons.TimestampRefused: _unavailable(5),
    documents.TimestampUnavailable: _unavailable(5),
    documents.EvidenceUnavailable: _unavailable(5),
    reasons.ClientTooFast: Row(429, "temporarily_unavailable", UNAVAILABLE, retry_after_s=1),
    # Documents, their files and processes
    documents.SpoolFull: _unavailable(5),
    desk.Busy: _unavailable(1),
    desk.Lost: _unavailable(2),
    desk.DiskFull: _unavailable(5),
    desk.Crashed: _SERVER,
    desk.Overdue: _SERVER,
    desk.OutOfMemory: _SERVER,
    desk.Oversized: _SERVER,
    # Reached by operators only; a row all the same, so that nothing is without one.
    reasons.KeyAlgorithmUnknown: _bad(GENERIC),
    reasons.PinTooWeak: _bad(GENERIC),
    reasons.PhoneMissing: _bad(GENERIC),
    ports.NameTaken: _bad(GENERIC),
    # Pages speak HTML (``web.pages.errors``); these are the words for their few JSON answers.
    reasons.SessionMissing: Row(401, "access_denied", "A login is needed."),
    reasons.FormForged: Row(403, "access_denied", "The form is not of this session."),
    # Accounts (registration API, account API; the pages say it in their own words)
    reasons.FormInvalid: _bad(_form),
    reasons.PasswordRefused: _bad(GENERIC),
    reasons.PasswordWrong: Row(403, "access_denied", "The present password is another one."),
    reasons.LinkInvalid: Row(404, "invalid_request", "No such link or account, or it is over."),
    reasons.CodeWrong: Row(403, "access_denied", "The code is wrong."),
    reasons.CodeExpired: Row(403, "access_denied", "There is no code that could be right."),
    reasons.StepMissing: Row(409, "invalid_request", "An earlier step is missing."),
    reasons.SecondFactorMandatory: Row(403, "access_denied", "This cannot be put off any more."),
    # registration/v1 and account/v1
    BearerMissing: Row(401, "invalid_token", "An access token is needed: Authorization: Bearer."),
    reasons.ScopeInsufficient: Row(
        403, "insufficient_scope", "The access token is not good for this."
    ),  # RFC 6750 3.1
    reasons.SessionUnknown: Row(404, "invalid_request", "There is no such session."),
    reasons.GrantUnknown: Row(404, "invalid_request", "Nothing is granted to this client."),
    reasons.CreditDiffers: Row(409, "invalid_request", "The reference names another credit."),
    reasons.RequestUnderWay: Row(
        409, "temporarily_unavailable", "This request is being worked on.", retry_after_s=1
    ),
    reasons.IdempotencyKeyReused: Row(
        422, "invalid_request", "The Idempotency-Key was used for another request."
    ),
    # signatures/* (journeys J7.7; access_denied of CSC v1 10.1)
    reasons.TransactionsUsedUp: Row(
        403, "access_denied", "No signatures are left in this account's package: buy another one."
    ),
    # Tokens that are for something else (CSC v1 10.1, v2.1 4.4; RFC 9449 7.1)
    reasons.TokenNotForMethod: Row(
        401, "unauthorized_client", "The client is not authorized to use this method."
    ),
    reasons.TokenBoundToKey: Row(
        401, "invalid_token", "The token provided is not a valid OAuth access or refresh token."
    ),
    reasons.CallProofInvalid: Row(401, "invalid_dpop_proof", _PROOF),
    # oauth2/token, oauth2/revoke, oauth2/pushed_authorize (CSC v1 8.4.3, 8.4.4). v2 follows the
    # security practice (RFC 9700), so it says ``invalid_client`` as RFC 6749 5.2 has it.
    reasons.ParameterMissing: _bad(_missing),  # TOK-1, -2, -4, -5, OREV-1, -5
    reasons.ParameterInvalid: _bad(_invalid),  # OREV-2
    reasons.GrantTypeInvalid: _bad("Invalid parameter grant_type"),  # TOK-3
    reasons.ClientUnknown: _client("Invalid parameter client_id"),  # TOK-6, OREV-6
    reasons.ClientAuthMissing: Row(
        401, "invalid_request", "Client authorization required", "invalid_client"
    ),  # TOK-12, OREV-7
    reasons.ClientAuthFailed: _client("Invalid parameter client_secret"),  # TOK-13, OREV-8
    reasons.ClientAssertionInvalid: _client("Invalid parameter client_assertion"),
    reasons.ClientHeaderInvalid: Row(
        401, "invalid_client", "Invalid authorization header"
    ),  # OREV-9
    reasons.ClientNotAllowed: Row(
        400, "unauthorized_client", "The client is not authorized to use this method."
    ),  # RFC 6749 5.2
    reasons.CodeInvalid: _grant("Authorization code is invalid or expired"),  # TOK-7, TOK-11
    reasons.RedirectUriDiffers: _grant(
        "redirect_uri parameter does not match redirect_uri parameter of authorization request"
    ),  # TOK-8
    reasons.GrantRefreshInvalid: _grant("Invalid parameter refresh_token"),  # TOK-9
    reasons.GrantRefreshExpired: _grant("Refresh token expired"),  # TOK-10
    reasons.VerifierWrong: _grant("Invalid parameter code_verifier"),  # RFC 7636 4.6
    reasons.ProofInvalid: Row(400, "invalid_dpop_proof", _PROOF),  # RFC 9449 5
    # oauth2/authorize: redirects, or JSON where the request was pushed (CSC v1 8.4.2)
    reasons.ResponseTypeUnsupported: Row(
        400,
        "unsupported_response_type",
        "The authorization server does not support obtaining an authorization code using this"
        " method.",
    ),
    reasons.ScopeInvalid: Row(
        400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."
    ),
    reasons.AuthorizationDetailsInvalid: Row(
        400, "invalid_authorization_details", "Invalid parameter authorization_details"
    ),  # RFC 9396 5
    reasons.PushedRequestRequired: _bad("This request has to be pushed."),  # RFC 9126 5
    reasons.AccountTokenInvalid: Row(400, "access_denied", _ACCESS_DENIED),
    # Shown to the person, never sent to the client (RFC 6749 4.1.2.1)
    reasons.RedirectUriRefused: _bad("Invalid parameter redirect_uri"),
    reasons.RequestUriInvalid: Row(
        400, "invalid_request_uri", "Invalid parameter request_uri"
    ),  # RFC 9101 7
    reasons.AuthorizationRequestGone: Row(
        410, "invalid_request", "The request is over, or was answered."
    ),
    reasons.ConsentNeeded: Row(403, "access_denied", _ACCESS_DENIED),
    reasons.OtherAccountWanted: Row(403, "access_denied", _ACCESS_DENIED),
    oauth.ClientTaken: _bad(GENERIC),
    oauth.JwtInvalid: _bad(GENERIC),
    SerialTaken: _SERVER,
    # What happens to certificates
    reasons.IdentityUnfit: _bad(_unfit),
    reasons.AccountSuspended: Row(409, "invalid_request", "The account is suspended."),
    reasons.ProfileUnknown: _bad("Invalid parameter profile"),
    reasons.YearsUnfit: _bad("Invalid parameter years"),
    reasons.RekeyTooLate: Row(
        409, "invalid_request", "It is too late to renew this certificate; order a new one."
    ),
    reasons.RenewalOrdered: Row(
        409, "invalid_request", "The renewal of this certificate was ordered before."
    ),
    reasons.OrderUnknown: Row(404, "invalid_request", "No such order."),
    reasons.OrderNotSo: Row(409, "invalid_request", "The order was worked off or cancelled."),
    reasons.ReasonUnfit: _bad("Invalid parameter reason"),
    reasons.CertificateUnknown: Row(404, "invalid_request", "No such certificate."),
    reasons.CertificateNotSo: Row(
        409, "invalid_request", "The certificate is not in a state that this can happen to."
    ),
    # The authority's settings make a certificate that its linter refuses: the operator's matter.
    reasons.CertificateUnfit: _SERVER,
    reasons.AuthorityRefused: _SERVER,
    # The device makes keys that must not be certified: the operator's matter too.
    reasons.KeyUnfit: _SERVER,
    # The parts behind us (CSC v1 10.2: 503)
    hsm.Busy: _unavailable(1),
    hsm.Broken: _unavailable(2),
    hsm.Ambiguous: _unavailable(2),
    ports.StorageUnavailable: _unavailable(2),
    hsm.KeyGone: _SERVER,
    hsm.Rejected: _SERVER,
    hsm.WrongSignature: _SERVER,
}


def answer(reason: Exception, version: int, reference: str) -> Answer:
    """What the client of API ``version`` (1 or 2) is told.

    Args:
        reason: What was raised.
        reference: Names the log line of an unexpected error; the client may quote it.
    """
    if isinstance(reason, Malformed):
        return Answer(reason.status, "invalid_request", reason.description)
    row = _row(reason)
    if row is None:
        return Answer(500, "server_error", f"{SERVER_ERROR} Reference: {reference}")
    text = row.description(reason) if callable(row.description) else row.description
    error, status = row.error, row.status
    if version == 2:
        text, error = row.v2_description or text, row.v2_error or error
        status = row.v2_status or status
    return Answer(status, error, text, row.retry_after_s)


def unexpected(reason: Exception) -> bool:
    """True when the operator must see the whole traceback: no row, or a row of 500."""
    row = _row(reason)
    return not isinstance(reason, Malformed) and (row is None or row.status == 500)


def _row(reason: Exception) -> Row | None:
    """The row of the class, or of the nearest class it refines."""
    return next((TABLE[kind] for kind in type(reason).__mro__ if kind in TABLE), None)
