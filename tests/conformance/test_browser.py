"""A recipe gets to the code over any honest page, and to an end on any other."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from conformance import browser, forms
from conformance.approval import Codes
from conformance.browser import Arrival, Local, Recipe
from conformance.errors import BadProfile, NotRun, Unreachable
from conformance.http import Client, connected
from conformance.masking import Masker
from conformance.profile import Limits, Step, Tls

CALLBACK = "http://127.0.0.1:9/callback"
LOGIN = Step(fill={"username": "alice", "password": "wonderland-1"})
ALLOW = Step(press="Allow access")
LOGIN_PAGE = """<title>Log in</title>
<form method="post" action="/search"><input name="q"></form>
<form method="post" action="in"><input type="hidden" name="csrf" value="c&amp;1">
<input name="username"><input type="password" name="password"><button>Go on</button></form>"""
CONSENT_PAGE = """<form method=post>
<button name="do" value="deny">Refuse</button>
<button name="do" value="allow"> Allow
 access </button></form><a href="http://127.0.0.1:9/callback?error=access_denied">Cancel</a>"""
ENDLESS = 100_000_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """A server whose pages a test says, and a recipe that visits it."""

    client: Client
    origin: str = ""
    pages: dict[str, Handler] = field(default_factory=dict)
    posted: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    headers: list[tuple[str, str, str]] = field(default_factory=list)
    codes: Codes = field(default_factory=Codes)
    _recipe: Recipe | None = None

    def shows(self, path: str, markup: str, **more: object) -> None:
        """GET ``path`` answers with this page."""

        async def page(_: web.Request) -> web.Response:
            return web.Response(text=markup, content_type="text/html", **more)  # type: ignore[arg-type]

        self.pages[f"GET {path}"] = page

    def sends(self, what: str, to: str, status: int = 303, cookie: str = "") -> None:
        """``GET /path`` or ``POST /path`` redirects."""

        async def redirect(_: web.Request) -> web.Response:
            cookies = {"Set-Cookie": cookie} if cookie else {}
            return web.Response(status=status, headers={"Location": to, **cookies})

        self.pages[what] = redirect

    async def visit(self, path: str, *steps: Step, also: tuple[str, ...] = ()) -> Arrival:
        """Where the recipe gets from ``path``."""
        if self._recipe is None:
            host = self.origin.removeprefix("http://")
            self._recipe = Recipe(self.client, self.codes, frozenset({host}))
        return await self._recipe.visit(self.origin + path, (CALLBACK, *also), steps)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Whatever the test said."""
        if request.method == "POST":
            self.posted.append((request.path, parse_qsl(await request.text())))
        names = ("Origin", "Sec-Fetch-Site", "Cookie")
        self.headers.append(tuple(request.headers.get(name, "") for name in names))  # type: ignore[arg-type]
        handler = self.pages.get(f"{request.method} {request.path}")
        return await handler(request) if handler else web.Response(status=404, text="nothing")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    limits = Limits(body_bytes=1 << 20, bytes_per_second=1 << 30)
    async with connected(limits, Tls(), Masker(())) as client:
        site = Site(client)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", site.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield site
        await runner.cleanup()


def two_pages(site: Site) -> None:
    """Login at /a, consent, code."""
    site.sends("GET /a", "/login", cookie="sid=s1; Path=/; HttpOnly; Secure")
    site.shows("/login", LOGIN_PAGE)
    site.sends("POST /in", "/consent")
    site.shows("/consent", CONSENT_PAGE)
    site.sends("POST /consent", f"{CALLBACK}?code=c1&state=a%20b")


async def test_login_and_consent_lead_to_the_code(site: Site) -> None:
    """Hidden inputs and the pressed button are sent, with the cookie, and the code comes back."""
    two_pages(site)
    arrival = await site.visit("/a", LOGIN, ALLOW)
    assert arrival == Arrival(CALLBACK, {"code": "c1", "state": "a b"}, {}, 303, True)
    login = [("csrf", "c&1"), ("username", "alice"), ("password", "wonderland-1")]
    assert site.posted == [("/in", login), ("/consent", [("do", "allow")])]
    assert site.headers[0] == ("", "none", "")
    assert site.headers[2] == (site.origin, "same-origin", "sid=s1")


