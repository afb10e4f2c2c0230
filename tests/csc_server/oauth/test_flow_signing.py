"""Programs sign PDFs from the first redirect to the judged file: Acrobat's way, v2's, a seal's.

pyHanko is the program, Chromium the person's browser, the service is real to the HSM.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from csc_server import app
from csc_server.commands.demo import SAMPLE
from tests.csc_server.oauth import jwt, signing
from tests.csc_server.oauth.chromium import Window
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import PKCE, SHA256, Program
from tests.service import PIN, Person

pytestmark = pytest.mark.asyncio(loop_scope="module")
NO_PKCE = dict.fromkeys(PKCE)


async def let_in(window: Window, program: Program, person: Person, **more: Any) -> str:
    """The service's token, for a person who signs in and allows it."""
    await window.ask(program.version, program.request(**more))
    await window.sign_in(person)
    await window.heading(f"{program.client_id.title()} wants to use your account")
    await window.press("Allow")
    answer = await window.landed(program.redirect_uri)
    verifier = {"code_verifier": None} if "code_challenge" in more else {}
    reply = await program.redeem(answer["code"], **verifier)
    assert reply.status == 200, reply.body
    assert "refresh_token" in reply.body
    token: str = reply.body["access_token"]
    return token


async def approved(window: Window, program: Program, person: Person, shows: str) -> dict[str, str]:
    """What the program is told when the person approves with PIN and code what is shown."""
    await window.heading("Approve one signature")
    await expect(window.page.get_by_text(shows, exact=True)).to_be_visible()
    await window.page.get_by_label("PIN of the certificate").fill(PIN)
    await window.page.get_by_label("Code from your authenticator app").fill(person.code())
    await window.press("Approve and sign one")
    return await window.landed(program.redirect_uri)


async def only_credential(program: Program, token: str, person: Person) -> str:
    """credentials/list, as a program finds out with what to sign."""
    listed = await program.call("credentials/list", {}, token)
    assert listed.body["credentialIDs"] == list(person.credentials.values())
    found: str = listed.body["credentialIDs"][0]
    return found


async def test_v1_as_acrobat_does_it(
    window: Window, world: World, wire: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """One person by PIN and code to the program, a second by OAuth, both with time-stamps."""
    adobe = Program(wire, world.issuer, "adobe", version=1)
    olga, petra = world.people["olga"], world.people["petra"]
    token = await let_in(window, adobe, olga, **NO_PKCE)
    credential = await only_credential(adobe, token, olga)

    async def typed(hashes: list[str]) -> str:
        body = {"credentialID": credential, "numSignatures": len(hashes), "hash": hashes}
        factors = {"PIN": PIN, "OTP": olga.code()}
        reply = await adobe.call("credentials/authorize", body | factors, token)
        assert reply.status == 200, reply.body
        sad: str = reply.body["SAD"]
        return sad

    stamps = signing.Stamps(adobe, token)
    by_olga = await signing.signer(adobe, credential, token, typed)
    once = await signing.sign(SAMPLE.read_bytes(), by_olga, "Olga", stamps)

    await window.page.context.clear_cookies()
    token = await let_in(window, adobe, petra, **NO_PKCE)
    own = await only_credential(adobe, token, petra)

    async def asked(hashes: list[str]) -> str:
        in_url = [base64.urlsafe_b64encode(base64.b64decode(one)).decode() for one in hashes]
        wish = {
            "scope": "credential",
            "credentialID": own,
            "numSignatures": str(len(hashes)),
            "hash": ",".join(in_url),
            "description": "Loan agreement 4471",
        }
        await window.ask(1, adobe.request(**wish, **NO_PKCE))
        answer = await approved(window, adobe, petra, "It says: “Loan agreement 4471”")
        reply = await adobe.redeem(answer["code"], code_verifier=None)
        assert reply.body["token_type"] == "SAD"
        sad: str = reply.body["access_token"]
        return sad

    by_petra = await signing.signer(adobe, own, token, asked)
    twice = await signing.sign(once, by_petra, "Petra", signing.Stamps(adobe, token))
    root = world.service.settings.path(app.CA_ROOT)
    await signing.judge(twice, root, tmp_path, stamped=True)


@pytest.mark.parametrize(("name", "key"), [("radu", None), ("sanda", jwt.new_key())])
async def test_v2_with_pushed_details_and_no_sad(
    window: Window,
    world: World,
    wire: aiohttp.ClientSession,
    tmp_path: Path,
    name: str,
    key: Any,
) -> None:
    """PAR, authorization details, PKCE; the second time every token bound to a key."""
    contab = Program(wire, world.issuer, key=key)
    person = world.people[name]
    token = await let_in(window, contab, person)

    async def asked(hashes: list[str]) -> str:
        detail = {
            "type": "credential",
            "credentialID": credential,
            "documentDigests": [{"hash": one, "label": "Contract.pdf"} for one in hashes],
            "hashAlgorithmOID": SHA256,
        }
        wish = json.dumps([detail])
        pushed = await contab.push(scope=None, authorization_details=wish)
        assert pushed.status == 201, pushed.body
        uri = pushed.body["request_uri"]
        await window.ask(2, {"client_id": "contab", "request_uri": uri})
        answer = await approved(window, contab, person, "Contract.pdf")
        reply = await contab.redeem(answer["code"])
        assert reply.body["token_type"] == ("Bearer" if key is None else "DPoP")
        [granted] = reply.body["authorization_details"]
        assert granted["credentialID"] == credential
        approval: str = reply.body["access_token"]
        return approval

    [credential] = person.credentials.values()
    by = await signing.signer(contab, credential, token, asked, alone=True)
    signed = await signing.sign(SAMPLE.read_bytes(), by, "Signature")
    root = world.service.settings.path(app.CA_ROOT)
    await signing.judge(signed, root, tmp_path, stamped=False)


@pytest.mark.parametrize("version", [1, 2])
async def test_a_seal(
    world: World, wire: aiohttp.ClientSession, tmp_path: Path, version: int
) -> None:
    """client_credentials and a static PIN: no person, and no credential but its account's."""
    seal = Program(wire, world.issuer, "seal", version=version)
    granted = await seal.token(grant_type="client_credentials", scope="service")
    assert granted.body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    token = granted.body["access_token"]
    listed = await seal.call("credentials/list", {}, token)
    alice = world.people["alice"]
    assert set(listed.body["credentialIDs"]) == set(alice.credentials.values())
    credential = alice.credentials["pin"]

    async def with_pin(hashes: list[str], credential: str = credential) -> str:
        body: dict[str, Any] = {"credentialID": credential, "numSignatures": len(hashes)}
        if version == 1:
            body |= {"hash": hashes, "PIN": PIN}
        else:
            factors = [{"id": "PIN", "value": PIN}]
            body |= {"hashes": hashes, "hashAlgorithmOID": SHA256, "authData": factors}
        reply = await seal.call("credentials/authorize", body, token)
        return str(reply.body.get("SAD", reply.body.get("error_description")))

    by = await signing.signer(seal, credential, token, with_pin)
    sealed = await signing.sign(SAMPLE.read_bytes(), by, "Seal", signing.Stamps(seal, token))
    root = world.service.settings.path(app.CA_ROOT)
    await signing.judge(sealed, root, tmp_path, stamped=True)
    strange = world.people["mallory"].credentials["pin-p256"]
    digest = base64.b64encode(bytes(32)).decode()
    assert await with_pin([digest], strange) == "Invalid parameter credentialID"
