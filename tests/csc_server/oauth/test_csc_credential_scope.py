"""Scope ``credential``: approval, token, signature. (CSC v1 8.4, v2 8.4; RFC 9396)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.csc_server.oauth import approvals, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import (
    SHA256,
    Browser,
    Program,
    std_hash,
    url_hash,
)
from tests.service import PIN

Of = Callable[..., Program]


async def test_v2_par_and_rar_and_no_sad(
    browser: Browser, program: Program, credential: str
) -> None:
    """The token signs what was approved, once, and nothing else."""
    body = await approvals.approved(program, browser, approvals.details(credential, "a", "b"))
    assert (body["token_type"], body["scope"]) == ("Bearer", "credential")
    assert 0 < body["expires_in"] <= 300
    assert "refresh_token" not in body
    token = body["access_token"]
    other = await approvals.sign(program, credential, token, "a", "c")
    assert other.body["error_description"] == "Hash is not authorized by the SAD."
    signed = await approvals.sign(program, credential, token, "b", "a")
    assert len(signed.body["signatures"]) == 2
    again = await approvals.sign(program, credential, token, "b", "a")
    assert (again.status, again.body["error"]) == (400, "invalid_request")


async def test_a_wrong_pin_leaves_the_request_open(
    browser: Browser, program: Program, credential: str
) -> None:
    """The same checks as credentials/authorize; then the right one approves."""
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(credential, "a")
    )
    wrong = await browser.approve(landing, pin="000001")
    assert (wrong.status, wrong.location) == (422, "")
    answer = await browser.approve(landing)
    assert "code" in answer.query
    twice = await browser.approve(landing)
    assert twice.status == 410


async def test_refusing_signatures(browser: Browser, program: Program, credential: str) -> None:
    """access_denied, and no code afterwards."""
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(credential, "a")
    )
    answer = await browser.post("/approve", request=landing.query["request"], do="refuse")
    assert answer.query["error"] == "access_denied"
    assert (await browser.approve(landing)).status == 410


async def test_allow_is_not_approve(browser: Browser, program: Program, credential: str) -> None:
    """Consent alone never signs: without the PIN there is no code."""
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(credential, "a")
    )
    answer = await browser.post("/approve", request=landing.query["request"], do="allow")
    assert answer.location == ""


async def test_a_code_of_the_authenticator_approves_once(
    browser_of: Callable[[str], Browser], program: Program, world: World
) -> None:
    """One code, these hashes, this client; the same code approves nothing more."""
    person, browser = world.people["coder"], browser_of("coder")
    credential = person.credentials["otp-p256"]
    code = person.code()
    for good in (True, False):
        landing = await approvals.pushed(
            program, browser, scope=None, authorization_details=approvals.details(credential, "a")
        )
        answer = await browser.approve(landing, pin="", code=code)
        assert ("code" in answer.query) is good


async def test_csc_v1_8_4_3_the_token_is_a_sad(
    browser: Browser, program_of: Of, credential: str
) -> None:
    """token_type SAD: for the parameter SAD beside a service token, and nowhere else."""
    program = program_of("contab", version=1)
    service = (await program.tokens(browser))["access_token"]
    landing = await browser.authorize(1, **program.request(**approvals.plain(credential, "a", "b")))
    answer = await browser.approve(landing)
    body = (await program.redeem(answer.query["code"])).body
    assert body["token_type"] == "SAD"
    assert "refresh_token" not in body
    assert "authorization_details" not in body
    sad = body["access_token"]
    for method, given in (
        ("credentials/list", {}),
        ("credentials/info", {"credentialID": credential}),
        ("signatures/signHash", {"credentialID": credential, "SAD": sad}),
    ):
        refused = await program.call(method, given, sad)
        assert (refused.status, refused.body["error"]) == (401, "invalid_token")
    signed = await approvals.sign(program, credential, service, "a", "b", SAD=sad)
    assert len(signed.body["signatures"]) == 2


async def test_csc_v2_8_4_1_what_a_credential_token_opens(
    browser: Browser, program: Program, credential: str, world: World
) -> None:
    """Its own credential's info; no list, no authorize, no other credential, nothing of v1."""
    other = world.people["alice"].credentials["few"]
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    info = await program.call("credentials/info", {"credentialID": credential}, token)
    assert info.status == 200
    refused: list[tuple[str, dict[str, Any]]] = [
        ("credentials/list", {}),
        ("credentials/info", {"credentialID": other}),
        ("credentials/authorize", {"credentialID": credential, "numSignatures": 1}),
        ("credentials/extendTransaction", {"credentialID": credential, "SAD": token}),
        ("auth/revoke", {"token": token}),
    ]
    for method, given in refused:
        reply = await program.call(method, given, token)
        assert (reply.status, reply.body["error"]) == (401, "unauthorized_client"), method
    wrong = await approvals.sign(program, other, token, "a")
    assert (wrong.status, wrong.body["error"]) == (401, "unauthorized_client")
    program.version = 1
    for method, given in (("credentials/info", {"credentialID": credential}), refused[0]):
        assert (await program.call(method, given, token)).status == 401


