"""Access and refresh tokens through the API. (CSC v1 11.2, 11.3)"""

from __future__ import annotations

import asyncio

from tests.csc_server.api.conftest import World
from tests.service import Client

EXPIRED = (401, "expired_token", "The access or refresh token is expired or has been revoked.")


async def test_a_login_lasts_an_hour_and_gives_no_refresh_token(
    client: Client, world: World
) -> None:
    """expires_in 3600; no refresh token unless asked for."""
    reply = await client.log_in(world.people["nobody"])
    assert reply.body["expires_in"] == 3600
    assert set(reply.body) == {"access_token", "expires_in"}


async def test_a_refresh_token_renews(client: Client, world: World) -> None:
    """rememberMe gives one; it works without a header, and more than once."""
    remembered = await client.log_in(world.people["nobody"], rememberMe=True)
    refresh = remembered.body["refresh_token"]
    client.token = None
    for _ in range(2):
        renewed = await client.post("auth/login", {"refresh_token": refresh})
        assert renewed.status == 200
        client.token = renewed.body["access_token"]
        assert (await client.post("credentials/list", {})).status == 200
        client.token = None


async def test_a_refresh_token_is_no_access_token(client: Client, world: World) -> None:
    """Each kind is good for its own purpose only."""
    remembered = await client.log_in(world.people["nobody"], rememberMe=True)
    access, client.token = client.token, remembered.body["refresh_token"]
    assert (await client.post("credentials/list", {})).status == 401
    client.token = None
    refused = await client.post("auth/login", {"refresh_token": access})
    assert refused.body["error_description"] == "Invalid refresh_token"


async def test_revoking_an_access_token_leaves_the_refresh_token(
    client: Client, world: World
) -> None:
    """204, the access token is dead at once, the refresh token is not (CSC v1 11.3)."""
    remembered = await client.log_in(world.people["nobody"], rememberMe=True)
    revoked = await client.post("auth/revoke", {"token": client.token})
    assert (revoked.status, revoked.body) == (204, None)
    assert (await client.post("credentials/list", {})).error == EXPIRED
    client.token = None
    renewed = await client.post("auth/login", {"refresh_token": remembered.body["refresh_token"]})
    assert renewed.status == 200


async def test_revoking_a_refresh_token_ends_the_grant(client: Client, world: World) -> None:
    """All access tokens of the same login die with it, others live."""
    person = world.people["nobody"]
    await client.log_in(person)
    other = client.token
    refresh = (await client.log_in(person, rememberMe=True)).body["refresh_token"]
    body = {"token": refresh, "token_type_hint": "access_token"}
    assert (await client.post("auth/revoke", body)).status == 204
    assert (await client.post("credentials/list", {})).error == EXPIRED
    client.token = None
    assert (await client.post("auth/login", {"refresh_token": refresh})).status == 400
    client.token = other
    assert (await client.post("credentials/list", {})).status == 200


async def test_one_code_used_by_many_at_once(client: Client, world: World) -> None:
    """64 requests with the same code: one success."""
    person = world.with_code()
    await client.log_in(person)
    code = person.code()
    replies = await asyncio.gather(
        *(
            client.authorize(
                person.credentials["otp-p256"], bytes([number]) * 32, PIN=None, OTP=code
            )
            for number in range(64)
        )
    )
    assert sorted(reply.status for reply in replies) == [200] + [400] * 63
