"""The metadata of the authorization server: true, complete, and kept. (RFC 8414)

Every value that the document advertises has a flow here that passes with it; a new value without
a flow fails the first test.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from csc_server import config
from csc_server.config import ConfigurationRefused
from policies.tokens import WITHOUT_PERSON
from tests.csc_server.oauth import approvals, jwt
from tests.csc_server.oauth.clients import KEYS, LOOPBACK
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Browser, Program

Of = Callable[..., Program]
WELL_KNOWN = "/.well-known/oauth-authorization-server"
DPOP_KEYS = {"ES256": jwt.new_key(), **{alg: KEYS[alg] for alg in ("PS256", "EdDSA", "Ed25519")}}


async def document(world: World, http: aiohttp.ClientSession) -> dict[str, Any]:
    """The metadata."""
    async with http.get(world.issuer + WELL_KNOWN) as response:
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found


@dataclass(frozen=True)
class Actors:
    """Who takes part in a flow."""

    browser: Browser
    of: Of
    world: World

    @property
    def credential(self) -> str:
        """Alice's."""
        return self.world.people["alice"].credentials["pin"]

    def authenticating(self, method: str) -> Program:
        """A program that is registered with this method."""
        name = {
            "none": "vtoken",
            "client_secret_basic": "contab",
            "client_secret_post": "poster",
            "private_key_jwt": "signer",
        }[method]
        if method == "none":
            return self.of(name, redirect_uri=LOOPBACK)
        return self.of(name)


async def grant_type(actors: Actors, value: str) -> None:
    """A token is issued for it."""
    if value == "client_credentials":
        reply = await actors.of("seal").token(grant_type=value)
        assert reply.status == 200
        return
    program = actors.of("contab")
    body = await program.tokens(actors.browser)
    if value == "refresh_token":
        assert (await program.refresh(body["refresh_token"])).status == 200


async def request_parameter(actors: Actors, name: str, value: str) -> None:
    """An authorization request that says so leads to tokens, by a code in the query."""
    program = actors.of("contab")
    landing = await actors.browser.authorize(2, **program.request(**{name: value}))
    answer = await actors.browser.allow(landing)
    assert "#" not in answer.location
    assert (await program.redeem(answer.query["code"])).status == 200


async def response_type(actors: Actors, value: str) -> None:
    """As said."""
    await request_parameter(actors, "response_type", value)


async def response_mode(actors: Actors, value: str) -> None:
    """As said."""
    await request_parameter(actors, "response_mode", value)


async def challenge_method(actors: Actors, value: str) -> None:
    """As said."""
    await request_parameter(actors, "code_challenge_method", value)


async def scope(actors: Actors, value: str) -> None:
    """A token of it opens what it is for."""
    program = actors.of("contab")
    if value in WITHOUT_PERSON:
        asked = {"grant_type": "client_credentials", "scope": value}
        body = (await actors.of("portal").token(**asked)).body
    elif value == "credential":
        details = approvals.details(actors.credential, "a")
        body = await approvals.approved(program, actors.browser, details)
    else:
        body = await program.tokens(actors.browser, scope=value)
    token = body["access_token"]
    assert body["scope"] == value
    if value == "service":
        opened = (await program.call("credentials/list", {}, token)).status
    elif value == "credential":
        opened = (await approvals.sign(program, actors.credential, token, "a")).status
    elif value == "revocation":
        url = f"{program.base_url}/registration/v1/certificate-suspensions"
        body, headers = {"serialNumber": "1"}, {"Authorization": f"Bearer {token}"}
        async with program.http.post(url, json=body, headers=headers) as response:
            # It is let in: there is no such certificate.
            opened = 200 if response.status == 404 else response.status
    else:
        account_id = actors.world.people["alice"].account_id
        path = {"account": "account/v1/profile"}.get(
            value, f"registration/v1/accounts/{account_id}"
        )
        headers = {"Authorization": f"Bearer {token}"}
        async with program.http.get(f"{program.base_url}/{path}", headers=headers) as response:
            opened = response.status
    assert opened == 200


async def authentication(actors: Actors, value: str) -> None:
    """A client that is registered so gets tokens."""
    await actors.authenticating(value).tokens(actors.browser)


async def authentication_at_revocation(actors: Actors, value: str) -> None:
    """A client that is registered so revokes its token."""
    program = actors.authenticating(value)
    token = (await program.tokens(actors.browser))["access_token"]
    assert (await program.revoke(token)).status == 204
    assert (await program.call("credentials/list", {}, token)).status == 401


