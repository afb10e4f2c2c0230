"""Static files under hashed names."""

from __future__ import annotations

import hashlib

import pytest

from webui import assets


def test_a_name_carries_the_hash_of_its_content() -> None:
    """Other bytes, other name: only so may a browser keep it for a year."""
    for name, asset in assets.ASSETS.items():
        stem, mark, suffix = name.split(".")
        assert mark == hashlib.sha256(asset.body).hexdigest()[:8]
        assert assets.address(f"{stem}.{suffix}") == f"/static/{name}"


def test_types_and_caching() -> None:
    """Browsers run a script and a stylesheet under nosniff only with their right types."""
    types = {name.rpartition(".")[2]: asset.content_type for name, asset in assets.ASSETS.items()}
    assert types == {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
    assert "immutable" in assets.CACHE_CONTROL


def test_unknown_file() -> None:
    """A misspelt file fails when the page is made, not in the browser."""
    with pytest.raises(KeyError):
        assets.address("parpah.css")
