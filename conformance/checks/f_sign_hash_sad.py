"""signatures/signHash: what a SAD allows, how often, to whom.

Signatures are counted here; ``f_sign_hash_values`` verifies them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections import Counter

from conformance import rows
from conformance.answer import Answer
from conformance.checks.f_sign_hash import ERRORS, METHOD, UNAUTHORIZED
from conformance.credential import Credential
from conformance.dialect import encoded
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Authorized, Target, signatures

_check = functools.partial(check, group=METHOD, v1="11.9", v2="11.10", methods=(METHOD,))
_SPENT = ("Invalid parameter SAD", "SAD expired", UNAUTHORIZED)
_PARALLEL = 8


def _spent(answer: Answer, authorized: Authorized) -> None:
    """A refusal of an authorization that is used up: of the SAD, or of the access token."""
    if authorized.sad is None:
        answer.refused(status=(400, 401), error=(*ERRORS, "expired_token", "invalid_token"))
    else:
        answer.refused(*_SPENT, error=ERRORS)


async def _two(target: Target) -> Authorized:
    """An authorization for two hashes."""
    credential = await target.signing_credential(
        lambda one: one.multisign > 1, "that signs several hashes at once"
    )
    return await target.granted(2, credential=credential)


def _about(authorized: Authorized, *hashes: bytes) -> Authorized:
    return dataclasses.replace(authorized, hashes=hashes)


@_check(
    "sign-hash.spent",
    Level.SHALL,
    expects="After its last signature a SAD signs no more, the same hash neither.",
    mend="Count down before the key is used, and end the SAD at 0.",
)
async def spent(target: Target) -> None:
    authorized = await target.granted()
    signatures(await target.sign(authorized), len(authorized.hashes))
    _spent(await target.sign(authorized), authorized)


async def _unbound(target: Target) -> Authorized:
    """An authorization for one signature of any hash."""
    credential = await target.signing_credential(
        lambda one: one.mode != "oauth2code" and not one.binds_hashes, "with SCAL 1"
    )
    changes = {target.names.hashes: ABSENT}
    if target.names.major == 2:
        changes[target.names.hash_algorithm] = ABSENT
    return await target.granted(credential=credential, changes=changes)


@_check(
    "sign-hash.beyond",
    Level.SHALL,
    expects="No more signatures are made than `numSignatures` said.",
    mend="Compare the number of hashes with the signatures that are left.",
)
async def beyond(target: Target) -> None:
    authorized = await _unbound(target)
    _spent(await target.sign(_about(authorized, *target.digests(2))), authorized)


@_check(
    "sign-hash.unbound",
    Level.SHALL,
    expects="With SCAL 1 an authorization without hashes signs a hash of later.",
    mend="Hashes are optional in the authorization where `SCAL` is 1.",
)
async def unbound(target: Target) -> None:
    authorized = await _unbound(target)
    later = _about(authorized, *target.digests())
    signatures(await target.sign(later), 1)
    _spent(await target.sign(_about(authorized, *target.digests())), authorized)


@_check(
    "sign-hash.twice",
    Level.OURS,
    expects="A hash that was authorized once is not signed twice in one call.",
    mend="Compare hashes as often as they occur, not as a set.",
)
async def twice(target: Target) -> None:
    authorized = await _two(target)
    if not authorized.credential.binds_hashes:
        raise NotRun("the credential has SCAL 1")
    first = authorized.hashes[0]
    answer = await target.sign(_about(authorized, first, first))
    answer.refused(UNAUTHORIZED, error=ERRORS)


@_check(
    "sign-hash.twice-authorized",
    Level.OURS,
    expects="A hash that was authorized twice is signed twice.",
    mend="Compare hashes as often as they occur, not as a set.",
)
async def twice_authorized(target: Target) -> None:
    credential = await target.signing_credential(
        lambda one: one.multisign > 1, "that signs several hashes at once"
    )
    (digest,) = target.digests()
    authorized = await target.granted(credential=credential, hashes=(digest, digest))
    signatures(await target.sign(authorized), 2)


@_check(
    "sign-hash.one-unauthorized",
    Level.SHALL,
    expects="With SCAL 2 one hash that was not authorized spoils the call.",
    mend=f"Answer 400, `{UNAUTHORIZED}`, and sign none of them.",
)
async def one_unauthorized(target: Target) -> None:
    authorized = await _two(target)
    if not authorized.credential.binds_hashes:
        raise NotRun("the credential has SCAL 1")
    mixed = _about(authorized, authorized.hashes[0], *target.digests())
    (await target.sign(mixed)).refused(UNAUTHORIZED, error=ERRORS)


@_check(
    "sign-hash.some",
    Level.SHALL,
    expects="Some of the authorized hashes can be signed, and none of them again.",
    mend="Take what was signed off the authorization.",
)
async def some(target: Target) -> None:
    authorized = await _two(target)
    first = _about(authorized, authorized.hashes[0])
    signatures(await target.sign(first), 1)
    again = await target.sign(first)
    if again.status == 200:
        raise Violation("a hash that was authorized once was signed twice")


@_check(
    "sign-hash.other-credential",
    Level.SHALL,
    expects="A SAD signs with no other credential than its own.",
    mend="Answer 400, `Invalid parameter SAD`.",
)
async def other_credential(target: Target) -> None:
    authorized = await target.granted()
    mine = authorized.credential
    other = next((one for one in await target.credentials() if _differs(one, mine)), None)
    if other is None:
        raise NotRun("there is no second credential")
    changes = {"credentialID": other.id, "signAlgo": other.sign_algo}
    answer = await target.sign(authorized, changes)
    texts = ("Invalid parameter SAD", "Invalid parameter credentialID", UNAUTHORIZED)
    answer.refused(
        *texts, status=(400, 401, 403), error=(*ERRORS, "unauthorized_client", "access_denied")
    )


def _differs(one: Credential, mine: Credential) -> bool:
    return one.id != mine.id and one.enabled and bool(one.sign_algo)


@_check(
    "sign-hash.token-foreign",
    Level.SHALL,
    expects="A SAD is of no use to somebody else.",
    mend="The credential of the request has to be one of the bearer's.",
)
async def token_foreign(target: Target) -> None:
    other = await target.other_token()
    authorized = await target.granted()
    if authorized.sad is None:
        raise NotRun("the authorization is an access token, not a SAD")
    answer = await target.call(METHOD, target.sign_body(authorized), token=other)
    answer.refused(status=(400, 401, 403), error=(*ERRORS, "access_denied"))


@_check(
    "sign-hash.own-credential",
    Level.OURS,
    expects="Somebody else's SAD does not open one's own credential.",
    mend="A SAD belongs to one credential and one person.",
)
async def own_credential(target: Target) -> None:
    other, name = await target.other_token(), await rows.foreign_credential(target)
    theirs = Credential(
        name, (await target.call("credentials/info", {"credentialID": name}, token=other)).members
    )
    authorized = await target.granted()
    if authorized.sad is None:
        raise NotRun("the authorization is an access token, not a SAD")
    changes = {"credentialID": name, "signAlgo": theirs.sign_algo}
    body = {**target.sign_body(authorized), **changes}
    answer = await target.call(METHOD, body, token=other)
    answer.refused(status=(400, 401, 403), error=(*ERRORS, "access_denied"))


@_check(
    "sign-hash.refused-keeps",
    Level.OURS,
    expects="A refused call leaves the SAD as it was.",
    mend="Look at everything before the first signature is counted.",
)
async def refused_keeps(target: Target) -> None:
    authorized = await target.granted()
    wrong: tuple[dict[str, object], ...] = (
        {"signAlgo": "1.2.3.4"},
        {target.names.hashes: []},
        {target.names.hashes: encoded(target.digests())},
    )
    for changes in wrong:
        answer = await target.sign(authorized, changes)
        if answer.status < 400:
            raise NotApplicable("the wrong call was not refused; other checks say so")
    signatures(await target.sign(authorized), len(authorized.hashes))


@_check(
    "sign-hash.race",
    Level.SHALL,
    expects="Of parallel calls with one SAD for one signature only one succeeds.",
    mend="Count down in one transaction, under a lock, before the key is used.",
)
async def race(target: Target) -> None:
    authorized = await target.granted()
    answers = await asyncio.gather(*(target.sign(authorized) for _ in range(_PARALLEL)))
    _never_more(answers, [authorized.hashes] * _PARALLEL, authorized)


@_check(
    "sign-hash.race-several",
    Level.SHALL,
    expects="Parallel calls never make more signatures than authorized, nor one hash's twice.",
    mend="Count down in one transaction, under a lock, before the key is used.",
)
async def race_several(target: Target) -> None:
    authorized = await _two(target)
    first, second = authorized.hashes
    sets = [(first,), (second,), (first, second)] * 3
    answers = await asyncio.gather(*(target.sign(_about(authorized, *one)) for one in sets))
    _never_more(answers, sets, authorized)


def _never_more(
    answers: list[Answer], sets: list[tuple[bytes, ...]], authorized: Authorized
) -> None:
    """Each authorized hash was signed at most once, and something was signed."""
    good = [one for answer, one in zip(answers, sets, strict=True) if answer.status == 200]
    made = Counter(digest for one in good for digest in one)
    if not made:
        raise Violation("none of the parallel calls succeeded")
    most = max(made.values())
    if most > 1:
        raise Violation(f"one authorized hash was signed {most} times")
    if sum(made.values()) > len(authorized.hashes):
        raise Violation(f"{sum(made.values())} signatures were made")


@_check(
    "sign-hash.race-different",
    Level.SHALL,
    expects="With SCAL 1 parallel calls for different hashes stay within `numSignatures`.",
    mend="Count down in one transaction, under a lock, before the key is used.",
)
async def race_different(target: Target) -> None:
    authorized = await _unbound(target)
    each = [_about(authorized, digest) for digest in target.digests(_PARALLEL)]
    answers = await asyncio.gather(*(target.sign(one) for one in each))
    made = sum(answer.status == 200 for answer in answers)
    if made != 1:
        raise Violation(f"{made} signatures were made; one was authorized")
