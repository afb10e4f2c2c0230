"""Defects of credentials/authorize."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from conformance.model import Version
from tests.conformance.reference.defects import ALL, V1, V2, Defect
from tests.conformance.reference.replies import Reply, accepting, refusing

_AUTHORIZE: Final = "credentials/authorize"
_NO_ID: Final = "Missing (or invalid type) string parameter credentialID"
_BAD_ID: Final = "Invalid parameter credentialID"


def _skips(name: str, text: str, what: str, versions: tuple[Version, ...] = ALL) -> Defect:
    """A rule of authorize that is not kept: a SAD instead of a refusal with ``text``."""
    change = accepting(text, SAD="sad-of-a-defect", expiresIn=300)
    return Defect(f"authorize-{name}", (f"authorize.{name}",), versions, what, _AUTHORIZE, change)


def _rewords(
    name: str,
    checks: tuple[str, ...],
    text: str,
    what: str,
    versions: tuple[Version, ...] = ALL,
    **other: Any,
) -> Defect:
    """A refusal with another status or ``error``."""
    return Defect(name, checks, versions, what, _AUTHORIZE, refusing(text, **other))


def _both(reply: Reply) -> Reply:
    """A handle beside the SAD, and a SAD beside the handle."""
    members = dict(reply.members or {})
    if reply.status >= 400 or not members.keys() & {"SAD", "handle"}:
        return reply
    return replace(reply, members={"SAD": "sad-of-a-defect", "handle": "handle", **members})


def both_when(status: int) -> Callable[[Reply], Reply]:
    """Answers with ``status`` hold both."""
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
        ("authorize.pin-wrong",),
        "The PIN is invalid",
        "A wrong PIN is called invalid_request.",
        V1,
        error="invalid_request",
    ),
    _rewords(
        "authorize-otp-code",
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
        both_when(200),
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
)
