"""CSC specifics that bite: strangers' texts, account tokens, one scope in place of another.

(security-and-pki 4, last paragraph; CSC v1 8.4) What scope ``credential`` opens and what not is
tested with ``test_csc_credential_scope``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from policies import errors
from policies.oauth import answers, requests
from policies.values import AccountId
from tests.csc_server.oauth import approvals, clients, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import PKCE, SHA256, Browser, Landing, Program, std_hash
from tests.service import PIN

Of = Callable[..., Program]
To = Callable[[str], Browser]
SCRIPT = "<script>alert(1)</script>"
TEXTS = {
    "markup": SCRIPT,
    "attribute": "\" onfocus=alert(1) autofocus x='",
    "template": "{{ 7 * 7 }}{% raw %}",
    "entity": "&lt;b&gt;&amp;",
    "direction": "invoice\u202efdp.exe",
    "null": "a\0b",
    "line-break": "a\r\nSet-Cookie: evil=1\r\n\r\n<b>",
    "url": "javascript:alert(1)",
}
"""What an attacker writes where a client may write."""


def _harmless(landing: Landing, text: str) -> None:
    """Nothing of it became markup, header, or another reading direction."""
    assert SCRIPT not in landing.text
    assert "\u202e" not in landing.text
    assert "49{%" not in landing.text
    assert not re.search(r"<[^>]*\sonfocus=", landing.text)
    assert not re.search(r'(href|src|action)="javascript:', landing.text)
    assert "evil=1" not in str(landing.headers)
    assert "<b>" not in landing.text or "<b>" not in text


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("field", ["description", "label"])
async def test_csc_v2_8_4_2_a_strangers_text_is_shown_as_text(
    browser: Browser, program: Program, credential: str, field: str, name: str
) -> None:
    """On the approval page, when it comes and when the PIN was wrong."""
    text = TEXTS[name]
    digests = [{"hash": std_hash("a"), "label": text if field == "label" else "a.pdf"}]
    landing = await approvals.pushed(
        program,
        browser,
        scope=None,
        description=text if field == "description" else None,
        authorization_details=approvals.details(credential, documentDigests=digests),
    )
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    wrong = await browser.approve(landing, pin="1")
    assert (shown.status, wrong.status) == (200, 422)
    for page in (shown, wrong):
        _harmless(page, text)
        assert "Approve one signature" in page.text
    # A right PIN clears the count of wrong ones.
    assert "code" in (await browser.approve(landing)).query


@pytest.mark.parametrize("name", TEXTS)
async def test_rfc6749_4_1_2_a_strangers_state_comes_back_as_it_was(
    browser: Browser, program: Program, name: str
) -> None:
    """Encoded into the query, and nowhere else."""
    text = TEXTS[name]
    landing = await browser.authorize(2, **program.request(state=text))
    answer = await browser.allow(landing)
    assert answer.query["state"] == text
    assert not set('<>"\r\n\0 {}') & set(answer.location)
    assert "evil=1" not in str(answer.headers)


@pytest.mark.parametrize(
    ("lang", "chosen"),
    [
        ("ro", "ro"),
        ("ro-RO", "ro"),
        ("FR", "fr"),
        ("de fr", "fr"),
        ("de", "en"),
        ("xx" * 1000, "en"),
        ("../../etc/passwd", "en"),
        *((text, "en") for text in TEXTS.values()),
    ],
)
async def test_csc_v1_8_4_2_a_strangers_lang(
    browser: Browser, program_of: Of, lang: str, chosen: str
) -> None:
    """One of our languages or our own; never a path, a header, or an attribute."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:7400/done")
    landing = await browser.authorize(2, **agent.request(lang=lang))
    assert landing.path == "/approve"
    cookies = [one for one in landing.headers.getall("Set-Cookie", []) if one.startswith("lang=")]
    assert [one.partition(";")[0] for one in cookies] in ([f"lang={chosen}"], [])
    assert "evil=1" not in str(landing.headers)
    wanted = cookies[0].partition(";")[0] if cookies else ""
    url = f"{browser.base_url}/approve"
    assert browser.key is not None
    headers = {"Cookie": f"sid={browser.key.value}; {wanted}", "Accept-Language": "en"}
    async with browser.http.get(
        url, params={"request": landing.query["request"]}, headers=headers
    ) as response:
        assert f'<html lang="{chosen}">' in await response.text()


