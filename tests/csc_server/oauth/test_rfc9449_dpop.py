"""Tokens bound to a key, on the wire. (RFC 9449 5, 7, 10)"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.csc_server.oauth import clients, jwt
from tests.csc_server.oauth.driver import VERIFIER, Browser, Program
from tests.service import Reply

Of = Callable[..., Program]


async def _call(
    program: Program, token: str, *proofs: str, scheme: str = "DPoP", method: str = "list"
) -> Reply:
    url = f"{program.base_url}/csc/v{program.version}/credentials/{method}"
    headers: list[tuple[str, str]] = [
        ("Content-Type", "application/json"),
        ("Authorization", f"{scheme} {token}"),
        *(("DPoP", one) for one in proofs),
    ]
    async with program.http.post(url, data=b"{}", headers=headers) as response:
        answer = await response.read()
        return Reply(response.status, json.loads(answer) if answer else None, response.headers)


def _url(program: Program, method: str = "credentials/list") -> str:
    return f"{program.base_url}/csc/v{program.version}/{method}"


async def _bound(browser: Browser, program: Program) -> tuple[Any, dict[str, Any]]:
    program.key = jwt.new_key()
    return program.key, await program.tokens(browser)


async def test_rfc9449_5_a_proof_binds_the_tokens(browser: Browser, program: Program) -> None:
    """token_type DPoP; with a proof for the call it opens what a bearer opens."""
    key, body = await _bound(browser, program)
    assert body["token_type"] == "DPoP"
    token = body["access_token"]
    good = await _call(program, token, jwt.proof(key, _url(program), token=token))
    assert good.status == 200
    lower = await _call(program, token, jwt.proof(key, _url(program), token=token), scheme="dpop")
    assert lower.status == 200


async def test_rfc9449_7_2_a_bound_token_is_no_bearer(browser: Browser, program: Program) -> None:
    """Neither bare nor beside a good proof."""
    key, body = await _bound(browser, program)
    token = body["access_token"]
    for proofs in ((), (jwt.proof(key, _url(program), token=token),)):
        refused = await _call(program, token, *proofs, scheme="Bearer")
        assert (refused.status, refused.body["error"]) == (401, "invalid_token")
        assert refused.headers["WWW-Authenticate"].startswith("DPoP ")
        assert "ES256" in refused.headers["WWW-Authenticate"]


async def test_rfc9449_7_1_a_bearer_is_not_bound_by_a_proof(
    browser: Browser, program: Program
) -> None:
    """A thief's own key does not make a bearer token his."""
    token = (await program.tokens(browser))["access_token"]
    key = jwt.new_key()
    refused = await _call(program, token, jwt.proof(key, _url(program), token=token))
    assert (refused.status, refused.body["error"]) == (401, "invalid_token")


async def test_rfc9449_11_1_a_replayed_proof(browser: Browser, program: Program) -> None:
    """Good once, at the resource and at the token endpoint."""
    key, body = await _bound(browser, program)
    token = body["access_token"]
    proof = jwt.proof(key, _url(program), token=token)
    assert (await _call(program, token, proof)).status == 200
    replayed = await _call(program, token, proof)
    assert (replayed.status, replayed.body["error"]) == (401, "invalid_dpop_proof")
    at_token = jwt.proof(key, _url(program, "oauth2/token"))
    form = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    headers = program.authorization() | {"DPoP": at_token}
    assert (await program.post("token", form, headers=headers)).status == 200
    again = await program.post("token", form, headers=headers)
    assert (again.status, again.body["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize(
    "wrong",
    ["none", "two", "key", "htm", "htu", "iat", "ath", "no-ath", "typ", "garbage", "empty"],
)
async def test_rfc9449_7_1_proofs_that_do_not_fit_the_call(
    browser: Browser, program: Program, wrong: str
) -> None:
    """401 with the DPoP challenge."""
    key, body = await _bound(browser, program)
    token, url = body["access_token"], _url(program)

    def make(**changes: Any) -> str:
        return jwt.proof(key, url, token=token, **changes)

    proofs: dict[str, list[str]] = {
        "none": [],
        "two": [make(), make()],
        "key": [jwt.proof(jwt.new_key(), url, token=token)],
        "htm": [make(htm="GET")],
        "htu": [make(htu=url + "x")],
        "iat": [make(iat=1)],
        "ath": [jwt.proof(key, url, token="other")],
        "no-ath": [jwt.proof(key, url)],
        "typ": [make(header={"typ": "JWT"})],
        "garbage": ["x.y.z"],
        "empty": [""],
    }
    refused = await _call(program, token, *proofs[wrong])
    assert refused.status == 401
    assert refused.body["error"] == ("invalid_token" if wrong == "key" else "invalid_dpop_proof")
    assert refused.headers["WWW-Authenticate"].startswith("DPoP ")


@pytest.mark.parametrize("wrong", ["htu", "htm", "iat", "typ", "garbage", "private"])
async def test_rfc9449_5_proofs_that_do_not_fit_the_token_request(
    browser: Browser, program: Program, wrong: str
) -> None:
    """400 invalid_dpop_proof, and the code is still good."""
    key = jwt.new_key()
    url = _url(program, "oauth2/token")
    proofs = {
        "htu": jwt.proof(key, _url(program, "oauth2/revoke")),
        "htm": jwt.proof(key, url, method="GET"),
        "iat": jwt.proof(key, url, iat=1),
        "typ": jwt.proof(key, url, header={"typ": "jwt"}),
        "garbage": "garbage",
        "private": jwt.proof(key, url, header={"jwk": key.as_dict(private=True)}),
    }
    code = await program.code(browser)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": clients.CALLBACK,
        "code_verifier": VERIFIER,
    }
    headers = program.authorization()
    refused = await program.post("token", form, headers=headers | {"DPoP": proofs[wrong]})
    assert (refused.status, refused.body["error"]) == (400, "invalid_dpop_proof")
    assert (await program.post("token", form, headers=headers)).status == 200


