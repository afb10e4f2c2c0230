"""What the service says of itself and of credentials. (CSC v1 11.1, 11.4, 11.5 and v2)"""

from __future__ import annotations

import base64
import re

import pytest
from cryptography import x509

from tests.csc_server.api.conftest import World
from tests.service import Client


async def test_info_v1(client: Client) -> None:
    """All required members, by POST and GET; methods that work and no others."""
    reply = await client.post("info", {"lang": "xx"})
    async with client.http.get(f"{client.base_url}/csc/v1/info") as response:
        assert await response.json() == reply.body
    assert reply.body["specs"] == "1.0.4.0"
    assert reply.body["authType"] == ["basic", "oauth2code", "oauth2client"]
    assert reply.body["lang"] == "en"
    assert len(reply.body["name"]) <= 255
    assert re.fullmatch("[A-Z]{2}", reply.body["region"])
    assert reply.body["oauth2"] == f"{client.base_url}/csc/v1/"
    assert "oauth2Issuer" not in reply.body


async def test_info_v2(client: Client) -> None:
    """The members that v2 adds; without a time-stamping authority there is no level B-T."""
    client.version = 2
    body = (await client.post("info", {})).body
    assert body["specs"] == "2.0.0.2"
    assert body["oauth2Issuer"] == client.base_url
    assert "oauth2" not in body
    assert body["asynchronousOperationMode"] is True
    assert len(body["signAlgorithms"]["algos"]) == len(body["signAlgorithms"]["algoParams"])
    assert body["signature_formats"] == {
        "formats": ["C", "P"],
        "envelope_properties": [["Detached", "Attached"], ["Certification", "Revision"]],
    }
    assert body["conformance_levels"] == ["AdES-B-B"]
    assert "signatures/timestamp" not in body["methods"]


@pytest.mark.parametrize("version", [1, 2])
async def test_methods_are_what_is_there(client: Client, version: int) -> None:
    """Truthful: no listed method answers 404, 405 or 501."""
    client.version = version
    for method in (await client.post("info", {})).body["methods"]:
        assert (await client.post(method, {})).status in (400, 401), method


async def test_list_v1_pages(alice: Client, world: World) -> None:
    """Walking the pages meets every credential once, in a lasting order."""
    wanted = set(world.people["alice"].credentials.values())
    whole = (await alice.post("credentials/list", {})).body
    assert set(whole["credentialIDs"]) == wanted
    assert "nextPageToken" not in whole
    met: list[str] = []
    body: dict[str, object] = {"maxResults": 3}
    while True:
        page = (await alice.post("credentials/list", body)).body
        assert len(page["credentialIDs"]) <= 3
        met += page["credentialIDs"]
        if "nextPageToken" not in page:
            break
        body["pageToken"] = page["nextPageToken"]
    assert met == whole["credentialIDs"]


@pytest.mark.parametrize("size", [0, -1, 10**9, "many", None, True])
async def test_a_strange_page_size_is_no_error(alice: Client, size: object) -> None:
    """CSC v1 11.4: the server's own maximum."""
    assert (await alice.post("credentials/list", {"maxResults": size})).status == 200


async def test_nobody_has_no_credentials(client: Client, world: World) -> None:
    """An empty list, not an error; userID null and empty are fine."""
    await client.log_in(world.people["nobody"])
    for user in (None, ""):
        assert (await client.post("credentials/list", {"userID": user})).body == {
            "credentialIDs": []
        }


async def test_list_v2_with_everything(alice_v2: Client, world: World) -> None:
    """credentialInfos carries what credentials/info says."""
    flags = {"certificates": "chain", "certInfo": True, "authInfo": True}
    listed = await alice_v2.post(
        "credentials/list", {"credentialInfo": True, "onlyValid": True, **flags}
    )
    assert listed.body["onlyValid"] is True
    for one in listed.body["credentialInfos"]:
        credential_id = one.pop("credentialID")
        info = await alice_v2.post("credentials/info", {"credentialID": credential_id, **flags})
        assert info.body == one
    bare = await alice_v2.post("credentials/list", {})
    assert set(bare.body) == {"credentialIDs"}


async def test_info_of_a_credential_v1(alice: Client, world: World) -> None:
    """Groups only when asked for; always the ones that are required."""
    credential = world.people["alice"].credentials["pin-otp"]
    body = {"credentialID": credential}
    plain = (await alice.post("credentials/info", body)).body
    assert (plain["authMode"], plain["SCAL"], plain["multisign"]) == ("explicit", "2", 5)
    assert (plain["key"]["len"], plain["key"]["curve"]) == (384, "1.3.132.0.34")
    assert plain["key"]["status"] == "enabled"
    assert set(plain["cert"]) == {"status", "certificates"}
    assert not {"PIN", "OTP"} & set(plain)
    full = await alice.post("credentials/info", body | {"authInfo": True, "certInfo": True})
    assert full.body["PIN"]["presence"] == "true"
    assert full.body["OTP"]["type"] == "offline"
    assert full.body["OTP"]["format"] == "N"


async def test_factors_that_are_not_asked_for(alice: Client, world: World) -> None:
    """presence "false" and nothing else."""
    credential = world.people["alice"].credentials["pin-p256"]
    body = {"credentialID": credential, "authInfo": True}
    assert (await alice.post("credentials/info", body)).body["OTP"] == {"presence": "false"}


async def test_info_of_a_credential_v2(alice_v2: Client, world: World) -> None:
    """auth with mode always, expression and objects when asked for."""
    body = {"credentialID": world.people["alice"].credentials["pin-otp"]}
    assert (await alice_v2.post("credentials/info", body)).body["auth"] == {"mode": "explicit"}
    full = (await alice_v2.post("credentials/info", body | {"authInfo": True})).body
    assert full["auth"]["expression"] == "PIN AND OTP"
    assert [one["id"] for one in full["auth"]["objects"]] == ["PIN", "OTP"]
    assert "authMode" not in full


async def test_certificates(alice: Client, world: World) -> None:
    """none, single and chain; each certificate is signed by the next; certInfo is the leaf's."""
    body = {"credentialID": world.people["alice"].credentials["pin-rsa"]}
    none = (await alice.post("credentials/info", body | {"certificates": "none"})).body
    single = (await alice.post("credentials/info", body)).body
    full = await alice.post("credentials/info", body | {"certificates": "chain", "certInfo": True})
    assert "certificates" not in none["cert"]
    chain = [
        x509.load_der_x509_certificate(base64.b64decode(text))
        for text in full.body["cert"]["certificates"]
    ]
    assert single["cert"]["certificates"] == full.body["cert"]["certificates"][:1]
    for child, parent in zip(chain, [*chain[1:], chain[-1]], strict=True):
        child.verify_directly_issued_by(parent)
    leaf, said = chain[0], full.body["cert"]
    assert int(said["serialNumber"], 16) == leaf.serial_number
    assert said["subjectDN"] == leaf.subject.rfc4514_string()
    assert said["validTo"] == leaf.not_valid_after_utc.strftime("%Y%m%d%H%M%SZ")
