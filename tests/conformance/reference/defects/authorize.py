"""Defects of credentials/authorize, authorizeCheck, getChallenge and sendOTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from conformance.model import Version
from tests.conformance.reference.defects import ALL, V1, V2, Defect
from tests.conformance.reference.replies import Reply, accepting, refusing

_AUTHORIZE: Final = "credentials/authorize"
_CHECK: Final = "credentials/authorizeCheck"
_CHALLENGE: Final = "credentials/getChallenge"
_OTP: Final = "credentials/sendOTP"
_NO_ID: Final = "Missing (or invalid type) string parameter credentialID"
_BAD_ID: Final = "Invalid parameter credentialID"


def _skips(name: str, text: str, what: str, versions: tuple[Version, ...] = ALL) -> Defect:
    """A rule of authorize that is not kept: a SAD instead of a refusal with ``text``."""
    change = accepting(text, SAD="sad-of-a-defect", expiresIn=300)
    return Defect(f"authorize-{name}", (f"authorize.{name}",), versions, what, _AUTHORIZE, change)


def _rewords(
    name: str,
    method: str,
    checks: tuple[str, ...],
    text: str,
    what: str,
    versions: tuple[Version, ...] = (),
    **other: Any,
) -> Defect:
    """A refusal with another status or ``error``."""
    versions = versions or {_AUTHORIZE: ALL, _OTP: V1}.get(method, V2)
    return Defect(name, checks, versions, what, method, refusing(text, **other))


def _both(reply: Reply) -> Reply:
    """A handle beside the SAD, and a SAD beside the handle."""
    members = dict(reply.members or {})
    if reply.status >= 400 or not members.keys() & {"SAD", "handle"}:
        return reply
    return replace(reply, members={"SAD": "sad-of-a-defect", "handle": "handle", **members})


def _both_when(status: int) -> Any:
    return lambda reply: _both(reply) if reply.status == status else reply


def _lifetime_as_text(reply: Reply) -> Reply:
    members = dict(reply.members or {})
    if "expiresIn" in members:
        members["expiresIn"] = str(members["expiresIn"])
    return replace(reply, members=members)


DEFECTS: Final = (
    # credentials/authorize: identifiers and numbers
    _rewords(
        "authorize-id-code",
        _AUTHORIZE,
        ("authorize.id-missing", "authorize.id-type"),
        _NO_ID,
        "A missing credentialID is called invalid_credential.",
        error="invalid_credential",
    ),
    Defect(
        f"types-ignored of {_AUTHORIZE}",
        ("authorize.id-type",),
        ALL,
        "Whatever is sent as a text is taken for one.",
    ),
    _rewords(
        "authorize-id-404",
        _AUTHORIZE,
        ("authorize.id-unknown", "authorize.id-foreign"),
        _BAD_ID,
        "An unknown credential is answered with 404.",
        status=404,
    ),
    Defect(
        f"foreign of {_AUTHORIZE}",
        ("authorize.id-foreign",),
        ALL,
        "Somebody else's credential can be authorized.",
    ),
    _skips(
        "id-disabled",
        "The credential identified by credentialID is disabled",
        "Disabled keys are authorized.",
    ),
    Defect(
        "authorize-oauth",
        ("authorize.id-oauth",),
        ALL,
        "A credential of OAuth is authorized without it.",
    ),
    Defect(
        "authorize-number-default",
        ("authorize.number-missing",),
        ALL,
        "A missing numSignatures is 1.",
    ),
    Defect(
        "authorize-number-cast",
        ("authorize.number-type",),
        ALL,
        "numSignatures is cast to an integer.",
    ),
    _skips("number-low", "Invalid value for parameter numSignatures", "0 signatures are allowed."),
    _skips("number-high", "Numbers of signatures is too high", "multisign is no limit."),
    Defect(
        "authorize-one-less",
        ("authorize.number-most",),
        ALL,
        "One signature fewer than multisign says is the most.",
    ),
    # credentials/authorize: hashes
    Defect(
        "authorize-hashes-optional",
        ("authorize.hashes-missing",),
        ALL,
        "SCAL 2 or not, hashes are optional.",
    ),
    Defect(
        "authorize-hashes-always",
        ("authorize.hashes-optional",),
        ALL,
        "SCAL 1 or not, hashes are asked for.",
    ),
    Defect(
        f"hashes-single of {_AUTHORIZE}",
        ("authorize.hashes-type",),
        ALL,
        "A single text passes for an array of hashes.",
    ),
    _skips("hashes-empty", "Empty hash array", "An empty array of hashes is authorized."),
    _skips(
        "hashes-base64",
        "Invalid Base64 hash string parameter",
        "What is not base64 is authorized.",
    ),
    _skips("hashes-length", "Invalid digest value length", "Any length is authorized."),
    Defect(
        f"hashes-more of {_AUTHORIZE}",
        ("authorize.hashes-more",),
        ALL,
        "More hashes than numSignatures are authorized.",
    ),
    _skips(
        "algorithm-missing",
        "Missing (or invalid type) string parameter hashAlgorithmOID",
        "Hashes are authorized without their algorithm.",
        V2,
    ),
    _skips(
        "algorithm-weak",
        "Invalid parameter hashAlgorithmOID",
        "A SAD is given for hashes of SHA-1, though they are not signed later.",
        V2,
    ),
    # credentials/authorize: factors
    _rewords(
        "authorize-pin-code",
        _AUTHORIZE,
        ("authorize.pin-wrong",),
        "The PIN is invalid",
        "A wrong PIN is called invalid_request.",
        V1,
        error="invalid_request",
    ),
    _rewords(
        "authorize-otp-code",
        _AUTHORIZE,
        ("authorize.otp-wrong",),
        "The OTP is invalid",
        "A wrong code is called invalid_request.",
        V1,
        error="invalid_request",
    ),
    Defect(
        "authorize-factors-optional",
        ("authorize.pin-missing", "authorize.otp-missing"),
        V1,
        "Factors that are left out are not asked for.",
    ),
    Defect(
        "authorize-factors-ignored",
        (
            "authorize.pin-wrong",
            "authorize.pin-missing",
            "authorize.otp-wrong",
            "authorize.otp-missing",
        ),
        V1,
        "Nobody looks at PIN and OTP.",
    ),
    Defect(
        "authorize-data-ignored",
        (
            "authorize.data-wrong",
            "authorize.data-missing",
            "authorize.data-other",
            "authorize.data-type",
        ),
        V2,
        "Nobody looks at authData.",
    ),
    Defect(
        "authorize-data-optional",
        ("authorize.data-missing",),
        V2,
        "Without authData a SAD is given.",
    ),
    Defect(
        "authorize-data-places",
        ("authorize.data-other",),
        V2,
        "authData is read by place, not by id.",
    ),
    Defect(
        "authorize-data-type-500",
        ("authorize.data-type",),
        V2,
        "authData that is no array brings the server down.",
    ),
    _rewords(
        "authorize-data-code",
        _AUTHORIZE,
        ("authorize.data-wrong",),
        "The authentication data is invalid",
        "Wrong authData is called invalid_request.",
        V2,
        error="invalid_request",
    ),
    # credentials/authorize: the answer
    Defect(
        "authorize-both",
        ("authorize.answers",),
        ALL,
        "A handle stands beside the SAD.",
        _AUTHORIZE,
        _both_when(200),
    ),
    Defect(
        "authorize-lifetime-text",
        ("authorize.expires-in",),
        ALL,
        "expiresIn is a text.",
        _AUTHORIZE,
        _lifetime_as_text,
    ),
    Defect(
        "authorize-sad-again",
        ("authorize.sad-new",),
        ALL,
        "The SAD is made of the credential's name.",
    ),
    Defect(
        "authorize-description-short",
        ("authorize.description",),
        ALL,
        "A description of more than 100 characters is refused.",
    ),
    Defect(
        "authorize-client-data-refused",
        ("authorize.client-data",),
        ALL,
        "clientData is refused.",
    ),
    Defect(
        f"client-data of {_AUTHORIZE}",
        ("authorize.client-data-type",),
        ALL,
        "clientData may be anything.",
    ),
    Defect(
        f"unknown-members of {_AUTHORIZE}",
        ("authorize.lenient",),
        ALL,
        "Unknown members are refused.",
    ),
    # credentials/authorizeCheck
    _rewords(
        "check-handle-404",
        _CHECK,
        (
            "authorize-check.handle-missing",
            "authorize-check.handle-type",
            "authorize-check.handle-unknown",
            "authorize-check.handle-foreign",
        ),
        "Invalid parameter handle",
        "A bad handle is answered with 404.",
        status=404,
    ),
    Defect(
        "check-type-500",
        ("authorize-check.handle-type",),
        V2,
        "A handle that is no text brings the server down.",
    ),
    Defect(
        "check-handle-foreign",
        ("authorize-check.handle-foreign",),
        V2,
        "Whoever has the handle gets the SAD.",
    ),
    Defect(
        "check-pending-both",
        ("authorize-check.pending",),
        V2,
        "A SAD stands beside the handle.",
        _AUTHORIZE,
        _both_when(202),
    ),
    Defect(
        "check-both",
        ("authorize-check.shape",),
        V2,
        "A SAD stands beside the next handle.",
        _CHECK,
        _both_when(202),
    ),
    Defect(
        "check-dead-sad",
        ("authorize-check.ends",),
        V2,
        "The SAD at the end of the loop is good for nothing.",
        _CHECK,
        lambda reply: replace(reply, members={"SAD": "dead"}) if reply.status == 200 else reply,
    ),
    # credentials/getChallenge
    _rewords(
        "challenge-id-code",
        _CHALLENGE,
        ("challenge.id-missing",),
        _NO_ID,
        "A missing credentialID is called invalid_credential.",
        error="invalid_credential",
    ),
    _rewords(
        "challenge-id-404",
        _CHALLENGE,
        ("challenge.id-unknown", "challenge.id-foreign"),
        _BAD_ID,
        "An unknown credential is answered with 404.",
        status=404,
    ),
    Defect(
        f"foreign of {_CHALLENGE}",
        ("challenge.id-foreign",),
        V2,
        "Codes are sent to other people.",
    ),
    _rewords(
        "challenge-object-404",
        _CHALLENGE,
        ("challenge.object-missing", "challenge.object-unknown", "challenge.object-other"),
        "Invalid parameter authObjectID",
        "An unknown object is answered with 404.",
        status=404,
    ),
    Defect(
        "challenge-any",
        ("challenge.object-other",),
        V2,
        "There are challenges for a PIN.",
    ),
    Defect(
        "challenge-empty",
        ("challenge.answers",),
        V2,
        "200 comes without a challenge.",
        _CHALLENGE,
        lambda reply: Reply({}) if reply.status == 204 else reply,
    ),
    # credentials/sendOTP
    _rewords(
        "otp-id-code",
        _OTP,
        ("otp.id-missing", "otp.id-type"),
        _NO_ID,
        "A missing credentialID is called invalid_credential.",
        error="invalid_credential",
    ),
    Defect(
        f"types-ignored of {_OTP}",
        ("otp.id-type",),
        V1,
        "Whatever is sent as a text is taken for one.",
    ),
    _rewords(
        "otp-id-404",
        _OTP,
        ("otp.id-unknown", "otp.id-foreign"),
        _BAD_ID,
        "An unknown credential is answered with 404.",
        status=404,
    ),
    Defect(f"foreign of {_OTP}", ("otp.id-foreign",), V1, "Codes are sent to other people."),
    Defect(
        "otp-200",
        ("otp.answers",),
        V1,
        "Success is 200 with a body.",
        _OTP,
        lambda reply: Reply({}) if reply.status == 204 else reply,
    ),
)