async def test_a_step_taken_before_may_be_left_out(site: Site) -> None:
    """The second visit finds the person logged in, and the recipe is content."""
    two_pages(site)
    await site.visit("/a", LOGIN, ALLOW)
    site.sends("GET /a", "/consent")
    assert (await site.visit("/a", LOGIN, ALLOW)).query["code"] == "c1"


async def test_a_step_never_taken_is_not_left_out(site: Site) -> None:
    """Without a login before, the consent page is not what the recipe expects."""
    two_pages(site)
    arrival = await site.visit("/consent", LOGIN, ALLOW)
    # The page has a link to the redirect URI, and nothing else to do.
    assert arrival.query == {"error": "access_denied"}


async def test_an_optional_step_may_be_left_out(site: Site) -> None:
    """A page that does not come is not waited for."""
    two_pages(site)
    step = Step(fill={"captcha": "x"}, optional=True)
    assert (await site.visit("/a", step, LOGIN, ALLOW)).query["code"] == "c1"


async def test_a_refused_login_ends_the_visit_at_its_page(site: Site) -> None:
    """A form is filled once: nobody is locked out by a wrong recipe."""
    two_pages(site)
    site.sends("POST /in", "/login")
    arrival = await site.visit("/a", LOGIN, ALLOW)
    assert (arrival.uri, arrival.status, arrival.title) == ("", 200, "Log in")
    assert len(site.posted) == 1


@pytest.mark.parametrize(
    "markup",
    [
        f'<meta http-equiv="Refresh" content="0; URL=\'{CALLBACK}?code=c1\'">',
        f'<a href="http://[bad">x</a><p><a href="{CALLBACK}?code=c1">Back</a>',
        f'<form method=post action="{CALLBACK}"><input type=hidden name=code value=c1></form>',
        f'<base href="http://127.0.0.1:9/"><a href="callback?code=c1">{"<" * 50}</a>',
    ],
)
async def test_pages_that_lead_back(site: Site, markup: str) -> None:
    """Refresh, link and form lead to the redirect URI as a redirect does."""
    site.shows("/a", markup)
    assert (await site.visit("/a")).query == {"code": "c1"}


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (303, "GET"), (307, "POST")])
async def test_redirected_forms(site: Site, status: int, method: str) -> None:
    """A form is sent on only where the status says so."""
    site.shows("/a", "<form method=post action=/b><input name=pin></form>")
    site.sends("POST /b", "/c", status)
    site.sends(f"{method} /c", CALLBACK)
    assert (await site.visit("/a", Step(fill={"pin": "1234"}))).uri == CALLBACK


async def test_a_get_form_replaces_the_query(site: Site) -> None:
    """What the form holds is all that is sent (HTML 4.10.21.3)."""
    seen = []

    async def search(request: web.Request) -> web.Response:
        seen.append(request.query_string)
        return web.Response(status=302, headers={"Location": CALLBACK})

    site.shows("/a", '<form action="/b?old=1#x"><input name=q><input type=submit></form>')
    site.pages["GET /b"] = search
    await site.visit("/a", Step(fill={"q": "1 2"}))
    assert seen == ["q=1 2"]


