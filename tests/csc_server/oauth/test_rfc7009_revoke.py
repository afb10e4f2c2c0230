"""Revocation: tokens that clients give back, and what dies with them. (RFC 7009; CSC 5.5)"""

from __future__ import annotations

from collections.abc import Callable

import pytest

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


async def test_rfc7009_2_1_a_public_client_revokes_its_own(
    browser: Browser, program_of: Of
) -> None:
    """By naming itself; a stranger that names itself changes nothing."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:6100/done")
    body = await agent.tokens(browser)
    stranger = program_of("web-app")
    assert (await stranger.revoke(body["refresh_token"])).status == 204
    assert await _alive(agent, body["access_token"])
    assert (await agent.revoke(body["refresh_token"])).status == 204
    assert not await _alive(agent, body["access_token"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic Y29udGFiOndyb25n"}])
async def test_rfc7009_2_1_revocation_is_authenticated(
    browser: Browser, program: Program, headers: dict[str, str]
) -> None:
    """401, and the token lives: nobody ends the work of others."""
    token = (await program.tokens(browser))["access_token"]
    form = {"token": token, "client_id": "contab"}
    reply = await program.post("revoke", form, headers=headers)
    assert (reply.status, reply.body["error"]) == (401, "invalid_client")
    assert await _alive(program, token)