@pytest.mark.parametrize("name", TEXTS)
async def test_csc_v1_8_4_2_client_data_is_neither_read_nor_echoed(
    browser: Browser, program_of: Of, name: str
) -> None:
    """Not on the page, not to the client, not by the token endpoint."""
    text = "needle " + TEXTS[name]
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:7401/done")
    landing = await browser.authorize(2, **agent.request(clientData=text))
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    answer = await browser.allow(landing)
    body = (await agent.redeem(answer.query["code"], clientData=text)).body
    for seen in (landing.location, shown.text, answer.location, json.dumps(body)):
        assert "needle" not in seen


@pytest.mark.parametrize("version", [1, 2])
async def test_csc_v1_10_client_data_of_the_methods(
    browser: Browser, program_of: Of, credential: str, version: int
) -> None:
    """Any string is taken and not echoed; anything else is refused (SIGN-19)."""
    program = program_of("contab", version=version)
    token = (await program.tokens(browser))["access_token"]
    bodies: dict[str, dict[str, Any]] = {
        "credentials/list": {},
        "credentials/info": {"credentialID": credential},
    }
    for method, body in bodies.items():
        good = await program.call(method, body | {"clientData": f"needle {SCRIPT}"}, token)
        assert good.status == 200
        assert "needle" not in json.dumps(good.body)
        for wrong in (1, ["x"], {"a": "b"}, True):
            refused = await program.call(method, body | {"clientData": wrong}, token)
            assert refused.error == (400, "invalid_request", "Invalid parameter clientData")


# account_token


def _signed(key: bytes, header: dict[str, Any], **changes: Any) -> str:
    claims: dict[str, Any] = {
        "sub": "alice",
        "iat": int(time.time()),
        "jti": jwt.b64(hashlib.sha256(str(time.perf_counter_ns()).encode()).digest()),
        "azp": "contab",
    } | changes
    given = {name: value for name, value in claims.items() if value is not None}
    text = ".".join(jwt.b64(json.dumps(one).encode()) for one in (header, given))
    return f"{text}.{jwt.b64(hmac.new(key, text.encode(), 'sha256').digest())}"


HEADER = {"typ": "JWT", "alg": "HS256"}
KEY = hashlib.sha256(clients.SECRET.encode()).digest()
NOW = int(time.time())
_BASE = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"none"}').rstrip(b"=").decode()
ACCOUNT_TOKENS: dict[str, str] = {
    "azp-of-another": _signed(KEY, HEADER, azp="rival"),
    "no-azp": _signed(KEY, HEADER, azp=None),
    "old": _signed(KEY, HEADER, iat=NOW - 700),
    "very-old": _signed(KEY, HEADER, iat=0),
    "future": _signed(KEY, HEADER, iat=NOW + 7200),
    "no-iat": _signed(KEY, HEADER, iat=None),
    "iat-text": _signed(KEY, HEADER, iat=str(NOW)),
    "no-jti": _signed(KEY, HEADER, jti=None),
    "jti-number": _signed(KEY, HEADER, jti=7),
    "no-sub": _signed(KEY, HEADER, sub=None),
    "sub-nobody": _signed(KEY, HEADER, sub="nobody-here"),
    "sub-sql": _signed(KEY, HEADER, sub="alice' OR '1'='1"),
    "sub-account-id": _signed(KEY, HEADER, sub="*"),
    "alg-none": f"{_BASE}.{jwt.b64(json.dumps({'sub': 'alice'}).encode())}.",
    "alg-hs512": _signed(KEY, HEADER | {"alg": "HS512"}),
    "alg-missing": _signed(KEY, {"typ": "JWT"}),
    "alg-es256": jwt.sign(
        {"typ": "JWT", "alg": "ES256"}, {"sub": "alice", "iat": NOW, "azp": "contab"}, clients.KEY
    ),
    "alg-rs256-hmac": _signed(clients.KEY.as_pem(private=False), HEADER | {"alg": "RS256"}),
    "typ-other": _signed(KEY, HEADER | {"typ": "at+jwt"}),
    "kid": _signed(KEY, HEADER | {"kid": "../../dev/null"}),
    "jku": _signed(KEY, HEADER | {"jku": "https://evil.example/keys"}),
    "jwk": _signed(b"own", HEADER | {"jwk": {"kty": "oct", "k": "b3du"}}),
    "the-secret-as-key": _signed(clients.SECRET.encode(), HEADER),
    "hex-of-the-digest-as-key": _signed(KEY.hex().encode(), HEADER),
    "empty-key": _signed(b"", HEADER),
    "another-clients-key": _signed(hashlib.sha256(b"other").digest(), HEADER),
    "cut": _signed(KEY, HEADER)[:-4],
    "two-parts": "a.b",
    "text": SCRIPT,
}


