"""Account tokens: which account an application speaks of, at servers that demand to know.

Their errors have no row; a forged one must not end in a code. (v1 8.3.1; v2 8.4.1)
"""

from __future__ import annotations

import functools
from typing import Any

from conformance.errors import NotApplicable
from conformance.grants import Grants, grants
from conformance.identity import Identity, account_token
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/authorize", v1="8.3.1", v2="8.4.1")
_MEND = "Refuse with `access_denied`."


@_check(
    "oauth.account-forged",
    Level.SHALL,
    expects="An account token that another secret signed is refused.",
    mend=_MEND,
)
async def forged(target: Target) -> None:
    found = await _restricted(target)
    await _refused(target, found, found.wrong_secret())


@_check(
    "oauth.account-client",
    Level.OURS,
    expects="An account token of another client (`azp`) is refused.",
    mend=_MEND,
)
async def client(target: Target) -> None:
    found = await _restricted(target)
    await _refused(target, found, found.server.identity, azp="conformance-no-such-client")


@_check(
    "oauth.account-old",
    Level.OURS,
    expects="An account token that is a year old is refused.",
    mend="Refuse what was issued (`iat`) longer ago than a few minutes.",
)
async def old(target: Target) -> None:
    found = await _restricted(target)
    await _refused(target, found, found.server.identity, iat=1_600_000_000)


async def _restricted(target: Target) -> Grants:
    found = await grants(target)
    if not target.profile.oauth.account:
        raise NotApplicable("the profile names no account: the server demands no account token")
    return found


async def _refused(target: Target, found: Grants, identity: Identity, **changes: Any) -> None:
    token = account_token(identity, target.profile.oauth.account, **changes)
    (await found.attempt(found.request(changes={"account_token": token}))).refused()
