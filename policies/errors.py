"""Reasons to refuse: one class per fact.

The text given to a reason is for the operator's log, never for the wire and never secret; the
wire's words for each reason stand in ``csc_server.wire.errors``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from policies.pdf import Unfit


class Refused(Exception):
    """The rules said no. Never raised itself, only its subclasses."""


# Who calls


class TokenUnknown(Refused):
    """No such access token."""


class TokenExpired(Refused):
    """The access token has expired or was revoked."""


class LoginFailed(Refused):
    """Unknown account, wrong password, suspended or throttled: one reason on purpose."""


class RefreshTokenInvalid(Refused):
    """No such refresh token, or it is expired or revoked."""


class TokenToRevokeUnknown(Refused):
    """The token to revoke is unknown, or belongs to another account."""


class RateLimited(Refused):
    """Too many calls from one place."""


class SmsBudgetSpent(RateLimited):
    """The whole service has sent as many SMS as it may in a day."""


class TokenBoundToKey(Refused):
    """The token is bound to a key that the caller did not prove to hold, or to none."""


class ScopeInsufficient(Refused):
    """The token is for something else."""


class TokenNotForMethod(ScopeInsufficient):
    """The token is for something else than the CSC methods, or than this credential."""


class CallProofInvalid(Refused):
    """The DPoP proof beside an access token does not hold."""


# The authorization server


class ClientUnknown(Refused):
    """No such client."""


class ClientAuthMissing(Refused):
    """The client has to authenticate and did not try."""


class ClientAuthFailed(Refused):
    """The client's secret is wrong."""


class ClientHeaderInvalid(Refused):
    """The client's Authorization header is not one that it may use."""


class ClientAssertionInvalid(Refused):
    """The client's assertion does not hold."""


class ClientNotAllowed(Refused):
    """The client may not use this grant."""


class ParameterMissing(Refused):
    """A parameter is absent; the text is its name."""


class ParameterInvalid(Refused):
    """A parameter cannot be taken; the text is its name."""


class RedirectUriRefused(Refused):
    """The redirect URI is not registered: nothing may ever be sent there."""


class RequestUriInvalid(Refused):
    """No such pushed request, or it is used, over, or another client's: one reason on purpose."""


class ResponseTypeUnsupported(Refused):
    """``response_type`` is not ``code``."""


class ScopeInvalid(Refused):
    """The scope is unknown, cannot be combined like this, or is not for this client."""


class AuthorizationDetailsInvalid(Refused):
    """``authorization_details`` breaks the shape of its type (RFC 9396 5)."""


class PushedRequestRequired(Refused):
    """This request has to be pushed (RFC 9126 5)."""


class AccountTokenInvalid(Refused):
    """The ``account_token`` does not hold."""


class AuthorizationRequestGone(Refused):
    """The request is unknown, answered, over, or of another browser session."""


class ConsentNeeded(Refused):
    """The person has to be asked before."""


class OtherAccountWanted(Refused):
    """The client asked for another account than the one that is signed in."""


class GrantTypeInvalid(Refused):
    """``grant_type`` is none that we have."""


class CodeInvalid(Refused):
    """No such authorization code, or it is used, over, or another client's."""


class RedirectUriDiffers(Refused):
    """``redirect_uri`` is not the one of the authorization request."""


class VerifierWrong(Refused):
    """``code_verifier`` is absent, wrong, or came without a challenge before."""


class GrantRefreshInvalid(Refused):
    """No such refresh token of this client, or it was revoked or used before."""


class GrantRefreshExpired(Refused):
    """The refresh token's time is over."""


class ProofInvalid(Refused):
    """The DPoP proof at the authorization server is absent or does not hold."""


# Credentials


class CredentialUnknown(Refused):
    """No such credential, or it is another account's: one reason on purpose."""


class CredentialDisabled(Refused):
    """The key is switched off, or has no certificate yet."""


class CertificateExpired(Refused):
    """The signing certificate is outside its validity."""

    def __init__(self, organization: str | None, common_name: str) -> None:
        super().__init__(f"O={organization or ''},CN={common_name}")
        self.organization = organization or ""
        self.common_name = common_name


