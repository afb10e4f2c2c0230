"""credentials/extendTransaction: what the new SAD is good for, and that the old one is not.

Signatures are counted here; ``f_sign_hash_values`` verifies them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools

from conformance.answer import Answer
from conformance.checks.e_extend import METHOD, body
from conformance.credential import Credential
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Authorized, Target, signatures

_check = functools.partial(
    check, group=METHOD, v1="11.7", v2="11.9", methods=(METHOD, "signatures/signHash")
)


async def _credential(target: Target, *, count: int = 1) -> Credential:
    """One with SADs, for at least ``count`` signatures at once."""
    return await target.signing_credential(
        lambda one: one.mode != "oauth2code" and one.multisign >= count,
        f"that allows {count} signatures at once",
    )


async def _extended(target: Target, before: Authorized, hashes: tuple[bytes, ...]) -> Authorized:
    """The SAD that takes the place of ``before``.

    Raises:
        Violation: The call is refused.
    """
    answer = await target.call(METHOD, body(target, before, hashes))
    return _authorized(target, answer, before, hashes)


def _authorized(
    target: Target, answer: Answer, before: Authorized, hashes: tuple[bytes, ...]
) -> Authorized:
    sad = str(answer.succeeded().member("SAD", str))
    target.client.masker.learn(sad)
    return dataclasses.replace(before, sad=sad, hashes=hashes)


async def _half(target: Target) -> tuple[Authorized, tuple[bytes, ...]]:
    """An authorization for two signatures, one of which is made; and the hash for the other.

    Some services want to know all hashes at once, others the first alone: both may be.
    """
    credential = await _credential(target, count=2)
    first, second = target.digests(2)
    authorized = await target.granted(credential=credential, hashes=(first, second))
    one = dataclasses.replace(authorized, hashes=(first,))
    signatures(await target.sign(one), 1)
    return one, (second,)


@_check(
    "extend.answers",
    Level.SHALL,
    expects="The answer is a new SAD.",
    mend="Send `SAD`, another one than that of the request.",
)
async def answers(target: Target) -> None:
    authorized = await target.granted(credential=await _credential(target))
    answer = await target.call(METHOD, body(target, authorized, authorized.hashes))
    members = answer.succeeded()
    found = members.member("SAD", str)
    target.client.masker.learn(found)
    if not found or found == authorized.sad:
        raise Violation("`SAD` is empty" if not found else "`SAD` is the one of the request")
    lifetime = members.member("expiresIn", int, required=False)
    if lifetime is not None and lifetime < 1:
        raise Violation(f"`expiresIn` is {lifetime}")


@_check(
    "extend.prolongs",
    Level.SHALL,
    expects="A SAD that was not used yet is exchanged for one that signs the same hash.",
    mend="Extending is also for SADs that are about to expire.",
)
async def prolongs(target: Target) -> None:
    authorized = await target.granted(credential=await _credential(target))
    new = await _extended(target, authorized, authorized.hashes)
    signatures(await target.sign(new), len(new.hashes))


@_check(
    "extend.chain",
    Level.SHALL,
    expects="Between two signatures of one authorization the SAD is exchanged, and both are made.",
    mend="A SAD that has signed once can still be extended while signatures are left.",
)
async def chain(target: Target) -> None:
    before, following = await _half(target)
    new = await _extended(target, before, following)
    signatures(await target.sign(new), 1)


@_check(
    "extend.later-hash",
    Level.SHALL,
    expects="A hash that was not known at first is signed after extendTransaction has brought it.",
    mend="The hashes of extendTransaction are the ones that its SAD allows.",
)
async def later_hash(target: Target) -> None:
    credential = await _credential(target, count=2)
    first, second = target.digests(2)
    try:
        before = await target.authorized(credential=credential, hashes=(first,), number=2)
    except Violation as refusal:
        raise NotApplicable(f"fewer hashes than signatures are refused: {refusal}") from None
    signatures(await target.sign(before), 1)
    new = await _extended(target, before, (second,))
    signatures(await target.sign(new), 1)


@_check(
    "extend.count",
    Level.SHALL,
    expects="After the last signature the SAD can neither sign nor be extended.",
    mend="Count the signatures over all SADs of an authorization.",
)
async def count(target: Target) -> None:
    before, following = await _half(target)
    new = await _extended(target, before, following)
    signatures(await target.sign(new), 1)
    more = target.digests()
    (await target.call(METHOD, body(target, new, more))).refused()
    (await target.sign(dataclasses.replace(new, hashes=more))).refused()


@_check(
    "extend.old-sad",
    Level.SHALL,
    expects="The SAD that was exchanged signs no more.",
    mend="End the old SAD in the same step in which the new one is made.",
)
async def old_sad(target: Target) -> None:
    authorized = await target.granted(credential=await _credential(target))
    await _extended(target, authorized, authorized.hashes)
    (await target.sign(authorized)).refused("Invalid parameter SAD", "SAD expired")


@_check(
    "extend.once",
    Level.SHALL,
    expects="A SAD is exchanged once.",
    mend="End the old SAD in the same step in which the new one is made.",
)
async def once(target: Target) -> None:
    authorized = await target.granted(credential=await _credential(target))
    await _extended(target, authorized, authorized.hashes)
    answer = await target.call(METHOD, body(target, authorized, authorized.hashes))
    answer.refused()


@_check(
    "extend.binds",
    Level.SHALL,
    expects="With SCAL 2 the new SAD is bound to the hashes that it was made for.",
    mend="Answer 400, `Hash is not authorized by the SAD.`.",
)
async def binds(target: Target) -> None:
    credential = await _credential(target)
    if not credential.binds_hashes:
        raise NotRun(f"{credential.id} has SCAL 1")
    authorized = await target.granted(credential=credential)
    new = await _extended(target, authorized, authorized.hashes)
    other = dataclasses.replace(new, hashes=target.digests())
    (await target.sign(other)).refused(
        "Hash is not authorized by the SAD.", error=("invalid_request", "Invalid_request")
    )


@_check(
    "extend.token-foreign",
    Level.OURS,
    expects="A SAD is of no use to somebody else.",
    mend="Bind the SAD to the person whose token asked for it.",
)
async def token_foreign(target: Target) -> None:
    other = await target.other_token()
    authorized = await target.granted(credential=await _credential(target))
    answer = await target.call(METHOD, body(target, authorized, authorized.hashes), token=other)
    answer.refused(status=(400, 401, 403), error=("invalid_request", "access_denied"))


@_check(
    "extend.race",
    Level.SHALL,
    expects="Of parallel exchanges of one SAD only one leads to a signature.",
    mend="Exchange in one transaction: look, end the old SAD and make the new one under a lock.",
)
async def race(target: Target) -> None:
    authorized = await target.granted(credential=await _credential(target))
    hashes = authorized.hashes
    calls = [target.call(METHOD, body(target, authorized, hashes)) for _ in range(4)]
    new = [
        _authorized(target, answer, authorized, hashes)
        for answer in await asyncio.gather(*calls)
        if answer.status == 200
    ]
    if not new:
        note("none of four parallel exchanges of one SAD was allowed")
    signed = [answer.status for answer in [await target.sign(one) for one in new]]
    if signed.count(200) > 1:
        raise Violation(f"one authorized signature was made {signed.count(200)} times")
