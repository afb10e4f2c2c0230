"""The authorization endpoint: what is shown, what the client hears. (RFC 6749 4.1; RFC 9207)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.backdoor import Backdoor
from tests.csc_server.oauth import clients, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Browser, Program

Of = Callable[..., Program]


async def test_rfc6749_4_1_2_the_answer_has_code_state_and_iss(
    browser: Browser, program: Program, world: World
) -> None:
    """And nothing else; by 303, to the registered address."""
    landing = await browser.authorize(2, **program.request(state="a b&c=é"))
    answer = await browser.allow(landing)
    assert (landing.status, answer.status) == (303, 303)
    assert answer.path == clients.CALLBACK
    assert answer.query.keys() == {"code", "state", "iss"}
    assert answer.query["state"] == "a b&c=é"
    assert answer.query["iss"] == world.issuer
    assert len(answer.query["code"]) == 43


async def test_rfc6749_4_1_2_no_state_comes_back_when_none_was_sent(
    browser: Browser, program: Program
) -> None:
    """CSC v1 8.4.2: returned exactly if it was sent."""
    landing = await browser.authorize(2, **program.request(state=None))
    assert (await browser.allow(landing)).query.keys() == {"code", "iss"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "a\0b"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": clients.CALLBACK + "/x"},
        {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "two-ways", "redirect_uri": None},
        {"client_id": "portal"},
        {"client_id": "rival"},
    ],
)
async def test_rfc6749_4_1_2_1_never_redirect_to_a_stranger(
    browser: Browser, program: Program, changes: dict[str, Any]
) -> None:
    """Unknown client, foreign or missing redirect URI: a page with no way on (open redirect)."""
    landing = await browser.authorize(2, **program.request(**changes))
    assert (landing.status, landing.location) == (400, "")
    assert "text/html" in landing.headers["Content-Type"]
    assert 'href="https://evil' not in landing.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": "service everything"}, "invalid_scope"),
        ({"scope": "service credential"}, "invalid_scope"),
        ({"scope": "registration"}, "invalid_scope"),
        ({"scope": "service  account"}, "invalid_scope"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"dpop_jkt": "short"}, "invalid_request"),
        ({"credentialID": "x"}, "invalid_request"),
        ({"numSignatures": "1"}, "invalid_request"),
        ({"account_token": "x.y.z"}, "access_denied"),
        ({"client_id": "service-only", "scope": "account"}, "invalid_scope"),
        ({"client_id": "pushy"}, "invalid_request"),
        ({"client_id": "bank"}, "invalid_request"),
    ],
)
async def test_rfc6749_4_1_2_1_errors_go_to_the_client(
    browser: Browser, program: Program, world: World, changes: dict[str, Any], error: str
) -> None:
    """By 303 to the registered address, with state, and with iss (RFC 9207 2)."""
    landing = await browser.authorize(2, **program.request(**changes))
    assert (landing.status, landing.path) == (303, clients.CALLBACK)
    assert landing.query["error"] == error
    assert landing.query["error_description"]
    assert landing.query["state"] == "xyz"
    assert landing.query["iss"] == world.issuer
    assert "code" not in landing.query


async def test_csc_v1_8_4_2_a_state_has_at_most_255_bytes(
    browser: Browser, program: Program
) -> None:
    """255 come back; 256 are an error, and do not."""
    landing = await browser.authorize(2, **program.request(state="é" * 127 + "x"))
    assert landing.path == "/approve"
    long = await browser.authorize(2, **program.request(state="é" * 128))
    assert (long.query["error"], long.query.get("state")) == ("invalid_request", None)


@pytest.mark.parametrize("twice", ["state", "client_id", "redirect_uri", "scope", "nonsense"])
async def test_rfc6749_3_1_repeated_parameters_are_refused(
    browser: Browser, program: Program, twice: str
) -> None:
    """Two readers must not see two requests; nobody is redirected."""
    good = program.request()
    pairs = [*good.items(), (twice, "first"), (twice, "second")]
    landing = await browser.get("/csc/v2/oauth2/authorize", pairs)
    assert (landing.status, landing.location) == (400, "")


async def test_rfc6749_3_1_unknown_parameters_are_ignored(
    browser: Browser, program: Program
) -> None:
    """``prompt=login`` of EUDI, ``clientData``, an empty one."""
    changes = {"prompt": "login", "clientData": "<x>", "nonsense": "1", "dpop_jkt": ""}
    landing = await browser.authorize(2, **program.request(**changes))
    assert landing.path == "/approve"


async def test_csc_v1_8_4_2_the_scope_is_service_by_default(
    browser: Browser, program: Program
) -> None:
    """In both versions."""
    body = await program.tokens(browser, scope=None)
    assert body["scope"] == "service"


async def test_csc_v1_8_4_2_the_redirect_uri_is_the_registered_one_by_default(
    browser: Browser, program: Program
) -> None:
    """Then the token request need not name it, and may not name another."""
    for redirect_uri, status in ((None, 200), (clients.CALLBACK, 200), (clients.LOOPBACK, 400)):
        code = await program.code(browser, redirect_uri=None)
        assert (await program.redeem(code, redirect_uri=redirect_uri)).status == status


async def test_csc_v1_8_4_2_pkce_is_optional_in_v1(browser: Browser, program_of: Of) -> None:
    """For a confidential client that is registered so; v2 asks for it all the same."""
    adobe = program_of("adobe", version=1)
    none = {"code_challenge": None, "code_challenge_method": None}
    code = await adobe.code(browser, **none)
    assert (await adobe.redeem(code, code_verifier=None)).status == 200
    adobe.version = 2
    landing = await browser.authorize(2, **adobe.request(**none))
    assert landing.query["error"] == "invalid_request"


async def test_rfc9700_2_1_1_a_challenge_in_v1_is_enforced(
    browser: Browser, program_of: Of
) -> None:
    """Who sends one has to send its verifier."""
    adobe = program_of("adobe", version=1)
    code = await adobe.code(browser)
    refused = await adobe.redeem(code, code_verifier=None)
    assert (refused.status, refused.body["error"]) == (400, "invalid_grant")


async def test_rfc9700_2_1_1_a_verifier_without_challenge_is_invalid_grant(
    browser: Browser, program_of: Of
) -> None:
    """PKCE downgrade."""
    adobe = program_of("adobe", version=1)
    code = await adobe.code(browser, code_challenge=None, code_challenge_method=None)
    refused = await adobe.redeem(code)
    assert (refused.status, refused.body["error"]) == (400, "invalid_grant")


async def test_rfc8252_8_1_public_clients_need_pkce_in_v1_too(
    browser: Browser, program_of: Of
) -> None:
    """Whatever the version."""
    agent = program_of("vtoken", version=1, redirect_uri="http://127.0.0.1:50123/done")
    none = {"code_challenge": None, "code_challenge_method": None}
    landing = await browser.authorize(1, **agent.request(**none))
    assert landing.query["error"] == "invalid_request"


async def test_rfc8252_7_3_the_answer_goes_to_the_port_that_was_asked(
    browser: Browser, program_of: Of
) -> None:
    """And the token request names the same one."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:50123/done")
    answer = await browser.allow(await browser.authorize(2, **agent.request()))
    assert answer.path == "http://127.0.0.1:50123/done"
    code = answer.query["code"]
    other = await agent.redeem(code, redirect_uri="http://127.0.0.1:50124/done")
    assert other.body["error"] == "invalid_grant"
    assert (await agent.redeem(code)).status == 200


