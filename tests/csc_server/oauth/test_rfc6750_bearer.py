"""Access tokens at the resource: how they are carried, what a refusal says. (RFC 6750)"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from tests.backdoor import Backdoor
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Browser, Program
from tests.service import Reply

Of = Callable[..., Program]
PLAIN = 'Bearer realm="paraph"'
NO_REQUEST = f'{PLAIN}, error="invalid_request"'
NO_TOKEN = f'{PLAIN}, error="invalid_token"'
NO_SCOPE = f'{PLAIN}, error="insufficient_scope"'
CSC = ("POST", "csc/v2/credentials/list")
OWN = ("GET", "account/v1/profile")


async def ask(
    program: Program, resource: tuple[str, str], *headers: tuple[str, str], **more: Any
) -> Reply:
    """A request for a resource with exactly these headers."""
    http_method, path = resource
    more.setdefault("data", b"{}" if http_method == "POST" else None)
    given = [("Content-Type", more.pop("content_type", "application/json")), *headers]
    url = f"{program.base_url}/{path}"
    async with program.http.request(http_method, url, headers=given, **more) as response:
        answer = await response.read()
        return Reply(response.status, json.loads(answer) if answer else None, response.headers)


def bearer(token: str) -> tuple[str, str]:
    """The header."""
    return "Authorization", f"Bearer {token}"


@pytest.fixture
async def token(browser: Browser, program: Program) -> str:
    """Of scope service."""
    found: str = (await program.tokens(browser))["access_token"]
    return found


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_rfc6750_2_1_the_token_comes_in_the_header(
    program: Program, token: str, scheme: str
) -> None:
    """Schemes compare without case (RFC 9110 11.1)."""
    reply = await ask(program, CSC, ("Authorization", f"{scheme} {token}"))
    assert reply.status == 200
    assert "WWW-Authenticate" not in reply.headers


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer a b",
        "Bearer a,b",
        'Bearer "a"',
        "Bearer a=b",
        "Bearer\ta",
        "Bearera",
        "a",
        "Token a",
        "Basic YTpi",
        "Bearer " + "a" * 600,
    ],
)
async def test_rfc6750_2_1_what_is_no_bearer(program: Program, header: str) -> None:
    """invalid_request, also in the challenge."""
    reply = await ask(program, CSC, ("Authorization", header))
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")
    assert reply.headers["WWW-Authenticate"] == NO_REQUEST


async def test_rfc6750_2_one_method_a_request(program: Program, token: str) -> None:
    """Two headers, even with the same token."""
    reply = await ask(program, CSC, bearer(token), bearer(token))
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")
    assert reply.headers["WWW-Authenticate"] == NO_REQUEST


async def test_rfc6750_2_2_no_token_in_a_body(program: Program, token: str) -> None:
    """Neither in a form nor as a member of the JSON: nobody brought a token."""
    for content_type, data in (
        ("application/x-www-form-urlencoded", f"access_token={token}"),
        ("application/json", json.dumps({"access_token": token})),
    ):
        reply = await ask(program, CSC, data=data.encode(), content_type=content_type)
        assert (reply.status, reply.headers["WWW-Authenticate"]) == (400, PLAIN)


@pytest.mark.parametrize("resource", [CSC, OWN, ("POST", "csc/v1/credentials/list")])
@pytest.mark.parametrize("beside", [True, False])
async def test_rfc6750_2_3_no_token_in_the_address(
    program: Program, token: str, world: World, resource: tuple[str, str], beside: bool
) -> None:
    """Refused, also beside a good header: else it would go on lying in logs; ours has it not."""
    headers = [bearer(token)] if beside else []
    reply = await ask(program, resource, *headers, params={"access_token": token})
    assert reply.error == (
        400,
        "invalid_request",
        "An access token belongs into the Authorization header.",
    )
    assert reply.headers["WWW-Authenticate"] == NO_REQUEST
    assert token not in world.service.log.read_text()


async def test_rfc6750_5_3_no_token_in_a_cookie(program: Program, token: str, world: World) -> None:
    """Nor does the session cookie of a browser open an API (RFC 9700 4.7)."""
    for cookie in (f"access_token={token}", f"sid={world.keys['alice'].value}"):
        reply = await ask(program, CSC, ("Cookie", cookie))
        assert (reply.status, reply.headers["WWW-Authenticate"]) == (400, PLAIN)


@pytest.mark.parametrize(("resource", "status"), [(CSC, 400), (OWN, 401)])
async def test_rfc6750_3_1_who_brings_nothing_is_told_no_error(
    program: Program, resource: tuple[str, str], status: int
) -> None:
    """The scheme and the realm alone; the status of the CSC methods is the standard's (LIST-1)."""
    reply = await ask(program, resource)
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (status, PLAIN)