async def assertion_algorithm(actors: Actors, value: str) -> None:
    """A client signs its assertions so."""
    await actors.of("signer", alg=value).tokens(actors.browser)


async def assertion_algorithm_at_revocation(actors: Actors, value: str) -> None:
    """As said."""
    signer = actors.of("signer", alg=value)
    token = (await signer.tokens(actors.browser))["access_token"]
    assert (await signer.revoke(token)).status == 204
    assert (await signer.call("credentials/list", {}, token)).status == 401


async def proof_algorithm(actors: Actors, value: str) -> None:
    """A program proves its key so, at the token endpoint and at the resource."""
    program = actors.of("contab", key=DPOP_KEYS[value], alg=value)
    body = await program.tokens(actors.browser)
    assert body["token_type"] == "DPoP"
    assert (await program.proved("credentials/list", {}, body["access_token"])).status == 200


async def details_type(actors: Actors, value: str) -> None:
    """Details of this type are approved, come back, and sign."""
    program = actors.of("contab")
    details = approvals.details(actors.credential, "a", type=value)
    body = await approvals.approved(program, actors.browser, details)
    assert body["authorization_details"][0]["type"] == value
    token = body["access_token"]
    assert (await approvals.sign(program, actors.credential, token, "a")).status == 200


async def language(actors: Actors, value: str) -> None:
    """A program that asks for it gets pages in it (``lang``, CSC v1 8.4.2)."""
    program = actors.of("contab")
    request = program.request(lang=value, scope="service account")
    landing = await actors.browser.authorize(2, **request)
    cookie = re.match(r"lang=\w+", landing.headers.getall("Set-Cookie")[-1])
    assert cookie is not None
    assert cookie[0] == f"lang={value}"


