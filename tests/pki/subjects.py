"""People made up: every script, long names, pseudonyms, every kind of identifier."""

from __future__ import annotations

from hypothesis import strategies as st

from policies import identity
from policies.errors import IdentityUnfit
from policies.identity import (
    IDENTIFIER_CHARACTERS,
    NAME_CHARACTERS,
    Identifier,
    IdentifierScheme,
    Identity,
)

COUNTRIES = ["RO", "FR", "DE", "MD", "GR", "US"]
_WRITTEN = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
)
_REAL = ["Ștefan", "Țîrlea-Ionescu", "O'Brien", "Søren", "Ελένη", "Иван", "李", "von der Ähe"]
_NUMBERS = st.text("ABCXYZ0123456789 -./", min_size=1, max_size=IDENTIFIER_CHARACTERS - 6)

texts = (
    st.sampled_from(_REAL)
    | st.text(_WRITTEN, min_size=1, max_size=30)
    | st.text("Abcd efghș", min_size=NAME_CHARACTERS - 5, max_size=NAME_CHARACTERS)
)
identifiers = st.builds(
    lambda scheme, number, country: Identifier(
        scheme, number.strip(), None if scheme is IdentifierScheme.OPAQUE else country
    ),
    st.sampled_from(IdentifierScheme),
    _NUMBERS,
    st.sampled_from(COUNTRIES),
)
_countries = st.sampled_from(COUNTRIES)
_people = (
    st.builds(Identity, _countries, identifiers, given_name=texts, surname=texts)
    | st.builds(Identity, _countries, identifiers, surname=texts)
    | st.builds(Identity, _countries, identifiers, given_name=texts)
    | st.builds(Identity, _countries, identifiers, pseudonym=texts)
)


def fit(who: Identity) -> bool:
    """True if the rules let this person be certified."""
    try:
        identity.proofed(who)
    except IdentityUnfit:
        return False
    return True


people = _people.filter(fit)
"""Whom an authority of ours may name."""
