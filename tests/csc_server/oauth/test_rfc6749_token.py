"""The token endpoint. (RFC 6749 3.2, 4.1.3, 4.4, 5, 6; CSC v1 8.4.3, v2 8.4.4)"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.csc_server.oauth import clients, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import ASSERTION, Browser, Program, basic

Of = Callable[..., Program]
INVALID = "Authorization code is invalid or expired"


async def _alive(program: Program, token: str) -> bool:
    return (await program.call("credentials/list", {}, token)).status == 200


async def test_rfc6749_5_1_the_token_response(browser: Browser, program: Program) -> None:
    """JSON, never kept by a cache; tokens of 256 bits."""
    reply = await program.redeem(await program.code(browser))
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Pragma"] == "no-cache"
    body = reply.body
    assert body.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "service")
    assert len(body["access_token"]) == len(body["refresh_token"]) == 43
    assert await _alive(program, body["access_token"])


@pytest.mark.parametrize("version", [1, 2])
async def test_tokens_open_both_versions(browser: Browser, program_of: Of, version: int) -> None:
    """A service token is a service token."""
    program = program_of("contab", version=version)
    token = (await program.tokens(browser))["access_token"]
    program.version = 3 - version
    assert await _alive(program, token)


async def test_rfc6749_4_1_2_a_code_is_good_once(browser: Browser, program: Program) -> None:
    """The second use is invalid_grant, and ends the tokens of the first."""
    code = await program.code(browser)
    first = (await program.redeem(code)).body
    assert await _alive(program, first["access_token"])
    again = await program.redeem(code)
    assert again.error == (400, "invalid_grant", INVALID)
    assert not await _alive(program, first["access_token"])
    assert (await program.refresh(first["refresh_token"])).body["error"] == "invalid_grant"


async def test_rfc6749_4_1_2_a_stolen_code_without_its_verifier(
    browser: Browser, program: Program
) -> None:
    """Refused before its owner came; its owner still gets the tokens."""
    code = await program.code(browser)
    for verifier in (None, "a" * 43, ""):
        stolen = await program.redeem(code, code_verifier=verifier)
        assert (stolen.status, stolen.body["error"]) == (400, "invalid_grant")
    assert (await program.redeem(code)).status == 200


async def test_rfc6749_4_1_2_a_stolen_code_comes_second(browser: Browser, program: Program) -> None:
    """Even with a wrong verifier: somebody has a copy, so the tokens die."""
    code = await program.code(browser)
    first = (await program.redeem(code)).body
    assert (await program.redeem(code, code_verifier="a" * 43)).body["error"] == "invalid_grant"
    assert not await _alive(program, first["access_token"])


async def test_rfc6749_4_1_3_a_code_is_bound_to_its_client(
    browser: Browser, program: Program, program_of: Of
) -> None:
    """Another client cannot redeem it, nor end what was issued from it."""
    rival = program_of("rival")
    code = await program.code(browser)
    assert (await rival.redeem(code)).error == (400, "invalid_grant", INVALID)
    first = (await program.redeem(code)).body
    assert (await rival.redeem(code)).error == (400, "invalid_grant", INVALID)
    assert await _alive(program, first["access_token"])


@pytest.mark.parametrize(
    "redirect_uri", [None, clients.OTHER_CALLBACK, clients.CALLBACK + "/", clients.LOOPBACK]
)
async def test_rfc6749_4_1_3_a_mixed_up_redirect_uri(
    browser: Browser, program_of: Of, redirect_uri: str | None
) -> None:
    """Identical to that of the authorization request, also if another is registered too (TOK-8)."""
    program = program_of("two-ways")
    code = await program.code(browser)
    refused = await program.redeem(code, redirect_uri=redirect_uri)
    assert refused.error == (
        400,
        "invalid_grant",
        "redirect_uri parameter does not match redirect_uri parameter of authorization request",
    )
    assert (await program.redeem(code)).status == 200


async def test_32_redemptions_at_once_are_one(browser: Browser, program: Program) -> None:
    """One success; and because somebody came twice, its tokens die."""
    code = await program.code(browser)
    replies = await asyncio.gather(*(program.redeem(code) for _ in range(32)))
    good = [one for one in replies if one.status == 200]
    assert len(good) == 1
    assert {one.body["error"] for one in replies if one.status != 200} == {"invalid_grant"}
    assert not await _alive(program, good[0].body["access_token"])


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ({}, (400, "invalid_request", "Missing parameter grant_type")),
        ({"grant_type": ""}, (400, "invalid_request", "Missing parameter grant_type")),
        ({"grant_type": "password"}, (400, "invalid_request", "Invalid parameter grant_type")),
        ({"grant_type": "implicit"}, (400, "invalid_request", "Invalid parameter grant_type")),
        (
            {"grant_type": "authorization_code"},
            (400, "invalid_request", "Missing parameter code"),
        ),
        (
            {"grant_type": "refresh_token"},
            (400, "invalid_request", "Missing parameter refresh_token"),
        ),
        (
            {"grant_type": "authorization_code", "code": "x"},
            (400, "invalid_grant", INVALID),
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            (400, "invalid_grant", "Invalid parameter refresh_token"),
        ),
        (
            {"grant_type": "authorization_code", "code": "x", "client_id": "rival"},
            (400, "invalid_request", "Invalid parameter client_id"),
        ),
        (
            {"grant_type": "client_credentials"},
            (400, "unauthorized_client", "The client is not authorized to use this method."),
        ),
    ],
)
async def test_csc_5_4_rows_of_the_token_endpoint(
    program: Program, parameters: dict[str, str], answer: tuple[int, str, str]
) -> None:
    """TOK-2 to TOK-11, in the words of the standard."""
    for version in (1, 2):
        program.version = version
        assert (await program.token(**parameters)).error == answer


@pytest.mark.parametrize(
    ("headers", "form", "v1", "v2"),
    [
        (
            {},
            {},
            (400, "invalid_request", "Missing parameter client_id"),
            (400, "invalid_request", "Missing parameter client_id"),
        ),
        (
            {},
            {"client_id": "nobody"},
            (400, "invalid_request", "Invalid parameter client_id"),
            (401, "invalid_client", "Invalid parameter client_id"),
        ),
        (
            {},
            {"client_id": "contab"},
            (401, "invalid_request", "Client authorization required"),
            (401, "invalid_client", "Client authorization required"),
        ),
        (
            basic("contab", "wrong"),
            {},
            (400, "invalid_request", "Invalid parameter client_secret"),
            (401, "invalid_client", "Invalid parameter client_secret"),
        ),
        (
            {"Authorization": "Bearer x"},
            {"client_id": "contab"},
            (401, "invalid_client", "Invalid authorization header"),
            (401, "invalid_client", "Invalid authorization header"),
        ),
        (
            {"Authorization": "Basic !"},
            {"client_id": "contab"},
            (401, "invalid_client", "Invalid authorization header"),
            (401, "invalid_client", "Invalid authorization header"),
        ),
    ],
)
async def test_csc_5_4_clients_that_do_not_prove_who_they_are(
    program: Program,
    headers: dict[str, str],
    form: dict[str, str],
    v1: tuple[int, str, str],
    v2: tuple[int, str, str],
) -> None:
    """TOK-1, TOK-6, TOK-12, TOK-13; v2 as RFC 6749 5.2 has it, with WWW-Authenticate."""
    for version, wanted in ((1, v1), (2, v2)):
        program.version = version
        for endpoint, more in (
            ("token", {"grant_type": "authorization_code", "code": "x"}),
            ("revoke", {"token": "x"}),
            ("pushed_authorize", {"response_type": "code"}),
        ):
            reply = await program.post(endpoint, form | more, headers=headers)
            assert reply.error == wanted
            if wanted[0] == 401:
                assert reply.headers["WWW-Authenticate"].startswith("Basic realm=")


async def test_rfc6749_2_3_1_the_secret_in_the_body(browser: Browser, program_of: Of) -> None:
    """For a client that is registered so; a wrong one is refused."""
    poster = program_of("poster")
    code = await poster.code(browser)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": clients.CALLBACK,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "client_id": "poster",
    }
    wrong = await poster.post("token", form | {"client_secret": "wrong"})
    assert wrong.error == (401, "invalid_client", "Invalid parameter client_secret")
    assert (await poster.post("token", form | {"client_secret": clients.SECRET})).status == 200


@pytest.mark.parametrize(
    ("client_id", "headers", "form"),
    [
        ("contab", {}, {"client_secret": clients.SECRET}),
        ("poster", basic("poster", clients.SECRET), {}),
        ("vtoken", basic("vtoken", clients.SECRET), {}),
        ("vtoken", {}, {"client_secret": "x"}),
        ("signer", basic("signer", clients.SECRET), {}),
        ("contab", {}, {"client_assertion": "x", "client_assertion_type": ASSERTION}),
    ],
)
async def test_rfc7591_2_only_the_registered_method(
    program: Program, client_id: str, headers: dict[str, str], form: dict[str, str]
) -> None:
    """A right secret in the wrong place proves nothing; a public client has none (RFC 8252 8.5)."""
    given = {"grant_type": "authorization_code", "code": "x", "client_id": client_id} | form
    reply = await program.post("token", given, headers=headers)
    assert (reply.status, reply.body["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "form",
    [
        {"client_secret": clients.SECRET},
        {"client_assertion": "x", "client_assertion_type": ASSERTION},
    ],
)
async def test_rfc6749_2_3_one_method_per_request(program: Program, form: dict[str, str]) -> None:
    """Two ways at once are invalid_request."""
    reply = await program.token(grant_type="authorization_code", code="x", **form)
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")


async def test_rfc6749_2_3_1_basic_is_form_encoded(browser: Browser, program: Program) -> None:
    """``%63ontab`` is ``contab``."""
    code = await program.code(browser)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": clients.CALLBACK,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    reply = await program.post("token", form, headers=basic("%63ontab", clients.SECRET))
    assert reply.status == 200


@pytest.mark.parametrize("endpoint", ["token", "revoke", "pushed_authorize", "par"])
async def test_rfc6749_3_2_the_endpoints_take_posted_forms_only(
    program: Program, endpoint: str
) -> None:
    """GET 405; JSON 415; a parameter twice 400; too large 413; a broken one 400."""
    url = f"{program.base_url}/csc/v2/oauth2/{endpoint}"
    async with program.http.get(url) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    given = program.authorization() | form_type
    as_json = await program.post(endpoint, b"{}", headers={"Content-Type": "application/json"})
    assert as_json.status == 415
    for raw, status in (
        (b"grant_type=x&grant_type=x&token=a&response_type=code", 400),
        (b"token=a&nonsense=1&nonsense=2", 400),
        (b"token=%ff", 400),
        (b"token=" + b"\xff", 400),
        (b"&".join(b"a%d=1" % n for n in range(65)), 400),
        (b"token=" + b"a" * 300_000, 413),
    ):
        assert (await program.post(endpoint, raw, headers=given)).status == status, raw[:40]


async def test_rfc6749_2_3_1_nothing_in_the_query(browser: Browser, program: Program) -> None:
    """Parameters of the address do not count, least of all secrets."""
    code = await program.code(browser)
    url = f"token?client_id=contab&client_secret={clients.SECRET}&code={code}"
    reply = await program.post(url, {"grant_type": "authorization_code"})
    assert reply.body["error_description"] == "Missing parameter client_id"


async def test_rfc6749_6_a_refresh_token_renews(browser: Browser, program: Program) -> None:
    """New access token, new refresh token; the access token of before lives on."""
    first = await program.tokens(browser)
    second = (await program.refresh(first["refresh_token"])).body
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == "service"
    assert await _alive(program, first["access_token"])
    assert await _alive(program, second["access_token"])
    third = await program.token(
        grant_type="refresh_token", refreshToken=second["refresh_token"], client_id="contab"
    )
    assert third.status == 200  # The misspelling of CSC v1 8.4.3.


async def test_rfc9700_4_14_2_a_stolen_refresh_token_ends_the_family(
    browser: Browser, program: Program
) -> None:
    """Used twice: whoever came first, everything of the grant dies."""
    first = await program.tokens(browser)
    second = (await program.refresh(first["refresh_token"])).body
    stolen = await program.refresh(first["refresh_token"])
    assert stolen.error == (400, "invalid_grant", "Invalid parameter refresh_token")
    for one in (first, second):
        assert not await _alive(program, one["access_token"])
    assert (await program.refresh(second["refresh_token"])).body["error"] == "invalid_grant"


async def test_16_refreshes_at_once_are_one(browser: Browser, program: Program) -> None:
    """One success, and the family is dead."""
    first = await program.tokens(browser)
    replies = await asyncio.gather(*(program.refresh(first["refresh_token"]) for _ in range(16)))
    [good] = [one for one in replies if one.status == 200]
    assert not await _alive(program, good.body["access_token"])


async def test_rfc6749_10_4_a_refresh_token_is_bound_to_its_client(
    browser: Browser, program: Program, program_of: Of
) -> None:
    """Another client gets invalid_grant, and the family lives."""
    first = await program.tokens(browser)
    stolen = await program_of("rival").refresh(first["refresh_token"])
    assert stolen.body["error"] == "invalid_grant"
    assert (await program.refresh(first["refresh_token"])).status == 200


async def test_rfc6749_6_an_access_token_does_not_renew(browser: Browser, program: Program) -> None:
    """Nor does a refresh token open anything."""
    first = await program.tokens(browser)
    assert (await program.refresh(first["access_token"])).body["error"] == "invalid_grant"
    assert not await _alive(program, first["refresh_token"])


@pytest.mark.parametrize(("scope", "status"), [("service", 200), ("service account", 400)])
async def test_rfc6749_6_a_refresh_asks_for_what_was_granted(
    browser: Browser, program: Program, scope: str, status: int
) -> None:
    """The same, or nothing; more is invalid_scope."""
    first = await program.tokens(browser)
    reply = await program.refresh(first["refresh_token"], scope=scope)
    assert reply.status == status
    if status == 400:
        assert reply.body["error"] == "invalid_scope"


async def test_a_client_without_the_grant_gets_no_refresh_token(
    browser: Browser, program_of: Of
) -> None:
    """RFC 6749 5.1: optional, and a matter of the registration."""
    program = program_of("no-refresh")
    assert "refresh_token" not in await program.tokens(browser)
    reply = await program.refresh("x")
    assert (reply.status, reply.body["error"]) == (400, "unauthorized_client")


async def test_a_refresh_token_of_a_client_is_nothing_to_auth_login(
    browser: Browser, program: Program
) -> None:
    """There nobody asks which client it is; so only tokens of auth/login count."""
    first = await program.tokens(browser)
    url = f"{program.base_url}/csc/v1/auth/login"
    async with program.http.post(url, json={"refresh_token": first["refresh_token"]}) as response:
        assert response.status == 400
        assert (await response.json())["error_description"] == "Invalid refresh_token"


async def test_rfc6749_4_4_a_seal_client_acts_for_its_account(program_of: Of, world: World) -> None:
    """scope service: the account's credentials; no refresh token."""
    seal = program_of("seal")
    reply = await seal.token(grant_type="client_credentials", scope="service")
    assert reply.status == 200
    assert reply.body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    listed = await seal.call("credentials/list", {}, reply.body["access_token"])
    assert set(listed.body["credentialIDs"]) == set(world.people["alice"].credentials.values())


