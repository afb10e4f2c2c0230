"""credentials/getChallenge and credentials/sendOTP: their errors, and that a code is sent."""

from __future__ import annotations

import functools
from typing import Any, Final

from conformance import rows
from conformance.answer import Members
from conformance.credential import Credential
from conformance.errors import NotApplicable, Violation
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import ABSENT, Target, changed

_CHALLENGE: Final = "credentials/getChallenge"
_OTP: Final = "credentials/sendOTP"
_challenge = functools.partial(check, group=_CHALLENGE, v2="11.8", methods=(_CHALLENGE,))
_otp = functools.partial(check, group=_OTP, v1="11.8", methods=(_OTP,))
_NO_ID: Final = "Missing (or invalid type) string parameter credentialID"
_OTP_HEADER: Final = "Malformed authorization header."


# --- getChallenge ---------------------------------------------------------------------------------


def _objects(credential: Credential, *, challenged: bool) -> list[str]:
    """Ids of the objects that a challenge is fetched for, or of the others."""
    auth = credential.facts.get("auth")
    objects = auth.get("objects") if isinstance(auth, dict) else None
    return [
        str(one.get("id"))
        for one in objects or ()
        if isinstance(one, dict) and str(one.get("type")).startswith("Challenge") == challenged
    ]


async def _challenged(target: Target) -> dict[str, Any]:
    """A request for a challenge that has nothing wrong."""
    for one in await target.credentials():
        names = _objects(one, challenged=True)
        if names and one.enabled:
            return {"credentialID": one.id, "authObjectID": names[0]}
    raise NotApplicable("no credential has an object that takes a challenge")


