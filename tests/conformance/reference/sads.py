"""What a SAD allows: finding it, and spending it once (csc-api 6).

Between the look and the entry there is no await: of two requests for one hash, one is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.call import Call
from tests.conformance.reference.replies import Refused, invalid, missing
from tests.conformance.reference.server import Sad, Server

UNAUTHORIZED: Final = "Hash is not authorized by the SAD."


def named(call: Call) -> str:
    """The text of ``SAD``; in v2 empty where the bearer's token allows the signature itself."""
    if call.major == 2 and call.token.sad is not None and "SAD" not in call.members:
        return ""
    value = call.members.get("SAD")
    if not isinstance(value, str):
        raise missing("string", "SAD")
    if call.major == 2 and value in call.server.tokens and call.server.wrong("token-no-sad"):
        raise invalid("SAD")
    return value


def found(call: Call, credential: Credential) -> Sad:
    """The SAD of the request, whose time is not over."""
    text = named(call)
    sad = call.server.sads.get(text) if text else call.token.sad
    by_oauth = sad is not None and sad.text in call.server.tokens
    lax = by_oauth and call.server.wrong("credential-token-any")
    other = sad is not None and sad.credential != credential and not lax
    if sad is None or other or sad.owner != call.token.subject:
        raise invalid("SAD")
    if sad.expired:
        raise Refused("SAD expired")
    return sad


def spend(server: Server, sad: Sad, digests: Sequence[bytes], algorithm: str) -> None:
    """The signatures for ``digests`` are taken off ``sad``."""
    if sad.used and sad.exchange:
        raise invalid("SAD")
    wanted = Counter(digests)
    bound = sad.hashes is not None and wanted - sad.hashes
    if bound or len(digests) > sad.remaining or sad.algorithm not in ("", algorithm):
        raise Refused(UNAUTHORIZED)
    sad.remaining -= len(digests)
    sad.used = True
    if sad.hashes is not None:
        sad.hashes -= wanted
    if sad.remaining == 0:
        server.kill(sad)