async def test_security_4_3_a_service_token_is_no_sad(
    browser: Browser, program: Program, credential: str
) -> None:
    """Neither in the parameter nor instead of it."""
    service = (await program.tokens(browser))["access_token"]
    for more in ({}, {"SAD": service}):
        refused = await approvals.sign(program, credential, service, "a", **more)
        assert refused.status == 400
        assert "SAD" in refused.body["error_description"]


async def test_csc_v2_8_4_1_beside_a_service_token(
    browser: Browser, program: Program, credential: str
) -> None:
    """For old clients the token also goes into the parameter SAD; of the same client only."""
    service = (await program.tokens(browser))["access_token"]
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    signed = await approvals.sign(program, credential, service, "a", SAD=token)
    assert signed.status == 200, signed.body


async def test_security_6_2_a_sad_of_another_client(
    browser: Browser, program: Program, program_of: Of, credential: str
) -> None:
    """Stolen by another program of the same person: worth nothing."""
    rival = program_of("rival", redirect_uri="https://rival.example/callback")
    service = (await rival.tokens(browser))["access_token"]
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    stolen = await approvals.sign(rival, credential, service, "a", SAD=token)
    assert stolen.error == (400, "invalid_request", "Invalid parameter SAD")
    assert (await approvals.sign(program, credential, token, "a")).status == 200


async def test_a_token_beside_another_sad(
    browser: Browser, program: Program, credential: str
) -> None:
    """The parameter may repeat the token, not contradict it."""
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    other = (await approvals.approved(program, browser, approvals.details(credential, "b")))[
        "access_token"
    ]
    refused = await approvals.sign(program, credential, token, "b", SAD=other)
    assert refused.error == (400, "invalid_request", "Invalid parameter SAD")
    assert (await approvals.sign(program, credential, token, "a", SAD=token)).status == 200


async def test_rfc7009_revoking_a_credential_token_kills_its_sad(
    browser: Browser, program: Program, credential: str
) -> None:
    """Neither as token nor as parameter."""
    service = (await program.tokens(browser))["access_token"]
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    assert (await program.revoke(token)).status == 204
    assert (await approvals.sign(program, credential, token, "a")).body["error"] == "expired_token"
    refused = await approvals.sign(program, credential, service, "a", SAD=token)
    assert refused.error == (400, "invalid_request", "Invalid parameter SAD")


async def test_rfc7009_revoking_the_refresh_token_kills_pending_sads(
    browser: Browser, program: Program, credential: str
) -> None:
    """Those that credentials/authorize made under the grant."""
    body = await program.tokens(browser)
    given = {
        "credentialID": credential,
        "numSignatures": 1,
        "hashes": [std_hash("a")],
        "hashAlgorithmOID": SHA256,
        "authData": [{"id": "PIN", "value": PIN}],
    }
    sad = (await program.call("credentials/authorize", given, body["access_token"])).body["SAD"]
    other = (await program.tokens(browser))["access_token"]
    assert (await program.revoke(body["refresh_token"])).status == 204
    refused = await approvals.sign(program, credential, other, "a", SAD=sad)
    assert refused.error == (400, "invalid_request", "Invalid parameter SAD")


