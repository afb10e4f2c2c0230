"""The security best current practice, as far as a server can keep it. (RFC 9700)

PKCE, DPoP, redirect URIs and ``iss`` have files of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import csc_server.web
from csc_server.web.pages import guard
from policies.tokens import WITHOUT_PERSON
from tests.csc_server.oauth import approvals, clients, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import VERIFIER, Browser, Landing, Program, std_hash, url_hash
from tests.service import PASSWORD, PIN

Of = Callable[..., Program]
To = Callable[[str], Browser]
EVIL = "https://evil.example"


@pytest.fixture
def agent(program_of: Of) -> Program:
    """On the person's own machine, so that it always has to ask."""
    return program_of("vtoken", redirect_uri="http://127.0.0.1:7201/done")


@pytest.mark.parametrize(
    "redirect_uri",
    [
        clients.CALLBACK + "/",
        clients.CALLBACK + "?",
        clients.CALLBACK + "?x=1",
        clients.CALLBACK + "#x",
        clients.CALLBACK.upper(),
        clients.CALLBACK.replace("https", "http"),
        clients.CALLBACK.replace("callback", "%63allback"),
        clients.CALLBACK.replace("callback", "x/../callback"),
        clients.CALLBACK.replace("contab.example", "contab.example:443"),
        clients.CALLBACK.replace("contab.example", "contab.example.evil.example"),
        clients.CALLBACK.replace("contab.example", "contab.example@evil.example"),
        clients.CALLBACK.replace("https://", "https://evil.example\\@"),
        clients.CALLBACK + "\n",
        " " + clients.CALLBACK,
        f"{EVIL}/?{clients.CALLBACK}",
        "//contab.example/callback",
        "http://127.0.0.1/callback",
    ],
)
async def test_rfc9700_2_1_redirect_uris_match_to_the_letter(
    browser: Browser, program: Program, redirect_uri: str
) -> None:
    """Nearly is not enough: no redirect from the browser, no reference for a push."""
    landing = await browser.authorize(2, **program.request(redirect_uri=redirect_uri))
    assert (landing.status, landing.location) == (400, "")
    pushed = await program.push(redirect_uri=redirect_uri)
    assert pushed.error == (400, "invalid_request", "Invalid parameter redirect_uri")


@pytest.mark.parametrize(
    "response_type", ["token", "id_token", "code token", "token id_token", "code id_token token"]
)
@pytest.mark.parametrize("version", [1, 2])
async def test_rfc9700_2_1_2_there_is_no_implicit_grant(
    browser: Browser, program_of: Of, version: int, response_type: str
) -> None:
    """unsupported_response_type; no token anywhere in the answer."""
    program = program_of("contab", version=version)
    request = program.request(response_type=response_type)
    landing = await browser.authorize(version, **request)
    assert landing.query["error"] == "unsupported_response_type"
    assert "token=" not in landing.location
    assert "#" not in landing.location


@pytest.mark.parametrize("version", [1, 2])
async def test_rfc9700_2_4_there_is_no_password_grant(program_of: Of, version: int) -> None:
    """Not with the right password either."""
    program = program_of("contab", version=version)
    reply = await program.token(
        grant_type="password", username="alice", password=PASSWORD, scope="service"
    )
    assert reply.error == (400, "invalid_request", "Invalid parameter grant_type")


@pytest.mark.parametrize(
    "grant_type",
    [
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:device_code",
        "AUTHORIZATION_CODE",
    ],
)
async def test_rfc6749_4_5_nor_any_other_grant(program: Program, grant_type: str) -> None:
    """What is not in the metadata is no way in."""
    reply = await program.token(grant_type=grant_type, assertion="x", code="x")
    assert reply.error == (400, "invalid_request", "Invalid parameter grant_type")


Opens = dict[str, tuple[str, str, dict[str, Any] | None]]