async def test_codes_are_of_now(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """``totp:`` is computed, ``ask:`` is asked."""
    site.codes = Codes(ask=lambda prompt: f" {len(prompt)} ")
    monkeypatch.setattr("conformance.approval.time.time", lambda: 59.0)
    site.shows("/a", "<form method=post><input name=otp><input name=more></form>")
    site.sends("POST /a", CALLBACK)
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    await site.visit("/a", Step(fill={"otp": f"totp:{secret}", "more": "ask:Word"}))
    # RFC 6238 appendix B: 94287082 at second 59.
    assert site.posted == [("/a", [("otp", "287082"), ("more", "6")])]


@pytest.mark.parametrize(
    ("uri", "location", "reached"),
    [
        (CALLBACK, f"{CALLBACK}?code=1", True),
        (CALLBACK, f"{CALLBACK}#access_token=1", True),
        (f"{CALLBACK}?t=1", f"{CALLBACK}?t=1&code=1", True),
        (f"{CALLBACK}?t=1", f"{CALLBACK}?code=1", False),
        (CALLBACK, f"{CALLBACK}/x?code=1", False),
        ("org.example:/back", "org.example:/back?code=1", True),
    ],
)
async def test_which_redirects_are_the_redirect_uri(
    site: Site, uri: str, location: str, reached: bool
) -> None:
    """Scheme, host and path are the same; something may be added to the query only."""
    site.sends("GET /a", location)
    visit = Recipe(site.client, site.codes, [site.origin.removeprefix("http://")])
    if reached:
        assert (await visit.visit(f"{site.origin}/a", [uri], ())).uri == uri
    else:
        with pytest.raises(Unreachable, match="elsewhere"):
            await visit.visit(f"{site.origin}/a", [uri], ())


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/",
        "https://elsewhere.example/login",
        "//elsewhere.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user@127.0.0.1:1/",
        "http://[::1/",
        "http://127.0.0.1:99999/",
    ],
)
@pytest.mark.parametrize("way", ["redirect", "refresh", "form"])
async def test_nobody_is_led_elsewhere(site: Site, to: str, way: str) -> None:
    """Only the hosts of the authorization server are visited."""
    site.shows("/a", f'<meta http-equiv=refresh content="0;url={to}">')
    if way == "redirect":
        site.sends("GET /a", to)
    if way == "form":
        site.shows("/a", f'<form method=post action="{to}"><input name=pin></form>')
    with pytest.raises(Unreachable, match=r"elsewhere|no address"):
        await site.visit("/a", Step(fill={"pin": "1"}))


@pytest.mark.parametrize("way", ["redirect", "refresh"])
async def test_loops_end(site: Site, way: str) -> None:
    """The number of moves is bounded."""
    site.sends("GET /a", "/a")
    if way == "refresh":
        site.shows("/a", '<meta http-equiv=refresh content="0;url=/a">')
    with pytest.raises(Unreachable, match="do not lead"):
        await site.visit("/a")
    assert site.client.requests == browser.MOVES


async def test_an_endless_page_is_not_read_to_its_end(site: Site) -> None:
    """A page of 100 MB costs no more than the limit."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while sent < ENDLESS:
            await response.write(b"<p>" * 20_000)
            sent += 60_000
        return response

    site.pages["GET /a"] = endless
    with pytest.raises(Unreachable, match="more than"):
        await site.visit("/a")
    assert sent < ENDLESS // 4


async def test_a_long_page_is_not_parsed(site: Site) -> None:
    """Below the limit of an answer, but no login page."""
    site.shows("/a", "<p>" * (forms.PAGE_BYTES // 3 + 1))
    with pytest.raises(Unreachable, match="a page of"):
        await site.visit("/a")


@pytest.mark.parametrize(
    "unit",
    ["<", "<!--", "<![", "<![if x]>", "<a ", "<a x='", "</", "&", "<form>", "<option>", "\0",
     "<form></form>",
     "<form><input name=a>", "<input form=x", "<textarea>a<", "<script></", "<!DOCTYPE ",
     f"<meta http-equiv=refresh content='{' ' * 500}'>"],
)  # fmt: skip
async def test_broken_markup_has_an_end(unit: str) -> None:
    """Any markup is read within the time that the suite has for one answer."""
    markup = (unit * (forms.PAGE_BYTES // len(unit) + 1))[: forms.PAGE_BYTES]
    page = await asyncio.wait_for(asyncio.to_thread(forms.read, markup), 10)
    assert len(page.forms) <= forms.CONTROLS
    assert all(len(form.controls) <= forms.CONTROLS for form in page.forms)


@pytest.mark.parametrize("kind", ["application/json", "image/png"])
async def test_what_is_no_page_ends_the_visit(site: Site, kind: str) -> None:
    """Only markup is searched for ways onward."""

    async def other(_: web.Request) -> web.Response:
        text = f'<a href="{CALLBACK}?code=1">'
        return web.Response(body=text.encode(), content_type=kind)

    site.pages["GET /a"] = other
    assert (await site.visit("/a")).uri == ""


async def test_an_error_page_is_not_acted_on(site: Site) -> None:
    """A page with a status of failure ends the visit, whatever it offers."""
    site.shows("/a", LOGIN_PAGE, status=400)
    arrival = await site.visit("/a", LOGIN)
    assert (arrival.uri, arrival.status, site.posted) == ("", 400, [])


async def test_cookies_of_an_answer_are_bounded(site: Site) -> None:
    """A page that sets many cookies does not make the next request grow without end."""

    async def many(_: web.Request) -> web.Response:
        response = web.Response(status=303, headers={"Location": "/b"})
        for number in range(90):
            response.headers.add("Set-Cookie", f"c{number}=1; Path=/")
        return response

    site.pages["GET /a"] = many
    await site.visit("/a")
    assert site.headers[1][2].count("=") == browser.COOKIES


def test_controls_of_a_form() -> None:
    """What is sent follows HTML: checked boxes, chosen options, enabled controls, one button."""
    page = forms.read(
        """<form id=f action=/x>
        <input type=checkbox name=a value=1><input type=checkbox name=b checked>
        <input type=radio name=r value=1 checked><input type=radio name=r value=2>
        <select name=s><option value=1>x<option value=2 selected>y</select>
        <select name=t><option value=1><option value=2></select>
        <textarea name=n>one
