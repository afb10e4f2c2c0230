"""Every CSC method takes a bearer, wherever it comes from. (CSC v1 8.4, v2 8.4)"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.csc_server.api.documents import SHA256, b64, cades
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Browser, Program
from tests.service import Client, digest_of

DIGESTS = [digest_of("a"), digest_of("b")]


async def from_login(world: World, http: aiohttp.ClientSession, version: int) -> str:
    """auth/login."""
    client = Client(http, world.issuer, version)
    assert (await client.log_in(world.people["alice"])).status == 200
    assert client.token is not None
    return client.token


async def from_a_code(world: World, http: aiohttp.ClientSession, version: int) -> str:
    """An authorization code."""
    browser = Browser(http, world.issuer, world.keys["alice"])
    program = Program(http, world.issuer, version=version)
    token: str = (await program.tokens(browser))["access_token"]
    return token


async def from_a_refresh(world: World, http: aiohttp.ClientSession, version: int) -> str:
    """A refresh token."""
    browser = Browser(http, world.issuer, world.keys["alice"])
    program = Program(http, world.issuer, version=version)
    renewed = await program.refresh((await program.tokens(browser))["refresh_token"])
    token: str = renewed.body["access_token"]
    return token


async def from_itself(world: World, http: aiohttp.ClientSession, version: int) -> str:
    """client_credentials of a client with an account."""
    seal = Program(http, world.issuer, "seal", version=version)
    token: str = (await seal.token(grant_type="client_credentials")).body["access_token"]
    return token


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("source", [from_login, from_a_code, from_a_refresh, from_itself])
async def test_a_bearer_opens_every_method(
    world: World,
    http: aiohttp.ClientSession,
    source: Callable[[World, aiohttp.ClientSession, int], Awaitable[str]],
    version: int,
) -> None:
    """credentials/* and signatures/*, up to the signatures; then auth/revoke, and none of them."""
    client = Client(http, world.issuer, version)
    client.token = await source(world, http, version)
    alice = world.people["alice"]
    credential = alice.credentials["pin"]
    listed = await client.post("credentials/list", {})
    assert set(listed.body["credentialIDs"]) == set(alice.credentials.values())
    info = await client.post("credentials/info", {"credentialID": credential})
    assert info.body["key"]["status"] == "enabled"
    await signs(client, credential)
    if version == 2:
        await signs_documents(client, credential)
    stamped = await client.post(
        "signatures/timestamp", {"hash": b64(DIGESTS[0]), "hashAlgo": SHA256}
    )
    assert stamped.body.keys() == {"timestamp"}
    assert (await client.post("auth/revoke", {"token": client.token})).status == 204
    for method in ("credentials/list", "signatures/timestamp"):
        assert (await client.post(method, {})).error[:2] == (401, "expired_token")


async def signs(client: Client, credential: str) -> None:
    """authorize, signHash, extendTransaction, signHash: two signatures, one at a time."""
    sad = (await client.authorize(credential, *DIGESTS)).body["SAD"]
    first = await client.sign_hash(credential, sad, DIGESTS[0])
    assert len(first.body["signatures"]) == 1, first.body
    exchange: dict[str, Any] = {"credentialID": credential, "SAD": sad}
    if client.version == 1:
        exchange |= {"hash": [b64(DIGESTS[1])]}
    else:
        exchange |= {"hashes": [b64(DIGESTS[1])], "hashAlgorithmOID": SHA256}
    extended = await client.post("credentials/extendTransaction", exchange)
    second = await client.sign_hash(credential, extended.body["SAD"], DIGESTS[1])
    assert len(second.body["signatures"]) == 1, second.body


async def signs_documents(client: Client, credential: str) -> None:
    """signDoc at once, and behind a responseID."""
    text = "The price is 100 lei."
    for mode in ("S", "A"):
        sad = (await client.authorize(credential, digest_of(text))).body["SAD"]
        body = {"credentialID": credential, "SAD": sad, "documents": [cades(text.encode())]}
        signed = await client.post("signatures/signDoc", body | {"operationMode": mode})
        if mode == "S":
            assert len(signed.body["DocumentWithSignature"]) == 1, signed.body
            continue
        asked = {"requestID": signed.body["responseID"]}
        assert (await client.post("signatures/signPolling", asked)).status in (200, 202)