async def test_rfc6749_4_1_2_a_replayed_code_kills_the_sad(
    browser: Browser, program: Program, credential: str
) -> None:
    """A copy of the code is about: nothing is signed any more."""
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(credential, "a")
    )
    code = (await browser.approve(landing)).query["code"]
    token = (await program.redeem(code)).body["access_token"]
    assert (await program.redeem(code)).body["error"] == "invalid_grant"
    assert (await approvals.sign(program, credential, token, "a")).status == 401


async def test_rfc9449_a_credential_token_bound_to_a_key(
    browser: Browser, program: Program, credential: str
) -> None:
    """Without its proof it is worth nothing: not as bearer, not as SAD beside a service token."""

    service = (await program.tokens(browser))["access_token"]
    program.key = jwt.new_key()
    body = await approvals.approved(program, browser, approvals.details(credential, "a"))
    assert body["token_type"] == "DPoP"
    token = body["access_token"]
    assert (await approvals.sign(program, credential, token, "a")).body["error"] == "invalid_token"
    beside = await approvals.sign(program, credential, service, "a", SAD=token)
    assert beside.error == (400, "invalid_request", "Invalid parameter SAD")
    url = f"{program.base_url}/csc/v2/signatures/signHash"
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": jwt.proof(program.key, url, token=token),
    }
    given = {"credentialID": credential, "hashes": [std_hash("a")], "signAlgo": approvals.ECDSA}
    signed = await program.call("signatures/signHash", given, token, **headers)
    assert signed.status == 200, signed.body


async def test_csc_v2_3_12_3_the_person_chooses_a_credential(
    browser: Browser, program: Program, world: World
) -> None:
    """A qualifier instead of a credential: those that fit are offered, the answer says which."""
    details = approvals.details(None, "a", credentialID=..., signatureQualifier="eu_eidas_aes")
    landing = await approvals.pushed(program, browser, scope=None, authorization_details=details)
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    chosen = world.people["alice"].credentials["few"]
    assert chosen in shown.text
    undecided = await browser.approve(landing)
    assert undecided.location == ""
    foreign = world.people["mallory"].credentials["pin-p256"]
    assert (await browser.approve(landing, credential=foreign)).location == ""
    answer = await browser.approve(landing, credential=chosen)
    body = (await program.redeem(answer.query["code"])).body
    assert body["credentialID"] == chosen
    assert body["authorization_details"][0]["credentialID"] == chosen
    assert (await approvals.sign(program, chosen, body["access_token"], "a")).status == 200


async def test_security_6_2_the_credential_of_another_person(
    browser: Browser, program: Program, world: World
) -> None:
    """Credential confusion: nothing to approve, and nothing shown of it."""
    foreign = world.people["mallory"].credentials["pin-p256"]
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(foreign, "a")
    )
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    assert foreign not in shown.text
    answer = await browser.approve(landing)
    assert answer.location == ""


async def test_more_signatures_than_the_credential_makes(
    browser: Browser, program: Program, world: World
) -> None:
    """``multisign`` 1 and two hashes: no way to approve."""
    few = world.people["alice"].credentials["few"]
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(few, "a", "b")
    )
    assert (await browser.approve(landing)).location == ""


async def test_eudi_kotlin_sends_nulls_and_numbers(
    browser: Browser, program: Program, credential: str
) -> None:
    """``null`` is absent, ``hashType`` DTBSR in any case, ``numSignatures`` as the count."""
    digests = [{"hash": std_hash("a"), "label": None, "hashType": "dtbsr"}]
    details = approvals.details(
        credential, documentDigests=digests, numSignatures=1, signatureQualifier=None
    )
    body = await approvals.approved(program, browser, details)
    assert (await approvals.sign(program, credential, body["access_token"], "a")).status == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"credentialID": None}, "credentialID"),
        ({"numSignatures": None}, "numSignatures"),
        ({"numSignatures": "0"}, "numSignatures"),
        ({"numSignatures": "-1"}, "numSignatures"),
        ({"numSignatures": "1.0"}, "numSignatures"),
        ({"numSignatures": "2"}, "required parameter"),
        ({"hash": None}, "hash"),
        ({"hash": "!"}, "Invalid parameter hash"),
        ({"hash": url_hash("a") + ","}, "Invalid parameter hash"),
        ({"hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "digest value length"),
        ({"description": "x" * 501}, "description"),
    ],
)
async def test_csc_v1_8_4_2_plain_parameters(
    browser: Browser, program_of: Of, credential: str, changes: dict[str, Any], says: str
) -> None:
    """Told to the client by redirect."""
    program = program_of("contab", version=1)
    landing = await browser.authorize(
        1, **program.request(**(approvals.plain(credential, "a") | changes))
    )
    assert landing.query["error"] == "invalid_request"
    assert says in landing.query["error_description"]


