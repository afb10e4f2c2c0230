"""signatures/signHash and signatures/signPolling (v1 11.9; v2 11.10, 11.12)."""

from __future__ import annotations

import base64
import time
from typing import Any, Final
from urllib.parse import urlsplit

from tests.conformance.reference import algorithms, sads
from tests.conformance.reference.call import Call, method
from tests.conformance.reference.replies import Refused, Reply, invalid
from tests.conformance.reference.server import Pending, new

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
    credential = call.credential()
    digests = algorithms.decoded(call, call.hashes_name)
    scheme = algorithms.scheme(call, credential)
    algorithms.measure(digests, scheme.digest)
    kept_ms = kept(call)
    call.client_data()
    sad = sads.found(call, credential)
    sads.spend(call.server, sad, digests, scheme.digest)
    key = credential.holder.key
    signatures = [base64.b64encode(scheme.sign(key, one)).decode() for one in digests]
    return finished(call, {"signatures": signatures}, kept_ms)


@method("signatures/signPolling", 2)
async def polling(call: Call) -> Reply:
    """The result of an asynchronous request; the first question comes too early."""
    call.admit()
    request = call.text("requestID")
    call.for_user("userID parameter SHALL be null", 'Invalid parameter "userID"')
    call.client_data()
    pending = call.server.responses.get(request)
    if pending is None or pending.owner != call.token.subject or pending.expired:
        raise invalid("requestID")
    pending.asked += 1
    if pending.asked == 1:
        return Reply({"error": "accepted_request", "error_description": _LATER}, 202)
    return Reply(pending.outcome)


def kept(call: Call) -> int | None:
    """Milliseconds that the result is kept; None when it is due at once."""
    if call.major == 1 or call.choice("operationMode", ("S", "A")) == "S":
        return None
    period = call.members.get("validity_period", LONGEST_MS)
    if not isinstance(period, int) or isinstance(period, bool):
        raise invalid("validity_period")
    if not 1 <= period <= LONGEST_MS:
        raise Refused("Out of bounds parameter validity_period")
    uri = call.members.get("response_uri", "https://nobody.example/")
    if not isinstance(uri, str) or urlsplit(uri).scheme not in ("http", "https"):
        raise invalid("response_uri")
    return period


def finished(call: Call, outcome: dict[str, Any], kept_ms: int | None) -> Reply:
    """``outcome``, now or for later."""
    if kept_ms is None:
        return Reply(outcome)
    response = new("response")
    ends = time.monotonic() + kept_ms / 1000
    call.server.responses[response] = Pending(call.token.subject, outcome, ends)
    return Reply({"responseID": response})