two</textarea><input name=off disabled value=1><input type=file name=f><input value=nameless>
        <input type=reset name=z><button type=button name=y>no</button>
        <input type=submit name=ok value="Yes"><button name=ok value=no formaction=/y>Not so
        </button>
        </form><input form=f name=late value=5>"""
    )
    form = page.forms[0]
    sent = form.filled({"a": "true", "r": "2", "s": "1"}, "no")
    assert (sent.action, sent.method) == ("/y", "get")
    assert sent.pairs == [
        ("a", "1"), ("b", "on"), ("r", "2"), ("s", "1"), ("t", "1"), ("n", "one\ntwo"),
        ("ok", "no"), ("late", "5"),
    ]  # fmt: skip
    assert form.filled({}, "not SO").pairs == form.filled({}, "no").pairs
    assert form.filled({}, "ok").pairs == form.filled({}, "").pairs
    assert form.filled({}, "").pairs[-2:] == [("ok", "Yes"), ("late", "5")]


def test_forms_that_begin_alike() -> None:
    """The second one is read as well."""
    page = forms.read("<form method=post></form><form method=post><input name=pin></form>")
    assert [len(form.controls) for form in page.forms] == [0, 1]


async def test_the_own_browser_comes_back(unused_tcp_port: int) -> None:
    """The page that the person's browser is sent to is ours, and its query is the answer."""
    uri = f"http://127.0.0.1:{unused_tcp_port}/back"
    loop = asyncio.get_running_loop()

    async def person(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            assert (await session.get(f"{uri}x")).status == 404
            assert "close" in await (await session.get(f"{uri}?code=1&state=a%20b")).text()

    def open_page(url: str) -> bool:
        asyncio.run_coroutine_threadsafe(person(url), loop)
        return True

    arrival = await Local(open_page).visit("http://as/", [uri], ())
    assert arrival == Arrival(uri, {"code": "1", "state": "a b"}, status=302)


@pytest.mark.parametrize(
    ("local", "uri", "reason"),
    [
        (Local(lambda _: False), CALLBACK, NotRun),
        (Local(lambda _: True, patience_s=0.01), CALLBACK, NotRun),
        (Local(lambda _: True), "https://127.0.0.1:9/cb", BadProfile),
        (Local(lambda _: True), "http://192.0.2.1/cb", BadProfile),
    ],
)
async def test_the_own_browser_cannot(
    local: Local, uri: str, reason: type[Exception], unused_tcp_port: int
) -> None:
    """No browser, nobody who comes back, no loopback address: each is said."""
    uri = uri.replace(":9/", f":{unused_tcp_port}/")
    text = "has to be http" if reason is BadProfile else r"opened here|came back"
    with pytest.raises(reason, match=text):
        await dataclasses.replace(local).visit("http://as/", [uri], ())
