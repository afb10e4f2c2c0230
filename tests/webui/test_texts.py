"""Short forms and cleaned texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui import texts

DIGEST = bytes.fromhex("4aec9aa5" + "00" * 24 + "332cdec0")


def test_hash() -> None:
    """First and last eight digits in fours (ui 3.16)."""
    assert texts.hash_short(DIGEST) == "4aec 9aa5 … 332c dec0"
    assert (texts.hash_start(DIGEST), texts.hash_end(DIGEST)) == ("4aec 9aa5", "332c dec0")


def test_serial() -> None:
    """The last eight digits; a short serial is filled with zeros."""
    assert texts.serial_short(0x5A0F7C1E90B4) == "… 7c1e 90b4"
    assert texts.serial_short(0x90B4) == "… 0000 90b4"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+40712345321", "+40 7•• ••• 321"),
        ("+33612345678", "+33 6•• ••• 678"),
        ("+12125554321", "+1 2•• ••• •321"),
        ("+37369123456", "+373 6•• ••456"),
        ("+37360123", "+373 6•123"),
        ("0712345321", "•••"),
        ("+40 712 345 321", "•••"),
        ("+407a2345321", "•••"),
        ("", "•••"),
    ],
)
def test_phone(number: str, expected: str) -> None:
    """Country, first digit, last three; nothing of what is not an E.164 number."""
    # Never broken between lines.
    assert texts.phone_mask(number) == expected.replace(" ", "\u00a0")


@given(st.from_regex(r"\+[0-9]{7,15}", fullmatch=True))
def test_phone_hides_the_middle(number: str) -> None:
    """At most country, first digit and last three are told, whatever the number."""
    told = [c for c in texts.phone_mask(number) if c.isdigit()]
    assert len(told) <= 3 + 1 + 3


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Contab Pro", "Contab Pro"),
        ("  two\n lines\t\u2028here ", "two lines here"),
        ("evil\u202efdp.exe", "evilfdp.exe"),
        ("a\u2066b\u2069c\u200fd\u061ce", "abcde"),
        ("zero\u200bwidth\ufeff\x00\x1b", "zerowidth"),
        ("<b>&amp;", "<b>&amp;"),
        ("ș" * 100, "ș" * 100),
        ("x" * 101, "x" * 99 + "…"),
    ],
)
def test_client_text(sent: str, shown: str) -> None:
    """One line, no invisible characters, at most 100; escaping is the template's part."""
    assert texts.client_text(sent) == shown


def test_groups() -> None:
    """Fours, the last one as long as what is left."""
    assert texts.groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
