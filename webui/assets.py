"""Static files under names that change with their content, for whoever serves them.

A page links ``paraph.3f9a1c20.css``; since that name never means other bytes, browsers may keep
it for a year. Knows no HTTP server: bytes, types and header values only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
"""``Cache-Control`` of every asset (RFC 8246)."""

PREFIX: Final = "/static/"
"""Where the serving room answers for them; a page's links begin with it."""

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_STATIC: Final = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    name: str
    """With the hash in it, as the last part of its address: ``paraph.3f9a1c20.css``."""
    body: bytes
    content_type: str


def _read(file: Path) -> Asset:
    body = file.read_bytes()
    mark = hashlib.sha256(body).hexdigest()[:8]
    return Asset(f"{file.stem}.{mark}{file.suffix}", body, _TYPES[file.suffix])


_BY_PLAIN_NAME: Final = {file.name: _read(file) for file in sorted(_STATIC.iterdir())}

ASSETS: Final[Mapping[str, Asset]] = {asset.name: asset for asset in _BY_PLAIN_NAME.values()}
"""By hashed name: what to answer under ``PREFIX``. Any other name is unknown."""


def address(plain_name: str) -> str:
    """``/static/paraph.3f9a1c20.css`` for ``paraph.css``.

    Raises:
        KeyError: There is no such file.
    """
    return PREFIX + _BY_PLAIN_NAME[plain_name].name