def resources(world: World, credential: str) -> Opens:
    """One resource of each kind, by the scope that opens it."""
    alice = world.people["alice"].account_id
    sign = {
        "credentialID": credential,
        "hashes": [std_hash("a")],
        "signAlgo": approvals.ECDSA,
        # No good one: it is the scope that is asked about.
        "SAD": "x",
    }
    return {
        "service": ("POST", "csc/v2/credentials/list", {}),
        "account": ("GET", "account/v1/profile", None),
        "registration": ("GET", f"registration/v1/accounts/{alice}", None),
        "revocation": ("POST", "registration/v1/certificate-suspensions", {"serialNumber": "1"}),
        "credential": ("POST", "csc/v2/signatures/signHash", sign),
    }


@pytest.mark.parametrize(
    "scope",
    ["service", "account", "service account", "credential", "registration", "revocation"],
)
async def test_rfc9700_2_3_a_token_opens_what_it_was_issued_for(
    browser: Browser, program: Program, program_of: Of, world: World, credential: str, scope: str
) -> None:
    """Each scope its own resource, and none of the others."""
    if scope in WITHOUT_PERSON:
        asked = {"grant_type": "client_credentials", "scope": scope}
        body = (await program_of("portal").token(**asked)).body
    elif scope == "credential":
        body = await approvals.approved(program, browser, approvals.details(credential, "a"))
    else:
        body = await program.tokens(browser, scope=scope)
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    opened = set()
    for name, (method, path, given) in resources(world, credential).items():
        url = f"{program.base_url}/{path}"
        async with program.http.request(method, url, json=given, headers=headers) as response:
            said = response.headers.get("WWW-Authenticate", "")
            if 'error="insufficient_scope"' not in said:
                opened.add(name)
    if "service" in scope:
        # With a good SAD beside it a service token signs.
        opened -= {"credential"}
    assert opened == set(scope.split())


async def test_rfc9700_4_3_no_token_travels_in_an_address(
    browser: Browser, program: Program
) -> None:
    """The answer has a code, which needs the verifier; neither query nor fragment a token."""
    answer = await browser.allow(await browser.authorize(2, **program.request()))
    assert answer.query.keys() == {"code", "state", "iss"}
    assert not urlsplit(answer.location).fragment
    assert (await program.redeem(answer.query["code"], code_verifier=None)).status == 400
    assert (await program.redeem(answer.query["code"])).status == 200


async def test_rfc9700_4_5_an_injected_code(browser: Browser, program: Program) -> None:
    """A code that was asked for with an attacker's challenge does not fit the client's verifier."""
    other = "x" * 43
    challenge = url_hash(other)
    code = await program.code(browser, code_challenge=challenge)
    refused = await program.redeem(code, code_verifier=VERIFIER)
    assert refused.error == (400, "invalid_grant", "Invalid parameter code_verifier")


@pytest.mark.parametrize(
    "wrong", ["no-token", "token-of-another", "foreign-origin", "no-origin", "cross-site", "get"]
)
async def test_rfc9700_4_7_an_allow_that_no_person_pressed(
    browser: Browser, agent: Program, world: World, wrong: str
) -> None:
    """Another site cannot send the form: no code, and the request waits for its person."""
    landing = await browser.authorize(2, **agent.request())
    request = landing.query["request"]
    form = {"request": request, "do": "allow", guard.FIELD: guard.token(world.keys["alice"])}
    headers = {"Cookie": f"sid={world.keys['alice'].value}", "Origin": browser.base_url}
    if wrong == "no-token":
        del form[guard.FIELD]
    elif wrong == "token-of-another":
        form[guard.FIELD] = guard.token(world.keys["mallory"])
    elif wrong == "foreign-origin":
        headers["Origin"] = EVIL
    elif wrong == "no-origin":
        del headers["Origin"]
    elif wrong == "cross-site":
        headers["Sec-Fetch-Site"] = "cross-site"
    url = f"{browser.base_url}/approve"
    how: dict[str, Any] = {"params": form} if wrong == "get" else {"data": form}
    http_method = "GET" if wrong == "get" else "POST"
    async with browser.http.request(
        http_method, url, headers=headers, allow_redirects=False, **how
    ) as response:
        assert response.status == (200 if wrong == "get" else 403)
        assert "Location" not in response.headers
    assert "code" in (await browser.allow(landing)).query


