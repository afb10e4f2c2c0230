"""Distinguished names as text, compared with those in certificates.

Servers write RFC 4514 in many hands: either order, blanks after commas, keywords or OIDs, other
letters. What counts is that the same attributes stand there. (CSC v1 11.5, v2 11.5; RFC 4514)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cryptography import x509

from conformance.judge.wrong import Wrong, guarded

LONGEST: Final = 4096
"""Characters of a name that is looked at."""

_KEYWORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cn": "2.5.4.3",
        "commonname": "2.5.4.3",
        "sn": "2.5.4.4",
        "surname": "2.5.4.4",
        "serialnumber": "2.5.4.5",
        "c": "2.5.4.6",
        "l": "2.5.4.7",
        "st": "2.5.4.8",
        "s": "2.5.4.8",
        "street": "2.5.4.9",
        "o": "2.5.4.10",
        "ou": "2.5.4.11",
        "title": "2.5.4.12",
        "t": "2.5.4.12",
        "gn": "2.5.4.42",
        "g": "2.5.4.42",
        "givenname": "2.5.4.42",
        "pseudonym": "2.5.4.65",
        "organizationidentifier": "2.5.4.97",
        "dc": "0.9.2342.19200300.100.1.25",
        "uid": "0.9.2342.19200300.100.1.1",
        "e": "1.2.840.113549.1.9.1",
        "emailaddress": "1.2.840.113549.1.9.1",
    }
)
"""Keywords that servers write, in small letters; others are compared by their values alone."""

_PAIR: Final = re.compile(
    r'\s*([^\s=,;+][^=,;+]*)=(\s*"(?:[^"\\]|\\.)*"|(?:[^,;+\\]|\\.)*)(?:[,;+]|$)'
)
_ESCAPE: Final = re.compile(rb"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)


@guarded("The distinguished name")
def check_name(what: str, said: object, name: x509.Name) -> None:
    """Return if ``said`` names the attributes of ``name``, in any order and spelling.

    Args:
        what: Which member it is, for the sentence.

    Raises:
        Wrong: No text, no pairs of type and value, or other attributes.
    """
    if not isinstance(said, str) or len(said) > LONGEST:
        raise Wrong(f"{what} is not the text of a distinguished name.")
    left = [(one.oid.dotted_string, _plain(str(one.value))) for one in name]
    for keyword, value in _pairs(what, said):
        match = next((one for one in left if _same(keyword, value, one)), None)
        if match is None:
            raise Wrong(f"{what} has {keyword[:80]}={value[:80]}, which the certificate has not.")
        left.remove(match)
    if left:
        raise Wrong(f"{what} leaves out {left[0][0]}={left[0][1]} of the certificate.")


def _pairs(what: str, said: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(said):
        found = _PAIR.match(said, at)
        if found is None or found.end() == at:
            raise Wrong(f"{what} is {said[:80]!r}, no distinguished name of RFC 4514.")
        yield found[1].strip(), _plain(_value(found[2]))
        at = found.end()


def _value(text: str) -> str:
    """Without quotes and escapes; ``#`` and hexadecimal DER stand for the string inside."""
    text = text.strip() if not text.endswith("\\ ") else text
    if text.startswith("#") and re.fullmatch(r"#(?:[0-9A-Fa-f]{2})+", text):
        return bytes.fromhex(text[1:])[2:].decode("utf-8", "replace")
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = text[1:-1]
    return _ESCAPE.sub(_unescaped, text.encode()).decode("utf-8", "replace")


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if len(found[1]) == 2 else found[1]


def _same(keyword: str, value: str, attribute: tuple[str, str]) -> bool:
    word = keyword.lower().removeprefix("oid.")
    oid = word if re.fullmatch(r"\d+(\.\d+)+", word) else _KEYWORDS.get(word, attribute[0])
    return (oid, value) == attribute


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())
