"""The gallery in Debian's Chromium: axe, reflow, targets, and what the script does.

One browser for all of it. axe's *incomplete* findings are left to human eyes (ui 6).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import (
    Browser,
    Page,
    Request,
    Route,
    ViewportSize,
    async_playwright,
    expect,
)

from tests.webui import gallery
from webui.languages import Language

_DRIVER = find_spec("axe_playwright_python")
assert _DRIVER is not None
assert _DRIVER.origin is not None
AXE = Path(_DRIVER.origin).with_name("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (320, 390, 1280)
_RUN_AXE = """async (tags) => {
    const found = await axe.run({runOnly: tags, resultTypes: ["violations"]});
    return found.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))]);
}"""
# WCAG 2.2 2.5.8: 24 by 24, but for links within a sentence.
_SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input, select, summary")]
    .filter((e) => e.type !== "hidden" && e.checkVisibility() && !e.closest("p, .label, .skip"))
    .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
    .map(([html, box]) => `${html} ${box.width} x ${box.height}`)"""


class Gallery:
    """The gallery served, and a browser to look at it."""

    def __init__(self, server: TestServer, browser: Browser) -> None:
        self._server, self._browser = server, browser
        self.console: list[str] = []

    async def page(self, width: int = 1280, scheme: str = "light", script: bool = True) -> Page:
        """A new window of its own; what the browser complains about lands in ``console``."""
        page = await self._browser.new_page(
            viewport=ViewportSize(width=width, height=900),
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            permissions=["clipboard-read", "clipboard-write"],
        )
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        return page

    def address(self, name: str, language: Language = Language.EN) -> str:
        """Where a page of the gallery is."""
        return str(self._server.make_url(f"/{name}?lang={language}"))


@pytest.fixture
async def shown() -> AsyncIterator[Gallery]:
    """The gallery, and a browser closed again."""
    server = TestServer(gallery.application())
    await server.start_server()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield Gallery(server, browser)
        await browser.close()
    await server.close()


async def test_axe_finds_nothing(shown: Gallery) -> None:
    """Every page, light and dark, at three widths; and no complaint about the strict CSP."""
    found = []
    for scheme in ("light", "dark"):
        page = await shown.page(scheme=scheme)
        for name in gallery.PAGES:
            await page.goto(shown.address(name))
            # The driver's own channel: the page's policy would refuse an injected script.
            await page.evaluate(AXE + "; 0")
            for width in WIDTHS:
                await page.set_viewport_size(ViewportSize(width=width, height=900))
                for finding in await page.evaluate(_RUN_AXE, TAGS):
                    found.append((name, scheme, width, json.dumps(finding)))
        await page.close()
    assert found == []
    assert shown.console == []


async def test_nothing_scrolls_sideways_and_every_target_is_big_enough(shown: Gallery) -> None:
    """320 px in three languages, everything folded out (WCAG 2.2 1.4.10, 2.5.8)."""
    page = await shown.page(width=320)
    wide, small = [], []
    for language in Language:
        for name in gallery.PAGES:
            await page.goto(shown.address(name, language))
            await page.evaluate(
                "document.querySelectorAll('details').forEach((d) => d.open = true)"
            )
            width = await page.evaluate("document.documentElement.scrollWidth")
            wide += [(name, language, width)] if width > 320 else []
            small += [(name, language, each) for each in await page.evaluate(_SMALL_TARGETS)]
    assert wide == []
    assert small == []


async def test_countdown(shown: Gallery) -> None:
    """It counts from the server's seconds, speaks at 60 s and at the end, then offers more."""
    page = await shown.page()
    await page.clock.install()
    await page.goto(shown.address("pairing"))
    line, spoken = page.locator(".countdown span"), page.locator("[data-announcer]")
    assert await line.inner_text() == "This QR code stops working in 8:12."
    assert not await page.locator("#again").is_visible()
    await page.clock.run_for((492 - 61) * 1000)
    assert await line.inner_text() == "This QR code stops working in 1:01."
    assert await spoken.text_content() == ""
    await page.clock.run_for(1000)
    assert await spoken.text_content() == "One minute left."
    await page.clock.run_for(60_000)
    assert await line.inner_text() == await spoken.text_content()
    assert await line.inner_text() == "This QR code has stopped working."
    assert await page.locator("#again").is_visible()