async def journey(
    browser: Browser, program: Program, agent: Program, credential: str
) -> dict[str, Landing]:
    """Every kind of answer that a person meets at the authorization server."""
    consent = await browser.authorize(2, **agent.request())
    request = {"request": consent.query["request"]}
    details = approvals.details(credential, "a")
    approval = await approvals.pushed(program, browser, scope=None, authorization_details=details)
    asked = {"request": approval.query["request"]}
    found = {
        "authorize": consent,
        "consent": await browser.get("/approve", request),
        "approval": await browser.get("/approve", asked),
        "wrong-pin": await browser.approve(approval, pin="1"),
        "approved": await browser.approve(approval),
        "refused": await browser.post("/approve", **request, do="refuse"),
        "ended": await browser.get("/approve", request),
        "error": await browser.authorize(2, **program.request(scope="nonsense")),
        "unknown": await browser.authorize(2, **program.request(client_id="nobody")),
        "reference": await browser.authorize(2, client_id="contab", request_uri="x"),
        "programs": await browser.get("/settings/programs"),
        "login": await Browser(browser.http, browser.base_url, None).get("/login"),
    }
    assert {name for name, one in found.items() if one.location} == {
        "authorize",
        "approved",
        "refused",
        "error",
    }
    return found


async def test_rfc9700_4_12_redirects_are_303(
    browser: Browser, program: Program, agent: Program, credential: str
) -> None:
    """See Other: a browser never sends a form with a PIN or a password on to a client."""
    for name, one in (await journey(browser, program, agent, credential)).items():
        if one.location:
            assert one.status == 303, name


def test_rfc9700_4_12_there_is_no_other_redirect() -> None:
    """No handler makes one: no 307, no 302, no redirect of the framework."""
    root = Path(csc_server.web.__file__).parent
    wrong = re.compile(r"HTTP(Found|Moved|Temporary|Permanent|SeeOther)|status=30[012678]")
    for source in root.rglob("*.py"):
        assert wrong.search(source.read_text()) is None, source.name


async def test_rfc9700_4_2_4_no_referrer_and_no_cache(
    browser: Browser, program: Program, agent: Program, credential: str
) -> None:
    """State and code do not leak to whom a page links."""
    for name, one in (await journey(browser, program, agent, credential)).items():
        assert one.headers["Referrer-Policy"] == "no-referrer", name
        assert one.headers["Cache-Control"] == "no-store", name


