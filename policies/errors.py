"""Reasons to refuse: one class per fact.

The text given to a reason is for the operator's log, never for the wire and never secret; the
wire's words for each reason stand in ``csc_server.wire.errors``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


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


class OtpReplayed(OtpWrong):
    """The code, or one of a later time step, was accepted before."""


class OtpLocked(Refused):
    """Too many wrong codes."""


class PinTooWeak(Refused):
    """A new PIN breaks the rules for PINs."""


# Signature activation data


class SadUnknown(Refused):
    """No such SAD, or it is of another account, client or credential: one reason on purpose."""


class SadNotUsable(Refused):
    """The SAD is spent, exchanged, revoked, or must be exchanged first."""


class SadExpired(Refused):
    """The SAD's time is over."""


class HashNotAuthorized(Refused):
    """A hash is not on the SAD, or asked more often than approved."""


# Browser sessions


class SessionMissing(Refused):
    """The page needs a login and there is none."""


class SessionIdle(SessionMissing):
    """The session ended by itself: unused too long, or too old."""


class SessionEndedForSecurity(SessionMissing):
    """The session was ended: a factor changed, or its owner ended it elsewhere."""


class FormForged(Refused):
    """A form without the token of its session, or from another site."""
class AuthenticatorCooling(Refused):
    """The code is right, but its authenticator was paired too short a time ago to sign."""




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
    """The authenticator is not paired yet, or was replaced so lately that it may not sign."""


class SecondFactorMandatory(Refused):
    """The second factor cannot be put off any more."""
