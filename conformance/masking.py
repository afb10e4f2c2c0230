"""Secrets out of everything that is shown: by the name of their member, and by their value.

Used where an exchange is recorded, so nothing behind it (reports, terminal) ever holds a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

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


class Masker:
    """Knows the secrets of a run; grows as the server hands out more."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = {one for one in secrets if len(one) >= SHORTEST}

    def learn(self, secret: object) -> None:
        """``secret`` is never shown from now on."""
        if isinstance(secret, str) and len(secret) >= SHORTEST:
            self._secrets.add(secret)

    def text(self, text: str) -> str:
        """``text`` without any known secret."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

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
            return MASK
        return self._inside(value)
