"""How an authorization code is obtained: a browser that follows a recipe, or the person's own.

A recipe is what a person would do, page by page: fill these fields, press that button. The browser
stays at the addresses of the authorization server, and what a page says is never run. What the
code is good for is ``oauth``'s business. (v1 8.3.2; v2 8.4.2)
"""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import CookieError
from typing import Final, Protocol
from urllib.parse import SplitResult, parse_qsl, urldefrag, urlencode, urljoin, urlsplit

from aiohttp import CookieJar, web
from yarl import URL

from conformance import forms
from conformance.answer import Answer
from conformance.approval import Codes
from conformance.errors import BadProfile, NotRun, Unreachable
from conformance.http import FORM, Client
from conformance.profile import Step

MOVES: Final = 25
"""Pages and redirects on the way to one code; login, consent and their redirects are below 10."""
COOKIES: Final = 40
"""That one answer may set; login pages set a handful."""
PATIENCE_S: Final = 300.0
"""How long a person may take in a browser of their own."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT: Final = frozenset({307, 308})
_TEXT: Final = 120


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a visit ended."""

    uri: str
    """The redirect URI that was reached; empty when the visit ended at a page."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Of the redirect."""
    fragment: Mapping[str, str] = field(default_factory=dict)
    """Of the redirect: where the implicit grant puts what it gives away."""
    status: int = 0
    """Of the last answer."""
    after_form: bool = False
    """That answer was one to a form."""
    title: str = ""
    """Of the page where the visit ended."""


class Browser(Protocol):
    """Something that goes where an authorization server sends it."""

    async def visit(
        self, url: str, redirect_uris: Collection[str], steps: Sequence[Step]
    ) -> Arrival:
        """Go from ``url`` until one of ``redirect_uris`` is reached, or no further.

        Raises:
            Unreachable: The way leads elsewhere, does not end, or cannot be gone.
        """


@dataclass(frozen=True, slots=True)
class _Move:
    """The next request."""

    method: str
    url: str
    body: bytes = b""
    origin: str = ""
    """Of the page whose form this is."""


@dataclass(slots=True)
class Recipe:
    """Follows steps; keeps its cookies from visit to visit, as a person's browser does."""

    client: Client
    codes: Codes
    hosts: Collection[str]
    """``host:port`` of the addresses that may be visited."""
    _jar: CookieJar | None = None
    _taken: list[Step] = field(default_factory=list)
    """Steps of earlier visits: their pages may be left out from now on."""

    async def visit(
        self, url: str, redirect_uris: Collection[str], steps: Sequence[Step]
    ) -> Arrival:
        """See ``Browser``. A page that no step fits ends the visit."""
        move, left = _Move("GET", url), list(steps)
        for _ in range(MOVES):
            self._stay(move.url)
            answer = await self._go(move)
            sent = move.method == "POST"
            if answer.status in _REDIRECTS and answer.header("Location"):
                to = _joined(move.url, answer.header("Location"))
                if reached := _leads(to, redirect_uris):
                    return _arrival(reached, to, answer.status, sent)
                move = _redirected(move, to, answer.status)
                continue
            page = _page(answer)
            base = _joined(move.url, page.base)
            if answer.status < 400:
                submission = await self._step(page, left)
                if submission is not None:
                    move = _submitted(submission, move.url, base)
                    continue
                if to := _onward(page, base, redirect_uris):
                    if reached := _leads(to, redirect_uris):
                        return _arrival(reached, to, answer.status, sent)
                    move = _Move("GET", to, origin=_origin(move.url))
                    continue
            return Arrival("", status=answer.status, after_form=sent, title=_title(page))
        raise Unreachable(f"{MOVES} pages and redirects do not lead to the redirect URI")

    def _stay(self, url: str) -> None:
        parts = _split(url)
        if parts.scheme not in ("http", "https") or _host(url) not in self.hosts:
            raise Unreachable(f"leads to {parts.scheme}://{parts.netloc}, elsewhere"[:_TEXT])

    async def _go(self, move: _Move) -> Answer:
        if self._jar is None:
            loopback = [f"http://{one}" for one in self.hosts]
            # Browsers take loopback for secure (Secure Contexts 3.1); other http is not visited
            # with anything worth stealing.
            self._jar = CookieJar(unsafe=True, treat_as_secure_origin=loopback)
        headers = {"Accept": "text/html,*/*;q=0.5", "Sec-Fetch-Site": "none"}
        if move.origin:
            same = move.origin == _origin(move.url)
            headers["Sec-Fetch-Site"] = "same-origin" if same else "cross-site"
        if move.method == "POST":
            headers |= {FORM[0]: FORM[1], "Origin": move.origin or "null"}
        cookies = self._jar.filter_cookies(URL(move.url))
        if cookies:
            pairs = (f"{name}={one.coded_value}" for name, one in cookies.items())
            headers["Cookie"] = "; ".join(pairs)
        answer = await self.client.request(move.method, move.url, headers=headers, body=move.body)
        self._remember(answer, move.url)
        return answer

    def _remember(self, answer: Answer, url: str) -> None:
        assert self._jar is not None  # noqa: S101 - made before the first request
        given = [value for name, value in answer.headers if name.lower() == "set-cookie"]
        try:
            self._jar.update_cookies_from_headers(given[:COOKIES], URL(url))
        except (CookieError, ValueError) as failure:
            raise Unreachable(f"sets a cookie that cannot be read: {failure}") from failure

    async def _step(self, page: forms.Page, left: list[Step]) -> forms.Submission | None:
        """What the next step that fits sends; it and those before it are done with."""
        for at, step in enumerate(left):
            form = next((one for one in page.forms if one.has(step.fill, step.press)), None)
            if form is not None:
                del left[: at + 1]
                self._taken.append(step)
                values = {name: await self._value(text) for name, text in step.fill.items()}
                return form.filled(values, step.press)
            if not step.optional and step not in self._taken:
                return None
        return None

    async def _value(self, text: str) -> str:
        kind, colon, rest = text.partition(":")
        if not colon or kind not in ("totp", "ask"):
            return text
        code = await (self.codes.of_now(rest) if kind == "totp" else self.codes.asked(rest))
        self.client.masker.learn(code)
        return code


