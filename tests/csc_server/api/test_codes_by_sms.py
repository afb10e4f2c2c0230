"""Codes by SMS beside a PIN: sendOTP in v1, getChallenge in v2, and what they sign. (ADR 9)"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest

from tests import backdoor, service
from tests.csc_server.api.conftest import World
from tests.service import Client, Reply, digest_of

DIGEST = digest_of("approved by SMS")
PINS = {"PIN": service.PIN}


async def logged_in(world: World, http: aiohttp.ClientSession, name: str, version: int) -> Client:
    """A client in the hands of somebody."""
    client = Client(http, world.service.base_url)
    assert (await client.log_in(world.people[name])).status == 200
    client.version = version
    return client


@pytest.fixture
async def http() -> Any:
    """Connections."""
    async with aiohttp.ClientSession() as session:
        yield session


async def code_on_the_phone(client: Client, name: str) -> str:
    """The code of the newest SMS to somebody."""
    async with asyncio.timeout(10):
        while True:
            async with client.http.get(f"{client.base_url}/outbox.json") as answer:
                for one in (await answer.json())["messages"]:
                    if one["to"] == service.phone_of(name):
                        found = re.search(r"\b([0-9]{6})\b", one["text"])
                        assert found is not None
                        return found[1]
            await asyncio.sleep(0.02)


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 10**6:06}"


async def by_otp(client: Client, credential_id: str, code: str, pin: str = service.PIN) -> Reply:
    """v2 authorize with PIN and code."""
    factors = [{"id": "PIN", "value": pin}, {"id": "OTP", "value": code}]
    return await client.authorize(credential_id, DIGEST, authData=factors)


async def test_v1(world: World, http: aiohttp.ClientSession) -> None:
    """info says *online*; sendOTP sends, the code signs once with the PIN and not without."""
    client = await logged_in(world, http, "sorin", 1)
    credential_id = world.people["sorin"].credentials["pin-sms"]
    told = (
        await client.post("credentials/info", {"credentialID": credential_id, "authInfo": True})
    ).body
    assert (told["OTP"]["presence"], told["OTP"]["type"]) == ("true", "online")
    assert "credentials/sendOTP" in (await client.post("info", {})).body["methods"]
    sent = await client.post("credentials/sendOTP", {"credentialID": credential_id})
    assert (sent.status, sent.body) == (204, None)
    code = await code_on_the_phone(client, "sorin")
    refused = await client.authorize(credential_id, DIGEST, OTP=wrong(code))
    assert refused.error == (400, "invalid_otp", "The OTP is invalid")
    refused = await client.authorize(credential_id, DIGEST, OTP=code, PIN="000000")
    assert refused.error == (400, "invalid_pin", "The PIN is invalid")
    refused = await client.authorize(credential_id, DIGEST, OTP=code, PIN=None)
    assert refused.error == (400, "invalid_pin", "The PIN is invalid")
    approved = await client.authorize(credential_id, DIGEST, OTP=code)
    assert approved.status == 200
    signed = await client.sign_hash(credential_id, approved.body["SAD"], DIGEST)
    assert signed.status == 200
    again = await client.authorize(credential_id, DIGEST, OTP=code)
    assert again.error == (400, "invalid_otp", "The OTP is invalid")
    early = await client.post("credentials/sendOTP", {"credentialID": credential_id})
    assert (early.status, early.body["error"]) == (429, "temporarily_unavailable")
    assert int(early.headers["Retry-After"]) > 0


async def test_v2(world: World, http: aiohttp.ClientSession) -> None:
    """A challenge that goes out of band; the same code, the same rules."""
    client = await logged_in(world, http, "simona", 2)
    credential_id = world.people["simona"].credentials["pin-sms"]
    told = await client.post("credentials/info", {"credentialID": credential_id, "authInfo": True})
    types = {one["id"]: one["type"] for one in told.body["auth"]["objects"]}
    assert (types["PIN"], types["OTP"]) == ("Password", "ChallengeResponse")
    assert "credentials/getChallenge" in (await client.post("info", {})).body["methods"]
    body = {"credentialID": credential_id, "authObjectID": "OTP"}
    for _ in range(2):
        # Asked twice within the gap: answered alike, sent once.
        sent = await client.post("credentials/getChallenge", body)
        assert (sent.status, sent.body) == (204, None)
    code = await code_on_the_phone(client, "simona")
    assert (await by_otp(client, credential_id, wrong(code))).status == 400
    approved = await by_otp(client, credential_id, code)
    assert approved.status == 200
    signed = await client.sign_hash(
        credential_id, approved.body["SAD"], DIGEST, hashAlgorithmOID="2.16.840.1.101.3.4.2.1"
    )
    assert signed.status == 200


async def test_three_wrong_tries_end_a_code(world: World, http: aiohttp.ClientSession) -> None:
    """The right code comes too late then."""
    client = await logged_in(world, http, "stela", 1)
    credential_id = world.people["stela"].credentials["pin-sms"]
    await client.post("credentials/sendOTP", {"credentialID": credential_id})
    code = await code_on_the_phone(client, "stela")
    for _ in range(3):
        assert (await client.authorize(credential_id, DIGEST, OTP=wrong(code))).status == 400
    assert (await client.authorize(credential_id, DIGEST, OTP=code)).status == 400


async def test_64_at_once_with_one_code(world: World, http: aiohttp.ClientSession) -> None:
    """One approval."""
    client = await logged_in(world, http, "silviu", 1)
    credential_id = world.people["silviu"].credentials["pin-sms"]
    await client.post("credentials/sendOTP", {"credentialID": credential_id})
    code = await code_on_the_phone(client, "silviu")
    calls = [client.authorize(credential_id, DIGEST, OTP=code) for _ in range(64)]
    statuses = [reply.status for reply in await asyncio.gather(*calls)]
    assert sorted(statuses) == [200] + [400] * 63


async def test_refused_v1(world: World, http: aiohttp.ClientSession) -> None:
    """Rows of the error table (CSC v1 11.8); a code of the app is never sent."""
    client = await logged_in(world, http, "alice", 1)
    people = world.people
    missing = await client.post("credentials/sendOTP", {})
    sentence = "Missing (or invalid type) string parameter credentialID"
    assert missing.error == (400, "invalid_request", sentence)
    for credential_id in ("nobody", people["sanda"].credentials["pin-sms"]):
        refused = await client.post("credentials/sendOTP", {"credentialID": credential_id})
        assert refused.error == (400, "invalid_request", "Invalid parameter credentialID")
    for name in ("pin-otp", "pin-p256"):
        refused = await client.post(
            "credentials/sendOTP", {"credentialID": people["alice"].credentials[name]}
        )
        assert refused.error == (400, "invalid_request", "Invalid parameter credentialID"), name


async def test_refused_v2(world: World, http: aiohttp.ClientSession) -> None:
    """Rows of the error table (CSC v2 11.8); a PIN and a code of the app are no challenges."""
    client = await logged_in(world, http, "alice", 2)
    people = world.people
    foreign = {"credentialID": people["sanda"].credentials["pin-sms"], "authObjectID": "OTP"}
    refused = await client.post("credentials/getChallenge", foreign)
    assert refused.error == (400, "invalid_request", "Invalid parameter credentialID")
    for object_id in ("PIN", "APPROVAL", "nothing"):
        body = foreign | {"authObjectID": object_id}
        refused = await client.post("credentials/getChallenge", body)
        assert refused.error == (400, "invalid_request", "Invalid parameter authObjectID")
    own = {"credentialID": people["alice"].credentials["pin-otp"], "authObjectID": "OTP"}
    refused = await client.post("credentials/getChallenge", own)
    assert refused.error == (400, "invalid_request", "Invalid parameter authObjectID")
    for name in ("credentialID", "authObjectID"):
        for wrong_value in (None, 7, ""):
            refused = await client.post("credentials/getChallenge", foreign | {name: wrong_value})
            sentence = f"Missing (or invalid type) string parameter {name}"
            assert refused.error == (400, "invalid_request", sentence)


@pytest.mark.parametrize(
    ("version", "method"), [(1, "credentials/sendOTP"), (2, "credentials/getChallenge")]
)
async def test_nobody_without_a_token_has_a_code_sent(
    world: World, http: aiohttp.ClientSession, version: int, method: str
) -> None:
    """OTP-1, CHAL-1: 400 without a header, 401 with an unknown token."""
    client = Client(http, world.service.base_url, version)
    absent = await client.post(method, {"credentialID": "x"})
    assert (absent.status, absent.body["error"]) == (400, "invalid_request")
    client.token = "unknown"
    unknown = await client.post(method, {"credentialID": "x"})
    assert (unknown.status, unknown.body["error"]) == (401, "invalid_token")


async def test_too_many_wrong_codes(world: World, http: aiohttp.ClientSession) -> None:
    """OTP-4, and its like in v2: while codes are locked none is sent, and none is judged."""
    credential_id = world.people["sanda"].credentials["pin-sms"]
    backdoor.Backdoor(world.service.settings).lock(f"sms:{credential_id}")
    client = await logged_in(world, http, "sanda", 1)
    locked = await client.post("credentials/sendOTP", {"credentialID": credential_id})
    assert locked.error == (400, "invalid_request", "OTP locked")
    refused = await client.authorize(credential_id, DIGEST, OTP="123456")
    assert refused.error == (400, "invalid_request", "OTP locked")
    client.version = 2
    body = {"credentialID": credential_id, "authObjectID": "OTP"}
    locked = await client.post("credentials/getChallenge", body)
    assert locked.error == (400, "invalid_request", "Credential locked")
