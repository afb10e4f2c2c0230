"""credentials/authorize: the members of the answer, and requests that have to be accepted."""

from __future__ import annotations

import contextlib
import functools
from typing import Final

from conformance import authorizing
from conformance.errors import NotRun, Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_METHOD: Final = authorizing.METHOD
_check = functools.partial(check, group=_METHOD, v1="11.6", v2="11.6", methods=(_METHOD,))
_LONG: Final = 255
"""Characters of ``description`` that every version allows."""


@_check(
    "authorize.answers",
    Level.SHALL,
    expects="The answer is a SAD, or in v2 202 with a handle; never both.",
    mend="200 carries `SAD`, 202 carries `handle`.",
)
async def answers(target: Target) -> None:
    credential = await authorizing.explicit(target)
    body = await authorizing.body(target, credential, fresh=True)
    target.once.forget(f"factors of {credential.id}")
    answer = await target.call(_METHOD, body)
    members = answer.succeeded(200) if target.names.major == 1 else answer.succeeded(200, 202)
    has, lacks = ("SAD", "handle") if answer.status == 200 else ("handle", "SAD")
    if not members.member(has, str):
        raise Violation(f"`{has}` is empty")
    members.absent(lacks, f"in an answer with {answer.status}")


@_check(
    "authorize.expires-in",
    Level.SHALL,
    expects="`expiresIn`, where it is, is a positive number of seconds.",
    mend="Send the seconds that the SAD lives; without `expiresIn` clients count on 3600.",
)
async def expires_in(target: Target) -> None:
    members = await authorizing.accepted(target, {})
    found = members.member("expiresIn", int, required=False)
    if found is not None and found < 1:
        raise Violation(f"`expiresIn` is {found}")
    # The short-lived SAD of the checks of ``i_expiry`` grows old while others run.
    with contextlib.suppress(NotRun):
        await authorizing.ending(target)


@_check(
    "authorize.sad-new",
    Level.SHALL,
    expects="Each authorization has a SAD of its own.",
    mend="Make SADs from random bytes.",
)
async def sad_new(target: Target) -> None:
    credential = await authorizing.explicit(target)
    first, second = [(await target.authorized(credential=credential)).sad for _ in range(2)]
    if first == second:
        raise Violation("two authorizations have the same SAD")


@_check(
    "authorize.description",
    Level.SHALL,
    expects="A `description` is accepted.",
    mend="Show it to the person, or ignore it.",
)
async def description(target: Target) -> None:
    await authorizing.accepted(target, {"description": "x" * _LONG})


@_check(
    "authorize.client-data",
    Level.SHALL,
    expects="`clientData` is accepted.",
    mend="Keep it with the transaction, or ignore it.",
)
async def client_data(target: Target) -> None:
    await authorizing.accepted(target, {"clientData": "conformance"})


@_check(
    "authorize.client-data-type",
    Level.OURS,
    expects="A `clientData` that is no text is refused.",
    mend="Answer 400, `Invalid parameter clientData`.",
)
async def client_data_type(target: Target) -> None:
    answer = await authorizing.refused(target, {"clientData": {"a": 1}})
    answer.refused()


@_check(
    "authorize.lenient",
    Level.OURS,
    expects="Members that are null or unknown do not matter.",
    mend="Take null for absent, and skip what you do not know: some clients send both.",
)
async def lenient(target: Target) -> None:
    changes = {"description": None, "clientData": None, "conformance": {"a": [1]}}
    await authorizing.accepted(target, changes)