async def test_rfc9449_10_dpop_jkt_binds_the_code(browser: Browser, program: Program) -> None:
    """Without that key's proof, or with another's, the code is worth nothing."""
    key = jwt.new_key()
    code = await program.code(browser, dpop_jkt=key.thumbprint())
    for other in (None, jwt.new_key()):
        program.key = other
        refused = await program.redeem(code)
        assert (refused.status, refused.body["error"]) == (400, "invalid_dpop_proof")
    program.key = key
    assert (await program.redeem(code)).body["token_type"] == "DPoP"


async def test_rfc9449_10_1_the_proof_of_a_push_binds_the_code(
    browser: Browser, program: Program
) -> None:
    """As ``dpop_jkt`` does; naming another key is an error."""
    program.key = jwt.new_key()
    contradicts = await program.push(dpop_jkt=jwt.new_key().thumbprint())
    assert (contradicts.status, contradicts.body["error"]) == (400, "invalid_request")
    pushed = await program.push()
    reference = {"client_id": "contab", "request_uri": pushed.body["request_uri"]}
    answer = await browser.allow(await browser.authorize(2, **reference))
    key, program.key = program.key, jwt.new_key()
    refused = await program.redeem(answer.query["code"])
    assert refused.body["error"] == "invalid_dpop_proof"
    program.key = key
    assert (await program.redeem(answer.query["code"])).status == 200


async def test_rfc9449_5_refresh_tokens_of_public_clients_are_bound(
    browser: Browser, program_of: Of
) -> None:
    """A stolen one needs the key too."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:5555/done")
    key, body = await _bound(browser, agent)
    for other in (None, jwt.new_key()):
        agent.key = other
        refused = await agent.refresh(body["refresh_token"])
        assert refused.body["error"] == "invalid_dpop_proof"
    agent.key = key
    renewed = await agent.refresh(body["refresh_token"])
    assert renewed.body["token_type"] == "DPoP"


async def test_rfc9449_a_client_that_has_to_prove_its_key(browser: Browser, program_of: Of) -> None:
    """Its registration asks for DPoP: no proof, no token."""
    bound = program_of("bound")
    code = await bound.code(browser)
    refused = await bound.redeem(code)
    assert (refused.status, refused.body["error"]) == (400, "invalid_dpop_proof")
    bound.key = jwt.new_key()
    assert (await bound.redeem(code)).body["token_type"] == "DPoP"


async def test_rfc9449_7_1_the_url_may_have_slashes_too_many(
    browser: Browser, program: Program
) -> None:
    """The proof is for the URL that was called, as it was written."""
    key, body = await _bound(browser, program)
    token = body["access_token"]
    url = f"{program.base_url}/csc/v2//credentials/list"
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": jwt.proof(key, url, token=token),
        "Content-Type": "application/json",
    }
    async with program.http.post(url, data=b"{}", headers=headers) as response:
        assert response.status == 200


async def test_rfc9449_8_no_nonce_is_demanded(browser: Browser, program: Program) -> None:
    """Time and identifier are enough here; a proof that has one is taken all the same."""
    key, body = await _bound(browser, program)
    token = body["access_token"]
    reply = await _call(program, token, jwt.proof(key, _url(program), token=token, nonce="x"))
    assert reply.status == 200
    refused = await _call(program, token)
    for one in (reply, refused):
        assert "DPoP-Nonce" not in one.headers