@pytest.mark.parametrize("name", ACCOUNT_TOKENS)
async def test_csc_v1_8_4_1_account_tokens_of_attackers(
    browser: Browser, program_of: Of, world: World, name: str
) -> None:
    """One answer for all, so nobody learns which accounts are here: access_denied, by redirect."""
    program = program_of("contab", version=1)
    landing = await browser.authorize(1, **program.request(account_token=ACCOUNT_TOKENS[name]))
    assert (landing.status, landing.path) == (303, clients.CALLBACK)
    assert landing.query == {
        "error": "access_denied",
        "error_description": "The user, authorization server or remote service denied the request.",
        "state": "xyz",
        "iss": world.issuer,
    }


async def test_csc_v1_8_4_1_an_account_token_is_good_once(browser: Browser, program_of: Of) -> None:
    """Replayed by the same browser, by another, in a push: whatever became of the first."""
    program = program_of("contab", version=1)
    text = _signed(KEY, HEADER)
    landing = await browser.authorize(1, **program.request(account_token=text))
    assert landing.path == "/approve"
    stranger = Browser(browser.http, browser.base_url, None)
    for one in (browser, stranger):
        again = await one.authorize(1, **program.request(account_token=text))
        assert again.query["error"] == "access_denied"
    pushed = await program.push(account_token=text)
    assert (pushed.status, pushed.body["error"]) == (400, "access_denied")
    assert "code" in (await browser.allow(landing)).query


async def test_csc_v1_8_4_1_a_refused_request_does_not_use_it_up(
    browser: Browser, program_of: Of
) -> None:
    """What is wrong besides is said first; the client mends it and sends the same token."""
    program = program_of("contab", version=1)
    text = _signed(KEY, HEADER)
    wrong = await browser.authorize(1, **program.request(account_token=text, scope="x"))
    assert wrong.query["error"] == "invalid_scope"
    landing = await browser.authorize(1, **program.request(account_token=text))
    assert landing.path == "/approve"


@pytest.mark.parametrize("scope", ["service", "credential"])
async def test_csc_v1_8_4_1_nobody_else_answers(
    browser_of: To, program_of: Of, credential: str, scope: str
) -> None:
    """Mallory, signed in, sees that it is for somebody else: no consent, no PIN, no code."""
    program = program_of("contab", version=1)
    wish = approvals.plain(credential, "a") if scope == "credential" else {}
    mallory = browser_of("mallory")
    request = program.request(**wish, account_token=_signed(KEY, HEADER))
    landing = await mallory.authorize(1, **request)
    shown = await mallory.get("/approve", {"request": landing.query["request"]})
    assert "This is for another account" in shown.text
    assert "alice" not in shown.text.lower()
    for do in ("allow", "approve"):
        answer = await mallory.post("/approve", request=landing.query["request"], do=do, pin=PIN)
        assert answer.location == ""


def test_csc_v1_8_4_1_the_rule_knows_whose_it_is() -> None:
    """Not only the page: whoever answers is compared with whom the client named."""
    contab = clients.client("contab")
    asked = requests.Asked(
        version=2, client_id="contab", redirect_uri=clients.CALLBACK, response_type="code", **PKCE
    )
    anybody = requests.check(asked, contab, issuer="https://sign.example", pushed=False)
    answers.right_account(anybody, AccountId("mallory"))
    alices = replace(anybody, account_id=AccountId("alice"))
    answers.right_account(alices, AccountId("alice"))
    with pytest.raises(errors.OtherAccountWanted):
        answers.right_account(alices, AccountId("mallory"))


# One scope in place of another; refusals that tell nothing


