"""Every text of the shared look in every language, and nothing besides."""

from __future__ import annotations

from pathlib import Path

import webui
from tests.webui import catalogues
from webui.catalogues import OWN

ROOM = Path(webui.__file__).parent
SOURCES = [*sorted(ROOM.glob("templates/webui/*.html")), ROOM / "badges.py"]


def test_every_text_is_translated_and_no_translation_is_unused() -> None:
    """Romanian with three plural forms, French with two, same placeholders as the English."""
    assert catalogues.problems(SOURCES, OWN) == []
