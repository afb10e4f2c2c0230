"""Which language an answer has, and how each writes dates, times and numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui import languages
from webui.languages import Language

RO, EN, FR = Language.RO, Language.EN, Language.FR
BUCHAREST = ZoneInfo("Europe/Bucharest")
MOMENT = datetime(2027, 1, 6, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "expected"),
    [
        (None, None, None, EN),
        ("fr", "ro", "en", FR),
        ("ro-RO", None, None, RO),
        ("FR_ca", None, None, FR),
        ("de nl ro en", None, None, RO),
        ("de", "ro", "fr", RO),
        ("", "", "fr-CH, fr;q=0.9, en;q=0.8", FR),
        (None, "xx", "de, ro;q=0.4, en;q=0.3", RO),
        (None, None, "en;q=0.5, ro;q=0.5", EN),
        (None, None, "en;q=0.2, fr;q=0.8", FR),
        (None, None, "fr;q=0", EN),
        (None, None, "fr;q=zero, ro;q=0.1", RO),
        (None, None, "*", EN),
        (None, None, "frr, rom", EN),
        (None, None, ";;,,=q", EN),
    ],
)
def test_choose(
    asked: str | None, remembered: str | None, accepted: str | None, expected: Language
) -> None:
    """The link wins, then the cookie, then the browser's best; else English."""
    assert languages.choose(asked, remembered, accepted) is expected


@given(st.text(), st.text(), st.text())
def test_choose_never_fails(asked: str, remembered: str, accepted: str) -> None:
    """Whatever strangers send, there is a language."""
    assert languages.choose(asked, remembered, accepted) in set(Language)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/login", "/login?lang=fr"),
        ("/login?next=%2Fa%3Fb&lang=ro", "/login?next=%2Fa%3Fb&lang=fr"),
        ("/x?empty=", "/x?empty=&lang=fr"),
        ("/x?a=1#part", "/x?a=1&lang=fr"),
        ("//evil.example/x", "/evil.example/x?lang=fr"),
        ("https://evil.example/x", "/https://evil.example/x?lang=fr"),
        ("/\t/evil.example", "/%09/evil.example?lang=fr"),
        ("/\\evil.example", "/%5Cevil.example?lang=fr"),
    ],
)
def test_link(address: str, expected: str) -> None:
    """The same page in another language, and never another site."""
    assert languages.link(address, FR) == expected


@given(st.text(max_size=30))
def test_link_stays_on_this_site(address: str) -> None:
    """No address leaves the site: one slash, then something that is not a slash."""
    made = languages.link(address, FR)
    assert made.startswith("/")
    assert made[1:2] not in ("/", "\\")


@pytest.mark.parametrize(
    ("language", "expected"),
    [(EN, "6 January 2027"), (RO, "6 ianuarie 2027"), (FR, "6 janvier 2027")],
)
def test_dates(language: Language, expected: str) -> None:
    """Day, month in letters, year (ui 4)."""
    assert languages.written_date(language, date(2027, 1, 6)) == expected
    assert languages.written_moment(language, MOMENT, BUCHAREST) == f"{expected}, 09:05"


def test_times() -> None:
    """24 hours, in the zone of the site; the day is that zone's as well."""
    late = datetime(2027, 1, 5, 22, 30, tzinfo=UTC)
    assert languages.written_time(EN, datetime(2027, 7, 1, 13, 7, tzinfo=UTC), BUCHAREST) == "16:07"
    assert languages.written_moment(EN, late, BUCHAREST) == "6 January 2027, 00:30"
    with pytest.raises(ValueError, match="naive"):
        languages.written_time(EN, late.replace(tzinfo=None), BUCHAREST)


@pytest.mark.parametrize(
    ("language", "amount", "number"),
    [
        (EN, "1,234.56\u00a0RON", "12,345"),
        (RO, "1.234,56\u00a0RON", "12.345"),
        (FR, "1\u202f234,56\u00a0RON", "12\u202f345"),
    ],
)
def test_numbers(language: Language, amount: str, number: str) -> None:
    """Separators of the language; never a line break inside an amount."""
    assert languages.written_amount(language, Decimal("1234.56"), "RON") == amount
    assert languages.written_number(language, 12345) == number
