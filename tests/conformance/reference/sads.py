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
    server, text = call.server, named(call)
    sad = server.sads.get(text) if text else call.token.sad
    if sad is None:
        raise invalid("SAD")
    lax = sad.text in server.tokens and server.wrong("credential-token-any")
    lax = lax or server.wrong("sad-of-any-credential")
    other = sad.credential != credential and not lax
    foreign = sad.owner != call.token.subject and not call.wrong("sad-of-anybody")
    if (other or foreign) and not server.wrong("sad-of-anybody-anywhere"):
        raise invalid("SAD")
    if sad.expired and not call.wrong("sad-lives-on"):
        raise Refused("SAD expired")
    return sad


def spend(server: Server, sad: Sad, digests: Sequence[bytes], algorithm: str) -> None:
    """The signatures for ``digests`` are taken off ``sad``."""
    look(server, sad, digests, algorithm)
    enter(server, sad, digests)


def look(server: Server, sad: Sad, digests: Sequence[bytes], algorithm: str) -> None:
    """``digests`` may be signed, each as often as it stands there."""
    if sad.used and sad.exchange:
        raise invalid("SAD")
    beyond = len(digests) > sad.remaining and not server.wrong("sad-uncounted")
    if beyond or not _covers(server, sad, digests) or sad.algorithm not in ("", algorithm):
        raise Refused(UNAUTHORIZED)


def _covers(server: Server, sad: Sad, digests: Sequence[bytes]) -> bool:
    if sad.hashes is None or server.wrong("sad-binds-nothing"):
        return True
    if server.wrong("sad-set"):
        return set(digests) <= set(sad.hashes)
    if server.wrong("sad-one-is-enough"):
        return bool(set(digests) & set(sad.hashes))
    return not Counter(digests) - sad.hashes


def enter(server: Server, sad: Sad, digests: Sequence[bytes]) -> None:
    """They have been signed."""
    if server.wrong("sad-for-ever"):
        return
    sad.remaining -= len(digests)
    if server.wrong("sad-keeps-hashes"):
        sad.exchange = False
    elif sad.hashes is not None:
        sad.hashes -= Counter(digests)
    sad.used = True
    if sad.remaining <= 0:
        server.kill(sad)