@_challenge(
    "challenge.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def challenge_header_malformed(target: Target) -> None:
    await rows.malformed_header(target, _CHALLENGE, await _challenged(target))


@_challenge(
    "challenge.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def challenge_header_missing(target: Target) -> None:
    await rows.missing_header(target, _CHALLENGE, await _challenged(target))


@_challenge(
    "challenge.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def challenge_token_unknown(target: Target) -> None:
    await rows.unknown_token(target, _CHALLENGE, await _challenged(target))


async def _refused_challenge(target: Target, changes: dict[str, object], *texts: str) -> None:
    body = changed(await _challenged(target), changes)
    (await target.call(_CHALLENGE, body)).refused(*texts)


@_challenge(
    "challenge.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def challenge_id_missing(target: Target) -> None:
    await _refused_challenge(
        target, {"credentialID": ABSENT}, "Invalid parameter credentialID", _NO_ID
    )


@_challenge(
    "challenge.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def challenge_id_unknown(target: Target) -> None:
    await _refused_challenge(
        target, {"credentialID": rows.UNKNOWN_CREDENTIAL}, "Invalid parameter credentialID"
    )


@_challenge(
    "challenge.id-foreign",
    Level.SHALL,
    expects="A credential of somebody else is refused.",
    mend="Answer as for one that nobody has: 400, `Invalid parameter credentialID`.",
)
async def challenge_id_foreign(target: Target) -> None:
    other = await rows.foreign_credential(target)
    await _refused_challenge(
        target,
        {"credentialID": other},
        "Invalid parameter credentialID",
        "Invalid parameter authObjectID",
    )


@_challenge(
    "challenge.object-missing",
    Level.SHALL,
    expects="A call without `authObjectID` is refused.",
    mend="Answer 400, `Invalid parameter authObjectID`.",
)
async def challenge_object_missing(target: Target) -> None:
    await _refused_challenge(
        target,
        {"authObjectID": ABSENT},
        "Invalid parameter authObjectID",
        "Missing (or invalid type) string parameter authObjectID",
    )


@_challenge(
    "challenge.object-unknown",
    Level.SHALL,
    expects="An `authObjectID` that the credential has not is refused.",
    mend="Answer 400, `Invalid parameter authObjectID`.",
)
async def challenge_object_unknown(target: Target) -> None:
    await _refused_challenge(
        target, {"authObjectID": "conformance-no-such-object"}, "Invalid parameter authObjectID"
    )


@_challenge(
    "challenge.object-other",
    Level.OURS,
    expects="An `authObjectID` of an object that takes no challenge is refused.",
    mend="Answer 400, `Invalid parameter authObjectID`.",
)
async def challenge_object_other(target: Target) -> None:
    for one in await target.credentials():
        names = _objects(one, challenged=False)
        if names and one.enabled:
            body = {"credentialID": one.id, "authObjectID": names[0]}
            (await target.call(_CHALLENGE, body)).refused()
            return
    raise NotApplicable("all objects of all credentials take a challenge")


@_challenge(
    "challenge.answers",
    Level.SHALL,
    expects="The answer is 200 with `challenge`, or 204 without a body: sent another way.",
    mend="Choose by whether the challenge is in the answer.",
)
async def challenge_answers(target: Target) -> None:
    answer = await target.call(_CHALLENGE, await _challenged(target))
    if answer.status == 201 and target.names.major == 2 and not answer.body:
        note("the answer is 201; v2.1 settles on 204")
    elif answer.status == 204:
        answer.emptied()
    elif not answer.succeeded().member("challenge", str):
        raise Violation("`challenge` is empty")


# --- sendOTP --------------------------------------------------------------------------------------


async def _online(target: Target) -> dict[str, Any]:
    """A call of sendOTP that has nothing wrong."""
    for one in await target.credentials():
        otp = one.facts.get("OTP")
        group = Members(otp) if isinstance(otp, dict) else Members()
        if one.enabled and group.get("type") == "online" and group.get("presence") == "true":
            return {"credentialID": one.id}
    raise NotApplicable("no credential has a one-time code that is sent")


@_otp(
    "otp.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend=f"Answer 400, `{_OTP_HEADER}`.",
)
async def otp_header_malformed(target: Target) -> None:
    rows.needs_token(target)
    headers = {"Authorization": "Token conformance"}
    answer = await target.client.post(f"{target.url}/{_OTP}", await _online(target), headers)
    answer.refused(_OTP_HEADER, target.names.malformed_bearer)


@_otp(
    "otp.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend=f"Answer 400, `{_OTP_HEADER}`.",
)
async def otp_header_missing(target: Target) -> None:
    await rows.missing_header(target, _OTP, await _online(target))


@_otp(
    "otp.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def otp_token_unknown(target: Target) -> None:
    await rows.unknown_token(target, _OTP, await _online(target))


@_otp(
    "otp.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def otp_id_missing(target: Target) -> None:
    (await target.call(_OTP, {})).refused(_NO_ID)


@_otp(
    "otp.id-type",
    Level.SHALL,
    expects="A `credentialID` that is no text is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def otp_id_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        (await target.call(_OTP, {"credentialID": value})).refused(_NO_ID)


@_otp(
    "otp.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def otp_id_unknown(target: Target) -> None:
    answer = await target.call(_OTP, {"credentialID": rows.UNKNOWN_CREDENTIAL})
    answer.refused("Invalid parameter credentialID")


@_otp(
    "otp.id-foreign",
    Level.SHALL,
    expects="A credential of somebody else is refused: nobody's phone rings on others' behalf.",
    mend="Answer as for one that nobody has: 400, `Invalid parameter credentialID`.",
)
async def otp_id_foreign(target: Target) -> None:
    body = {"credentialID": await rows.foreign_credential(target)}
    (await target.call(_OTP, body)).refused("Invalid parameter credentialID")


@_otp(
    "otp.answers",
    Level.SHALL,
    expects="sendOTP answers 204 without a body.",
    mend="Send no body.",
)
async def otp_answers(target: Target) -> None:
    (await target.call(_OTP, await _online(target))).emptied()
