"""credentials/authorize: the rows about the header, the credential and the number of signatures."""

from __future__ import annotations

import functools
from typing import Final

from conformance import authorizing, rows
from conformance.errors import NotApplicable, NotRun
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Target

_METHOD: Final = authorizing.METHOD
_check = functools.partial(check, group=_METHOD, v1="11.6", v2="11.6", methods=(_METHOD,))
_NO_ID: Final = "Missing (or invalid type) string parameter credentialID"
_NO_NUMBER: Final = "Missing (or invalid type) integer parameter numSignatures"
_ERRORS: Final = ("invalid_request", "Invalid_request")
"""v1 prints some rows with a capital letter."""
_MOST: Final = 50
"""Hashes that are sent to a service with a larger ``multisign``."""


@_check(
    "authorize.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_malformed(target: Target) -> None:
    body = await authorizing.body(target, await authorizing.explicit(target))
    await rows.malformed_header(target, _METHOD, body)


@_check(
    "authorize.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_missing(target: Target) -> None:
    body = await authorizing.body(target, await authorizing.explicit(target))
    await rows.missing_header(target, _METHOD, body)


@_check(
    "authorize.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    body = await authorizing.body(target, await authorizing.explicit(target))
    await rows.unknown_token(target, _METHOD, body)


@_check(
    "authorize.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def id_missing(target: Target) -> None:
    answer = await authorizing.refused(target, {"credentialID": ABSENT})
    answer.refused(_NO_ID)


@_check(
    "authorize.id-type",
    Level.SHALL,
    expects="A `credentialID` that is no text is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def id_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        answer = await authorizing.refused(target, {"credentialID": value})
        answer.refused(_NO_ID)


@_check(
    "authorize.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def id_unknown(target: Target) -> None:
    answer = await authorizing.refused(target, {"credentialID": rows.UNKNOWN_CREDENTIAL})
    answer.refused("Invalid parameter credentialID")


@_check(
    "authorize.id-foreign",
    Level.SHALL,
    expects="A credential of somebody else is refused.",
    mend="Answer as for one that nobody has: 400, `Invalid parameter credentialID`.",
)
async def id_foreign(target: Target) -> None:
    answer = await authorizing.refused(
        target, {"credentialID": await rows.foreign_credential(target)}
    )
    answer.refused("Invalid parameter credentialID")


@_check(
    "authorize.id-disabled",
    Level.SHALL,
    expects="A credential whose key is disabled is refused.",
    mend="Answer 400, `The credential identified by credentialID is disabled`.",
)
async def id_disabled(target: Target) -> None:
    found = [one.id for one in await target.credentials() if not one.enabled]
    name = target.profile.approval.disabled or next(iter(found), "")
    if not name:
        raise NotRun("no credential is disabled, and the profile names none")
    answer = await authorizing.refused(target, {"credentialID": name})
    answer.refused("The credential identified by credentialID is disabled")


@_check(
    "authorize.id-oauth",
    Level.OURS,
    expects="A credential that is authorized by OAuth is refused here.",
    mend="Answer 400 `invalid_request` where the mode is oauth2code.",
)
async def id_oauth(target: Target) -> None:
    found = [one.id for one in await target.credentials() if one.mode == "oauth2code"]
    if not found:
        raise NotApplicable("no credential is authorized by OAuth")
    answer = await authorizing.refused(target, {"credentialID": found[0]})
    answer.refused()


@_check(
    "authorize.number-missing",
    Level.SHALL,
    expects="A call without `numSignatures` is refused.",
    mend=f"Answer 400, `{_NO_NUMBER}`.",
)
async def number_missing(target: Target) -> None:
    answer = await authorizing.refused(target, {"numSignatures": ABSENT})
    answer.refused(_NO_NUMBER)


@_check(
    "authorize.number-type",
    Level.SHALL,
    expects="A `numSignatures` that is no integer is refused.",
    mend=f"Answer 400, `{_NO_NUMBER}`. In many languages `true` passes for 1: look twice.",
)
async def number_type(target: Target) -> None:
    for value in ("1", True, 1.5, [1]):
        answer = await authorizing.refused(target, {"numSignatures": value})
        answer.refused(_NO_NUMBER)


@_check(
    "authorize.number-low",
    Level.SHALL,
    expects="A `numSignatures` below 1 is refused.",
    mend="Answer 400, `Invalid value for parameter numSignatures`.",
)
async def number_low(target: Target) -> None:
    for value in (0, -1):
        answer = await authorizing.refused(target, {"numSignatures": value})
        answer.refused("Invalid value for parameter numSignatures")


@_check(
    "authorize.number-high",
    Level.SHALL,
    expects="A `numSignatures` above `multisign` is refused.",
    mend="Answer 400, `Numbers of signatures is too high`.",
)
async def number_high(target: Target) -> None:
    credential = await authorizing.explicit(target)
    if not isinstance(credential.facts.get("multisign"), int):
        raise NotRun("`multisign` is no number; the checks of credentials/info say so")
    number = credential.multisign + 1
    answer = await authorizing.refused(
        target, {"numSignatures": number}, credential=credential, count=min(number, _MOST)
    )
    answer.refused("Numbers of signatures is too high", error=_ERRORS)


@_check(
    "authorize.number-most",
    Level.SHALL,
    expects="As many signatures as `multisign` says can be authorized at once.",
    mend="Allow `numSignatures` up to `multisign`, or announce fewer.",
)
async def number_most(target: Target) -> None:
    number = (await authorizing.explicit(target)).multisign
    if number > _MOST:
        raise NotRun(f"`multisign` is {number}; more than {_MOST} hashes are not sent")
    await authorizing.accepted(target, {}, count=number)