class PageTokenInvalid(Refused):
    """``pageToken`` was not issued by this service for this list."""


class UserIdForbidden(Refused):
    """``userID`` was given although the access token already names the user."""


# Algorithms


class KeyAlgorithmUnknown(Refused):
    """No such key type."""


class SignAlgoInvalid(Refused):
    """The signature algorithm is not offered for this key."""


class HashAlgoMissing(Refused):
    """The signature algorithm names no digest and neither does the request."""


class HashAlgoInvalid(Refused):
    """The digest algorithm is unknown, too weak, or not the authorised one."""


class SignAlgoParamsMissing(Refused):
    """RSASSA-PSS without parameters."""


class SignAlgoParamsInvalid(Refused):
    """The parameters cannot be honoured."""


class DigestLengthInvalid(Refused):
    """A hash is not as long as its algorithm says."""


# Authorisation


class NumSignaturesTooLow(Refused):
    """``numSignatures`` below 1."""


class NumSignaturesTooHigh(Refused):
    """``numSignatures`` above ``multisign``."""


class HashesMissing(Refused):
    """SCAL 2 and no hashes."""


class HashCountDiffers(Refused):
    """The number of hashes is not ``numSignatures``."""


class AuthenticationDataUnknown(Refused):
    """A factor was given that this credential does not know."""


class PinMissing(Refused):
    """The credential needs a PIN and none was given."""


class PinWrong(Refused):
    """The PIN does not match."""


class PinLocked(Refused):
    """Too many wrong PINs."""


class OtpMissing(Refused):
    """The credential needs a one-time code and none was given."""


class OtpWrong(Refused):
    """The code is not valid now."""


class OtpGone(OtpWrong):
    """There is no code by SMS that could be right: none was sent, or it is over or used up."""


class OtpReplayed(OtpWrong):
    """The code, or one of a later time step, was accepted before."""


class OtpLocked(Refused):
    """Too many wrong codes."""


class OtpNotSent(Refused):
    """Codes of this credential are not sent to anybody, or nobody could get one."""


class PhoneMissing(Refused):
    """Codes by SMS are wanted, but the account has no phone number."""


class AuthenticatorCooling(Refused):
    """The code is right, but its authenticator was paired too short a time ago to sign."""


class PinTooWeak(Refused):
    """A new PIN breaks the rules for PINs."""


# Approval out of band


class HandleUnknown(Refused):
    """No such handle, or collected, over, or another's: one reason on purpose."""


class ApprovalRefused(Refused):
    """The person refused."""


class ApprovalsTooMany(Refused):
    """Too many requests wait for this account, or came from this client lately."""


# Signature activation data


class SadUnknown(Refused):
    """No such SAD, or it is of another account, client or credential: one reason on purpose."""


class SadNotUsable(Refused):
    """The SAD is spent, exchanged, revoked, or must be exchanged first."""


class SadExpired(Refused):
    """The SAD's time is over."""


class HashNotAuthorized(Refused):
    """A hash is not on the SAD, or asked more often than approved."""


# Documents


class DocumentNotAuthorized(Refused):
    """A document or its digest is not on the SAD, or asked more often than approved."""


class DocumentUnfit(Refused):
    """The document cannot be signed, for the reason said."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = Unfit(why)


class HashAlgoContradicts(Refused):
    """``hashAlgorithmOID`` is not the digest that ``signAlgo`` names."""


class EnvelopeInvalid(Refused):
    """The envelope is not possible for this format or this document."""


class PropertiesInvalid(Refused):
    """Signed properties that cannot be carried."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = tuple(names)


class LevelInvalid(Refused):
    """The conformance level is not offered here."""


class SignatureUnsound(Refused):
    """What was made did not pass its check, and leaves nobody: a bug of ours, or a broken part."""


class QualifierInvalid(Refused):
    """No credential is said to have this signature qualifier."""


class ClientTooFast(Refused):
    """The client signs more often than it may."""


# Time-stamps


class TimestampRefused(Refused):
    """The authority answered, but not with a token for this request."""


# Work under way


class ResponseUnknown(Refused):
    """No such responseID, or it is of another account or client: one reason on purpose."""


class ResponsePending(Refused):
    """The work is not finished."""