FLOWS: dict[str, tuple[tuple[str, ...], Callable[[Actors, str], Awaitable[None]]]] = {
    "grant_types_supported": (
        ("authorization_code", "client_credentials", "refresh_token"),
        grant_type,
    ),
    "response_types_supported": (("code",), response_type),
    "response_modes_supported": (("query",), response_mode),
    "scopes_supported": (("service", "credential", "account", "registration", "revocation"), scope),
    "code_challenge_methods_supported": (("S256",), challenge_method),
    "token_endpoint_auth_methods_supported": (
        ("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
        authentication,
    ),
    "token_endpoint_auth_signing_alg_values_supported": (tuple(KEYS), assertion_algorithm),
    "revocation_endpoint_auth_methods_supported": (
        ("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
        authentication_at_revocation,
    ),
    "revocation_endpoint_auth_signing_alg_values_supported": (
        tuple(KEYS),
        assertion_algorithm_at_revocation,
    ),
    "dpop_signing_alg_values_supported": (tuple(DPOP_KEYS), proof_algorithm),
    "authorization_details_types_supported": (("credential", approvals.LONG_TYPE), details_type),
    "ui_locales_supported": (("en", "fr", "ro"), language),
}


async def test_rfc8414_2_everything_advertised_has_a_flow_here(
    world: World, http: aiohttp.ClientSession
) -> None:
    """Not one value more, not one less."""
    lists = {
        name: set(value)
        for name, value in (await document(world, http)).items()
        if isinstance(value, list)
    }
    assert lists == {name: set(values) for name, (values, _) in FLOWS.items()}


@pytest.mark.parametrize(
    ("member", "value"), [(name, one) for name, (values, _) in FLOWS.items() for one in values]
)
async def test_rfc8414_2_what_is_advertised_works(
    browser: Browser, program_of: Of, world: World, member: str, value: str
) -> None:
    """The flow of this value passes."""
    await FLOWS[member][1](Actors(browser, program_of, world), value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_type", "token"),
        ("response_type", "id_token"),
        ("response_mode", "fragment"),
        ("response_mode", "form_post"),
        ("response_mode", "query.jwt"),
        ("code_challenge_method", "plain"),
        ("scope", "openid"),
    ],
)
async def test_rfc8414_2_what_is_not_advertised_is_refused(
    browser: Browser, program: Program, name: str, value: str
) -> None:
    """Not overlooked: a program that relies on it hears so."""
    landing = await browser.authorize(2, **program.request(**{name: value}))
    assert landing.query["error"] in (
        "unsupported_response_type",
        "invalid_request",
        "invalid_scope",
    )


async def test_rfc8414_2_endpoints_answer(world: World, http: aiohttp.ClientSession) -> None:
    """Each that is named is there, on this host; what we do not have is not named."""
    body = await document(world, http)
    endpoints = {name: value for name, value in body.items() if name.endswith("_endpoint")}
    assert endpoints.keys() == {
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "pushed_authorization_request_endpoint",
    }
    for name, url in endpoints.items():
        assert url.startswith(world.issuer + "/"), name
        async with http.options(url) as response:
            assert response.status == 405, name
            asked = "GET" if name == "authorization_endpoint" else "POST"
            assert response.headers["Allow"] == asked


async def test_rfc8414_2_there_is_no_introspection_and_no_registration(
    world: World, http: aiohttp.ClientSession
) -> None:
    """RFC 7662 and RFC 7591 are not offered, under no usual path; no keys either: no JWTs."""
    body = await document(world, http)
    for member in ("introspection_endpoint", "registration_endpoint", "jwks_uri"):
        assert member not in body
    for path in ("introspect", "introspection", "register", "jwks"):
        async with http.post(f"{world.issuer}/csc/v2/oauth2/{path}", data={"token": "x"}) as reply:
            assert reply.status == 404


async def test_rfc8414_3_1_the_request_for_metadata(
    world: World, http: aiohttp.ClientSession
) -> None:
    """GET alone; nobody has to say who they are; no cookie is set."""
    url = world.issuer + WELL_KNOWN
    async with http.get(url) as response:
        assert "Set-Cookie" not in response.headers
    async with http.post(url) as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET")


async def test_rfc8414_3_2_the_answer_is_json(world: World, http: aiohttp.ClientSession) -> None:
    """By its content type; no member is null or an empty list."""
    async with http.get(world.issuer + WELL_KNOWN) as response:
        assert response.content_type == "application/json"
        body = await response.json()
    for name, value in body.items():
        assert value not in (None, [], ""), name


async def test_rfc8414_3_3_the_issuer_is_who_was_asked(
    world: World, http: aiohttp.ClientSession
) -> None:
    """To the letter that under which the document was fetched; so a client can compare."""
    body = await document(world, http)
    assert body["issuer"] == world.issuer
    assert world.issuer == world.service.settings.base_url
    assert not {"?", "#"} & set(body["issuer"])


async def test_rfc8414_3_3_headers_do_not_change_the_issuer(
    world: World, http: aiohttp.ClientSession
) -> None:
    """It is configured: no Host and no X-Forwarded-Host names another (RFC 9700 4.13)."""
    for name in ("Host", "X-Forwarded-Host", "Forwarded"):
        headers = {name: "host=evil.example" if name == "Forwarded" else "evil.example"}
        async with http.get(world.issuer + WELL_KNOWN, headers=headers) as response:
            text = await response.text()
        assert "evil" not in text


@pytest.mark.parametrize(
    ("url", "issuer"),
    [
        ("https://sign.example", "https://sign.example"),
        ("https://sign.example/", "https://sign.example"),
        ("https://sign.example:8443", "https://sign.example:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_rfc8414_2_the_issuer_is_the_public_url(tmp_path: Path, url: str, issuer: str) -> None:
    """Without a slash at its end."""
    assert config.load(tmp_path, public_url=url).base_url == issuer


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sign.example",
        "https://",
        "https://sign.example?x=1",
        "https://sign.example/?",
        "https://sign.example#x",
        "https://sign.example/path",
        "https://sign.example//",
        "https://user@sign.example",
        "https://sign.example evil.example",
        "https://sign.example\n",
        "ftp://sign.example",
    ],
)
def test_rfc8414_2_urls_that_are_no_issuer(tmp_path: Path, url: str) -> None:
    """No query, no fragment; and no path, for the metadata's own would be another (3.1)."""
    with pytest.raises(ConfigurationRefused, match="public_url"):
        config.load(tmp_path, public_url=url)


@pytest.mark.parametrize("url", [None, "http://sign.example"])
def test_rfc8414_2_in_production_the_issuer_is_https(tmp_path: Path, url: str | None) -> None:
    """Named, and by https."""
    with pytest.raises(ConfigurationRefused, match="public_url"):
        config.load(tmp_path, environment="production", public_url=url)


@pytest.mark.parametrize("version", [1, 2])
async def test_csc_11_1_info_names_the_authorization_server(
    program_of: Of, world: World, version: int
) -> None:
    """v1: the base that ``oauth2/authorize`` is added to; v2: the issuer."""
    program = program_of("contab", version=version)
    body = (await program.call("info", {}, "")).body
    assert body["authType"] == ["basic", "oauth2code", "oauth2client"]
    if version == 2:
        assert (body["oauth2Issuer"], body.get("oauth2")) == (world.issuer, None)
        return
    for way in ("oauth2/authorize", "/oauth2/authorize"):
        async with program.http.get(body["oauth2"] + way) as response:
            assert response.status == 400
