"""Secrets out of everything that is shown: by the name of their member, and by their value.

Used where an exchange is recorded, so nothing behind it (reports, terminal) ever holds a secret. A
server may quote what it got: values are known in the spellings of JSON, HTML and addresses, and
members also where they stand in text that is no JSON, or no longer.
"""

from __future__ import annotations

import bisect
import html
import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode, urlsplit, urlunsplit

MASK: Final = "•••"
SHORTEST: Final = 4
"""Shorter values are masked only by their member's name: they would hide half of a page."""
_MEMBERS: Final = frozenset(
    {
        "sad",
        "pin",
        "otp",
        "access_token",
        "refresh_token",
        "token",
        "id_token",
        "client_secret",
        "client_assertion",
        "account_token",
        "password",
        "code",
        "code_verifier",
        "request_uri",
        "value",
    }
)
_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "dpop", "location"}
)


_HANDED_OUT: Final = frozenset({"sad", "access_token", "refresh_token", "id_token"})
"""Members whose values are secrets wherever they turn up again."""
_LONG: Final = 16
"""Shorter values of those are no real tokens: a check may send a word in their place."""

_NAMES: Final = "|".join(sorted(_MEMBERS, key=len, reverse=True))
# Here and below: any number of backslashes would make a body of nothing else slow.
_QUOTE: Final = r"""\\{0,8}["']|&quot;|&\#34;"""
_QUOTED: Final = re.compile(
    rf"""(?P<named>(?P<quote>{_QUOTE})(?:{_NAMES})(?P=quote)\s*:\s*(?P<open>{_QUOTE}))
         (?:(?!(?P=open))(?:\\.|.))+""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""A member with a text as its value, in JSON that is cut, broken, quoted or inside a page."""
_PARAMETER: Final = re.compile(
    rf"(?P<named>(?:^|[?&#;])(?:{_NAMES})=)[^&\s\"'<>#;,]+", re.IGNORECASE
)
"""A parameter of an address or a form, anywhere in a text."""
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~-]+")
"""Characters that every notation writes as they are."""
_DEEP: Final = 5
"""Notations within each other that are seen through."""
_UNIT: Final = re.compile(r"\\{1,8}u([0-9a-fA-F]{4})")


class Masker:
    """Knows the secrets of a run; grows as the server hands out more."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known: set[str] = set()
        self._spelled: list[str] = []
        """Every usual spelling of every secret, the longest first: one may be part of another."""
        self._odd: set[str] = set()
        """Secrets that have other spellings than their own, seen through."""
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: object) -> None:
        """``secret`` is never shown from now on."""
        if not isinstance(secret, str) or len(secret) < SHORTEST or secret in self._known:
            return
        self._known.add(secret)
        if not _UNRESERVED.fullmatch(secret):
            self._odd.add(_seen_through(secret))
        for spelling in _spellings(secret):
            bisect.insort(self._spelled, spelling, key=lambda one: -len(one))

    def text(self, text: str) -> str:
        """``text`` without any known secret, and without members that are secrets by name.

        Nothing of it is left where a secret is in a spelling that is not expected.
        """
        for spelling in self._spelled:
            if spelling in text:
                text = text.replace(spelling, MASK)
        seen = _seen_through(text) if self._odd else ""
        if any(odd in seen for odd in self._odd):
            return MASK
        text = _QUOTED.sub(rf"\g<named>{MASK}", text)
        return _PARAMETER.sub(rf"\g<named>{MASK}", text)

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """``headers`` without credentials; the scheme of an authorization stays."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def url(self, url: str) -> str:
        """``url`` without secret query members."""
        try:
            parts = urlsplit(url)
        except ValueError:  # a server may write anything into Location
            return self.text(url)
        query = urlencode(self._pairs(parts.query), safe="•") if parts.query else ""
        return self.text(urlunsplit(parts._replace(query=query)))

    def body(self, body: bytes) -> str:
        """``body`` as text: JSON and forms member by member, other text by known secrets."""
        text = body.decode("utf-8", "replace")
        try:
            document = self._inside(json.loads(text))
            text = json.dumps(document, ensure_ascii=False, indent=1)
        except (ValueError, RecursionError):
            text = self._form(text)
        return self.text(text)

    def _header(self, name: str, value: str) -> str:
        lower = name.lower()
        if lower == "location":
            return self.url(value)
        if lower in _HEADERS:
            scheme, blank, rest = value.partition(" ")
            return f"{scheme} {MASK}" if blank and rest and "=" not in scheme else MASK
        return self.text(value)

    def _form(self, text: str) -> str:
        if not re.fullmatch(r"[\w.*%+&=~-]+", text) or "=" not in text:
            return text
        return urlencode(self._pairs(text), safe="•")

    def _pairs(self, query: str) -> list[tuple[str, str]]:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
        return [(name, self._member(name, value)) for name, value in pairs]

    def _inside(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._member(name, one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._inside(one) for one in value]
        return value

    def _member(self, name: str, value: Any) -> Any:
        if name.lower() in _MEMBERS and isinstance(value, str) and value:
            if name.lower() in _HANDED_OUT and len(value) >= _LONG:
                self.learn(value)
            return MASK
        return self._inside(value)


def _spellings(secret: str) -> set[str]:
    """``secret`` as JSON, pages and addresses write it."""
    if _UNRESERVED.fullmatch(secret):
        return {secret}
    in_json = {json.dumps(secret, ensure_ascii=only)[1:-1] for only in (True, False)}
    in_address = {way(secret, safe=safe) for way in (quote, quote_plus) for safe in ("", "/")}
    return {secret, secret.replace("/", r"\/"), html.escape(secret), *in_json, *in_address}


def _seen_through(text: str) -> str:
    """``text`` with all notations undone, and without backslashes and plus signs."""
    for _ in range(_DEEP):
        before = text
        text = html.unescape(unquote(text.replace("+", " ")))
        text = _UNIT.sub(lambda unit: chr(int(unit[1], 16)), text).replace("\\", "")
        if text == before:
            break
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
