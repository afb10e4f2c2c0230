"""Where the authorization server is: a base address, or metadata of an issuer.

Finds the endpoints even where a client would have to turn away; what is wrong with the way there
the checks of metadata say. (v1 8.3, 11.1; v2 8.4, 11.1; RFC 8414 3)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from conformance.answer import Answer, Members
from conformance.errors import Ended, NotApplicable, NotRun, Violation
from conformance.http import Client

WELL_KNOWN: Final = "/.well-known/oauth-authorization-server"
_ACCEPT: Final = {"Accept": "application/json"}
_OPENID: Final = "/.well-known/openid-configuration"
_SUFFIXES: Final = ("/oauth2/authorize", "/oauth2")
CREDENTIAL: Final = "credential"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of an authorization server; those that are empty are not announced."""

    authorize: str
    token: str
    revoke: str = ""
    pushed: str = ""
    issuer: str = ""
    """As ``info`` names it; empty where it names a base address."""
    metadata: Members | None = None
    detail_type: str = ""
    """Type of the authorization details of a credential; empty: none are taken."""

    @property
    def audience(self) -> str:
        """Whom a client's assertion is for (RFC 7523 3)."""
        return self.issuer or self.token

    @property
    def signing_algorithms(self) -> object:
        """What the metadata say of algorithms of assertions."""
        name = "token_endpoint_auth_signing_alg_values_supported"
        return self.metadata.get(name) if self.metadata else None

    @property
    def hosts(self) -> frozenset[str]:
        """``host:port`` of all of them."""
        named = (self.authorize, self.token, self.revoke, self.pushed, self.issuer)
        return frozenset(host_of(one) for one in named if one)


@dataclass(frozen=True, slots=True)
class Named:
    """The authorization server as ``info`` names it: one of the two addresses is empty."""

    base: str
    issuer: str
    takes_details: bool


def named(info: Members, major: int) -> Named:
    """What ``info`` says; an issuer goes before a base address, since it says more.

    Raises:
        NotApplicable: It says nothing.
    """
    entries = [info]
    servers = info.get("oauth2Servers") if major == 2 else None
    if isinstance(servers, list):
        found = [Members(one) for one in servers if isinstance(one, dict)]
        entries += sorted(found, key=lambda one: "oauth2code" not in (one.get("authType") or ()))
    for entry in entries:
        issuer = entry.get("oauth2Issuer") or entry.get("issuerIdentifier")
        base = entry.get("oauth2") or entry.get("baseUri")
        takes_details = major == 2 and entry.get("supportsRar") is True
        if isinstance(issuer, str) and major == 2:
            return Named("", issuer, takes_details)
        if isinstance(base, str):
            return Named(base, "", takes_details)
    raise NotApplicable("info names no authorization server")


async def discover(client: Client, info: Members, major: int) -> Endpoints:
    """The endpoints of the authorization server that ``info`` names.

    Raises:
        NotApplicable: None is named.
        NotRun: Its metadata does not lead to endpoints.
    """
    server = named(info, major)
    detail_type = CREDENTIAL if server.takes_details else ""
    if server.issuer:
        return _of_metadata(server.issuer, await _metadata(client, server.issuer), detail_type)
    base = server.base.rstrip("/")
    for suffix in _SUFFIXES:  # some servers announce one endpoint; info.oauth2 says so
        base = base.removesuffix(suffix)
    methods = info.get("methods")
    pushes = isinstance(methods, list) and "oauth2/pushed_authorize" in methods
    return Endpoints(
        authorize=f"{base}/oauth2/authorize",
        token=f"{base}/oauth2/token",
        revoke=f"{base}/oauth2/revoke",
        pushed=f"{base}/oauth2/pushed_authorize" if pushes and major == 2 else "",
        detail_type=detail_type,
    )


def places(issuer: str) -> tuple[str, ...]:
    """Where metadata of ``issuer`` may be: as RFC 8414 3.1 says, then where else it is found."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    origin = f"{parts.scheme}://{parts.netloc}"
    found = (
        f"{origin}{WELL_KNOWN}{path}",
        f"{origin}{path}{WELL_KNOWN}",
        f"{origin}{path}{_OPENID}",
    )
    return tuple(dict.fromkeys(found))


async def fetch(client: Client, place: str) -> Answer:
    """The answer at one of the ``places``."""
    return await client.request("GET", place, headers=_ACCEPT)


async def _metadata(client: Client, issuer: str) -> Members:
    for place in places(issuer):
        try:
            answer = await fetch(client, place)
            if answer.status == 200:
                return answer.members
        except Violation:
            continue
    raise NotRun(f"{issuer} has no metadata")


def _of_metadata(issuer: str, metadata: Members, detail_type: str) -> Endpoints:
    try:
        authorize = str(metadata.member("authorization_endpoint", str))
        token = str(metadata.member("token_endpoint", str))
    except Ended as reason:
        raise NotRun(f"the metadata of {issuer} is of no use: {reason}") from None
    types = _texts(metadata.get("authorization_details_types_supported"))
    credential = [one for one in types if one.rpartition("/")[2] == CREDENTIAL]
    if credential:
        detail_type = CREDENTIAL if CREDENTIAL in credential else credential[0]
    return Endpoints(
        authorize=authorize,
        token=token,
        revoke=str(metadata.get("revocation_endpoint") or ""),
        pushed=str(metadata.get("pushed_authorization_request_endpoint") or ""),
        issuer=issuer,
        metadata=metadata,
        detail_type=detail_type,
    )


def _texts(value: object) -> Iterable[str]:
    return (one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def host_of(url: str) -> str:
    """``host:port``; empty for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}"