async def test_rfc6749_4_4_a_client_in_its_own_name(program_of: Of) -> None:
    """scope registration: no account, so no CSC method."""
    portal = program_of("portal")
    reply = await portal.token(grant_type="client_credentials")
    assert reply.body["scope"] == "registration"
    called = await portal.call("credentials/list", {}, reply.body["access_token"])
    assert called.error == (
        401,
        "unauthorized_client",
        "The client is not authorized to use this method.",
    )
    assert 'error="insufficient_scope"' in called.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("client_id", "scope"),
    [
        ("portal", "service"),
        ("portal", "account"),
        ("seal", "registration"),
        ("seal", "revocation"),
        ("seal", "credential"),
        ("seal", "service registration"),
        ("seal", "nonsense"),
    ],
)
async def test_rfc6749_4_4_2_scopes_of_others(program_of: Of, client_id: str, scope: str) -> None:
    """invalid_scope."""
    reply = await program_of(client_id).token(grant_type="client_credentials", scope=scope)
    assert (reply.status, reply.body["error"]) == (400, "invalid_scope")


async def test_rfc7523_2_2_a_client_signs_its_assertion(
    browser: Browser, program_of: Of, world: World
) -> None:
    """Once: the same assertion again is a replay."""
    signer = program_of("signer")

    def form(code: str, **changes: Any) -> dict[str, str]:
        good = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": clients.CALLBACK,
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "client_id": "signer",
            "client_assertion_type": ASSERTION,
            "client_assertion": jwt.assertion(clients.KEY, "signer", world.issuer),
        }
        return good | changes

    code = await signer.code(browser)
    for bad in (
        {"client_assertion": jwt.assertion(jwt.new_key(), "signer", world.issuer)},
        {"client_assertion": jwt.assertion(clients.KEY, "signer", "https://evil.example")},
        {"client_assertion": jwt.assertion(clients.KEY, "rival", world.issuer)},
        {"client_assertion_type": "jwt-bearer"},
    ):
        refused = await signer.post("token", form(code, **bad))
        assert (refused.status, refused.body["error"]) == (401, "invalid_client"), bad
    used = form(code)
    assert (await signer.post("token", used)).status == 200
    replayed = await signer.post("token", used)
    assert (replayed.status, replayed.body["error"]) == (401, "invalid_client")


async def test_security_5_7_guessing_at_the_token_endpoint_is_slowed(program_of: Of) -> None:
    """Three failures a minute for this client; then 429, also for the right secret."""
    guessed = program_of("guessed")
    form = {"grant_type": "authorization_code", "code": "x"}
    for _ in range(3):
        reply = await guessed.post("token", form, headers=basic("guessed", "wrong"))
        assert reply.status == 401
    slowed = await guessed.post("token", form, headers=basic("guessed", clients.SECRET))
    assert (slowed.status, slowed.body["error"]) == (429, "temporarily_unavailable")
    assert int(slowed.headers["Retry-After"]) > 0
