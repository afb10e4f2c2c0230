"""The pages' texts in three languages."""

from __future__ import annotations

from pathlib import Path

from csc_server.web.pages.look import LOCALE
from tests.webui import catalogues

TEMPLATES = sorted((Path(LOCALE).parent / "templates").glob("*.html"))


def test_every_text_is_translated() -> None:
    """Complete, nothing unused, placeholders and typography in order."""
    assert catalogues.problems(TEMPLATES, LOCALE) == []
