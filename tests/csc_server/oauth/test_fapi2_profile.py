"""Clients of ``profile = "fapi2"``: what the server holds them to. (FAPI 2.0 Security Profile 5.3)

Each rule with its good case and what happens without it. TLS (5.2) is the proxy's work; the keys
and algorithms of 5.4 are tested with ``test_rfc9449_proofs`` and ``test_rfc7523_assertions``.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from csc_server.adapters import client_file, jose
from csc_server.ports.oauth import JwtInvalid
from policies.oauth import clients as rules
from policies.oauth import grants, requests
from policies.secret import AuthorizationCode
from tests.backdoor import Backdoor
from tests.csc_server.oauth import approvals, clients, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import (
    ASSERTION,
    PKCE,
    SHA256,
    VERIFIER,
    Browser,
    Program,
    basic,
    std_hash,
)
from tests.csc_server.oauth.store import opened
from tests.service import PIN

Of = Callable[..., Program]


@pytest.fixture
def bank(program_of: Of) -> Program:
    """A client of the profile with its key."""
    return program_of("bank", key=jwt.new_key())


async def pushed_code(bank: Program, browser: Browser, **changes: Any) -> str:
    """A code for the service, by the one way that there is."""
    landing = await approvals.pushed(bank, browser, **changes)
    code: str = (await browser.allow(landing)).query["code"]
    return code


async def tokens(bank: Program, browser: Browser) -> dict[str, Any]:
    """Tokens for the service."""
    reply = await bank.redeem(await pushed_code(bank, browser))
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


# 5.3.2.1: the authorization server


async def test_fapi2_5_3_2_1_a_grant_from_end_to_end(browser: Browser, bank: Program) -> None:
    """Push, approve, redeem, call, renew: with assertion and proof every time."""
    body = await tokens(bank, browser)
    assert (body["token_type"], body["scope"]) == ("DPoP", "service")
    assert (await bank.proved("credentials/list", {}, body["access_token"])).status == 200
    renewed = (await bank.refresh(body["refresh_token"])).body
    assert (await bank.proved("credentials/list", {}, renewed["access_token"])).status == 200


async def test_fapi2_5_3_2_1_discovery(bank: Program, world: World) -> None:
    """The metadata names what such a client needs."""
    url = f"{world.issuer}/.well-known/oauth-authorization-server"
    async with bank.http.get(url) as response:
        body = await response.json()
    assert "private_key_jwt" in body["token_endpoint_auth_methods_supported"]
    for algorithms in (
        "dpop_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
    ):
        assert {"PS256", "ES256", "EdDSA"} <= set(body[algorithms])
        assert not {"none", "RS256", "HS256"} & set(body[algorithms])
    assert body["pushed_authorization_request_endpoint"]


async def test_fapi2_5_3_2_1_no_password_grant(bank: Program) -> None:
    """As for everybody."""
    reply = await bank.token(grant_type="password", username="alice", password="x")
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"auth_method": rules.ClientAuth.NONE, "jwks": None}, "private_key_jwt"),
        (
            {
                "auth_method": rules.ClientAuth.CLIENT_SECRET_BASIC,
                "jwks": None,
                "secret_digest": b"x" * 32,
            },
            "private_key_jwt",
        ),
        (
            {
                "auth_method": rules.ClientAuth.CLIENT_SECRET_POST,
                "jwks": None,
                "secret_digest": b"x" * 32,
            },
            "private_key_jwt",
        ),
        ({"require_dpop": False}, "require_dpop"),
        ({"require_par": False}, "require_par"),
        ({"require_pkce": False}, "require_pkce"),
        ({"redirect_uris": (clients.LOOPBACK,)}, "https"),
    ],
)
def test_fapi2_5_3_2_1_registrations_that_are_none(changes: dict[str, Any], says: str) -> None:
    """Confidential clients only, with keys; and nobody switches a rule off."""
    rules.check(clients.fapi("bank"))
    with pytest.raises(rules.ClientRefused, match=says):
        rules.check(replace(clients.fapi("bank"), **changes))


def _entry(tmp_path: Path, more: str) -> rules.Client:
    (tmp_path / "bank.jwks").write_text(clients.JWKS)
    (tmp_path / "clients.toml").write_text(
        '[[client]]\nclient_id = "bank"\nname = "Bank"\njwks_file = "bank.jwks"\n'
        'redirect_uris = ["https://bank.example/cb"]\nscopes = ["service"]\n'
        'grant_types = ["authorization_code"]\nauth_method = "private_key_jwt"\n' + more
    )
    [entry] = client_file.read(tmp_path / "clients.toml")
    return client_file.registration(entry, None, lambda path: tmp_path / path)


def test_fapi2_5_3_2_1_the_profile_brings_its_rules(tmp_path: Path) -> None:
    """In the file of clients it says everything; another client has none of it by default."""
    bank = rules.check(_entry(tmp_path, 'profile = "fapi2"\n'))
    assert (bank.require_dpop, bank.require_par, bank.require_pkce) == (True, True, True)
    other = rules.check(_entry(tmp_path, ""))
    assert (other.require_dpop, other.require_par) == (False, False)


@pytest.mark.parametrize("rule", ["require_dpop", "require_par", "require_pkce"])
def test_fapi2_5_3_2_1_a_rule_is_not_switched_off_in_the_file(tmp_path: Path, rule: str) -> None:
    """Said to the operator, not overlooked."""
    with pytest.raises(rules.ClientRefused, match=rule):
        rules.check(_entry(tmp_path, f'profile = "fapi2"\n{rule} = false\n'))


@pytest.mark.parametrize("rule", ["require_dpop", "require_par"])
def test_fapi2_5_3_2_1_the_rules_do_not_hang_on_the_flags(rule: str) -> None:
    """A row of the store that lacks one is held to the profile all the same."""
    changes: dict[str, Any] = {rule: False}
    bank = replace(clients.fapi("bank"), **changes)
    if rule == "require_dpop":
        with pytest.raises(Exception, match="prove its key"):
            grants.must_prove(bank, None)
        return
    asked = requests.Asked(
        version=2, client_id="bank", redirect_uri=clients.CALLBACK, response_type="code", **PKCE
    )
    requests.check(asked, bank, issuer="https://sign.example", pushed=True)
    with pytest.raises(Exception, match="bank"):
        requests.check(asked, bank, issuer="https://sign.example", pushed=False)


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
async def test_fapi2_5_3_2_1_tokens_are_bound_to_a_key(
    browser: Browser, bank: Program, grant_type: str
) -> None:
    """Without a proof there is none; with one it is no bearer."""
    key = bank.key
    if grant_type == "refresh_token":
        refresh = (await tokens(bank, browser))["refresh_token"]
        bank.key = None
        refused = await bank.refresh(refresh)
        bank.key = key
        given = await bank.refresh(refresh)
    else:
        code = await pushed_code(bank, browser)
        bank.key = None
        refused = await bank.redeem(code)
        bank.key = key
        given = await bank.redeem(code)
    assert (refused.status, refused.body["error"]) == (400, "invalid_dpop_proof")
    assert given.body["token_type"] == "DPoP"
    bare = await bank.call("credentials/list", {}, given.body["access_token"])
    assert (bare.status, bare.body["error"]) == (401, "invalid_token")


async def test_fapi2_5_3_2_1_a_seal_clients_tokens_too(program_of: Of) -> None:
    """client_credentials has no way around the proof."""
    seal = program_of("bank-seal")
    refused = await seal.token(grant_type="client_credentials")
    assert (refused.status, refused.body["error"]) == (400, "invalid_dpop_proof")
    seal.key = jwt.new_key()
    given = await seal.token(grant_type="client_credentials")
    assert given.body["token_type"] == "DPoP"
    token = given.body["access_token"]
    assert (await seal.call("credentials/list", {}, token)).status == 401
    assert (await seal.proved("credentials/list", {}, token)).status == 200


@pytest.mark.parametrize("endpoint", ["pushed_authorize", "par", "token", "revoke"])
@pytest.mark.parametrize(
    "how", ["nothing", "secret", "basic", "no-type", "stranger", "none", "hs256"]
)
async def test_fapi2_5_3_2_1_private_key_jwt_everywhere(
    bank: Program, endpoint: str, how: str
) -> None:
    """Nothing else says who such a client is."""
    form = {"client_id": "bank", "grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    form |= {"response_type": "code", "redirect_uri": clients.CALLBACK, **PKCE}
    said = {"client_assertion_type": ASSERTION}
    claims = {"iss": "bank", "sub": "bank", "aud": bank.base_url, "exp": int(time.time()) + 60}
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    more: dict[str, dict[str, str]] = {
        "nothing": {},
        "secret": {"client_secret": clients.SECRET},
        "basic": {},
        "no-type": {"client_assertion": jwt.assertion(clients.KEY, "bank", bank.base_url)},
        "stranger": said
        | {"client_assertion": jwt.assertion(jwt.new_key(), "bank", bank.base_url)},
        "none": said | {"client_assertion": f"{head}.{jwt.b64(str(claims).encode())}."},
        "hs256": said
        | {
            "client_assertion": jwt.hmac_under(
                clients.KEY.as_pem(private=False), claims | {"jti": "j"}
            )
        },
    }
    headers = basic("bank", clients.SECRET) if how == "basic" else {}
    reply = await bank.post(endpoint, form | more[how], headers=headers)
    assert (reply.status, reply.body["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("endpoint", ["pushed_authorize", "token", "revoke"])
@pytest.mark.parametrize("audience", ["list", "token", "par", "slash", "other", "none"])
async def test_fapi2_5_3_2_1_the_audience_is_the_issuer_as_a_string(
    bank: Program, endpoint: str, audience: str
) -> None:
    """No list, no endpoint, no other spelling (audience injection)."""
    issuer = bank.base_url
    aud: Any = {
        "list": [issuer],
        "token": f"{issuer}/csc/v2/oauth2/token",
        "par": f"{issuer}/csc/v2/oauth2/pushed_authorize",
        "slash": f"{issuer}/",
        "other": "https://other.example",
        "none": None,
    }[audience]
    said = jwt.assertion(clients.KEY, "bank", aud)
    form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    reply = await bank.send(endpoint, form | {"client_assertion": said})
    assert (reply.status, reply.body["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("endpoint", ["pushed_authorize", "token", "revoke"])
async def test_rfc7523_3_an_assertion_is_good_once(bank: Program, endpoint: str) -> None:
    """At whichever endpoint it was used first."""
    said = jwt.assertion(clients.KEY, "bank", bank.base_url)
    assert (await bank.push(client_assertion=said)).status == 201
    form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    reply = await bank.send(endpoint, form | {"client_assertion": said})
    assert (reply.status, reply.body["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "status"), [(0, 201), (8, 201), (65, 401), (3600, 401)])
async def test_fapi2_5_3_2_1_clocks_may_differ_a_little(
    bank: Program, claim: str, seconds: int, status: int
) -> None:
    """Up to 10 s in the future is taken, more than 60 s is not."""
    claims: dict[str, Any] = {claim: int(time.time()) + seconds}
    said = jwt.assertion(clients.KEY, "bank", bank.base_url, **claims)
    assert (await bank.push(client_assertion=said)).status == status


@pytest.mark.parametrize(("seconds", "status"), [(8, 200), (-30, 200), (120, 400), (-120, 400)])
async def test_fapi2_5_3_2_1_clocks_of_proofs(
    browser: Browser, bank: Program, seconds: int, status: int
) -> None:
    """The same for DPoP proofs."""
    code = await pushed_code(bank, browser)
    url = f"{bank.base_url}/csc/v2/oauth2/token"
    proof = jwt.proof(bank.key, url, iat=int(time.time()) + seconds)
    form = bank.identification() | {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": clients.CALLBACK,
        "code_verifier": VERIFIER,
    }
    reply = await bank.post("token", form, headers={"DPoP": proof})
    assert reply.status == status, reply.body


async def test_fapi2_5_3_2_1_refresh_tokens_are_not_rotated(
    browser: Browser, bank: Program
) -> None:
    """The same one again and again, from several calls at once; it needs the client's key."""
    refresh = (await tokens(bank, browser))["refresh_token"]
    seen = set()
    for _ in range(3):
        reply = await bank.refresh(refresh)
        assert reply.status == 200
        assert "refresh_token" not in reply.body
        seen.add(reply.body["access_token"])
    assert len(seen) == 3
    said = jwt.assertion(jwt.new_key(), "bank", bank.base_url)
    assert (await bank.refresh(refresh, client_assertion=said)).status == 401


