"""What only the whole run can tell: the media types of all answers seen before."""

from __future__ import annotations

from conformance.errors import Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target


def _strange(target: Target, *, errors: bool) -> None:
    for path, (status, media) in target.client.strange_media.items():
        if path.startswith(target.path) and (status >= 400) is errors and status not in (404, 405):
            raise Violation(f"{path} answers {status} with Content-Type {media or 'missing'!r}")


@check(
    "transport.media-type",
    Level.SHALL,
    group="Transport",
    v1="10.2",
    v2="10.2",
    expects="Answers of methods are application/json.",
    mend="Send `Content-Type: application/json` with every body.",
)
async def media_type(target: Target) -> None:
    _strange(target, errors=False)


@check(
    "transport.media-type-errors",
    Level.SHALL,
    group="Transport",
    v1="10.1",
    v2="10.1",
    expects="Errors of methods are application/json.",
    mend="Send `Content-Type: application/json` with every error.",
)
async def media_type_errors(target: Target) -> None:
    _strange(target, errors=True)