class ResponseFailed(Refused):
    """The work ended without a result, and will not be tried again."""


class ValidityOutOfBounds(Refused):
    """``validity_period`` is shorter or longer than results are kept."""


# Browser sessions


class SessionMissing(Refused):
    """The page needs a login and there is none."""


class SessionIdle(SessionMissing):
    """The session ended by itself: unused too long, or too old."""


class SessionEndedForSecurity(SessionMissing):
    """The session was ended: a factor changed, or its owner ended it elsewhere."""


class FormForged(Refused):
    """A form without the token of its session, or from another site."""


# People


class FormInvalid(Refused):
    """One or more fields of a form cannot be taken."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{field} {why}" for field, why in problems.items()))
        self.problems = dict(problems)
        """Field to the word of its problem (``policies.registration.Problem``)."""


class PasswordRefused(Refused):
    """The new password breaks a rule."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """A word of ``policies.passwords.Weakness``."""


class PasswordWrong(Refused):
    """The account's present password was asked for, and this is not it."""


class LinkInvalid(Refused):
    """No such link, or it is used or over: one reason on purpose."""


class CodeWrong(Refused):
    """The sent code is another one."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"{tries_left} tries left")
        self.tries_left = tries_left
        """0: this code is dead."""


class CodeExpired(Refused):
    """The sent code's time is over, its tries are used up, or none was sent."""


class StepMissing(Refused):
    """An earlier step of the procedure is not done, or was done too long ago."""


class ClockSkewed(OtpWrong):
    """The code is right for another time: the phone's clock is off."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} seconds")
        self.seconds = seconds
        """Positive: the phone is ahead. A multiple of 30."""


class AuthenticatorNotReady(Refused):
    """No authenticator is paired, or the one there was is being replaced."""


class SecondFactorMandatory(Refused):
    """The second factor cannot be put off any more."""


class LoginCodeWrong(OtpWrong):
    """The authenticator's code is wrong or was used before."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"{tries_left} tries left")
        self.tries_left = tries_left
        """Before the first lock, or before the hard stop."""


class LoginCodeLocked(OtpLocked):
    """Too many wrong codes."""

    def __init__(self, until: datetime | None) -> None:
        super().__init__(until.isoformat() if until else "stopped")
        self.until = until
        """``None``: only the owner's link or a reset helps."""


# Registration API and account API


class SessionUnknown(Refused):
    """No such session, or another account's: one reason on purpose."""


class GrantUnknown(Refused):
    """The account has granted nothing to this client."""


class TransactionsUsedUp(Refused):
    """The account's package is used up (journeys J7.7)."""


class CreditDiffers(Refused):
    """The reference was used for another credit."""


class IdempotencyKeyReused(Refused):
    """The key came before with another request."""


class RequestUnderWay(Refused):
    """The same request is being worked on."""


# Certificates


class IdentityUnfit(Refused):
    """The proofed data cannot become a subject; the reason names the field."""


class CertificateUnfit(Refused):
    """The linter found something; nothing was signed by the authority's key."""


class KeyUnfit(Refused):
    """No proof that the key is there, or one that no authority certifies: an alarm, for the device
    made it."""


class AuthorityRefused(Refused):
    """The authority elsewhere says no, for good: a matter of its staff."""


class CertificateUnknown(Refused):
    """No such certificate, or another account's: one reason on purpose."""


class CertificateNotSo(Refused):
    """The certificate is not in a state that this can happen to."""


class ReasonUnfit(Refused):
    """Not a reason for which a certificate is revoked."""


class AccountSuspended(Refused):
    """A suspended account gets no certificate."""


class ProfileUnknown(Refused):
    """No profile of this name is on offer."""


class YearsUnfit(Refused):
    """Certificates are not issued for so long."""


class RekeyTooLate(Refused):
    """The certificate ends within three days: a new one is ordered when it has ended (J2.1)."""


class RenewalOrdered(Refused):
    """The certificate is renewed once, and another order does that, or did."""


class OrderUnknown(Refused):
    """No such order, or another client's: one reason on purpose."""


class OrderNotSo(Refused):
    """The order was worked off or cancelled already."""