async def test_fapi2_5_3_2_1_a_refresh_token_ends(
    browser: Browser, bank: Program, backdoor: Backdoor
) -> None:
    """Not rotated, but not for ever either."""
    refresh = (await tokens(bank, browser))["refresh_token"]
    backdoor.end(refresh)
    assert (await bank.refresh(refresh)).error == (400, "invalid_grant", "Refresh token expired")


async def test_fapi2_5_3_2_1_a_code_is_bound_to_the_key_of_its_push(
    browser: Browser, bank: Program
) -> None:
    """By the proof of the push; another key redeems nothing."""
    code = await pushed_code(bank, browser)
    key, bank.key = bank.key, jwt.new_key()
    refused = await bank.redeem(code)
    assert (refused.status, refused.body["error"]) == (400, "invalid_dpop_proof")
    bank.key = key
    assert (await bank.redeem(code)).status == 200


async def test_fapi2_5_3_2_1_or_to_the_key_it_names(browser: Browser, bank: Program) -> None:
    """By ``dpop_jkt``, where the push has no proof."""
    key, bank.key = bank.key, None
    code = await pushed_code(bank, browser, dpop_jkt=key.thumbprint())
    bank.key = jwt.new_key()
    assert (await bank.redeem(code)).body["error"] == "invalid_dpop_proof"
    bank.key = key
    assert (await bank.redeem(code)).status == 200


