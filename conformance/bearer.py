"""Is an access token alive? Asked with a call that changes nothing.

(v1 8.2, 10.1; v2 8.3, 10.1; RFC 6750 3.1)
"""

from __future__ import annotations

from conformance.answer import Answer
from conformance.errors import NotApplicable, Violation
from conformance.target import Target


async def use(target: Target, token: str) -> Answer:
    """The answer to a harmless call with ``token``.

    Raises:
        NotApplicable: The server has no method to try it with.
    """
    if target.announces("credentials/list"):
        return await target.call("credentials/list", {}, token=token)
    if target.announces("credentials/info"):
        credential = (await target.credentials())[0]
        return await target.call("credentials/info", {"credentialID": credential.id}, token=token)
    raise NotApplicable("the server has neither credentials/list nor credentials/info")


async def alive(target: Target, token: str, what: str) -> None:
    """``token`` is taken. What else the call wants (``userID``) is another matter.

    Raises:
        Violation: It is not.
    """
    answer = await use(target, token)
    if answer.status in (401, 403):
        raise Violation(f"{what} is refused: {answer.summary()}")


async def dead(target: Target, token: str, when: str) -> None:
    """``token`` is refused with 401.

    Raises:
        Violation: It is not.
    """
    answer = await use(target, token)
    if answer.status < 400:
        raise Violation(f"{when} the token still works")
    answer.refused(status=401, error=("expired_token", "invalid_token"))
