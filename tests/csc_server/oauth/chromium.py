"""Debian's Chromium in the hands of a person, and the sites of the programs that it is sent to.

Every host under ``.example`` is one server on this machine, with TLS; a native program listens on
loopback addresses without. Who arrives where is kept, so that a test can say who never did.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from csc_server.ports.sessions import SessionKey
from tests.service import PASSWORD, Person

# Waited for, not slept: a busy machine is no failure.
expect.set_options(timeout=30_000)


@dataclass
class Sites:
    """The servers of the programs."""

    https_port: int
    loopback: dict[str, int]
    """Literal address, as a URL has it, to port."""
    visits: list[str] = field(default_factory=list)
    """Every URL that was asked for, in order, without those of icons."""
    onward: str | None = None
    """Where programs send a browser that comes to them; by default they show a page."""

    async def handle(self, request: web.Request) -> web.Response:
        """Whatever is asked for."""
        if request.path != "/favicon.ico":
            self.visits.append(str(request.url))
        if self.onward is not None:
            return web.Response(status=303, headers={"Location": self.onward})
        text = f"<!doctype html><title>{request.host}</title><h1>Back at {request.host}</h1>"
        return web.Response(text=text, content_type="text/html")


@asynccontextmanager
async def sites(directory: Path) -> AsyncIterator[Sites]:
    """The programs' servers, while the context lasts."""
    application = web.Application()
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    made = Sites(0, {})
    application.router.add_get("/{path:.*}", made.handle)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_tls(directory)).start()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await web.TCPSite(runner, "::1", 0).start()
        ports = [address[1] for address in runner.addresses]
        made.https_port = ports[0]
        made.loopback = {"127.0.0.1": ports[1], "[::1]": ports[2]}
        yield made
    finally:
        await runner.cleanup()


@asynccontextmanager
async def chromium(port: int) -> AsyncIterator[Browser]:
    """Chromium, to which every host under ``.example`` is this port."""
    rules = f"MAP *.example 127.0.0.1:{port}"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", f"--host-resolver-rules={rules}"],
        )
        yield opened
        await opened.close()


@dataclass
class Window:
    """A window of the browser, with the person before it."""

    page: Page
    base_url: str
    sites: Sites
    blocked: list[str] = field(default_factory=list)
    """What the page's policy forbade, as Chromium words it."""

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._note(said.text))

    def _note(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.blocked.append(text)

    async def ask(self, version: int, parameters: dict[str, Any]) -> None:
        """A program sends the browser to ``oauth2/authorize``."""
        await self.page.goto(f"/csc/v{version}/oauth2/authorize?{urlencode(parameters)}")

    async def enter(self, key: SessionKey) -> None:
        """From here on somebody is signed in, without having gone through the login page."""
        cookie = {"name": "sid", "value": key.value, "url": self.base_url}
        await self.page.context.add_cookies([cookie])  # type: ignore[list-item]  # a plain dict

    async def sign_in(self, person: Person) -> None:
        """With the password."""
        await self.page.get_by_label("E-mail address").fill(person.username)
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.press("Sign in")

    async def press(self, label: str) -> None:
        """Press a button and wait for the page that it leads to."""
        await self.page.get_by_role("button", name=label, exact=True).click()
        await self.page.wait_for_load_state()

    async def heading(self, text: str) -> None:
        """The page is the one with this heading."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    async def calls_of(self, address: str) -> asyncio.Future[str]:
        """Will be the URL with which the page asks the browser to call another program."""
        called: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def note(event: dict[str, str]) -> None:
            if event["url"].startswith(address) and not called.done():
                called.set_result(event["url"])

        devtools = await self.page.context.new_cdp_session(self.page)
        devtools.on("Page.frameRequestedNavigation", note)
        await devtools.send("Page.enable")
        return called

    async def landed(self, address: str) -> dict[str, str]:
        """What the program was told; afterwards the browser shows the program's own page."""
        await self.page.wait_for_url(lambda url: url.partition("?")[0] == address)
        await self.heading(f"Back at {urlsplit(address).netloc}")
        assert self.blocked == []
        return dict(parse_qsl(urlsplit(self.page.url).query))


async def window(browser: Browser, base_url: str, programs: Sites) -> Window:
    """A window of a browser without memory that speaks English."""
    context: BrowserContext = await browser.new_context(
        base_url=base_url, locale="en-GB", ignore_https_errors=True
    )
    context.set_default_timeout(30_000)
    return Window(await context.new_page(), base_url, programs)


def _tls(directory: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "programs")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = directory / "sites.pem"
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
