"""The HTML report: what it says, that it needs and runs nothing, and how it looks in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from conformance.model import Report, Run, Verdict, Version
from conformance.report import html
from tests.conformance import made_up
from tests.csc_server.pages import looks

CSS = (Path(html.__file__).parent / "page.css").read_text()
DESIGN = {
    # The palette that pages of this house share (light, dark).
    *("#f4f6f8", "#ffffff", "#edf0f4", "#d6dce4", "#768294", "#14181f", "#4d5766", "#2142ab"),
    *("#14653b", "#e5f3eb", "#744700", "#fdf2d9", "#a3211b", "#fceceb"),
    *("#0f1218", "#171b23", "#1f252f", "#2e3644", "#7d899b", "#e9ecf1", "#a9b2c0", "#aebfff"),
    *("#7fd6a3", "#14291e", "#f3c66b", "#2c230f", "#ffa39b", "#331917"),
}


class Elements(HTMLParser):
    """Collects elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.text.append(data)


def _text(report: Report) -> str:
    return re.sub(r"\s+", " ", "".join(Elements(html.page(report)).text))


def _large() -> Report:
    """As many runs and as long words as a page has to bear."""
    report = made_up.report()
    long = made_up.run(Version.V21)
    return replace(report, runs=(*report.runs, replace(long, url=f"https://{'a' * 120}/csc/v2")))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of a large report, opened as a file."""
    html.write(_large(), tmp_path / "report.html")
    opened = chromium.new_page()
    opened.goto((tmp_path / "report.html").as_uri())
    yield opened
    opened.close()


@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_stands_first(verdict: Verdict) -> None:
    """The one heading of the first order is the verdict, its meaning comes next."""
    page = html.page(made_up.only(verdict))
    worst = Verdict.NOT_RUN if verdict is Verdict.NOT_APPLICABLE else verdict
    assert page.count("<h1>") == 1
    assert html.BADGES[worst] in page
    assert html.LEADS[worst] in page


def test_a_failure_has_all_that_one_needs() -> None:
    """Expectation, clause, what was found, request, answer, what to change."""
    text = _text(made_up.report())
    for part in (
        made_up.EMPTY.expects,
        "clause 11.9 (v1.0.4.0); clause 11.10 (v2.0.0.2 and v2.1.0.1)",
        "Answered 200",
        made_up.EMPTY.mend,
        "POST https://rssp.example/csc/v2/signatures/signHash",
        '"credentialID":"CRED-1"',
        "No answer within 10 s.",
    ):
        assert part in text


def test_what_was_not_run_has_its_reason() -> None:
    """Reasons stand with the checks that they kept from running; passes are listed."""
    text = _text(made_up.report())
    assert "the budget of 5 requests is used up, 3 checks" in text
    assert "info.methods has no signatures/timestamp, 3 checks" in text
    assert made_up.ORDER.id in text


def test_the_first_paragraph_names_the_worst_groups() -> None:
    """A reader learns where to look before any table."""
    assert "The failures are about info (3) and signatures/signHash (3)." in _text(made_up.report())


def test_many_groups_are_counted_not_listed() -> None:
    """The first paragraph stays a paragraph."""
    report = made_up.only(Verdict.FAIL)
    (result,) = report.runs[0].results
    many = [replace(result, check=made_up.check(f"g{n}.x", group=f"group {n}")) for n in range(9)]
    text = _text(replace(report, runs=(replace(report.runs[0], results=tuple(many)),)))
    assert "group 2 (1), group 3 (1) and 5 other groups." in text


@pytest.mark.parametrize(
    ("verdicts", "parts"),
    [
        ([Verdict.PASS], 'class="pass" x="0.0" width="100.0"'),
        ([Verdict.PASS, Verdict.NOT_APPLICABLE], 'class="pass" x="0.0" width="100.0"'),
        ([Verdict.PASS, Verdict.NOT_RUN], 'class="pass" x="0.0" width="50.0"'),
        ([Verdict.PASS, Verdict.FAIL], 'class="fail" x="50.0" width="50.0"'),
        ([Verdict.FAIL, Verdict.PASS, Verdict.WARN], 'class="warn" x="33.33" width="33.33"'),
    ],
)
def test_the_bar_is_full_of_what_was_tried(verdicts: list[Verdict], parts: str) -> None:
    """Passed, warned, failed from the left; only what was not run leaves room."""
    report = made_up.only(Verdict.PASS)
    (result,) = report.runs[0].results
    results = tuple(replace(result, verdict=verdict) for verdict in verdicts)
    page = html.page(replace(report, runs=(replace(report.runs[0], results=results),)))
    assert parts in page


def test_two_servers_at_one_version_are_told_apart() -> None:
    """The table's columns have the address where the version alone is not enough."""
    report = made_up.report(Version.V21)
    other = replace(report.runs[0], url="https://other.example/csc/v2")
    assert "v2.1.0.1 at https://other.example/csc/v2" in _text(
        replace(report, runs=(*report.runs, other))
    )