@pytest.mark.parametrize("encode", [url_hash, std_hash, lambda one: std_hash(one).rstrip("=")])
async def test_csc_9_5_hashes_as_clients_send_them(
    browser: Browser, program_of: Of, credential: str, encode: Callable[[str], str]
) -> None:
    """base64url, base64, padded or not; the approved hash is the same."""
    program = program_of("contab", version=1)
    service = (await program.tokens(browser))["access_token"]
    parameters = approvals.plain(credential, "a", "b", hash=f"{encode('a')},{encode('b')}")
    answer = await browser.approve(await browser.authorize(1, **program.request(**parameters)))
    sad = (await program.redeem(answer.query["code"])).body["access_token"]
    assert (await approvals.sign(program, credential, service, "a", "b", SAD=sad)).status == 200


async def test_csc_v2_8_4_2_plain_parameters_of_v2(
    browser: Browser, program_of: Of, credential: str
) -> None:
    """``hashes`` with its algorithm; ``hash`` as in the running example; the OID is required."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:7778/done")
    good = approvals.plain(
        credential, "a", hash=None, hashes=url_hash("a"), hashAlgorithmOID=SHA256
    )
    for changes in ({}, {"hashes": None, "hash": url_hash("a")}):
        answer = await browser.approve(
            await browser.authorize(2, **agent.request(**(good | changes)))
        )
        body = (await agent.redeem(answer.query["code"])).body
        assert (body["token_type"], body["scope"]) == ("Bearer", "credential")
        assert (await approvals.sign(agent, credential, body["access_token"], "a")).status == 200
    missing = await browser.authorize(2, **agent.request(**(good | {"hashAlgorithmOID": None})))
    assert missing.query["error_description"] == "Missing parameter hashAlgorithmOID"


async def test_the_codes_of_two_versions(browser: Browser, program_of: Of, credential: str) -> None:
    """The version of the request decides what the token is, wherever it is redeemed."""
    program = program_of("contab", version=1)
    landing = await browser.authorize(1, **program.request(**approvals.plain(credential, "a")))
    code = (await browser.approve(landing)).query["code"]
    program.version = 2
    assert (await program.redeem(code)).body["token_type"] == "SAD"


async def test_a_code_for_signatures_is_bound_like_any_other(
    browser: Browser, program: Program, program_of: Of, credential: str, http: ClientSession
) -> None:
    """Another client, another verifier: refused; then redeemed by its own."""
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(credential, "a")
    )
    code = (await browser.approve(landing)).query["code"]
    rival = program_of("rival")
    assert (await rival.redeem(code)).body["error"] == "invalid_grant"
    assert (await program.redeem(code, code_verifier="a" * 43)).body["error"] == "invalid_grant"
    assert (await program.redeem(code)).status == 200


async def test_the_seal_flow(program_of: Of, credential: str) -> None:
    """client_credentials, static PIN, signature. (CSC spec 8, 10.12)"""
    for version in (1, 2):
        seal = program_of("seal", version=version)
        token = (await seal.token(grant_type="client_credentials")).body["access_token"]
        given: dict[str, Any] = {"credentialID": credential, "numSignatures": 1}
        if version == 1:
            given |= {"hash": [std_hash("a")], "PIN": PIN}
        else:
            given |= {
                "hashes": [std_hash("a")],
                "hashAlgorithmOID": SHA256,
                "authData": [{"id": "PIN", "value": PIN}],
            }
        sad = (await seal.call("credentials/authorize", given, token)).body["SAD"]
        assert (await approvals.sign(seal, credential, token, "a", SAD=sad)).status == 200
