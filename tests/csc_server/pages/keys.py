"""A page without a mouse: where Tab leads, and whether one sees where one is. (ui 6; WCAG 2.1.1,
2.1.2, 2.4.1, 2.4.3, 2.4.7, 2.4.11, 1.4.11)

``walk`` gives back what it found in words; nothing is good.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

from playwright.sync_api import Page

_MOST: Final = 80
"""Presses after which a walk is a trap."""
_RING_PX: Final = 2
_CONTRAST: Final = 3.0
"""WCAG 2.2 2.4.13 and 1.4.11."""

# Tab begins where the focus was, even if it is there no more.
_TOP: Final = """() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    scrollTo(0, 0);
}"""
# What the focus is on: its place in the document, its box, its ring and what is behind the ring.
_STOP: Final = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    let ground = e.parentElement;
    const {innerWidth: wide, innerHeight: high} = window;
    const clear = (at) => getComputedStyle(at).backgroundColor === "rgba(0, 0, 0, 0)";
    while (ground.parentElement && clear(ground)) ground = ground.parentElement;
    return {
        at: [...document.querySelectorAll("*")].indexOf(e),
        told: e.outerHTML.slice(0, 90).replace(/\\s+/g, " "),
        box: [box.left, box.top, box.right, box.bottom],
        scrolled: scrollY,
        hidden: box.bottom <= 0 || box.top >= high || box.right <= 0 || box.left >= wide,
        ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        colours: [style.outlineColor, getComputedStyle(ground).backgroundColor],
    };
}"""
# Everything that keys must reach; of radio buttons the chosen one, or the first.
_REACHABLE: Final = """() => {
    const all = [...document.querySelectorAll("*")];
    return all.filter((e) => e.tabIndex >= 0 && e.checkVisibility() && e.type !== "hidden")
        .filter((e) => e.type !== "radio" || e.checked || !document.querySelector(
            `[name="${e.name}"]:checked`) && e === document.querySelector(`[name="${e.name}"]`))
        .filter((e) => e.tagName !== "IFRAME").map((e) => all.indexOf(e));
}"""


def walk(page: Page) -> Iterator[str]:
    """From the top of the page to its end with Tab alone."""
    page.evaluate(_TOP)
    stops: list[dict[str, Any]] = []
    for _ in range(_MOST):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None or (stops and stop["at"] == stops[0]["at"]):
            break
        if not stops or stop["at"] != stops[-1]["at"]:
            stops.append(stop)
        # Else a part of the same field, such as the month of a date.
    else:
        yield "a trap"
    visited = [stop["at"] for stop in stops]
    # A page without a header has nothing to skip.
    if page.locator(".top").count() and (not stops or 'class="skip"' not in stops[0]["told"]):
        yield "the first is no skip link"
    if visited != sorted(visited):
        yield "not in the order of the document"
    missed = set(page.evaluate(_REACHABLE)) ^ set(visited)
    if missed:
        yield f"not reached, or not to be reached: {sorted(missed)}"
    yield from _seen(stops)
    yield from _read(stops[1:])


def _seen(stops: list[dict[str, Any]]) -> Iterator[str]:
    for stop in stops:
        if stop["hidden"]:
            yield f"the focus is out of sight: {stop['told']}"
        if stop["ring"] < _RING_PX or _contrast(*stop["colours"]) < _CONTRAST:
            yield f"the focus cannot be seen: {stop['told']}"


def _read(stops: list[dict[str, Any]]) -> Iterator[str]:
    """Down the page, and in a line from left to right."""
    for before, after in itertools.pairwise(stops):
        down = after["scrolled"] - before["scrolled"]
        (left, top, _, bottom), (to_left, to_top, *_, to_bottom) = before["box"], after["box"]
        above = to_bottom + down <= top + 1
        left_in_line = to_top + down < bottom - 1 and to_left < left
        if above or left_in_line:
            yield f"not in reading order: {after['told']}"


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance of ``rgb(r, g, b)``. (WCAG 2.2, definitions)"""
    parts = [int(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
