"""Calls of credentials/authorize as the checks make them: one thing wrong, or all of it right.

One-time codes are scarce (an authenticator shows a new one every 30 seconds), so calls that have to
be refused share their factors. Only where the refusal speaks of the factors is the call made again
with fresh ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.answer import Answer, Members
from conformance.credential import Credential
from conformance.errors import NotRun
from conformance.target import Authorized, Target, changed

METHOD: Final = "credentials/authorize"
_FACTORS: Final = frozenset({"invalid_pin", "invalid_otp", "invalid_authentication_data"})
_MARGIN_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Ending:
    """A SAD that is about to end."""

    authorized: Authorized
    ends: float
    """Of the event loop's clock; the SAD is no longer good then."""


async def explicit(target: Target) -> Credential:
    """A credential that credentials/authorize is for."""
    return await target.signing_credential(
        lambda one: one.mode != "oauth2code", "that credentials/authorize is for"
    )


async def body(
    target: Target, credential: Credential, *, count: int = 1, fresh: bool = False
) -> dict[str, Any]:
    """A request that has nothing wrong.

    Args:
        fresh: Its factors have not been sent before.
    """

    async def factors() -> dict[str, Any]:
        return await target.factors_of(credential)

    name = f"factors of {credential.id}"
    if fresh:
        target.once.forget(name)
    given: dict[str, Any] = await target.once.get(name, factors)
    return target.names.authorize(
        credential.id, target.digests(count), given, None, credential.hash_algo
    )


async def refused(
    target: Target,
    changes: Mapping[str, object],
    *,
    credential: Credential | None = None,
    count: int = 1,
) -> Answer:
    """The answer to a call that has one thing wrong."""
    credential = credential or await explicit(target)
    sent = changed(await body(target, credential, count=count), changes)
    answer = await target.call(METHOD, sent)
    if answer.status < 400:
        target.once.forget(f"factors of {credential.id}")
    elif _error(answer) in _FACTORS:
        sent = changed(await body(target, credential, count=count, fresh=True), changes)
        answer = await target.call(METHOD, sent)
    return answer


async def accepted(target: Target, changes: Mapping[str, object], *, count: int = 1) -> Members:
    """The members of the success of a call with these changes.

    Raises:
        Violation: It is refused.
    """
    credential = await explicit(target)
    sent = changed(await body(target, credential, count=count, fresh=True), changes)
    target.once.forget(f"factors of {credential.id}")
    members = (await target.call(METHOD, sent)).succeeded(200, 202)
    target.client.masker.learn(members.get("SAD"))
    return members


async def ending(target: Target) -> Ending:
    """A SAD of the profile's short-lived credential, made when it is first asked for.

    Raises:
        NotRun: The profile names none, or its SADs live too long to be waited for.
    """

    async def make() -> Ending:
        name = target.profile.approval.short_lived
        if not name:
            raise NotRun("the profile names no credential with a short-lived SAD")
        authorized = await target.authorized(credential=await target.credential_facts(name))
        if authorized.expires_in > target.profile.limits.wait_seconds:
            raise NotRun(f"a SAD of {name} lives {authorized.expires_in} s, too long to wait")
        now = asyncio.get_running_loop().time()
        return Ending(authorized, now + authorized.expires_in + _MARGIN_S)

    found: Ending = await target.once.get("a SAD that is about to end", make)
    return found


async def expired(target: Target) -> Authorized:
    """A SAD whose time is over; waits for that.

    Raises:
        NotRun: There is none to be had.
    """
    found = await ending(target)
    left = found.ends - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)
    return found.authorized


def _error(answer: Answer) -> object:
    return answer.members.get("error") if answer.media_type == "application/json" else None
