"""signatures/signHash and signatures/signPolling (v1 11.9; v2 11.10, 11.12)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from tests.conformance.reference import algorithms, sads
from tests.conformance.reference.call import Call, method
from tests.conformance.reference.replies import Refused, Reply, generic, invalid
from tests.conformance.reference.server import Pending, Sad, Server, new
from tests.conformance.reference.signing import signatures

LONGEST_MS: Final = 86_400_000
"""The longest time that results are kept, and the time without ``validity_period``."""
_LATER: Final = (
    "The previous asynchronous signature request has been accepted for processing, but the "
    "processing has not yet been completed."
)


@method("signatures/signHash", 1, 2)
async def sign_hash(call: Call) -> Reply:
    """A signature for each hash, in their order."""
    call.admit(credential_token=True)
    sads.named(call)
    try:
        return await _signed(call)
    except Refused:
        if call.server.wrong("sad-dies-of-refusals"):
            call.server.sads.pop(str(call.members["SAD"]), None)
        raise


async def _signed(call: Call) -> Reply:
    credential = call.credential()
    digests = algorithms.decoded(call, call.hashes_name)
    scheme = algorithms.scheme(call, credential)
    algorithms.measure(call, digests, scheme.digest)
    kept_ms = kept(call)
    call.client_data()
    if "clientData" in call.members and call.server.wrong("sign-hash-client-data-refused"):
        raise generic()
    sad = sads.found(call, credential)
    await _spend(call.server, sad, digests, scheme.digest, later=kept_ms is not None)
    return finished(call, {"signatures": signatures(call, credential, scheme, digests)}, kept_ms)


async def _spend(
    server: Server, sad: Sad, digests: Sequence[bytes], algorithm: str, *, later: bool
) -> None:
    if later and server.wrong("polling-spends-nothing"):
        return
    if not server.wrong("sign-hash-race"):
        sads.spend(server, sad, digests, algorithm)
        return
    sads.look(server, sad, digests, algorithm)
    # Long enough for all parallel calls to have looked.
    await asyncio.sleep(0.02)
    sads.enter(server, sad, digests)


@method("signatures/signPolling", 2)
async def polling(call: Call) -> Reply:
    """The result of an asynchronous request; the first question comes too early."""
    call.admit()
    request = call.text("requestID")
    call.for_user("userID parameter SHALL be null", 'Invalid parameter "userID"')
    call.client_data()
    pending = call.server.responses.get(request)
    foreign = pending is not None and pending.owner != call.token.subject
    if foreign and call.server.wrong("polling-foreign"):
        foreign = False
    if pending is None or foreign or pending.expired:
        raise invalid("requestID")
    pending.asked += 1
    if pending.asked == 1:
        return Reply({"error": "accepted_request", "error_description": _LATER}, 202)
    return Reply(pending.outcome)


def kept(call: Call) -> int | None:
    """Milliseconds that the result is kept; None when it is due at once."""
    later = call.major == 2 and call.choice("operationMode", ("S", "A")) == "A"
    if not later and not (call.major == 2 and call.server.wrong("sign-hash-period-always")):
        return None
    period = call.members.get("validity_period", LONGEST_MS)
    if not isinstance(period, int) or isinstance(period, bool):
        raise invalid("validity_period")
    if not 1 <= period <= LONGEST_MS:
        raise Refused("Out of bounds parameter validity_period")
    uri = call.members.get("response_uri", "https://nobody.example/")
    if not isinstance(uri, str) or urlsplit(uri).scheme not in ("http", "https"):
        raise invalid("response_uri")
    return period if later else None


def finished(call: Call, outcome: dict[str, Any], kept_ms: int | None) -> Reply:
    """``outcome``, now or for later."""
    if kept_ms is None:
        return Reply(outcome)
    response = new("response")
    ends = time.monotonic() + kept_ms / 1000
    call.server.responses[response] = Pending(call.token.subject, outcome, ends)
    return Reply({"responseID": response})