class _Addresses(HTMLParser):
    """Whatever a page loads, links or sends to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.frames = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"src", "href", "action", "formaction", "data", "srcset", "poster"}
        self.found += [value or "" for name, value in attrs if name in names]
        self.frames += tag in ("iframe", "frame", "object", "embed")


async def test_rfc9700_4_2_4_no_third_party_content(
    browser: Browser, program: Program, agent: Program, credential: str
) -> None:
    """Everything on the pages is ours; a policy keeps it so."""
    for name, one in (await journey(browser, program, agent, credential)).items():
        page = _Addresses()
        page.feed(one.text)
        assert page.frames == 0, name
        for address in page.found:
            assert re.match(r"/(?!/)|#|data:image/", address), (name, address)
        assert "default-src 'none'" in one.headers["Content-Security-Policy"], name


async def test_rfc9700_4_16_no_page_can_be_framed(
    browser: Browser, program: Program, agent: Program, credential: str
) -> None:
    """Clickjacking: also not a page that only tells of an error."""
    for name, one in (await journey(browser, program, agent, credential)).items():
        assert "frame-ancestors 'none'" in one.headers["Content-Security-Policy"], name
        assert one.headers["Cross-Origin-Opener-Policy"] == "same-origin", name


@pytest.mark.parametrize(
    "path",
    [
        "/csc/v1/oauth2/authorize",
        "/csc/v2/oauth2/authorize",
        "/approve",
        "/csc/v2/oauth2/token",
        "/csc/v2/oauth2/revoke",
        "/csc/v2/oauth2/pushed_authorize",
    ],
)
async def test_rfc9700_2_6_no_cors(browser: Browser, program: Program, path: str) -> None:
    """Scripts of other sites read nothing, and ask for nothing."""
    preflight = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    for http_method, headers in (("OPTIONS", preflight), ("GET", {"Origin": EVIL})):
        async with browser.http.request(
            http_method, browser.base_url + path, headers=headers, allow_redirects=False
        ) as response:
            assert not [name for name in response.headers if name.startswith("Access-Control")]
            assert http_method == "GET" or response.status == 405


@pytest.mark.parametrize("bound", [True, False])
async def test_rfc9700_4_14_2_refresh_tokens_of_public_clients(
    browser: Browser, agent: Program, bound: bool
) -> None:
    """Rotated always, bound to the key where one was proved; a second use ends the family."""
    key = jwt.new_key() if bound else None
    agent.key = key
    first = await agent.tokens(browser)
    second = (await agent.refresh(first["refresh_token"])).body
    assert second["refresh_token"] != first["refresh_token"]
    if bound:
        agent.key = jwt.new_key()
        refused = await agent.refresh(second["refresh_token"])
        assert refused.body["error"] == "invalid_dpop_proof"
        agent.key = key
    assert (await agent.refresh(first["refresh_token"])).body["error"] == "invalid_grant"
    assert (await agent.refresh(second["refresh_token"])).body["error"] == "invalid_grant"
    call = agent.proved if bound else agent.call
    for one in (first, second):
        assert (await call("credentials/list", {}, one["access_token"])).status == 401


async def test_rfc9700_4_14_2_a_revoked_grant_is_not_renewed_by_its_successor(
    browser: Browser, program: Program
) -> None:
    """A family that ended stays ended; a new login of the same person is another family."""
    first = await program.tokens(browser)
    second = (await program.refresh(first["refresh_token"])).body
    await program.refresh(first["refresh_token"])
    assert (await program.refresh(second["refresh_token"])).status == 400
    other = await program.tokens(browser)
    assert (await program.refresh(other["refresh_token"])).status == 200


async def test_rfc9700_4_15_a_client_called_like_a_person(
    program_of: Of, world: World, credential: str
) -> None:
    """Its token stands for itself: nothing of the person opens."""
    reply = await program_of("alice").token(grant_type="client_credentials")
    token = reply.body["access_token"]
    for name, (method, path, given) in resources(world, credential).items():
        url, headers = f"{world.issuer}/{path}", {"Authorization": f"Bearer {token}"}
        async with program_of("alice").http.request(
            method, url, json=given, headers=headers
        ) as response:
            assert (response.status == 200) is (name == "registration"), name


async def test_rfc9700_4_13_a_proxys_headers_from_a_stranger(
    browser: Browser, program: Program, world: World
) -> None:
    """They change neither where the answer goes nor whose it says it is."""
    headers = {
        "Cookie": f"sid={world.keys['alice'].value}",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example;proto=https",
    }
    url = f"{browser.base_url}/csc/v2/oauth2/authorize"
    for request in (program.request(), program.request(scope="x")):
        async with browser.http.get(
            url, params=request, headers=headers, allow_redirects=False
        ) as response:
            assert "evil" not in response.headers["Location"]
            assert "evil" not in str(response.headers)


async def test_rfc9700_2_1_1_one_challenge_is_one_code(browser: Browser, program: Program) -> None:
    """The challenge is kept with the code: the verifier of another request does not do."""
    verifier = "y" * 64
    challenge = url_hash(verifier)
    first = await program.code(browser)
    second = await program.code(browser, code_challenge=challenge)
    assert (await program.redeem(first, code_verifier=verifier)).status == 400
    assert (await program.redeem(second, code_verifier=VERIFIER)).status == 400
    assert (await program.redeem(first, code_verifier=VERIFIER)).status == 200
    assert (await program.redeem(second, code_verifier=verifier)).status == 200


async def test_security_6_2_guesses_at_the_approval_count(
    browser_of: To, program: Program, world: World
) -> None:
    """The same throttle as of credentials/authorize: five wrong PINs, and the right one is late."""
    browser, person = browser_of("guessing"), world.people["guessing"]
    details = approvals.details(person.credentials["pin-p256"], "a")
    landing = await approvals.pushed(program, browser, scope=None, authorization_details=details)
    for number in range(5):
        wrong = await browser.approve(landing, pin=f"00000{number}")
        assert (wrong.status, wrong.location) == (422, "")
    late = await browser.approve(landing, pin=PIN)
    assert late.location == ""