@dataclass(slots=True)
class Local:
    """The person's own browser; the answer comes to a loopback address."""

    open: Callable[[str], bool] = webbrowser.open
    patience_s: float = PATIENCE_S

    async def visit(
        self, url: str, redirect_uris: Collection[str], steps: Sequence[Step]
    ) -> Arrival:
        """See ``Browser``; listens on the first of ``redirect_uris``, and needs no steps.

        Raises:
            BadProfile: That is not a loopback address.
            NotRun: No browser opens, or nobody comes back in time.
        """
        del steps
        uri = next(iter(redirect_uris))
        parts = _split(uri)
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise BadProfile(f"the suite cannot listen at {uri}; it has to be http at 127.0.0.1")
        came: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def answered(request: web.Request) -> web.Response:
            if not came.done():
                came.set_result(request.rel_url.raw_query_string)
            return web.Response(text="Done. You can close this page.")

        app = web.Application()
        app.router.add_get(parts.path or "/", answered)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, parts.hostname, parts.port or 80).start()
            if not await asyncio.to_thread(self.open, url):
                raise NotRun("no browser can be opened here; give the profile a recipe")
            async with asyncio.timeout(self.patience_s):
                query = await came
        except TimeoutError:
            raise NotRun("nobody came back from the browser in time") from None
        except OSError as failure:
            raise BadProfile(f"the suite cannot listen at {uri}: {failure}") from failure
        finally:
            await runner.cleanup()
        return Arrival(uri, dict(parse_qsl(query)), status=302)


def _leads(url: str, redirect_uris: Collection[str]) -> str:
    """The redirect URI that ``url`` is, whatever was added to its query; empty if none."""
    for uri in redirect_uris:
        asked, found = _split(uri), _split(url)
        same = asked._replace(query="", fragment="") == found._replace(query="", fragment="")
        if same and set(parse_qsl(asked.query)) <= set(parse_qsl(found.query)):
            return uri
    return ""


def _arrival(uri: str, url: str, status: int, after_form: bool) -> Arrival:
    parts = _split(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    fragment = dict(parse_qsl(parts.fragment, keep_blank_values=True))
    return Arrival(uri, query, fragment, status, after_form)


def _redirected(move: _Move, to: str, status: int) -> _Move:
    """As browsers do: a form is sent again only where the status says so (Fetch 4.4)."""
    if status in _KEPT:
        return _Move(move.method, to, move.body, move.origin)
    return _Move("GET", to, origin=move.origin)


def _submitted(submission: forms.Submission, page: str, base: str) -> _Move:
    # Without an action the form goes to the page, not to its base (HTML 4.10.21.3).
    url = urldefrag(_joined(base, submission.action) if submission.action else page).url
    encoded = urlencode(submission.pairs)
    if submission.method == "post":
        return _Move("POST", url, encoded.encode(), _origin(page))
    return _Move("GET", f"{url.partition('?')[0]}?{encoded}", origin=_origin(page))


def _onward(page: forms.Page, base: str, redirect_uris: Collection[str]) -> str:
    """Where a page leads that asks for nothing more: its refresh, or the redirect URI."""
    if page.refresh:
        return _joined(base, page.refresh)
    for link in page.links:
        with suppress(Unreachable):  # other links of the page are nobody's business
            if _leads(to := _joined(base, link), redirect_uris):
                return to
    for form in page.forms:
        with suppress(Unreachable):
            to = _joined(base, form.action)
            if form.action and _leads(to, redirect_uris):
                sent = urlencode(form.filled({}, "").pairs)
                return f"{to}{'&' if '?' in to else '?'}{sent}"
    return ""


def _page(answer: Answer) -> forms.Page:
    if len(answer.body) > forms.PAGE_BYTES:
        raise Unreachable(f"shows a page of {len(answer.body)} bytes")
    if answer.media_type not in ("text/html", "application/xhtml+xml", ""):
        return forms.Page()
    return forms.read(answer.body.decode("utf-8", "replace"))


def _title(page: forms.Page) -> str:
    return " ".join(page.title.split())[:_TEXT]


def _joined(base: str, to: str) -> str:
    try:
        return urljoin(base, to)
    except ValueError:
        raise Unreachable(f"leads to {to[:_TEXT]!r}, which is no address") from None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Unreachable(f"leads to {url[:_TEXT]!r}, which is no address") from None
    return parts


def _host(url: str) -> str:
    """``host:port``."""
    parts = _split(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _origin(url: str) -> str:
    parts = _split(url)
    return f"{parts.scheme}://{parts.netloc}"
