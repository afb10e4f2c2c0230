"""credentials/extendTransaction: a new SAD for what is left (v1 11.7; v2 11.9)."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.conformance.reference import sads
from tests.conformance.reference.authorize import digests_and_algorithm
from tests.conformance.reference.call import Call, method
from tests.conformance.reference.replies import Reply, invalid
from tests.conformance.reference.server import Sad


@method("credentials/extendTransaction", 1, 2)
async def extend(call: Call) -> Reply:
    """The SAD is dead, and a new one takes its place."""
    call.admit()
    sads.named(call)
    sad = _exchanged(call)
    credential, server = sad.credential, call.server
    call.client_data()
    digests, algorithm = _new_hashes(call, sad)
    if server.wrong("extend-race"):
        # Long enough for all parallel calls to have looked.
        await asyncio.sleep(0.02)
    if server.wrong("extend-same-sad"):
        sad.used = False
        sad.hashes = Counter(digests) if digests is not None else None
        return Reply({"SAD": sad.text})
    if not server.wrong("extend-keeps-old"):
        server.kill(sad)
    left = credential.multisign if server.wrong("extend-counts-anew") else sad.remaining
    new = server.authorize(credential, sad.owner, left, digests, algorithm=algorithm)
    return Reply({"SAD": new.text, "expiresIn": credential.lifetime_s})


def _exchanged(call: Call) -> Sad:
    server = call.server
    named = server.sads.get(sads.named(call))
    mine = named is not None and named.owner == call.token.subject
    if named is not None and mine and server.wrong("extend-any-credential"):
        return named
    sad = sads.found(call, call.credential())
    if sad.used and server.wrong("extend-unused-only"):
        raise invalid("SAD")
    if not sad.used and server.wrong("extend-used-only"):
        raise invalid("SAD")
    return sad


def _new_hashes(call: Call, sad: Sad) -> tuple[list[bytes] | None, str]:
    """The hashes of the new SAD and their algorithm; none where none are needed."""
    server = call.server
    there = call.hashes_name in call.members
    if not there and server.wrong("extend-hashes-optional"):
        return None, ""
    if sad.credential.scal == "1" and not there:
        return None, ""
    digests, algorithm = digests_and_algorithm(call, sad.remaining)
    if server.wrong("extend-old-hashes") and sad.hashes is not None:
        return list(sad.hashes.elements()), sad.algorithm
    return (None if server.wrong("extend-unbinds") else digests), algorithm
