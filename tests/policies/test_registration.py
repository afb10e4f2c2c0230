"""Names, mail addresses, phone numbers. (J1.1, J1.2)"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import errors, masks, phones, registration
from policies.messages import Language
from policies.phones import PhoneInvalid
from policies.registration import Problem, RegistrationForm

RO = ("+40",)
FORM = RegistrationForm("Ana", "Pop", "ana@example.com", "0712345678", True, Language.RO, "+40")


@pytest.mark.parametrize(
    ("text", "prefix", "wanted"),
    [
        ("0712345678", "+40", "+40712345678"),
        ("712345678", "+40", "+40712345678"),
        ("+40 712 345 678", "", "+40712345678"),
        ("0040-712-345-678", "", "+40712345678"),
        ("(0712) 345.678", "+40", "+40712345678"),
        ("+40712345678", "+33", "+40712345678"),
    ],
)
def test_numbers_in_many_spellings(text: str, prefix: str, wanted: str) -> None:
    """One number in E.164."""
    assert phones.parse(text, RO, prefix) == wanted


@pytest.mark.parametrize(
    ("text", "prefix", "problem"),
    [
        ("", "+40", "malformed"),
        ("07123", "+40", "malformed"),
        ("07123456789", "+40", "malformed"),
        ("07123x5678", "+40", "malformed"),
        ("0712345678", "", "malformed"),
        ("٠٧١٢٣٤٥٦٧٨", "+40", "malformed"),
        ("+33612345678", "", "country"),
        ("0612345678", "+33", "country"),
        ("+4" + "1" * 15, "", "malformed"),
    ],
)
def test_numbers_that_cannot_be_used(text: str, prefix: str, problem: str) -> None:
    """Too short, too long, not digits, or of a country that SMS do not go to."""
    with pytest.raises(PhoneInvalid) as invalid:
        phones.parse(text, RO, prefix)
    assert str(invalid.value) == problem


def test_more_countries_can_be_allowed() -> None:
    """The longest prefix counts."""
    assert phones.parse("+373 69 123 456", ("+40", "+373")) == "+37369123456"
    assert phones.country_of("+37369123456", ("+37", "+373")) == "+373"


@given(st.text(max_size=40), st.sampled_from(["", "+40"]))
def test_any_text_gives_a_number_or_a_problem(text: str, prefix: str) -> None:
    """Never anything else."""
    try:
        number = phones.parse(text, RO, prefix)
    except PhoneInvalid:
        return
    assert number.startswith("+40")
    assert number[1:].isascii()
    assert len(number) == 12


@pytest.mark.parametrize(
    "address",
    ["a@b.ro", "first.last+tag@sub.example.com", "o'neil@example.co.uk", "x" * 64 + "@example.com"],
)
def test_addresses_that_can_be_used(address: str) -> None:
    """Dot-atoms at host names."""
    assert registration.mail_problem(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "a",
        "a@b",
        "@example.com",
        "a@",
        "a@@example.com",
        "a b@example.com",
        "a@exa mple.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a@-example.com",
        "a@example..com",
        "a@127.0.0.1",
        "a@example.com\nBcc: b@example.com",
        '"a"@example.com',
        "ană@example.com",
        "a@exämple.com",
        "x" * 65 + "@example.com",
        "a\0@example.com",
    ],
)
def test_addresses_that_cannot_be_used(address: str) -> None:
    """Nothing quoted, nothing that only looks like ASCII, nothing that breaks a header."""
    assert registration.mail_problem(address) is Problem.MALFORMED


def test_an_address_is_missing_or_too_long() -> None:
    """Each has its own word."""
    assert registration.mail_problem("") is Problem.MISSING
    long = "a@" + ".".join(["x" * 60] * 5) + ".ro"
    assert registration.mail_problem(long) is Problem.TOO_LONG


@pytest.mark.parametrize("name", ["Ana", "Ștefan-Ion", "O'Neil", "d\u2019Arc", "Jr.", "Ана", "李"])
def test_names_of_people(name: str) -> None:
    """Letters of any script, and the marks that names have."""
    assert registration.name_problem(registration.name(name)) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", Problem.MISSING),
        ("   ", Problem.MISSING),
        ("x" * 65, Problem.TOO_LONG),
        ("R2D2", Problem.MALFORMED),
        ("<b>", Problem.MALFORMED),
        ("a\u202eb", Problem.MALFORMED),
        ("--", Problem.MALFORMED),
        ("a\0b", Problem.MALFORMED),
    ],
)
def test_names_that_cannot_be_used(name: str, problem: Problem) -> None:
    """No digits, no markup, no bidi controls."""
    assert registration.name_problem(registration.name(name)) is problem


def test_names_have_one_spelling() -> None:
    """NFC and single spaces."""
    assert registration.name("  Ana   Maria\u0306 ") == "Ana Mari\u0103"


def test_the_form_tells_every_problem() -> None:
    """One word per field."""
    empty = RegistrationForm("", "", "", "", False, Language.EN)
    with pytest.raises(errors.FormInvalid) as refusal:
        registration.check(empty, RO)
    fields = ("first_name", "last_name", "email", "phone", "privacy_read")
    assert refusal.value.problems == dict.fromkeys(fields, "missing")


def test_the_tick_is_mandatory() -> None:
    """J1.1."""
    with pytest.raises(errors.FormInvalid) as refusal:
        registration.check(replace(FORM, privacy_read=False), RO)
    assert refusal.value.problems == {"privacy_read": "missing"}
    assert registration.check(FORM, RO).phone == "+40712345678"


def test_case_makes_no_other_account() -> None:
    """Nor do spaces around it."""
    assert registration.mail_key(" Ana@EXAMPLE.com ") == registration.mail_key("ana@example.com")


def test_masks_hide_the_middle() -> None:
    """J5."""
    assert masks.phone("+40712345321") == "+40 7•• ••• 321"
    assert masks.phone("+37369123456") == "+37 •••••• 456"
    assert masks.email("ana.pop@example.com") == "a•••@example.com"