async def test_password(shown: Gallery) -> None:
    """*Show* shows and hides; what is missing is said while typing, in whole sentences."""
    page = await shown.page()
    await page.goto(shown.address("parts", Language.RO))
    field, line = page.locator("#fresh"), page.locator("#fresh-strength")
    await field.fill("p" * 3)
    assert await line.inner_text() == "Încă 12 caractere."
    await field.fill("pass phrase 🖋🖋")
    assert await line.inner_text() == "Încă un caracter."
    await field.fill("p" * 15)
    assert await line.inner_text() == "Destul de lungă."
    button = page.locator("[data-show=fresh]")
    await button.click()
    assert await field.get_attribute("type") == "text"
    assert (await button.inner_text()).startswith("Ascundeți")
    await button.click()
    assert await field.get_attribute("type") == "password"


async def test_judged_password(shown: Gallery) -> None:
    """The server judges a password that is long enough; its sentence is shown as text."""
    page = await shown.page()
    await page.goto(shown.address("parts"))
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "fetch":
            asked.append(f"{request.method} {request.url}")

    page.on("request", note)
    field, line = page.locator("#judged"), page.locator("#judged-strength")
    await field.fill("passwor")
    assert await line.inner_text() == "One more character."
    assert asked == []
    await field.fill("password1")
    await expect(line).to_have_text("<b>Too common.</b>")
    await expect(line).not_to_have_class("hint strong")
    await field.fill("a swim at noon")
    await expect(line).to_have_text("Strong enough.")
    await expect(line).to_have_class("hint strong")
    # Never in an address, where logs would keep it.
    assert {each.split("/")[-1] for each in asked} == {"strength"}
    assert {each.split()[0] for each in asked} == {"POST"}


async def test_one_submit(shown: Gallery) -> None:
    """The second press does nothing while the first runs, and the button says so."""
    page = await shown.page()
    await page.goto(shown.address("approve"))
    sent: list[str] = []

    async def stay(route: Route) -> None:
        # 204 leaves the page as it is: it looks like a server that has not answered yet.
        sent.append(route.request.method)
        await route.fulfill(status=204)

    await page.route("**/approve", stay)
    button = page.locator("button.filled")
    await button.click()
    assert await button.inner_text() == "Signing…"
    assert await button.get_attribute("aria-disabled") == "true"
    await button.dispatch_event("click")
    # A request started by the second press would have come before this answer.
    await page.evaluate("fetch('/qr.png').then(() => 0)")
    assert sent == ["POST"]


async def test_news_takes_the_focus(shown: Gallery) -> None:
    """After a failed submit the summary is focused and leads to the field (ui 3.3)."""
    page = await shown.page()
    await page.goto(shown.address("parts"))
    focused = page.locator(":focus")
    assert await focused.get_attribute("role") == "alert"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await focused.get_attribute("id") == "name"


async def test_dialog_and_copy(shown: Gallery) -> None:
    """The harmless answer has the focus, Escape is no; *Copy* copies without spaces."""
    page = await shown.page()
    await page.goto(shown.address("parts"))
    await page.locator("[data-dialog]").click()
    assert await page.locator(":focus").inner_text() == "Keep it"
    await page.keyboard.press("Escape")
    assert not await page.locator("dialog").is_visible()
    await page.goto(shown.address("pairing"))
    await page.locator("summary").first.click()
    await page.locator("summary").last.click()
    await page.locator("[data-copy]").click()
    await page.wait_for_function("document.querySelector('[data-announcer]').textContent")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def test_without_script(shown: Gallery) -> None:
    """The end is on the page as a time, the key can be read, nothing waits for a script."""
    page = await shown.page(script=False)
    await page.goto(shown.address("pairing"))
    assert "stops working at 10:42" in await page.locator(".countdown").inner_text()
    assert await page.locator("#again").is_visible()
    await page.locator("summary").first.click()
    assert not await page.locator("#pairing-key").is_visible()
    await page.locator("summary").last.click()
    assert await page.locator("#pairing-key").is_visible()
    assert not await page.locator(".masked").is_visible()
    assert not await page.locator("[data-copy]").is_visible()
    await page.goto(shown.address("login"))
    assert not await page.locator("[data-show]").is_visible()
