"""Authorization details of a credential: asked for as JSON, approved, and given back (RFC 9396)."""

from __future__ import annotations

import functools
import json
from typing import Any

from conformance import approvals
from conformance.approvals import Approved
from conformance.errors import Violation
from conformance.grants import blamed, grants
from conformance.model import Level
from conformance.outcome import Outcome
from conformance.registry import check
from conformance.target import Target, signatures

_authorize = functools.partial(check, group="oauth2/authorize", v2="8.4.2")
_APPROVED = "an authorization by details"
_ERRORS = ("invalid_authorization_details", "invalid_request")
_REFUSE = "Tell the client `invalid_authorization_details` (RFC 9396 5)."


async def _approved(target: Target) -> Approved:
    """One authorization by details, which only the last check signs with."""

    async def make() -> Approved:
        return await approvals.approve(target, by_details=True)

    found: Approved = await target.once.get(_APPROVED, make)
    return found


async def _with(target: Target, **changes: Any) -> Outcome:
    """How a request whose details are changed ends."""
    return await _attempt(target, {}, **changes)


async def _attempt(target: Target, parameters: dict[str, str | None], **changes: Any) -> Outcome:
    found = await grants(target)
    credential = await approvals.credential_of(target)
    good = dict(approvals.details(found, credential, target.digests(), **changes))
    return await found.attempt(found.request(changes=good | parameters))


@check(
    "rar.details",
    Level.SHALL,
    group="oauth2/token",
    v2="8.4.4",
    expects="The answer with the token holds `authorization_details` with the `credentialID`.",
    mend="Return what was approved (RFC 9396 7).",
)
async def details(target: Target) -> None:
    approved = await blamed(target, _APPROVED, _approved(target))
    found = approved.members.member("authorization_details", list)
    ids = [one.get("credentialID") for one in found if isinstance(one, dict)]
    if ids != [approved.credential.id]:
        raise Violation(f"`authorization_details` are about {ids!r}")


@check(
    "rar.details-hashes",
    Level.OURS,
    group="oauth2/token",
    v2="8.4.4",
    expects="The details that come back hold the digests and their algorithm.",
    mend="Return what was approved (RFC 9396 7): clients read it.",
)
async def details_hashes(target: Target) -> None:
    approved = await _approved(target)
    found = approved.members.get("authorization_details")
    first = found[0] if isinstance(found, list) and found else None
    if not isinstance(first, dict):
        raise Violation("there are no details")
    digests = first.get("documentDigests")
    if not isinstance(digests, list) or len(digests) != len(approved.hashes):
        raise Violation(f"`documentDigests` is {json.dumps(digests)[:200]}")
    if first.get("hashAlgorithmOID") != approved.credential.hash_algo:
        raise Violation(f"`hashAlgorithmOID` is {first.get('hashAlgorithmOID')!r}")


@_authorize(
    "rar.type-unknown",
    Level.SHALL,
    expects="Details of an unknown type are refused.",
    mend=_REFUSE,
)
async def type_unknown(target: Target) -> None:
    (await _with(target, type="conformance")).refused(*_ERRORS)


@_authorize(
    "rar.malformed",
    Level.SHALL,
    expects="Details that are not JSON are refused.",
    mend=_REFUSE,
)
async def malformed(target: Target) -> None:
    (await _attempt(target, {"authorization_details": "[{"})).refused(*_ERRORS)


@_authorize(
    "rar.digests-missing",
    Level.SHALL,
    expects="Details without `documentDigests` are refused.",
    mend=_REFUSE,
)
async def digests_missing(target: Target) -> None:
    (await _with(target, documentDigests=None)).refused(*_ERRORS)


@_authorize(
    "rar.algorithm-missing",
    Level.SHALL,
    expects="Details without `hashAlgorithmOID` are refused.",
    mend=_REFUSE,
)
async def algorithm_missing(target: Target) -> None:
    (await _with(target, hashAlgorithmOID=None)).refused(*_ERRORS)


@_authorize(
    "rar.credential-unknown",
    Level.SHALL,
    expects="Details of an unknown credential give no code.",
    mend=_REFUSE,
)
async def credential_unknown(target: Target) -> None:
    (await _with(target, credentialID="conformance-no-such-credential")).denied()


@check(
    "rar.other-hash",
    Level.SHALL,
    group="signatures/signHash",
    v2="11.10",
    methods=("signatures/signHash",),
    expects="The token signs no hash that was not in the details.",
    mend="Answer 400 `invalid_request`, `Hash is not authorized by the SAD.`",
)
async def other_hash(target: Target) -> None:
    approved = await _approved(target)
    other = Approved(approved.credential, target.digests(), approved.members, "")
    answer = await target.sign(other.authorized(2))
    if answer.status < 400:
        target.once.forget(_APPROVED)
    answer.refused("Hash is not authorized by the SAD.")


@check(
    "rar.sign",
    Level.SHALL,
    group="signatures/signHash",
    v2="11.10",
    methods=("signatures/signHash",),
    expects="The token signs the hash of the details, without `SAD`.",
    mend="Take the token in the Authorization header.",
)
async def sign(target: Target) -> None:
    signatures(await target.sign((await _approved(target)).authorized(2)), 1)
