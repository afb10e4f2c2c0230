"""Defects of credentials/authorizeCheck, getChallenge and sendOTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.conformance.reference.defects import V1, V2, Defect
from tests.conformance.reference.defects.authorize import both_when
from tests.conformance.reference.replies import Reply, refusing

_AUTHORIZE: Final = "credentials/authorize"
_CHECK: Final = "credentials/authorizeCheck"
_CHALLENGE: Final = "credentials/getChallenge"
_OTP: Final = "credentials/sendOTP"
_NO_ID: Final = "Missing (or invalid type) string parameter credentialID"
_BAD_ID: Final = "Invalid parameter credentialID"


def _rewords(
    name: str, method: str, checks: tuple[str, ...], text: str, what: str, **other: Any
) -> Defect:
    """A refusal with another status or ``error``."""
    versions = V1 if method == _OTP else V2
    return Defect(name, checks, versions, what, method, refusing(text, **other))


DEFECTS: Final = (
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
        both_when(202),
    ),
    Defect(
        "check-both",
        ("authorize-check.shape",),
        V2,
        "A SAD stands beside the next handle.",
        _CHECK,
        both_when(202),
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
