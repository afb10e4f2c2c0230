"""signatures/signPolling: its errors, and that what was asked for in mode A is there later."""

from __future__ import annotations

import asyncio
import functools
import itertools
from typing import Final

from conformance import rows, verifying
from conformance.answer import Answer
from conformance.checks import f_sign_hash
from conformance.checks.f_sign_hash_params import asynchronous
from conformance.errors import NotRun, Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Authorized, Target

_METHOD: Final = "signatures/signPolling"
_check = functools.partial(check, group=_METHOD, v2="11.12", methods=(_METHOD,))
_later = functools.partial(
    check, group=_METHOD, v2="11.10; 11.12", methods=(_METHOD, f_sign_hash.METHOD)
)
_UNKNOWN: Final = {"requestID": "conformance-no-such-request"}
_NO_ID: Final = "Missing (or invalid type) string parameter requestID"
_PAUSES_S: Final = (0.02, 0.1, 0.2)
"""Between two questions; the last one again and again."""


@_check(
    "polling.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def header_malformed(target: Target) -> None:
    await rows.malformed_header(target, _METHOD, _UNKNOWN)


@_check(
    "polling.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def header_missing(target: Target) -> None:
    await rows.missing_header(target, _METHOD, _UNKNOWN)


@_check(
    "polling.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    await rows.unknown_token(target, _METHOD, _UNKNOWN)


@_check(
    "polling.request-missing",
    Level.SHALL,
    expects="A call without `requestID` is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def request_missing(target: Target) -> None:
    (await target.call(_METHOD, {})).refused(_NO_ID)


@_check(
    "polling.request-type",
    Level.SHALL,
    expects="A `requestID` that is no text is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def request_type(target: Target) -> None:
    for value in (17, ["a"], {"a": 1}):
        (await target.call(_METHOD, {"requestID": value})).refused(_NO_ID)


@_check(
    "polling.request-unknown",
    Level.SHALL,
    expects="A `requestID` that was never given out is refused.",
    mend="Answer 400, `Invalid parameter requestID`.",
)
async def request_unknown(target: Target) -> None:
    (await target.call(_METHOD, _UNKNOWN)).refused("Invalid parameter requestID")


# --- the way through ------------------------------------------------------------------------------


async def _started(target: Target) -> tuple[Authorized, Answer]:
    """A signature that was asked for in mode A, and the answer to that."""
    asynchronous(target)
    authorized = await target.granted()
    return authorized, await target.sign(authorized, {"operationMode": "A"})


def _request(answer: Answer) -> str:
    return str(answer.succeeded().member("responseID", str))


async def _waiting(target: Target) -> str:
    """The identifier of a request in mode A that nobody has fetched; for calls with one thing
    wrong."""

    async def make() -> str:
        return _request((await _started(target))[1])

    found: str = await target.once.get("a request in mode A", make)
    return found


async def finished(target: Target, request: str) -> Answer:
    """The first answer that is not 202.

    Raises:
        NotRun: None came in time.
    """
    until = asyncio.get_running_loop().time() + target.profile.limits.wait_seconds
    for pause in itertools.chain(_PAUSES_S, itertools.repeat(_PAUSES_S[-1])):
        answer = await target.call(_METHOD, {"requestID": request})
        if answer.status != 202:
            break
        if asyncio.get_running_loop().time() > until:
            raise NotRun("the signature was not made in time")
        await asyncio.sleep(pause)
    return answer


@_later(
    "polling.accepted",
    Level.SHALL,
    expects="signHash in mode A answers with `responseID` and without signatures.",
    mend="Send `responseID`; the signatures are for signPolling.",
)
async def accepted(target: Target) -> None:
    _, answer = await _started(target)
    if not _request(answer):
        raise Violation("`responseID` is empty")
    answer.members.absent("signatures", "in mode A")


@_later(
    "polling.pending",
    Level.SHALL,
    expects="Until it is done signPolling answers 202 in the shape of an error.",
    mend="Send 202 with `error`: `accepted_request`.",
)
async def pending(target: Target) -> None:
    _, answer = await _started(target)
    answer = await target.call(_METHOD, {"requestID": _request(answer)})
    if answer.status == 202:
        answer.refused(_LATER, status=202, error="accepted_request")
    else:
        answer.succeeded()


_LATER: Final = (
    "The previous asynchronous signature request has been accepted for processing, but the "
    "processing has not yet been completed."
)


@_later(
    "polling.ends",
    Level.SHALL,
    expects="Once it is done signPolling answers with the signatures.",
    mend="Send `signatures` as signHash does in mode S.",
)
async def ends(target: Target) -> None:
    authorized, answer = await _started(target)
    answer = await finished(target, _request(answer))
    verifying.verify(answer, authorized.credential, authorized.hashes)


@_later(
    "polling.spends",
    Level.SHALL,
    expects="A request in mode A uses the authorization up as one in mode S does.",
    mend="Count down when the request is accepted, not when it is done.",
)
async def spends(target: Target) -> None:
    authorized, answer = await _started(target)
    _request(answer)
    again = await target.sign(authorized)
    if again.status == 200:
        raise Violation("one authorized signature was made twice")


@_later(
    "polling.token-foreign",
    Level.OURS,
    expects="The result is of no use to somebody else.",
    mend="Bind the request to the person whose token asked for it.",
)
async def token_foreign(target: Target) -> None:
    other = await target.other_token()
    body = {"requestID": await _waiting(target)}
    answer = await target.call(_METHOD, body, token=other)
    answer.refused(status=(400, 401, 403), error=("invalid_request", "access_denied"))


@_later(
    "polling.user",
    Level.SHALL,
    expects="`userID` is refused where the token says who the person is.",
    mend="Answer 400, `userID parameter SHALL be null`.",
)
async def user(target: Target) -> None:
    if target.profile.service.kind in ("none", "client_credentials"):
        raise NotRun("the token speaks for no person")
    body = {"requestID": await _waiting(target), "userID": "conformance"}
    texts = ("userID parameter SHALL be null", "userID parameter MUST be null")
    (await target.call(_METHOD, body)).refused(*texts)


@_later(
    "polling.client-data-type",
    Level.SHALL,
    expects="A `clientData` that is no text is refused.",
    mend="Answer 400, `Invalid parameter clientData`.",
)
async def client_data_type(target: Target) -> None:
    body = {"requestID": await _waiting(target), "clientData": 7}
    (await target.call(_METHOD, body)).refused("Invalid parameter clientData")
