"""The same fixtures as the contracts': an empty database, and a store with Alice in it."""

from __future__ import annotations

from tests.contracts.conftest import storage, url

__all__ = ["storage", "url"]