async def test_security_4_3_a_credential_token_opens_no_account(
    browser: Browser, program: Program, credential: str
) -> None:
    """Nor registration, nor the tokens of auth/login, nor a refresh."""
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("account/v1/profile", "account/v1/sessions", "registration/v1/accounts/x"):
        async with program.http.get(f"{program.base_url}/{path}", headers=headers) as response:
            assert response.status == 403
    login = f"{program.base_url}/csc/v1/auth/login"
    async with program.http.post(login, json={"refresh_token": token}) as response:
        assert response.status == 400
    assert (await program.refresh(token)).body["error"] == "invalid_grant"


async def test_security_4_3_a_sad_is_no_access_token(
    browser: Browser, program: Program, credential: str
) -> None:
    """One of credentials/authorize, too: not as bearer of a method, not at revocation of others."""
    service = (await program.tokens(browser))["access_token"]
    asked = {
        "credentialID": credential,
        "numSignatures": 1,
        "hashes": [std_hash("a")],
        "hashAlgorithmOID": SHA256,
        "authData": [{"id": "PIN", "value": PIN}],
    }
    sad = (await program.call("credentials/authorize", asked, service)).body["SAD"]
    for method in ("credentials/list", "credentials/info", "signatures/signHash"):
        refused = await program.call(method, {"credentialID": credential}, sad)
        assert (refused.status, refused.body["error"]) == (401, "invalid_token")
    assert (await approvals.sign(program, credential, service, "a", SAD=sad)).status == 200


async def test_security_4_3_an_account_token_is_no_service_token(
    browser: Browser, program: Program, credential: str
) -> None:
    """Scope account signs nothing, also not with a good SAD beside it."""
    account = (await program.tokens(browser, scope="account"))["access_token"]
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    refused = await approvals.sign(program, credential, account, "a", SAD=token)
    assert (refused.status, refused.body["error"]) == (401, "unauthorized_client")
    assert (await approvals.sign(program, credential, token, "a")).status == 200


async def test_security_4_3_a_code_that_is_nobodys_and_one_that_is_another_clients(
    browser: Browser, program: Program, program_of: Of
) -> None:
    """The same words and headers for unknown, foreign and used: no oracle."""
    code, rival = await program.code(browser), program_of("rival")
    unknown = await rival.redeem("x" * 43)
    foreign = await rival.redeem(code)
    await program.redeem(code)
    used = await rival.redeem(code)
    own = await program.redeem(code)
    assert unknown.error == foreign.error == used.error == own.error


async def test_security_4_3_refresh_tokens_that_do_not_count(
    browser: Browser, program: Program, program_of: Of
) -> None:
    """Unknown, foreign, revoked, an access token: one answer."""
    body, rival = await program.tokens(browser), program_of("rival")
    found = [
        await rival.refresh("x" * 43),
        await rival.refresh(body["refresh_token"]),
        await program.refresh(body["access_token"]),
    ]
    await program.revoke(body["refresh_token"])
    found.append(await program.refresh(body["refresh_token"]))
    assert len({one.error for one in found}) == 1


async def test_security_6_2_a_foreign_credential_and_none_at_all(
    browser: Browser, program: Program, world: World
) -> None:
    """The same page: whether a credential exists is nobody else's business."""
    foreign = world.people["mallory"].credentials["pin-p256"]
    pages = []
    for credential_id in (foreign, "0" * 32):
        details = approvals.details(credential_id, "a")
        landing = await approvals.pushed(
            program, browser, scope=None, authorization_details=details
        )
        request = landing.query["request"]
        shown = await browser.get("/approve", {"request": request})
        nonce = re.search(r"nonce-([\w-]+)", shown.headers["Content-Security-Policy"])
        assert nonce is not None
        pages.append(shown.text.replace(request, "").replace(nonce[1], ""))
    assert pages[0] == pages[1]


async def test_security_4_3_requests_that_cannot_be_answered(
    browser: Browser, browser_of: To, program: Program
) -> None:
    """Unknown, answered, another's: one page."""
    landing = await browser.authorize(2, **program.request(scope="service account"))
    request = landing.query["request"]
    pages = []
    await browser.post("/approve", request=request, do="refuse")
    for one, name in ((browser, request), (browser, "x"), (browser_of("mallory"), request)):
        shown = await one.get("/approve", {"request": name})
        assert shown.status == 410
        heading = re.search(r"<main.*?</main>", shown.text, re.DOTALL)
        assert heading is not None
        pages.append(heading[0])
    assert pages[0] == pages[1] == pages[2]