async def test_rfc8252_8_6_a_program_on_the_own_machine_asks_each_time(
    browser: Browser, program_of: Of, program: Program
) -> None:
    """Anybody can pretend to be it; a web client is not asked again (J1.5)."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:50123/done")
    for one, asked in ((agent, 200), (program, 303)):
        await one.code(browser)
        landing = await browser.authorize(2, **one.request())
        again = await browser.get("/approve", {"request": landing.query["request"]})
        assert again.status == asked


async def test_own_programs_do_not_ask(browser: Browser, program_of: Of) -> None:
    """Where the registration says so."""
    landing = await browser.authorize(2, **program_of("house").request())
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    assert "code" in shown.query


async def test_rfc6749_4_1_2_1_the_person_refuses(
    browser: Browser, program: Program, world: World
) -> None:
    """access_denied, with state and iss; the request is over."""
    landing = await browser.authorize(2, **program.request(scope="service account"))
    request = landing.query["request"]
    answer = await browser.post("/approve", request=request, do="refuse")
    assert answer.path == clients.CALLBACK
    assert answer.query["error"] == "access_denied"
    assert (answer.query["state"], answer.query["iss"]) == ("xyz", world.issuer)
    assert (await browser.post("/approve", request=request, do="allow")).status == 410


async def test_a_request_is_answered_once(browser: Browser, program: Program) -> None:
    """The second *Allow* gives no second code."""
    landing = await browser.authorize(2, **program.request())
    assert "code" in (await browser.allow(landing)).query
    request = landing.query["request"]
    again = await browser.post("/approve", request=request, do="allow")
    assert (again.status, again.location) == (410, "")


async def test_rfc9700_4_7_a_request_belongs_to_the_browser_that_brought_it(
    browser: Browser, browser_of: Callable[[str], Browser], program: Program
) -> None:
    """Another person's browser cannot see or answer it (login CSRF, session fixation)."""
    landing = await browser.authorize(2, **program.request())
    request, other = landing.query["request"], browser_of("mallory")
    assert (await other.get("/approve", {"request": request})).status == 410
    assert (await other.post("/approve", request=request, do="allow")).status == 410
    assert "code" in (await browser.allow(landing)).query