def test_a_report_without_runs_is_a_page() -> None:
    """Nothing was checked, and the page says so."""
    assert "Nothing about Sample RSSP could be checked." in _text(
        replace(made_up.report(), runs=())
    )
    empty = Run("https://rssp.example/csc/v2", Version.V21, "", ())
    assert "announces no version" in _text(replace(made_up.report(), runs=(empty,)))


def test_a_server_adds_no_markup() -> None:
    """What a server said is text: no element, no attribute, no character that does not print."""
    page = html.page(made_up.report())
    elements = Elements(page)
    assert "script" not in elements.tags
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not set("\x00\x1b\u202e\ud800") & set(page)
    assert not [name for name, _ in elements.attributes if name == "style" or name.startswith("on")]


def test_a_name_adds_no_markup() -> None:
    """Neither do name, addresses, texts of checks and reasons."""
    check = replace(
        made_up.EMPTY, expects=made_up.HOSTILE, mend=made_up.HOSTILE, group=made_up.HOSTILE
    )
    report = replace(made_up.only(Verdict.FAIL, check), name=made_up.HOSTILE)
    bad = replace(report.runs[0], url=made_up.HOSTILE, announced=made_up.HOSTILE)
    assert "script" not in Elements(html.page(replace(report, runs=(bad,)))).tags


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Answer `info` with `200`.", "Answer <code>info</code> with <code>200</code>."),
        ("a lone ` stays", "a lone ` stays"),
        ("`<b>` & co", "<code>&lt;b&gt;</code> &amp; co"),
    ],
)
def test_quoted_words_are_code(text: str, shown: str) -> None:
    """Words between backticks, escaped before they are marked up."""
    assert html.prose(text) == shown


def test_the_page_needs_nothing() -> None:
    """No address is loaded; links lead within the page, and to a place that is there."""
    attributes = Elements(html.page(made_up.report())).attributes
    loaded = ("src", "srcset", "data", "action", "poster", "background")
    assert not [one for one in attributes if one[0] in loaded]
    targets = {value for name, value in attributes if name == "id"}
    links = [value or "" for name, value in attributes if name == "href"]
    assert links
    assert all(link.startswith("#") and link[1:] in targets for link in links)
    assert len(targets) == len([name for name, _ in attributes if name == "id"])
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_colours_are_those_of_the_design() -> None:
    """Colours stand in the :root blocks, and they are the palette's."""
    blocks = "".join(re.findall(r":root \{.*?\}", CSS, re.DOTALL))
    colours = re.findall(r"#[0-9a-fA-F]{3,8}\b|(?:rgb|hsl)a?\([^)]*\)", CSS)
    assert set(colours) == DESIGN
    assert all(colour in blocks for colour in colours)


def test_the_browser_loads_and_forbids_nothing(chromium: Browser, tmp_path: Path) -> None:
    """One request, the file itself; the policy lets the page's look through and objects to none."""
    html.write(made_up.report(), tmp_path / "report.html")
    opened = chromium.new_page()
    asked: list[str] = []
    said: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    opened.goto((tmp_path / "report.html").as_uri())
    sheet = opened.evaluate("getComputedStyle(document.querySelector('.sheet')).borderTopWidth")
    opened.close()
    assert asked == [(tmp_path / "report.html").as_uri()]
    assert said == []
    assert sheet == "5px"


def test_axe_finds_nothing(page: Page) -> None:
    """Light and dark, 320 to 1280 px, everything folded out."""
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert list(looks.complaints(page)) == []


def test_the_page_bears_small_screens_and_large_text(page: Page) -> None:
    """Nothing sticks out at 320 px, with spread text, or at 200 %; targets can be hit."""
    assert [*looks.reflow(page), *looks.spacing(page), *looks.zoomed(page)] == []
    assert list(looks.small_targets(page)) == []


def test_evidence_is_printed(page: Page) -> None:
    """Paper has no arrows to press: requests and answers are printed, folded or not."""
    seen = "document.querySelector('.exchange').checkVisibility()"
    assert not page.evaluate(seen)
    page.emulate_media(media="print")
    assert page.evaluate(seen)


def test_the_page_opens_without_script(chromium: Browser, tmp_path: Path) -> None:
    """Requests fold out by a press of their line, with no script at work."""
    html.write(made_up.report(), tmp_path / "report.html")
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((tmp_path / "report.html").as_uri())
    opened.locator(".card summary").first.click()
    opened.locator(".card .exchange").first.wait_for(state="visible")
    context.close()
