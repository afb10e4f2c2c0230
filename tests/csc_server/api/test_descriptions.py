"""The descriptions of our APIs: complete, and true of good answers.

``tests/campaign/test_descriptions.py`` holds the service to them with made-up requests.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import aiohttp
import jsonschema_rs
import pytest

from csc_server.web import own_apis
from tests.csc_server.api.conftest import World
from tests.service import PIN, Client, digest_of

A, B = digest_of("described a"), digest_of("described b")


async def fetch(world: World, path: str) -> dict[str, Any]:
    """A description."""
    async with aiohttp.ClientSession() as http, http.get(world.service.base_url + path) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.1"
        return dict(json.loads(await response.read()))


async def test_every_method_of_info_is_described(world: World, client: Client) -> None:
    """And no other one, in both versions."""
    described = set((await fetch(world, "/csc/openapi.json"))["paths"])
    announced = {
        f"/csc/v{client.version}/{method}"
        for client.version in (1, 2)
        for method in ("info", *(await client.post("info", {})).body["methods"])
    }
    assert described == announced


async def test_every_path_of_our_own_is_described(world: World) -> None:
    """And no other one, with the HTTP method that it takes."""
    document = await fetch(world, "/openapi.json")
    described = {
        (path.rpartition("/{")[0] + "/*" if "{" in path else path, http_method.upper())
        for path, operations in document["paths"].items()
        for http_method in operations
    }
    assert described == {(path, http_method) for path, http_method, _ in own_apis.TABLE}


@pytest.mark.parametrize("version", [1, 2])
async def test_good_answers_are_as_described(world: World, client: Client, version: int) -> None:
    """The answers that made-up requests hardly get to: logins, credentials, SADs, signatures."""
    document = await fetch(world, "/csc/openapi.json")
    client.version = version

    async def ask(method: str, body: dict[str, Any]) -> Any:
        reply = await client.post(method, body)
        operation = document["paths"][f"/csc/v{version}/{method}"]["post"]
        request = operation["requestBody"]["content"]["application/json"]["schema"]
        answer = operation["responses"][str(reply.status)]
        assert reply.status < 300, reply.body
        hold(document, request, body)
        if reply.body is not None:
            hold(document, answer["content"]["application/json"]["schema"], reply.body)
        return reply.body

    person = world.people["alice"]
    login = await client.log_in(person, rememberMe=True)
    operation = document["paths"][f"/csc/v{version}/auth/login"]["post"]
    hold(
        document, operation["responses"]["200"]["content"]["application/json"]["schema"], login.body
    )
    await ask("auth/login", {"refresh_token": login.body["refresh_token"]})
    await ask("info", {"lang": "ro"})
    await ask("credentials/list", {"maxResults": 1} if version == 1 else {"credentialInfo": True})
    for name in ("pin-p256", "pin-rsa", "pin-otp"):
        body = {"credentialID": person.credentials[name], "certificates": "chain"}
        await ask("credentials/info", body | {"certInfo": True, "authInfo": True})
    credential_id = person.credentials["pin-p256"]
    digests = [base64.b64encode(one).decode() for one in (A, B)]
    oid = {} if version == 1 else {"hashAlgorithmOID": "2.16.840.1.101.3.4.2.1"}
    hashes = "hash" if version == 1 else "hashes"
    pin = {"PIN": PIN} if version == 1 else {"authData": [{"id": "PIN", "value": PIN}]}
    wanted = {"credentialID": credential_id, "numSignatures": 2, hashes: digests}
    issued = await ask("credentials/authorize", wanted | oid | pin)
    signing = {"credentialID": credential_id, "signAlgo": "1.2.840.10045.4.3.2"}
    await ask("signatures/signHash", signing | {"SAD": issued["SAD"], hashes: digests[:1]})
    extend = {"credentialID": credential_id, "SAD": issued["SAD"], hashes: digests[1:]}
    extended = await ask("credentials/extendTransaction", extend | oid)
    await ask("signatures/signHash", signing | {"SAD": extended["SAD"], hashes: digests[1:]})
    await ask("auth/revoke", {"token": login.body["refresh_token"]})


def hold(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Return when the value is as the schema of the document says."""
    whole = schema | {"components": document["components"]}
    jsonschema_rs.validator_for(whole).validate(value)
