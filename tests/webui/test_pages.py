"""The gallery as HTML: what a strict Content-Security-Policy and the frame ask of every page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.webui import gallery
from webui.languages import Language

EVERY_PAGE = pytest.mark.parametrize("name", gallery.PAGES)
VOID = {"input", "meta", "link", "img", "br", "path", "circle", "rect"}


class _Tags(HTMLParser):
    """Start tags with their attributes, and the text inside scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.inline: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} repeats an attribute"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"script", "style"}:
            self.inline.append(data)


def _tags(name: str, language: Language = Language.EN) -> _Tags:
    return _Tags(gallery.page(name, language))


@EVERY_PAGE
def test_nothing_inline(name: str) -> None:
    """No style attribute, no handler, no inline script or style (ui 3.19)."""
    page = _tags(name)
    wrong = [
        (tag, attribute)
        for tag, attributes in page.tags
        for attribute, value in attributes.items()
        if attribute == "style" or attribute.startswith("on") or "javascript:" in (value or "")
    ]
    assert wrong == []
    assert page.inline == []
    assert "style" not in {tag for tag, _ in page.tags}
    assert page.open == []


@EVERY_PAGE
def test_ids(name: str) -> None:
    """Ids are unique, and whatever names an id finds it."""
    tags = _tags(name).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    pointers = "for aria-describedby aria-labelledby aria-controls data-show data-copy"
    pointers += " data-strength data-dialog data-reveals"
    named = {
        each
        for _, attributes in tags
        for pointer in pointers.split()
        for each in (attributes.get(pointer) or "").split()
    }
    anchors = {
        (attributes["href"] or "")[1:]
        for tag, attributes in tags
        if tag == "a" and (attributes.get("href") or "").startswith("#")
    }
    assert named | anchors <= set(ids)


@EVERY_PAGE
@pytest.mark.parametrize("language", Language)
def test_frame(name: str, language: Language) -> None:
    """Language, title, one h1, skip link first, the three languages, help in the foot."""
    source = gallery.page(name, language)
    tags = _Tags(source).tags
    assert dict(tags)["html"]["lang"] == language
    h1, title = re.findall(r"<h1>(.*?)</h1>", source), re.findall(r"<title>(.*?)</title>", source)
    assert len(h1) == 1
    assert title[0].endswith(f"{h1[0]} – Paraph")  # noqa: RUF001 - a dash, as in print
    links = [attributes for tag, attributes in tags if tag == "a"]
    assert links[0]["href"] == "#main"
    languages = [link for link in links if "hreflang" in link]
    assert [link["lang"] for link in languages] == ["ro", "en", "fr"]
    assert [link["lang"] for link in languages if "aria-current" in link] == [language]
    assert "/help" in {link["href"] for link in links}


def test_one_filled_button() -> None:
    """One page, one question, one filled button (ui 1)."""
    for name in gallery.PAGES:
        buttons = [a for _, a in _tags(name).tags if "filled" in (a.get("class") or "").split()]
        assert len(buttons) <= 1, name


def test_a_failed_page_says_so_first() -> None:
    """Screen readers read the title first (ui 3.3)."""
    assert "<title>Error: " in gallery.page("parts", Language.EN)
    assert "<title>Erreur\u00a0: " in gallery.page("parts", Language.FR)


def test_code_input() -> None:
    """One input that pastes, autofills and reads as one (ui 3.4)."""
    inputs = {a["id"]: a for tag, a in _tags("parts").tags if tag == "input" and "id" in a}
    code = inputs["sms"]
    wanted = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "7"}
    assert wanted.items() <= code.items()
    assert code["pattern"] == "[0-9 ]*"
    assert code["aria-invalid"] == "true"
    assert code["aria-describedby"] == "sms-error"


def test_more_than_ten_documents_fold() -> None:
    """The first ten, the count, and the others on the same page (ui 3.17)."""
    source = gallery.page("hashes", Language.EN)
    first, rest = source.split("Show all 12")
    assert first.count("<li>\n<svg") == 10
    assert rest.count("<li>\n<svg") == 2
    assert "We have not seen these documents." in first
    assert "Contab Pro sent 12 hashes." in first
    assert "Names as given by" not in source


def test_the_mark_lies_in_pencil_until_it_is_signed() -> None:
    """Pencil with a cross where approval is asked, ink elsewhere, no ornament (ui 1)."""
    assert "paraph-pencil" in gallery.page("approve", Language.EN)
    assert "paraph-ink" not in gallery.page("approve", Language.EN)
    assert "paraph-pencil" not in gallery.page("home", Language.EN)
