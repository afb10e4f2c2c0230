"""Pictures of every page, to be looked at: ``python -m tests.csc_server.pages.shots DIRECTORY``.

One file for each stop of the tour, width, scheme and language; ``--language`` and words after the
directory (beginnings of names) choose.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from tests.csc_server.pages import programs, stage
from tests.csc_server.pages.stops import every
from tests.csc_server.pages.tour import Tour

_LOOKS: Final[list[tuple[int, Any]]] = [
    (1280, "light"),
    (1280, "dark"),
    (390, "light"),
    (390, "dark"),
]


def take(page: Page, directory: Path, name: str) -> None:
    """A picture for a phone and for a desk, light and dark."""
    for width, scheme in _LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=directory / f"{name}-{width}-{scheme}.png", full_page=True)


def main() -> None:
    """All pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="*", default=[""])
    parser.add_argument("--language", action="append", choices=["en", "ro", "fr"])
    given = parser.parse_intermixed_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    with stage.StageServer(programs.credential()).running() as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tour = Tour(server, browser)
        for language in given.language or ["en"]:
            for stop in every():
                if stop.name.startswith(tuple(given.names)):
                    take(tour.arrive(stop, language), given.directory, f"{stop.name}-{language}")
        browser.close()


if __name__ == "__main__":
    main()
