"""SADs whose time is over: signHash and extendTransaction refuse them.

Late in the order: the SAD was made by ``authorize.expires-in`` and grew old meanwhile.
"""

from __future__ import annotations

from conformance import authorizing
from conformance.checks import e_extend
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target


@check(
    "sign-hash.expired",
    Level.SHALL,
    group="signatures/signHash",
    v1="11.9",
    v2="11.10",
    methods=("credentials/authorize", "signatures/signHash"),
    expects="A SAD signs nothing after the seconds of its `expiresIn`.",
    mend="Answer 400, `SAD expired`.",
)
async def sign_hash(target: Target) -> None:
    answer = await target.sign(await authorizing.expired(target))
    answer.refused("SAD expired")


@check(
    "extend.expired",
    Level.SHALL,
    group=e_extend.METHOD,
    v1="11.7",
    v2="11.9",
    methods=("credentials/authorize", e_extend.METHOD),
    expects="A SAD is not extended after the seconds of its `expiresIn`.",
    mend="Answer 400, `SAD expired`.",
)
async def extend(target: Target) -> None:
    old = await authorizing.expired(target)
    answer = await target.call(e_extend.METHOD, e_extend.body(target, old, old.hashes))
    answer.refused("SAD expired", "Invalid parameter SAD")