async def test_fapi2_5_3_2_1_a_code_lives_a_minute(
    browser: Browser, bank: Program, world: World, backdoor: Backdoor
) -> None:
    """At most 60 s; over, it is none any more."""
    code = await pushed_code(bank, browser)
    async with opened(world.service.settings, "reader") as store:
        facts = await store.oauth_grants.code(AuthorizationCode(code))
    assert facts is not None
    assert 0 < facts.expires_at.timestamp() - time.time() <= 60
    backdoor.end_code(code)
    refused = await bank.redeem(code)
    assert refused.error == (400, "invalid_grant", "Authorization code is invalid or expired")


# 5.3.2.2: the authorization code flow


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"scope": "credential"},
        {"code_challenge": None, "code_challenge_method": None},
    ],
)
async def test_fapi2_5_3_2_2_requests_are_pushed(
    browser: Browser, bank: Program, version: int, changes: dict[str, Any]
) -> None:
    """What a browser brings is refused, in both versions."""
    landing = await browser.authorize(version, **bank.request(**changes))
    assert landing.query["error"] == "invalid_request"
    assert "code" not in landing.query


async def test_fapi2_5_3_2_2_what_was_pushed_counts_alone(browser: Browser, bank: Program) -> None:
    """Parameters beside the reference change nothing."""
    uri = (await bank.push()).body["request_uri"]
    landing = await browser.authorize(
        2,
        client_id="bank",
        request_uri=uri,
        scope="account",
        redirect_uri="https://evil.example/",
        code_challenge="x" * 43,
        state="evil",
    )
    answer = await browser.allow(landing)
    assert (answer.path, answer.query["state"]) == (clients.CALLBACK, "xyz")
    assert (await bank.redeem(answer.query["code"])).body["scope"] == "service"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": clients.OTHER_CALLBACK}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
