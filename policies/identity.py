"""Who a certificate may name: proofed data in, a subject out, or the reason why not.

Nothing comes from a request: the identity is what somebody checked on documents. The rules are
those for natural persons of EN 319 412-1 5.1.3 and EN 319 412-2 4.2.4 (security-and-pki 2.2).
How a subject is encoded is ``pki.names``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies import errors

NAME_CHARACTERS: Final = 200
"""Longest name or pseudonym. EN 319 412-2 lifts the 64 of RFC 5280; some end is needed."""
IDENTIFIER_CHARACTERS: Final = 64
"""Longest serialNumber in all (RFC 5280 ub-serial-number)."""
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")
"""PrintableString of X.680 41.4: what serialNumber may hold."""


class IdentifierScheme(StrEnum):
    """What kind of number tells two people of one name apart. (EN 319 412-1 5.1.3)"""

    PASSPORT = "PAS"
    ID_CARD = "IDC"
    NATIONAL = "PNO"
    """Public for ever once in a certificate: a provider's choice, never the default."""
    TAX = "TIN"
    OPAQUE = ""
    """A number of our own, without meaning and without semantics."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """The subject's serialNumber."""

    scheme: IdentifierScheme
    number: str
    country: str | None = None
    """Who gave the number, ISO 3166-1 alpha-2; ``None`` exactly for ``OPAQUE``."""

    @property
    def text(self) -> str:
        """As it stands in the certificate, such as ``PASRO-123456``."""
        if self.scheme is IdentifierScheme.OPAQUE:
            return self.number
        return f"{self.scheme.value}{self.country}-{self.number}"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as proofed: with names, or under a pseudonym, never both."""

    country: str
    """ISO 3166-1 alpha-2."""
    identifier: Identifier
    given_name: str | None = None
    surname: str | None = None
    pseudonym: str | None = None

    @property
    def common_name(self) -> str:
        """What people read first."""
        if self.pseudonym is not None:
            return self.pseudonym
        return " ".join(filter(None, (self.given_name, self.surname)))


def proofed(identity: Identity) -> Identity:
    """The identity as it may be certified: names in NFC, white space single.

    Raises:
        IdentityUnfit: A name is missing, both names and pseudonym stand there, or something
            cannot be written into a certificate. The reason names the field.
    """
    if not _COUNTRY.fullmatch(identity.country):
        raise errors.IdentityUnfit("country")
    tidy = Identity(
        country=identity.country,
        identifier=_identifier(identity.identifier),
        given_name=_name(identity.given_name, "given_name"),
        surname=_name(identity.surname, "surname"),
        pseudonym=_name(identity.pseudonym, "pseudonym"),
    )
    named = tidy.given_name is not None or tidy.surname is not None
    if named == (tidy.pseudonym is not None):
        raise errors.IdentityUnfit("names or pseudonym")
    return tidy


def _name(text: str | None, field: str) -> str | None:
    if text is None:
        return None
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if not tidy or len(tidy) > NAME_CHARACTERS or not all(map(_writable, tidy)):
        raise errors.IdentityUnfit(field)
    return tidy


def _writable(character: str) -> bool:
    # Controls and formats can make a name read as another (bidirectional overrides, joiners).
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _identifier(identifier: Identifier) -> Identifier:
    opaque = identifier.scheme is IdentifierScheme.OPAQUE
    if opaque != (identifier.country is None):
        raise errors.IdentityUnfit("identifier country")
    if identifier.country is not None and not _COUNTRY.fullmatch(identifier.country):
        raise errors.IdentityUnfit("identifier country")
    number = identifier.number
    if not _PRINTABLE.fullmatch(number) or number != number.strip():
        raise errors.IdentityUnfit("identifier number")
    if len(identifier.text) > IDENTIFIER_CHARACTERS:
        raise errors.IdentityUnfit("identifier number")
    return identifier
