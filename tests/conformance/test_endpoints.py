"""Where the authorization server is, from any `info` that servers send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from conformance import endpoints
from conformance.answer import Answer, Members
from conformance.errors import NotApplicable, NotRun, Unreachable
from conformance.http import Client

BASE = "https://as.example/tenant"
METADATA = {
    "issuer": BASE,
    "authorization_endpoint": "https://as.example/authorize",
    "token_endpoint": "https://tokens.example:8443/token",
}


class Site:
    """A client that knows a few addresses."""

    def __init__(self, pages: Mapping[str, object]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def request(self, method: str, url: str, *, headers: Mapping[str, str]) -> Answer:
        """What is at ``url``; 404 for all others."""
        assert (method, headers) == ("GET", {"Accept": "application/json"})
        self.asked.append(url)
        found = self.pages.get(url)
        if isinstance(found, Exception):
            raise found
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        kind = (("Content-Type", "application/json"),)
        return Answer(404 if found is None else 200, kind, body)


async def found(info: dict[str, Any], major: int = 2, **pages: object) -> endpoints.Endpoints:
    """The endpoints for ``info``."""
    return await endpoints.discover(cast(Client, Site(pages)), Members(info), major)


@pytest.mark.parametrize(
    "base", [BASE, f"{BASE}/", f"{BASE}/oauth2/authorize", f"{BASE}/oauth2", f"{BASE}/oauth2/"]
)
async def test_a_base_address(base: str) -> None:
    """Endpoints hang off it; servers that announce one of them are understood."""
    at = await found({"oauth2": base}, 1)
    assert at.authorize == f"{BASE}/oauth2/authorize"
    assert at.token == at.audience == f"{BASE}/oauth2/token"
    assert at.revoke == f"{BASE}/oauth2/revoke"
    assert (at.pushed, at.detail_type) == ("", "")
    assert at.hosts == {"as.example:443"}


async def test_pushed_requests_at_a_base_address() -> None:
    """Only where the methods name them, and never in v1."""
    info = {"oauth2": BASE, "methods": ["oauth2/pushed_authorize"], "supportsRar": True}
    at = await found(info)
    assert (at.pushed, at.detail_type) == (f"{BASE}/oauth2/pushed_authorize", "credential")
    at = await found(info, 1)
    assert (at.pushed, at.detail_type) == ("", "")


@pytest.mark.parametrize("place", endpoints.places(BASE))
async def test_an_issuer(place: str) -> None:
    """Metadata are found in both path styles, also behind an address that does not answer."""
    pages: dict[str, object] = {endpoints.places(BASE)[0]: Unreachable("no")}
    pages[place] = METADATA | {
        "authorization_details_types_supported": ["x", "https://a/credential"]
    }
    at = await endpoints.discover(cast(Client, Site(pages)), Members({"oauth2Issuer": BASE}), 2)
    assert (at.authorize, at.issuer, at.audience) == ("https://as.example/authorize", BASE, BASE)
    assert (at.revoke, at.pushed, at.detail_type) == ("", "", "https://a/credential")
    assert at.hosts == {"as.example:443", "tokens.example:8443"}


def test_an_issuer_without_a_path_has_one_place() -> None:
    """The two styles are the same there."""
    assert endpoints.places("https://as.example") == (
        "https://as.example/.well-known/oauth-authorization-server",
        "https://as.example/.well-known/openid-configuration",
    )
    assert endpoints.places(BASE)[0] == (
        "https://as.example/.well-known/oauth-authorization-server/tenant"
    )


@pytest.mark.parametrize(
    "page", [None, b"<html>", [], {"issuer": BASE}, METADATA | {"token_endpoint": 7}]
)
async def test_metadata_of_no_use(page: object) -> None:
    """Nothing can be tried, and it is said why."""
    site = Site({endpoints.places(BASE)[0]: page})
    with pytest.raises(NotRun, match="metadata"):
        await endpoints.discover(cast(Client, site), Members({"oauth2Issuer": BASE}), 2)


async def test_an_issuer_goes_before_a_base_address() -> None:
    """It says more; v1 knows none."""
    info = Members({"oauth2": "https://base.example", "oauth2Issuer": BASE})
    assert endpoints.named(info, 2).issuer == BASE
    assert endpoints.named(info, 1) == endpoints.Named("https://base.example", "", False)


async def test_the_server_for_codes_among_several() -> None:
    """Of ``oauth2Servers`` the one that gives codes."""
    servers = [
        "strange",
        {"baseUri": "https://robots.example", "authType": ["oauth2client"]},
        {"baseUri": BASE, "authType": ["oauth2code"], "supportsRar": True},
    ]
    assert endpoints.named(Members({"oauth2Servers": servers}), 2) == endpoints.Named(
        BASE, "", True
    )


@pytest.mark.parametrize(
    "info",
    [{}, {"oauth2": 7}, {"oauth2Issuer": None}, {"oauth2Servers": "x"}, {"oauth2Servers": []}],
)
async def test_no_authorization_server(info: dict[str, Any]) -> None:
    """All checks of OAuth are not applicable then."""
    with pytest.raises(NotApplicable):
        await found(info)


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://a/b", "a:443"), ("http://a/b", "a:80"), ("http://a:1/", "a:1"), ("http://[", "")],
)
def test_hosts(url: str, host: str) -> None:
    """With the port that the scheme has by default."""
    assert endpoints.host_of(url) == host
