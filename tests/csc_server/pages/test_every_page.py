"""Every page in every state, looked at as ui 6 asks. The states stand in ``stops``.

A page without a stop there fails here, so that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from csc_server.web.pages.table import PAGES
from tests.csc_server.pages import looks, programs, stage
from tests.csc_server.pages.stops import every, layouts
from tests.csc_server.pages.tour import Tour

THOROUGH = 100
"""Rounds of the campaign from which on everything is looked at."""
OTHERS = {("GET", "outbox")}
"""Pages that stand in no table of pages."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without the service of the other tests."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def tour(browser: Browser) -> Iterator[Tour]:
    """One browser for all of it."""
    with stage.StageServer(programs.credential()).running() as server:
        yield Tour(server, browser)


def test_no_page_is_left_out(tour: Tour, rounds: int) -> None:
    """Every route is visited; nobody complains: axe, both schemes, three widths, spread text.

    `make campaign` looks at every state, and at each layout at every width.
    """
    thorough = rounds >= THOROUGH
    found, stops = [], every()
    of_each_kind = layouts(stops)
    for stop in stops:
        page = tour.arrive(stop)
        if not thorough and stop not in of_each_kind:
            continue
        complaints = [*looks.complaints(page, every_width=thorough and stop in of_each_kind)]
        complaints += looks.reflow(page)
        complaints += looks.spacing(page)
        complaints += looks.small_targets(page)
        found += [(stop.name, one) for one in complaints]
        if stop.name.startswith("error-"):
            assert stop.name == f"error-{tour.status}"
    assert found == []
    assert tour.console == []
    routes = {(method, page.path) for page in PAGES for method in page.http_methods}
    assert (routes | OTHERS) - tour.server.answered == set()


@pytest.mark.parametrize("language", ["ro", "fr"])
def test_the_longer_languages_fit(tour: Tour, language: str) -> None:
    """At 320 px nothing scrolls sideways or is cut."""
    found = []
    for stop in layouts(every()):
        page = tour.arrive(stop, language)
        found += [(stop.name, one) for one in looks.reflow(page)]
    assert found == []
