"""credentials/extendTransaction: a new SAD for what is left (v1 11.7; v2 11.9)."""

from __future__ import annotations

from tests.conformance.reference import sads
from tests.conformance.reference.authorize import digests_and_algorithm
from tests.conformance.reference.call import Call, method
from tests.conformance.reference.replies import Reply


@method("credentials/extendTransaction", 1, 2)
async def extend(call: Call) -> Reply:
    """The SAD is dead, and a new one takes its place."""
    call.admit()
    sads.named(call)
    credential = call.credential()
    sad = sads.found(call, credential)
    call.client_data()
    digests, algorithm = None, ""
    if credential.scal == "2" or call.hashes_name in call.members:
        digests, algorithm = digests_and_algorithm(call, sad.remaining)
    server = call.server
    server.kill(sad)
    new = server.authorize(credential, sad.owner, sad.remaining, digests, algorithm=algorithm)
    return Reply({"SAD": new.text, "expiresIn": credential.lifetime_s})
