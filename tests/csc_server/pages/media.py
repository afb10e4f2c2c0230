"""A page as other media have it: forced colours, more contrast, no motion, paper. (ui 2, 6)

Each function gives back what it found in words; nothing is good.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from playwright.sync_api import Page

# A system colour as this browser has it now.
_SYSTEM: Final = """(name) => {
    const probe = document.createElement("i");
    document.body.append(probe);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`body > i { color: ${name}; }`);
    document.adoptedStyleSheets = [sheet];
    const colour = getComputedStyle(probe).color;
    document.adoptedStyleSheets = [];
    probe.remove();
    return colour;
}"""
_UNFORCED: Final = """([text, ground]) => {
    const found = [], seen = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 1;
    const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
    const told = (e) => e.outerHTML.slice(0, 90).replace(/\\s+/g, " ");
    const framed = "button.button, .card, .banner, .badge, .option, select";
    for (const e of all(`${framed}, .field > input, .with-button input`)) {
        const style = getComputedStyle(e);
        if (style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) < 1)
            found.push(`no border: ${told(e)}`);
    }
    for (const e of all("svg"))
        if (getComputedStyle(e).color !== text) found.push(`not in CanvasText: ${told(e)}`);
    for (const e of all(".qr-code"))
        if (getComputedStyle(e).backgroundColor !== "rgb(255, 255, 255)")
            found.push("the QR code is not on white");
    if (getComputedStyle(document.body).backgroundColor !== ground) found.push("not on Canvas");
    return found;
}"""
_MOVING: Final = """() => document.getAnimations()
    .map((one) => `moves: ${one.animationName ?? one.transitionProperty}`)
    .concat([...document.querySelectorAll("*")]
        .filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0)
        .map((e) => `changes slowly: ${e.outerHTML.slice(0, 90)}`))"""
_ON_PAPER: Final = """() => {
    const found = [], told = (e) => e.outerHTML.slice(0, 90).replace(/\\s+/g, " ");
    const text = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (text.nextNode()) {
        const e = text.currentNode.parentElement;
        if (!text.currentNode.data.trim() || !e.checkVisibility()) continue;
        if (getComputedStyle(e).color !== "rgb(0, 0, 0)") found.push(`not black: ${told(e)}`);
    }
    for (const e of document.querySelectorAll("body, main, main *")) {
        const style = getComputedStyle(e);
        if (!e.checkVisibility()) continue;
        if (!["rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"].includes(style.backgroundColor))
            found.push(`not white: ${told(e)}`);
        const more = e.scrollHeight > e.clientHeight + 1 && e.clientHeight > 1;
        if (more && style.overflowY !== "visible") found.push(`cut: ${told(e)}`);
    }
    const idle = ".top, .foot, .skip, button, .button, input, summary";
    for (const e of document.querySelectorAll(idle))
        if (e.checkVisibility()) found.push(`of no use on paper: ${told(e)}`);
    if (!document.querySelector("h1").checkVisibility()) found.push("no heading");
    return found;
}"""
_A4: Final[Any] = {"width": 794, "height": 1123}


def forced(page: Page) -> Iterator[str]:
    """Borders show, drawings are in the text's colour, the QR code stays black on white."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, forced_colors="active")
        system = [page.evaluate(_SYSTEM, name) for name in ("CanvasText", "Canvas")]
        yield from (f"forced {scheme} {one}" for one in page.evaluate(_UNFORCED, system))
    page.emulate_media(forced_colors="none")


def still(page: Page) -> Iterator[str]:
    """Nothing moves where somebody asked for it."""
    page.emulate_media(reduced_motion="reduce")
    yield from page.evaluate(_MOVING)
    page.emulate_media(reduced_motion="no-preference")


def paper(page: Page) -> Iterator[str]:
    """Black on white in the dark too, whole, and without what cannot be pressed."""
    page.set_viewport_size(_A4)
    page.emulate_media(media="print", color_scheme="dark")
    yield from (f"on paper {one}" for one in page.evaluate(_ON_PAPER))
    page.emulate_media(media="screen", color_scheme="light")
