"""Every page in every state, looked at as ui 6 asks. The states stand in ``stops``.

A page without a stop there fails here, so that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from csc_server.web.pages.table import PAGES
from tests.csc_server.pages import keys, looks, media, programs, stage
from tests.csc_server.pages.stops import every, layouts, paths
from tests.csc_server.pages.tour import Stop, Tour

THOROUGH = 100
"""Rounds of the campaign from which on everything is looked at."""
MORE = {
    *("login-mismatch", "register-empty", "invitation-code", "new-password-code", "pair-app-key"),
    *("ask-many", "ask-choose", "approval-pin", "approval-sms-sent", "phone-number", "paired"),
}
"""States with parts of their own, beside the first of each path."""
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


def test_keys_media_and_large_text(tour: Tour, rounds: int) -> None:
    """Without a mouse, in forced colours, without motion, on paper, with text of 200 %.

    `make test` looks at the first state of each path and a few others, `make campaign` at each
    layout.
    """
    stops, found = every(), []
    named = [one for one in stops if one.name in MORE]
    for stop in layouts(stops) if rounds >= THOROUGH else paths(stops) + named:
        if stop.calls:
            continue
        page = tour.arrive(stop)
        complaints = [*keys.walk(page), *looks.zoomed(page), *media.forced(page)]
        complaints += [*media.still(page), *media.paper(page)]
        found += [(stop.name, one) for one in complaints]
    assert found == []
    assert tour.console == []


def test_the_skip_link(tour: Tour) -> None:
    """It is the first, it is seen, and leads past the header."""
    page = tour.arrive(_stop("settings"))
    page.keyboard.press("Tab")
    link = page.locator(".skip")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("main a").first).to_be_focused()


@pytest.mark.parametrize(
    ("name", "field", "typed", "heading"),
    [
        # Beside *Show*, *Refuse*, *Set up now*, *Change phone number* and *Sign out*.
        ("login", "#password", "seven quiet otters", "Settings"),
        ("approval-pin", "#code", "123456", "Approvals"),
        ("two-factor", "#remind_on", "2030-01-01", "Settings"),
        ("invitation-code", "#code", "123456", "Confirm your phone"),
        ("password", "#current", "seven quiet otters", "Settings"),
    ],
)
def test_enter_presses_the_right_button(
    tour: Tour, name: str, field: str, typed: str, heading: str
) -> None:
    """In a field it sends the form that the field is in, by its first button."""
    page = tour.arrive(_stop(name))
    page.locator(field).fill(typed)
    with page.expect_navigation():
        page.locator(field).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert [kind for kind, *_ in tour.server.approvals.answers] in ([], ["approve"])


def test_the_notice_is_read_with_keys(tour: Tour) -> None:
    """J1.6: the text takes the focus, End goes to its end, and Tab leads out again."""
    page = tour.arrive(_stop("privacy-read"))
    page.locator("#notice").focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "() => { const n = document.getElementById('notice');"
        " return n.scrollTop + n.clientHeight >= n.scrollHeight - 2; }"
    )
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="I have read it")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


def test_buttons_under_a_thumb(tour: Tour) -> None:
    """On a phone as wide as the column, both the same; a row's button stays in one line."""
    page = tour.arrive(_stop("approval-sms"))
    page.set_viewport_size({"width": 390, "height": 900})
    column = page.locator("form[action='/approval']").bounding_box()
    assert column is not None
    for name in ("Send the SMS code", "Refuse"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["width"] == column["width"]
    page = tour.arrive(_stop("approvals"))
    page.set_viewport_size({"width": 390, "height": 900})
    for link in page.get_by_role("link", name="Look at it").all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] == 40


def test_what_is_printed(tour: Tour) -> None:
    """Every document of a request; the QR code, but the key only where it was shown."""
    page = tour.arrive(_stop("ask-many"))
    page.emulate_media(media="print")
    expect(page.get_by_text("Payslip 99.pdf")).to_be_visible()
    for name, shown in (("pair-app", False), ("pair-app-key", True)):
        page = tour.arrive(_stop(name))
        page.emulate_media(media="print")
        expect(page.locator(".qr-code")).to_be_visible()
        assert page.locator("#pairing-key").is_visible() == shown


def _stop(name: str) -> Stop:
    return next(one for one in every() if one.name == name)


@pytest.mark.parametrize("language", ["ro", "fr"])
def test_the_longer_languages_fit(tour: Tour, language: str) -> None:
    """At 320 px nothing scrolls sideways or is cut."""
    found = []
    for stop in layouts(every()):
        page = tour.arrive(stop, language)
        found += [(stop.name, one) for one in looks.reflow(page)]
    assert found == []