async def test_fapi2_5_3_2_2_what_a_push_has_to_have(
    bank: Program, version: int, changes: dict[str, Any], error: str
) -> None:
    """redirect_uri always, code only, PKCE with S256; also under v1."""
    bank.version = version
    reply = await bank.push(**changes)
    assert (reply.status, reply.body["error"]) == (400, error)
    assert (await bank.push()).status == 201


async def test_fapi2_5_3_2_2_the_reference_is_short_lived(bank: Program) -> None:
    """Less than 600 s, and 256 random bits."""
    body = (await bank.push()).body
    assert 5 <= body["expires_in"] < 600
    assert len(body["request_uri"].rpartition(":")[2]) == 43


async def test_fapi2_5_3_2_2_the_answer_has_iss_and_goes_by_303(
    browser: Browser, bank: Program, world: World
) -> None:
    """Never by 307."""
    answer = await browser.allow(await approvals.pushed(bank, browser))
    assert (answer.status, answer.query["iss"]) == (303, world.issuer)


async def test_fapi2_5_3_2_2_a_code_is_used_once(browser: Browser, bank: Program) -> None:
    """Its second use ends the tokens of the first."""
    code = await pushed_code(bank, browser)
    first = (await bank.redeem(code)).body
    assert (await bank.redeem(code)).body["error"] == "invalid_grant"
    assert (await bank.proved("credentials/list", {}, first["access_token"])).status == 401
    assert (await bank.refresh(first["refresh_token"])).body["error"] == "invalid_grant"


# Scope credential and the resource server: 5.3.4


