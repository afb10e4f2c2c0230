"""credentials/info of v1: ``authMode``, ``PIN`` and ``OTP``."""

from __future__ import annotations

import functools

from conformance.answer import Members
from conformance.checks.c_credential import METHOD, among, asked, first, short
from conformance.credential import Credential
from conformance.errors import Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_v1 = functools.partial(check, group=METHOD, v1="11.5", methods=(METHOD,))


@_v1(
    "credential.auth-mode",
    Level.SHALL,
    expects="`authMode` is implicit, explicit or oauth2code.",
    mend="Send one of the three, whatever `authInfo` says.",
)
async def auth_mode(target: Target) -> None:
    answer = await asked(target, await first(target))
    among(answer.succeeded(), "authMode", ("implicit", "explicit", "oauth2code"))


@_v1(
    "credential.factors-gated",
    Level.SHALL,
    expects="`PIN` and `OTP` come only for `authInfo` true and `authMode` explicit.",
    mend="Leave both groups out otherwise.",
)
async def factors_gated(target: Target) -> None:
    for one in await target.credentials():
        plain = (await asked(target, one.id)).succeeded()
        for name in ("PIN", "OTP"):
            plain.absent(name, "without `authInfo`")
            if one.mode != "explicit":
                one.facts.absent(name, f"though `authMode` is {one.mode}")


def _groups(one: Credential, *names: str) -> list[tuple[str, Members]]:
    if one.mode != "explicit":
        return []
    return [(name, one.facts.member(name, dict)) for name in names]


def _present(group: Members) -> bool:
    return group.get("presence") in ("true", "optional")


@_v1(
    "credential.factors-presence",
    Level.SHALL,
    expects='`PIN/presence` and `OTP/presence` are the texts "true", "false" or "optional".',
    mend="Send texts, not Booleans.",
)
async def factors_presence(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "PIN", "OTP"):
            among(group, "presence", ("true", "false", "optional"))


@_v1(
    "credential.factors-format",
    Level.SHALL,
    expects="The `format` of PIN and OTP is A or N.",
    mend="Say whether they are letters and digits or digits alone.",
)
async def factors_format(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "PIN", "OTP"):
            if _present(group):
                among(group, "format", ("A", "N"))


@_v1(
    "credential.factors-texts",
    Level.SHALL,
    expects="`label` and `description` of PIN and OTP have at most 255 characters.",
    mend="Shorten them.",
)
async def factors_texts(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "PIN", "OTP"):
            short(group, "label")
            short(group, "description")


@_v1(
    "credential.otp-type",
    Level.SHALL,
    expects="`OTP/type` is offline or online.",
    mend="online: the client has to call credentials/sendOTP first.",
)
async def otp_type(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "OTP"):
            if _present(group):
                found = among(group, "type", ("offline", "online"))
                if found == "online" and not target.announces("credentials/sendOTP"):
                    raise Violation("`OTP/type` is online, and `methods` has no sendOTP")


@_v1(
    "credential.otp-id",
    Level.SHALL,
    expects="`OTP/ID` names the device or application that makes the codes.",
    mend="Send an identifier.",
)
async def otp_id(target: Target) -> None:
    for one in await target.credentials():
        for _, group in _groups(one, "OTP"):
            if _present(group):
                group.member("ID", str)
