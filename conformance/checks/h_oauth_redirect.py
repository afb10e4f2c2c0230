"""oauth2/authorize: nobody is sent anywhere that is not registered (RFC 6749 4.1.2.1)."""

from __future__ import annotations

import functools
from urllib.parse import urlsplit, urlunsplit

from conformance.errors import Violation
from conformance.grants import Grants, grants
from conformance.model import Level
from conformance.outcome import Outcome
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/authorize", v1="8.3.2", v2="8.4.2")
_PAGE = "Show the person an error page instead (RFC 6749 4.1.2.1)."
UNKNOWN = "https://conformance.invalid/callback"


def _stays(outcome: Outcome, what: str) -> None:
    if outcome.arrival.uri:
        raise Violation(f"{what}: the browser is redirected to {outcome.arrival.uri}")


@_check(
    "oauth.client-missing",
    Level.SHALL,
    expects="A request without `client_id` redirects nobody.",
    mend=_PAGE,
)
async def client_missing(target: Target) -> None:
    found = await grants(target)
    _stays(await found.attempt(found.request(changes={"client_id": None})), "without client_id")


@_check(
    "oauth.client-unknown",
    Level.SHALL,
    expects="A request of an unknown client redirects nobody.",
    mend=_PAGE,
)
async def client_unknown(target: Target) -> None:
    found = await grants(target)
    changes = {"client_id": "conformance-no-such-client"}
    _stays(await found.attempt(found.request(changes=changes)), "for an unknown client")


@_check(
    "oauth.redirect-unknown",
    Level.SHALL,
    expects="A redirect URI that is not registered is never redirected to.",
    mend=_PAGE,
)
async def redirect_unknown(target: Target) -> None:
    found = await grants(target)
    outcome = await found.attempt(found.request(changes={"redirect_uri": UNKNOWN}), (UNKNOWN,))
    _stays(outcome, "an unknown redirect URI")


@_check(
    "oauth.redirect-exact",
    Level.SHALL,
    expects="A redirect URI that only resembles the registered one is never redirected to.",
    mend="Compare it with the registered ones as text, character by character.",
)
async def redirect_exact(target: Target) -> None:
    found = await grants(target)
    for variant in variants(found):
        outcome = await found.attempt(found.request(changes={"redirect_uri": variant}), (variant,))
        if outcome.arrival.uri == variant or outcome.code:
            raise Violation(f"the browser is redirected to {variant}, which is not registered")


def variants(found: Grants) -> tuple[str, ...]:
    """Addresses that lax comparisons take for the registered one.

    Other ports are left out: of loopback addresses any port is good (RFC 8252 7.3).
    """
    parts = urlsplit(found.redirect_uri)
    whole = found.redirect_uri
    host = f"{parts.hostname}.conformance.invalid"
    return (
        f"{whole}/more",
        f"{whole}{'&' if parts.query else '?'}more=1",
        urlunsplit(parts._replace(path=f"{parts.path}/../more")),
        urlunsplit(parts._replace(path=f"{parts.path}x")),
        urlunsplit(parts._replace(netloc=parts.netloc.replace(parts.hostname or "", host))),
        urlunsplit(parts._replace(netloc=f"{parts.netloc}@conformance.invalid")),
        urlunsplit(parts._replace(path=parts.path.swapcase())) if parts.path else f"{whole}/X",
    )
