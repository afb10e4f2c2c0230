"""Who a certificate may name: the table of what is refused, and what it becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import errors, identity
from policies.identity import Identifier, IdentifierScheme, Identity

PASSPORT = Identifier(IdentifierScheme.PASSPORT, "123456", "RO")
OPAQUE = Identifier(IdentifierScheme.OPAQUE, "7F3A")
LONGEST = "\u0627" * identity.NAME_CHARACTERS
ION = Identity("RO", PASSPORT, given_name="Ion", surname="Popescu")


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        (PASSPORT, "PASRO-123456"),
        (Identifier(IdentifierScheme.ID_CARD, "RX 1", "RO"), "IDCRO-RX 1"),
        (Identifier(IdentifierScheme.NATIONAL, "1", "FR"), "PNOFR-1"),
        (Identifier(IdentifierScheme.TAX, "1", "DE"), "TINDE-1"),
        (OPAQUE, "7F3A"),
    ],
)
def test_identifiers_are_written_as_the_standard_says(identifier: Identifier, text: str) -> None:
    """Scheme, country, number; an opaque one is only itself (EN 319 412-1 5.1.3)."""
    assert identity.proofed(replace(ION, identifier=identifier)).identifier.text == text


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Ion Popescu"),
        ({"given_name": None}, "Popescu"),
        ({"surname": None}, "Ion"),
        ({"given_name": None, "surname": None, "pseudonym": "Vulpea"}, "Vulpea"),
        ({"given_name": "  Ana\u00a0 Maria "}, "Ana Maria Popescu"),
        ({"surname": "S\u0326tefa\u0306nescu"}, "Ion \u0218tef\u0103nescu"),
        ({"surname": LONGEST}, f"Ion {LONGEST}"),
    ],
)
def test_names_become_tidy(changes: dict[str, str | None], name: str) -> None:
    """NFC, single spaces, and what people read first."""
    assert identity.proofed(replace(ION, **changes)).common_name == name  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"country": "ro"}, "country"),
        ({"country": "ROU"}, "country"),
        ({"country": ""}, "country"),
        ({"given_name": None, "surname": None}, "names or pseudonym"),
        ({"pseudonym": "Vulpea"}, "names or pseudonym"),
        ({"surname": ""}, "surname"),
        ({"surname": " \t"}, "surname"),
        ({"surname": "a" * (identity.NAME_CHARACTERS + 1)}, "surname"),
        ({"given_name": "Ion\u202e"}, "given_name"),
        ({"given_name": "I\x00n"}, "given_name"),
        ({"given_name": "\ud800"}, "given_name"),
        ({"identifier": replace(PASSPORT, country=None)}, "identifier country"),
        ({"identifier": replace(PASSPORT, country="R0")}, "identifier country"),
        ({"identifier": replace(OPAQUE, country="RO")}, "identifier country"),
        ({"identifier": replace(PASSPORT, number="")}, "identifier number"),
        ({"identifier": replace(PASSPORT, number=" 1")}, "identifier number"),
        ({"identifier": replace(PASSPORT, number="1_2")}, "identifier number"),
        ({"identifier": replace(PASSPORT, number="é")}, "identifier number"),
        ({"identifier": replace(PASSPORT, number="1" * 59)}, "identifier number"),
    ],
)
def test_what_cannot_be_certified(changes: dict[str, object], field: str) -> None:
    """The reason names the field, never its content."""
    with pytest.raises(errors.IdentityUnfit) as caught:
        identity.proofed(replace(ION, **changes))  # type: ignore[arg-type]  # fields by name
    assert str(caught.value) == field


def test_the_longest_identifier_fits() -> None:
    """64 characters in all, as RFC 5280 bounds serialNumber."""
    longest = replace(PASSPORT, number="1" * 58)
    assert len(identity.proofed(replace(ION, identifier=longest)).identifier.text) == 64


@given(st.text(max_size=300), st.text(max_size=80))
def test_whatever_is_proofed_stays_as_it_is(surname: str, number: str) -> None:
    """A second look changes nothing; nothing but the documented refusal comes out."""
    person = Identity("RO", Identifier(IdentifierScheme.OPAQUE, number), surname=surname)
    try:
        tidy = identity.proofed(person)
    except errors.IdentityUnfit:
        return
    assert identity.proofed(tidy) == tidy