@pytest.mark.parametrize("version", [1, 2])
async def test_fapi2_5_3_4_signatures_need_the_proof(
    browser: Browser, bank: Program, credential: str, version: int
) -> None:
    """v2: the token signs only with its proof; v1: the SAD only beside a token of the same key."""
    bank.version = version
    service = (await tokens(bank, browser))["access_token"]
    wish: dict[str, Any] = approvals.plain(credential, "a")
    if version == 2:
        wish = {"scope": None, "authorization_details": approvals.details(credential, "a")}
    reply = await bank.push(**wish)
    landing = await browser.authorize(
        version, client_id="bank", request_uri=reply.body["request_uri"]
    )
    code = (await browser.approve(landing)).query["code"]
    token = (await bank.redeem(code)).body["access_token"]
    hashes = [std_hash("a")]
    given: dict[str, Any] = {"credentialID": credential, "signAlgo": approvals.ECDSA}
    given |= {"hash": hashes, "SAD": token} if version == 1 else {"hashes": hashes}
    bearer = service if version == 1 else token
    assert (await bank.call("signatures/signHash", given, bearer)).status == 401
    key, bank.key = bank.key, jwt.new_key()
    assert (await bank.proved("signatures/signHash", given, bearer)).status == 401
    if version == 1:
        # A service token of another key of the same client does not carry the SAD either.
        other = (await tokens(bank, browser))["access_token"]
        refused = await bank.proved("signatures/signHash", given, other)
        assert refused.error == (400, "invalid_request", "Invalid parameter SAD")
    bank.key = key
    assert (await bank.proved("signatures/signHash", given, bearer)).status == 200


async def test_fapi2_5_3_4_a_sad_of_authorize_is_bound_too(
    browser: Browser, bank: Program, credential: str
) -> None:
    """That of credentials/authorize: to the key that its call proved."""
    service = (await tokens(bank, browser))["access_token"]
    asked = {
        "credentialID": credential,
        "numSignatures": 1,
        "hashes": [std_hash("a")],
        "hashAlgorithmOID": SHA256,
        "authData": [{"id": "PIN", "value": PIN}],
    }
    sad = (await bank.proved("credentials/authorize", asked, service)).body["SAD"]
    given = {
        "credentialID": credential,
        "SAD": sad,
        "hashes": [std_hash("a")],
        "signAlgo": approvals.ECDSA,
    }
    key, bank.key = bank.key, jwt.new_key()
    other = (await tokens(bank, browser))["access_token"]
    refused = await bank.proved("signatures/signHash", given, other)
    assert refused.error == (400, "invalid_request", "Invalid parameter SAD")
    bank.key = key
    assert (await bank.proved("signatures/signHash", given, service)).status == 200


@pytest.mark.parametrize("what", ["revoked", "over", "scope", "query"])
async def test_fapi2_5_3_4_what_the_resource_server_checks(
    browser: Browser, bank: Program, backdoor: Backdoor, what: str
) -> None:
    """Revocation, time, scope, and that the token came in the header; the proof was good."""
    changes = {"scope": "account"} if what == "scope" else {}
    code = await pushed_code(bank, browser, **changes)
    token = (await bank.redeem(code)).body["access_token"]
    if what == "revoked":
        assert (await bank.revoke(token)).status == 204
    if what == "over":
        backdoor.end(token)
    method = "credentials/list"
    if what == "query":
        method += f"?access_token={token}"
    reply = await bank.proved(method, {}, token)
    assert reply.status == (400 if what == "query" else 401)


# 5.4: cryptography


@pytest.mark.parametrize("bits", [1024, 2048, 3064])
def test_fapi2_5_4_short_rsa_keys_are_not_registered(bits: int) -> None:
    """The profile asks for 2048 bits; we for 3072 (security-and-pki 4.3)."""
    jose.check_jwks(clients.key_set(jwt.rsa()))
    with pytest.raises(JwtInvalid):
        jose.check_jwks(clients.key_set(jwt.rsa(bits)))


@pytest.mark.parametrize("alg", ["PS256", "ES256", "EdDSA"])
async def test_fapi2_5_4_each_algorithm_of_the_profile(
    browser: Browser, program_of: Of, alg: str
) -> None:
    """For assertions and for proofs."""
    signer = program_of("signer", alg=alg, key=clients.KEYS[alg])
    landing = await approvals.pushed(signer, browser)
    reply = await signer.redeem((await browser.allow(landing)).query["code"])
    assert reply.body["token_type"] == "DPoP"


@pytest.mark.parametrize("alg", ["RS256", "ES384", "HS256"])
async def test_fapi2_5_4_no_other_algorithm(bank: Program, alg: str) -> None:
    """Whatever the header says."""
    key: Any = jwt.rsa() if alg == "RS256" else ECKey.generate_key("P-384")
    if alg == "HS256":
        claims = {"iss": "bank", "sub": "bank", "aud": bank.base_url, "exp": int(time.time()) + 60}
        said = jwt.hmac_under(clients.KEY.as_pem(private=False), claims | {"jti": "x"})
    else:
        said = jwt.assertion(key, "bank", bank.base_url, alg=alg)
    assert (await bank.push(client_assertion=said)).body["error"] == "invalid_client"