@pytest.mark.parametrize("resource", [CSC, OWN])
@pytest.mark.parametrize("kind", ["unknown", "revoked", "over", "refresh", "code"])
async def test_rfc6750_3_1_invalid_token(
    browser: Browser,
    program: Program,
    backdoor: Backdoor,
    resource: tuple[str, str],
    kind: str,
) -> None:
    """401 for what is no access token, or no longer one."""
    body = await program.tokens(browser)
    dead = {
        "unknown": "a" * 43,
        "refresh": body["refresh_token"],
        "code": await program.code(browser),
    }.get(kind, body["access_token"])
    if kind == "revoked":
        await program.revoke(dead)
    if kind == "over":
        backdoor.end(dead)
    reply = await ask(program, resource, bearer(dead))
    said = "expired_token" if kind in ("revoked", "over") else "invalid_token"
    assert (reply.status, reply.body["error"]) == (401, said)
    assert reply.headers["WWW-Authenticate"] == NO_TOKEN


async def test_rfc6750_3_1_insufficient_scope(
    browser: Browser, program: Program, token: str
) -> None:
    """403 and the challenge; the CSC methods have 401 and a code of their own (CSC v1 10.1)."""
    own = await ask(program, OWN, bearer(token))
    assert (own.status, own.body["error"]) == (403, "insufficient_scope")
    account = (await program.tokens(browser, scope="account"))["access_token"]
    csc = await ask(program, CSC, bearer(account))
    assert (csc.status, csc.body["error"]) == (401, "unauthorized_client")
    for reply in (own, csc):
        assert reply.headers["WWW-Authenticate"] == NO_SCOPE
    assert (await ask(program, OWN, bearer(account))).status != 403


async def test_rfc6750_3_other_refusals_challenge_nobody(program: Program, token: str) -> None:
    """A wrong body, a wrong path: the token is not what is wrong."""
    for resource, data in (
        (CSC, b"{"),
        (("POST", "csc/v2/credentials/info"), b'{"credentialID": "x"}'),
        (("POST", "csc/v2/nothing"), b"{}"),
    ):
        reply = await ask(program, resource, bearer(token), data=data)
        assert 400 <= reply.status < 500
        assert "WWW-Authenticate" not in reply.headers


async def test_rfc6750_5_3_no_cache_keeps_what_a_token_opened(program: Program, token: str) -> None:
    """Good answers and refusals alike."""
    for headers in ([bearer(token)], []):
        assert (await ask(program, CSC, *headers)).headers["Cache-Control"] == "no-store"


async def test_rfc6750_5_2_tokens_cannot_be_guessed_nor_read(
    browser: Browser, program: Program
) -> None:
    """256 bits that mean nothing: no JWT, so no RFC 9068 and nothing of RFC 8725 to get wrong."""
    seen = set()
    for _ in range(3):
        body = await program.tokens(browser)
        for name in ("access_token", "refresh_token"):
            assert len(body[name]) == 43
            assert "." not in body[name]
            seen.add(body[name])
    assert len(seen) == 6


async def test_rfc6750_5_3_public_documents_ask_for_nothing(
    http: aiohttp.ClientSession, world: World
) -> None:
    """A broken token at info or the metadata is overlooked, not judged."""
    for path in ("csc/v1/info", "csc/v2/info", ".well-known/oauth-authorization-server"):
        url, headers = f"{world.issuer}/{path}", {"Authorization": "Bearer x"}
        async with http.get(url, headers=headers) as response:
            assert response.status == 200
