"""Revocation, metadata, and how tokens are carried. (RFC 7009, 8414, 9207, 6750; CSC 5.5)"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Browser, Program

Of = Callable[..., Program]


async def _alive(program: Program, token: str) -> bool:
    return (await program.call("credentials/list", {}, token)).status == 200


@pytest.mark.parametrize("version", [1, 2])
async def test_rfc7009_2_1_an_access_token_dies(
    browser: Browser, program_of: Of, version: int
) -> None:
    """204, at once; the refresh token lives."""
    program = program_of("contab", version=version)
    body = await program.tokens(browser)
    reply = await program.revoke(body["access_token"])
    assert (reply.status, reply.body) == (204, None)
    assert reply.headers["Cache-Control"] == "no-store"
    dead = await program.call("credentials/list", {}, body["access_token"])
    assert dead.body["error"] == "expired_token"
    assert (await program.refresh(body["refresh_token"])).status == 200


async def test_rfc7009_2_1_a_refresh_token_takes_its_access_tokens_along(
    browser: Browser, program: Program
) -> None:
    """All of the grant, also with the wrong hint; other grants live."""
    other = await program.tokens(browser)
    first = await program.tokens(browser)
    second = (await program.refresh(first["refresh_token"])).body
    await program.revoke(second["refresh_token"], token_type_hint="access_token")
    for one in (first, second):
        assert not await _alive(program, one["access_token"])
    assert (await program.refresh(second["refresh_token"])).body["error"] == "invalid_grant"
    assert await _alive(program, other["access_token"])


@pytest.mark.parametrize("token", ["unknown", "a" * 43, "é", "a\0b"])
async def test_rfc7009_2_2_an_unknown_token_is_no_error(program: Program, token: str) -> None:
    """There is nothing to do, and nothing to learn."""
    assert (await program.revoke(token)).status == 204


async def test_rfc7009_2_1_the_token_of_another_client(
    browser: Browser, program: Program, program_of: Of
) -> None:
    """The same answer, and the token lives."""
    body = await program.tokens(browser)
    for token in (body["access_token"], body["refresh_token"]):
        assert (await program_of("rival").revoke(token)).status == 204
    assert await _alive(program, body["access_token"])
    assert (await program.refresh(body["refresh_token"])).status == 200


async def test_csc_5_5_rows_of_revocation(program: Program) -> None:
    """OREV-1 and OREV-2; those about the client are tested with the token endpoint."""
    missing = await program.post("revoke", {}, headers=program.authorization())
    assert missing.error == (400, "invalid_request", "Missing parameter token")
    hint = await program.revoke("x", token_type_hint="other")
    assert hint.error == (400, "invalid_request", "Invalid parameter token_type_hint")


async def test_rfc8414_3_2_the_metadata(program: Program, world: World) -> None:
    """JSON; the issuer is to the letter who we are; every endpoint answers."""
    url = f"{world.issuer}/.well-known/oauth-authorization-server"
    async with program.http.get(url) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        body = await response.json()
    assert body["issuer"] == world.issuer
    assert "?" not in body["issuer"]
    assert "#" not in body["issuer"]
    assert body["authorization_response_iss_parameter_supported"] is True
    assert body["response_types_supported"] == ["code"]
    assert body["code_challenge_methods_supported"] == ["S256"]
    assert body["require_pushed_authorization_requests"] is False
    for name, value in body.items():
        if name.endswith("_endpoint"):
            path = value.removeprefix(world.issuer)
            async with program.http.options(world.issuer + path) as response:
                assert response.status == 405, name
    for missing in ("jwks_uri", "registration_endpoint", "introspection_endpoint"):
        assert missing not in body


async def test_rfc8414_2_what_is_advertised_is_what_is_tested(
    program: Program, world: World
) -> None:
    """Each advertised value has a passing flow in these files; a new one needs one."""
    url = f"{world.issuer}/.well-known/oauth-authorization-server"
    async with program.http.get(url) as response:
        body = await response.json()
    flows = {
        "grant_types_supported": {"authorization_code", "client_credentials", "refresh_token"},
        "token_endpoint_auth_methods_supported": {
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        },
        "scopes_supported": {"service", "credential", "account", "registration"},
        "dpop_signing_alg_values_supported": {"ES256", "PS256", "EdDSA", "Ed25519"},
        "authorization_details_types_supported": {
            "credential",
            "https://cloudsignatureconsortium.org/2.0/credential",
        },
    }
    for name, values in flows.items():
        assert set(body[name]) == values, name


@pytest.mark.parametrize("version", [1, 2])
async def test_info_names_the_authorization_server(
    program_of: Of, world: World, version: int
) -> None:
    """v1: the base that ``oauth2/authorize`` is added to; v2: the issuer."""
    program = program_of("contab", version=version)
    body = (await program.call("info", {}, "")).body
    assert body["authType"] == ["basic", "oauth2code", "oauth2client"]
    if version == 2:
        assert (body["oauth2Issuer"], body.get("oauth2")) == (world.issuer, None)
        return
    async with program.http.get(body["oauth2"] + "oauth2/authorize") as response:
        assert response.status == 400
    async with program.http.get(body["oauth2"] + "/oauth2/authorize") as response:
        assert response.status == 400


async def test_rfc6750_2_one_way_to_carry_a_token(browser: Browser, program: Program) -> None:
    """In the header: not in the query, not in the body, not in two headers, not in a cookie."""
    token = (await program.tokens(browser))["access_token"]
    url = f"{program.base_url}/csc/v2/credentials/list"
    good = {"Authorization": f"Bearer {token}"}
    for address, headers, data in (
        (f"{url}?access_token={token}", {}, {}),
        (url, {}, {"access_token": token}),
        (url, {"Cookie": f"access_token={token}"}, {}),
        (url, [("Authorization", f"Bearer {token}")] * 2, {}),
    ):
        async with program.http.post(address, json=data, headers=headers) as response:
            assert response.status == 400, headers
    async with program.http.post(url, json={}, headers=good) as response:
        assert response.status == 200


async def test_rfc6750_3_1_challenges(program: Program) -> None:
    """invalid_token for a token that is none; for the session cookie of a browser nothing."""
    reply = await program.call("credentials/list", {}, "unknown")
    assert reply.body["error"] == "invalid_token"
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="paraph", error="invalid_token"'


async def test_rfc9700_4_3_a_session_cookie_opens_no_api(
    browser: Browser, program: Program, world: World
) -> None:
    """An API never reads a cookie."""
    url = f"{program.base_url}/csc/v2/credentials/list"
    headers = {"Cookie": f"sid={world.keys['alice'].value}"}
    async with program.http.post(url, json={}, headers=headers) as response:
        assert response.status == 400


async def test_asvs_10_7_3_a_withdrawn_consent_ends_everything(
    browser_of: Callable[[str], Browser], program: Program
) -> None:
    """Tokens are dead, and the program has to ask again."""
    browser = browser_of("guessing")
    body = await program.tokens(browser)
    withdrawn = await browser.post("/settings/programs", client="contab")
    assert withdrawn.status == 303
    assert not await _alive(program, body["access_token"])
    assert (await program.refresh(body["refresh_token"])).body["error"] == "invalid_grant"
    landing = await browser.authorize(2, **program.request())
    assert (await browser.get("/approve", {"request": landing.query["request"]})).status == 200
