"""Every answer to a client says whose it is. (RFC 9207; RFC 9700 4.4)"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from policies.oauth import answers, redirects
from tests.csc_server.oauth import approvals, clients, jwt
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import Browser, Landing, Program

Of = Callable[..., Program]
To = Callable[[str], Browser]


def says(landing: Landing, issuer: str, kind: str, to: str = clients.CALLBACK) -> None:
    """It went to the client by 303 with one ``iss``, ours, and one ``code`` or ``error``."""
    assert landing.status == 303, landing.text[-500:]
    assert landing.location.startswith(to)
    found = parse_qsl(urlsplit(landing.location).query)
    assert [value for name, value in found if name == "iss"] == [issuer]
    assert len([name for name, _ in found if name == kind]) == 1


@pytest.mark.parametrize("version", [1, 2])
async def test_rfc9207_2_iss_beside_a_code(
    browser: Browser, program_of: Of, world: World, version: int
) -> None:
    """In both versions; the first time and when nobody is asked any more."""
    program = program_of("contab", version=version)
    for _ in range(2):
        answer = await browser.allow(await browser.authorize(version, **program.request()))
        says(answer, world.issuer, "code")


async def test_rfc9207_2_iss_beside_a_code_of_a_pushed_request(
    browser: Browser, program: Program, world: World
) -> None:
    """Also when the request came from the client itself."""
    says(await browser.allow(await approvals.pushed(program, browser)), world.issuer, "code")


async def test_rfc9207_2_iss_beside_a_code_for_signatures(
    browser: Browser, program: Program, world: World, credential: str
) -> None:
    """Also when it was approved with a PIN."""
    details = approvals.details(credential, "a")
    landing = await approvals.pushed(program, browser, scope=None, authorization_details=details)
    says(await browser.approve(landing), world.issuer, "code")


@pytest.mark.parametrize(
    ("client_id", "redirect_uri"),
    [
        ("vtoken", "http://127.0.0.1:7001/done"),
        ("desk", "http://[::1]:7002/done"),
        ("tenant", clients.TENANT),
        ("house", clients.CALLBACK),
    ],
)
async def test_rfc9207_2_iss_wherever_the_answer_goes(
    browser: Browser, program_of: Of, world: World, client_id: str, redirect_uri: str
) -> None:
    """A loopback address of either kind, an address with a query, our own program."""
    program = program_of(client_id, redirect_uri=redirect_uri)
    answer = await browser.allow(await browser.authorize(2, **program.request()))
    says(answer, world.issuer, "code", redirect_uri)


@pytest.mark.parametrize(("do", "kind"), [("allow", "code"), ("refuse", "error")])
async def test_rfc9207_2_iss_where_a_page_calls_the_program(
    browser: Browser, program_of: Of, world: World, do: str, kind: str
) -> None:
    """A scheme of one's own: by the link and by the refresh of the page alike."""
    desk = program_of("desk", redirect_uri=clients.PRIVATE)
    landing = await browser.authorize(2, **desk.request())
    page = await browser.post("/approve", request=landing.query["request"], do=do)
    called = re.findall(rf"{re.escape(clients.PRIVATE)}[^\"'\s]*", html.unescape(page.text))
    assert len(called) == 2
    for address in called:
        says(Landing(303, address, page.headers), world.issuer, kind, clients.PRIVATE)


DETAILS = approvals.details("c", "a")
ERRORS: dict[str, dict[str, Any]] = {
    "response_type": {"response_type": "token"},
    "no-response_type": {"response_type": None},
    "response_mode": {"response_mode": "form_post"},
    "scope": {"scope": "everything"},
    "scope-of-others": {"client_id": "service-only", "scope": "account"},
    "no-challenge": {"code_challenge": None, "code_challenge_method": None},
    "plain": {"code_challenge_method": "plain"},
    "state": {"state": "x" * 256},
    "dpop_jkt": {"dpop_jkt": "x"},
    "account_token": {"account_token": "x.y.z"},
    "par-by-policy": {"client_id": "pushy"},
    "par-by-profile": {"client_id": "bank"},
    "par-for-signatures": {"scope": None, "authorization_details": DETAILS},
    "details": {"scope": None, "authorization_details": "{}"},
    "details-and-scope": {"scope": "service", "authorization_details": DETAILS},
    "stray-parameter": {"credentialID": "c"},
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("version", [1, 2])
async def test_rfc9207_2_iss_beside_an_error(
    browser: Browser, program: Program, world: World, version: int, name: str
) -> None:
    """Every refusal that travels; also under the rules of v1, where some are none."""
    landing = await browser.authorize(version, **program.request(**ERRORS[name]))
    if version == 1 and landing.path == "/approve":
        assert name in {"details-and-scope", "details", "par-for-signatures"}
        return
    says(landing, world.issuer, "error")


@pytest.mark.parametrize("page", ["consent", "approval", "other-account", "no-credential"])
async def test_rfc9207_2_iss_beside_the_persons_refusal(
    browser_of: To, program_of: Of, world: World, credential: str, page: str
) -> None:
    """From every page that has *Refuse* or *Go back*."""
    browser = browser_of("mallory" if page in ("other-account", "no-credential") else "alice")
    program = program_of("contab", version=1)
    asked: dict[str, Any] = {
        "consent": {"scope": "service account"},
        "other-account": {"account_token": jwt.account_token(clients.SECRET)},
    }.get(page, approvals.plain(credential, "a"))
    landing = await browser.authorize(1, **program.request(**asked))
    answer = await browser.post("/approve", request=landing.query["request"], do="refuse")
    says(answer, world.issuer, "error")
    assert (answer.query["error"], answer.query["state"]) == ("access_denied", "xyz")


async def test_rfc9207_3_the_metadata_announces_it(program: Program, world: World) -> None:
    """So a client may refuse an answer without it; its value is the document's issuer."""
    url = f"{world.issuer}/.well-known/oauth-authorization-server"
    async with program.http.get(url) as response:
        body = await response.json()
    assert body["authorization_response_iss_parameter_supported"] is True
    assert body["issuer"] == world.issuer


@pytest.mark.parametrize("name", ["iss", "code", "state", "error", "error_description"])
def test_rfc9207_2_4_an_address_that_answers_itself_is_not_registered(name: str) -> None:
    """``?iss=`` of the address would come before ours, and a client might read it."""
    for query in (f"{name}=x", f"a=b&{name}=x", f"{name}=", f"%{ord(name[0]):x}{name[1:]}=x"):
        assert not redirects.registrable(f"https://contab.example/cb?{query}", public=False)
        assert not redirects.registrable(f"http://127.0.0.1/cb?{query}", public=True)
        assert not redirects.registrable(f"example.paraph:/cb?{query}", public=True)
    assert redirects.registrable(f"https://contab.example/cb?x{name}=x", public=False)


def test_rfc9207_2_every_maker_of_answers_has_iss() -> None:
    """There is no other way to a client than these, and each takes the issuer."""
    made = answers.failure("https://a.example/cb", "s", "https://sign.example", "e", "d")
    assert made.endswith("&state=s&iss=https%3A%2F%2Fsign.example")
