"""Every text of the shared look in every language, and nothing besides."""

from __future__ import annotations

from pathlib import Path

import pytest

import webui
from tests.webui import catalogues
from webui.catalogues import OWN
from webui.languages import Language

ROOM = Path(webui.__file__).parent
SOURCES = [*sorted(ROOM.glob("templates/webui/*.html")), ROOM / "badges.py"]


@pytest.mark.parametrize(
    ("language", "text", "wrong"),
    [
        ("fr", "Mot de passe oublié\u00a0?", False),
        ("fr", "Mot de passe oublié ?", True),
        ("fr", "Référence:", True),
        ("fr", "«\u00a0Saisir\u00a0» sur https://a.example", False),
        ("fr", "« Saisir\u00a0»", True),
        ("fr", "L'adresse", True),
        ("ro", "Alegeți „Resetați”", False),
        ("ro", "Alegeţi", True),
        ("ro", "“Resetați”", True),
        ("en", "The “clock”", False),
        ("en", "The phone's clock", True),
        ("en", "Wait...", True),
        ("fr", "{code} - code pour associer l'application.", False),
    ],
)
def test_what_is_misset(language: str, text: str, wrong: bool) -> None:
    """Spaces and quotes of each language; SMS are exempt."""
    assert catalogues.misset(Language(language), text) == wrong


def test_every_text_is_translated_and_no_translation_is_unused() -> None:
    """Romanian with three plural forms, French with two, same placeholders as the English."""
    assert catalogues.problems(SOURCES, OWN) == []
