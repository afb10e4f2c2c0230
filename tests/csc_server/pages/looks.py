"""Looking at a page as the design asks: axe, both schemes, reflow, targets, keys. (ui 6)

Each function gives back what it found in words; nothing is good.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # no types
from playwright.sync_api import Page

_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_EVERYTHING: Final = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
_COLOURS: Final = {
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "target-size", "scrollable-region-focusable"],
    },
    "resultTypes": ["violations"],
}
_EXTREMES: Final[list[tuple[Any, int, Any]]] = [
    ("light", 1280, _EVERYTHING),
    ("dark", 320, _EVERYTHING),
]
_BETWEEN: Final[list[tuple[Any, int, Any]]] = [
    ("light", 320, _COLOURS),
    ("light", 390, _COLOURS),
    ("dark", 390, _COLOURS),
    ("dark", 1280, _COLOURS),
]
"""Rules that depend on neither colours nor width have been run."""
_AXE: Final[str] = Axe().axe_script + "; 0"
_RUN: Final = "o => axe.run(document, o).then(r => r.violations)"


def complaints(page: Page, *, every_width: bool = True) -> Iterator[str]:
    """What axe says, light and dark, at 320, 390 and 1280 px; or light at the one end alone and
    dark at the other."""
    page.evaluate(_AXE)
    for scheme, width, options in _EXTREMES + _BETWEEN * every_width:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        for one in page.evaluate(_RUN, options):
            places = [node["html"][:160] for node in one["nodes"][:3]]
            yield f"{scheme} {width} {one['id']}: {places}"


_OUTSIDE: Final = """() => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    const found = wide > 0 ? [`the page scrolls ${wide} px sideways`] : [];
    for (const e of document.querySelectorAll("body *")) {
        if (!e.checkVisibility() || e.closest(".unseen, .skip, iframe")) continue;
        const box = e.getBoundingClientRect(), style = getComputedStyle(e);
        // What only screen readers get is one pixel wide.
        if (box.width <= 1 || style.clipPath !== "none") continue;
        const told = e.outerHTML.slice(0, 100).replace(/\\s+/g, " ");
        if (box.left < -1 || box.right > innerWidth + 1) found.push(`sticks out: ${told}`);
        const clips = style.overflowX !== "visible" || style.overflowY === "hidden";
        const own = e.matches("input, select, textarea, progress, .scroll");
        const more = e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1;
        if (clips && !own && more) found.push(`cut: ${told}`);
    }
    return found;
}"""
_OPEN: Final = "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
# WCAG 2.1 1.4.12, to the letter. A constructed sheet: the page's policy has no inline style.
_SPACED: Final = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets = [sheet];
}"""
_UNSPACED: Final = "document.adoptedStyleSheets = []"


def reflow(page: Page) -> Iterator[str]:
    """Nothing beside or cut at 320 px, everything folded out. (WCAG 1.4.10, 1.4.4)"""
    page.set_viewport_size({"width": 320, "height": 900})
    page.evaluate(_OPEN)
    yield from (f"at 320 px {one}" for one in page.evaluate(_OUTSIDE))


def spacing(page: Page) -> Iterator[str]:
    """The same with the text spread. (WCAG 1.4.12)"""
    page.set_viewport_size({"width": 320, "height": 900})
    page.evaluate(_SPACED)
    yield from (f"spread at 320 px {one}" for one in page.evaluate(_OUTSIDE))
    page.evaluate(_UNSPACED)


# All sizes are in rem: what a browser does that enlarges text alone.
_ZOOMED: Final = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("html { font-size: 200%; }");
    document.adoptedStyleSheets = [sheet];
}"""
_NARROW: Final = """() => [...document.querySelectorAll("input, select, textarea")]
    .filter((e) => e.checkVisibility() && !["hidden", "radio", "checkbox"].includes(e.type))
    .filter((e) => e.getBoundingClientRect().width < 160)
    .map((e) => `too narrow to type in: ${e.outerHTML.slice(0, 100)}`)"""


def zoomed(page: Page) -> Iterator[str]:
    """Text of 200 %, on a desk and on a phone. (WCAG 1.4.4)"""
    page.evaluate(_ZOOMED)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        yield from (f"200 % at {width} px {one}" for one in page.evaluate(_OUTSIDE))
        yield from (f"200 % at {width} px {one}" for one in page.evaluate(_NARROW))
    page.evaluate(_UNSPACED)


# WCAG 2.2 2.5.8: 24 by 24, but for links within a sentence. axe lets small ones pass that have
# room around them; ui 2 does not.
_SMALL: Final = """() => [...document.querySelectorAll("a, button, input, select, summary")]
    .filter((e) => e.type !== "hidden" && e.checkVisibility() && !e.closest(".skip"))
    .filter((e) => !(e.closest("p") && e.closest("p").textContent.trim() !== e.textContent.trim()))
    .map((e) => [e.outerHTML.slice(0, 100), e.getBoundingClientRect()])
    .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
    .map(([html, box]) => `target of ${box.width} x ${box.height}: ${html}`)"""


def small_targets(page: Page) -> Iterator[str]:
    """Everything to press is 24 px or more, links in sentences excepted."""
    page.set_viewport_size({"width": 390, "height": 900})
    yield from page.evaluate(_SMALL)
