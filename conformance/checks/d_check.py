"""credentials/authorizeCheck: its errors, and an approval elsewhere that comes to its end."""

from __future__ import annotations

import functools
from typing import Final

from conformance import authorizing, rows
from conformance.answer import Answer
from conformance.credential import Credential
from conformance.errors import NotApplicable, Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target, signatures

_METHOD: Final = "credentials/authorizeCheck"
_check = functools.partial(check, group=_METHOD, v2="11.7", methods=(_METHOD,))
_UNKNOWN: Final = {"handle": "conformance-no-such-handle"}


@_check(
    "authorize-check.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def header_malformed(target: Target) -> None:
    await rows.malformed_header(target, _METHOD, _UNKNOWN)


@_check(
    "authorize-check.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def header_missing(target: Target) -> None:
    await rows.missing_header(target, _METHOD, _UNKNOWN)


@_check(
    "authorize-check.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    await rows.unknown_token(target, _METHOD, _UNKNOWN)


@_check(
    "authorize-check.handle-missing",
    Level.SHALL,
    expects="A call without `handle` is refused.",
    mend="Answer 400, `Invalid parameter handle`.",
)
async def handle_missing(target: Target) -> None:
    answer = await target.call(_METHOD, {})
    answer.refused("Invalid parameter handle", "Missing (or invalid type) string parameter handle")


@_check(
    "authorize-check.handle-type",
    Level.SHALL,
    expects="A `handle` that is no text is refused.",
    mend="Answer 400, `Invalid parameter handle`.",
)
async def handle_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        answer = await target.call(_METHOD, {"handle": value})
        answer.refused(
            "Invalid parameter handle", "Missing (or invalid type) string parameter handle"
        )


@_check(
    "authorize-check.handle-unknown",
    Level.SHALL,
    expects="A `handle` that was never given out is refused.",
    mend="Answer 400, `Invalid parameter handle`.",
)
async def handle_unknown(target: Target) -> None:
    answer = await target.call(_METHOD, _UNKNOWN)
    answer.refused("Invalid parameter handle")


def _elsewhere(credential: Credential) -> bool:
    """Whether the person approves on another device."""
    auth = credential.facts.get("auth")
    objects = auth.get("objects") if isinstance(auth, dict) else None
    kinds = [str(one.get("type")) for one in objects or () if isinstance(one, dict)]
    return bool(kinds) and all(kind.endswith("OOB") for kind in kinds)


async def _pending(target: Target) -> Answer:
    """The answer to an authorization that waits for the person: 202."""
    credential = await target.signing_credential(_elsewhere, "that is approved on another device")
    body = await authorizing.body(target, credential, fresh=True)
    answer = await target.call(authorizing.METHOD, body)
    answer.succeeded(200, 202)
    if answer.status == 200:
        raise NotApplicable("credentials/authorize waits for the person itself")
    return answer


@_check(
    "authorize-check.pending",
    Level.SHALL,
    expects="While the person is asked, authorize answers 202 with `handle` and nothing else.",
    mend="Send `handle` with 202, and the SAD only with 200.",
)
async def pending(target: Target) -> None:
    members = (await _pending(target)).succeeded(202)
    if not members.member("handle", str):
        raise Violation("`handle` is empty")
    members.absent("SAD", "though nobody has approved")


@_check(
    "authorize-check.ends",
    Level.SHALL,
    expects="The loop of authorizeCheck ends with a SAD that signs.",
    mend="Answer 202 with the next `handle` until the person has approved, then 200 with `SAD`.",
)
async def ends(target: Target) -> None:
    credential = await target.signing_credential(_elsewhere, "that is approved on another device")
    authorized = await target.authorized(credential=credential)
    signatures(await target.sign(authorized), len(authorized.hashes))


@_check(
    "authorize-check.shape",
    Level.SHALL,
    expects="authorizeCheck answers 202 with `handle` or 200 with `SAD`, never with both.",
    mend="Send exactly one of the two.",
)
async def shape(target: Target) -> None:
    handle = (await _pending(target)).members.member("handle", str)
    answer = await target.call(_METHOD, {"handle": handle})
    members = answer.succeeded(200, 202)
    has, lacks = ("SAD", "handle") if answer.status == 200 else ("handle", "SAD")
    target.client.masker.learn(members.get("SAD"))
    members.member(has, str)
    members.absent(lacks, f"in an answer with {answer.status}")


@_check(
    "authorize-check.handle-foreign",
    Level.OURS,
    expects="A handle is of no use to somebody else.",
    mend="Bind the handle to the person whose token asked for it.",
)
async def handle_foreign(target: Target) -> None:
    other = await target.other_token()
    handle = (await _pending(target)).members.member("handle", str)
    answer = await target.call(_METHOD, {"handle": handle}, token=other)
    answer.refused(status=(400, 401, 403), error=("invalid_request", "access_denied"))
