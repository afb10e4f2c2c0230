"""Looking at a page as the design asks: axe, contrast in both schemes, reflow. (ui 6)"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # no types
from playwright.sync_api import Page

_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_EVERYTHING: Final = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
_COLOURS: Final = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]},
    "resultTypes": ["violations"],
}
_COMBINATIONS: Final[list[tuple[Any, int, Any]]] = [
    ("light", 1280, _EVERYTHING),
    ("dark", 390, _COLOURS),
    ("light", 390, _COLOURS),
    ("dark", 1280, _COLOURS),
]
"""Rules that depend on neither colours nor width run once."""
_AXE: Final[str] = Axe().axe_script


def look(page: Page, name: str) -> None:
    """Nothing to complain about in light and dark, on a phone and on a desk, and at 320 px.

    With ``PAGE_SHOTS=directory`` in the environment each state is left there as a picture.
    """
    page.evaluate(_AXE)
    for scheme, width, options in _COMBINATIONS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate("o => axe.run(document, o).then(r => r.violations)", options)
        assert not found, (name, scheme, width, [_told(one) for one in found])
        if directory := os.environ.get("PAGE_SHOTS"):
            page.screenshot(path=Path(directory) / f"{name}-{width}-{scheme}.png", full_page=True)
    assert_reflows(page, name)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def assert_reflows(page: Page, name: str) -> None:
    """No sideways scroll at 320 px. (WCAG 1.4.10)"""
    page.set_viewport_size({"width": 320, "height": 900})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320, (name, wide)


def _told(violation: dict[str, Any]) -> tuple[str, list[Any]]:
    return violation["id"], [node["html"][:200] for node in violation["nodes"][:3]]
