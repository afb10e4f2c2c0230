"""oauth2/authorize for a credential: what the request has to say (SCAL 2: which hashes)."""

from __future__ import annotations

import functools

from conformance import approvals
from conformance.errors import NotApplicable
from conformance.grants import grants
from conformance.model import Level
from conformance.outcome import Outcome
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/authorize", v1="8.3.2", v2="8.4.2")
_NOT_TOLD = "Tell the client `invalid_request`."
_MANY = 500
"""More than any ``multisign`` that is sent in a query."""


async def _with(target: Target, **changes: str | None) -> Outcome:
    """How a credential request with these changes ends."""
    found = await grants(target)
    await approvals.shared(target)
    credential = await approvals.credential_of(target)
    good = dict(approvals.query(target, credential, target.digests()))
    return await found.attempt(found.request(changes=good | changes))


@_check(
    "oauth.credential-id-missing",
    Level.SHALL,
    expects="Scope `credential` without `credentialID` is refused with `invalid_request`.",
    mend=_NOT_TOLD,
)
async def id_missing(target: Target) -> None:
    (await _with(target, credentialID=None)).refused("invalid_request")


@_check(
    "oauth.credential-id-unknown",
    Level.SHALL,
    expects="Scope `credential` with an unknown credential gives no code.",
    mend=_NOT_TOLD,
)
async def id_unknown(target: Target) -> None:
    (await _with(target, credentialID="conformance-no-such-credential")).denied()


@_check(
    "oauth.credential-number-missing",
    Level.SHALL,
    expects="Scope `credential` without `numSignatures` is refused with `invalid_request`.",
    mend=_NOT_TOLD,
)
async def number_missing(target: Target) -> None:
    (await _with(target, numSignatures=None)).refused("invalid_request")


@_check(
    "oauth.credential-number-high",
    Level.OURS,
    expects="`numSignatures` beyond `multisign` is refused.",
    mend=_NOT_TOLD,
)
async def number_high(target: Target) -> None:
    credential = await approvals.credential_of(target)
    if credential.multisign >= _MANY:
        raise NotApplicable(f"`multisign` is {credential.multisign}")
    (await _with(target, numSignatures=str(credential.multisign + 1))).refused()


@_check(
    "oauth.credential-hashes-missing",
    Level.SHALL,
    expects="Scope `credential` without hashes is refused for a credential with SCAL 2.",
    mend=_NOT_TOLD,
)
async def hashes_missing(target: Target) -> None:
    credential = await approvals.credential_of(target)
    if not credential.binds_hashes:
        raise NotApplicable("the credential has SCAL 1")
    changes: dict[str, str | None] = {target.names.hashes: None, "hashAlgorithmOID": None}
    (await _with(target, **changes)).refused("invalid_request")


@_check(
    "oauth.credential-hash-malformed",
    Level.SHALL,
    expects="A hash that is not base64url is refused.",
    mend=_NOT_TOLD,
)
async def hash_malformed(target: Target) -> None:
    (await _with(target, **{target.names.hashes: "!no*base64!"})).refused()


@check(
    "oauth.credential-algorithm-missing",
    Level.OURS,
    group="oauth2/authorize",
    v2="8.4.2",
    expects="Hashes without `hashAlgorithmOID` are refused.",
    mend="Require the algorithm wherever hashes are.",
)
async def algorithm_missing(target: Target) -> None:
    (await _with(target, hashAlgorithmOID=None)).refused()