async def test_an_approval_needs_a_login(browser: Browser, program: Program) -> None:
    """A browser without a session gets one, then the login page, then comes back."""
    stranger = Browser(browser.http, browser.base_url, None)
    landing = await stranger.authorize(2, **program.request())
    assert landing.path == "/approve"
    assert "sid=" in landing.headers["Set-Cookie"]
    shown = await stranger.get("/approve", {"request": landing.query["request"]})
    assert (shown.status, shown.path) == (303, "/login")


async def test_a_refused_request_leaves_no_session(
    browser: Browser, program: Program, backdoor: Backdoor
) -> None:
    """A robot cannot fill the store with requests that no client could make."""
    stranger = Browser(browser.http, browser.base_url, None)
    before = backdoor.sessions()
    for changes in ({"client_id": "nobody"}, {"redirect_uri": "x"}, {"scope": "x"}):
        await stranger.authorize(2, **program.request(**changes))
    assert backdoor.sessions() == before
    await stranger.authorize(2, **program.request())
    assert backdoor.sessions() == before + 1


async def test_rfc9700_4_16_the_pages_are_not_framed_nor_leaky(
    browser: Browser, program: Program
) -> None:
    """Clickjacking, referrers, caches, and no CORS (RFC 9700 2.6, 4.16)."""
    landing = await browser.authorize(2, **program.request(scope="service account"))
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    for one in (landing, shown):
        assert "frame-ancestors 'none'" in one.headers["Content-Security-Policy"]
        assert one.headers["Referrer-Policy"] == "no-referrer"
        assert one.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in one.headers


async def test_csc_v1_8_4_1_an_account_token_names_who_may_answer(
    browser: Browser, browser_of: Callable[[str], Browser], program_of: Of
) -> None:
    """Alice's token: Alice answers, Mallory cannot; it works once."""
    program = program_of("contab", version=1)
    text = jwt.account_token(clients.SECRET)
    landing = await browser.authorize(1, **program.request(account_token=text))
    assert "code" in (await browser.allow(landing)).query
    replayed = await browser.authorize(1, **program.request(account_token=text))
    assert replayed.query["error"] == "access_denied"
    other = browser_of("mallory")
    again = jwt.account_token(clients.SECRET)
    landing = await other.authorize(1, **program.request(account_token=again))
    refused = await other.post("/approve", request=landing.query["request"], do="allow")
    assert refused.location == ""


async def test_csc_v1_8_4_1_an_account_token_for_nobody_is_access_denied(
    browser: Browser, program_of: Of
) -> None:
    """An account that is not here; a client without a secret."""
    unknown = jwt.account_token(clients.SECRET, sub="stranger")
    landing = await browser.authorize(1, **program_of("contab").request(account_token=unknown))
    assert landing.query["error"] == "access_denied"
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:9/done")
    text = jwt.account_token("", azp="vtoken")
    landing = await browser.authorize(2, **agent.request(account_token=text))
    assert landing.query["error"] == "access_denied"


async def test_authorize_answers_429_when_a_client_asks_too_fast(
    browser: Browser, program_of: Of
) -> None:
    """security-and-pki 5.7, with the client's own limit of 3."""
    slow = program_of("slow")
    answers = [await browser.authorize(2, **slow.request()) for _ in range(4)]
    assert [one.status for one in answers] == [303, 303, 303, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_rfc6749_3_1_post_is_not_taken(browser: Browser, program: Program) -> None:
    """RFC 6749 3.1 asks for GET alone; CORS preflights get nothing (RFC 9700 2.6)."""
    url = f"{browser.base_url}/csc/v2/oauth2/authorize"
    async with browser.http.post(url, data=program.request()) as response:
        assert response.status == 405
    async with browser.http.options(url, headers={"Origin": "https://evil.example"}) as response:
        assert response.status == 405
        assert "Access-Control-Allow-Origin" not in response.headers
