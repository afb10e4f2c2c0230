"""Translations: .po files of several rooms, read at start-up and merged for one language.

No compiled files and no build step: Babel reads the source and compiles it in memory. English is
the language of the templates themselves and needs no file.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from webui.languages import Language

OWN: Final = Path(__file__).parent / "locale"
"""The catalogues of this room's macros and base templates."""


@cache
def translations(language: Language, *directories: Path) -> Translations:
    """This room's texts in ``language`` and those of ``directories``, which win over ours.

    Args:
        language: Whose ``<language>/LC_MESSAGES/*.po`` to read.
        directories: Locale directories of the rooms that serve pages, later ones win.
    """
    files = [file for directory in (OWN, *directories) for file in _files(language, directory)]
    if not files:
        return Translations()
    # The first one stays the base: merging takes over texts, but not the rule of plurals.
    merged, *others = [_compiled(file) for file in files]
    for other in others:
        merged.merge(other)
    return merged


def read_catalogue(file: Path) -> Catalog:
    """One .po file.

    Raises:
        PoFileError: It is not in the format.
    """
    with file.open("rb") as source:
        return read_po(source, locale=file.parent.parent.name, abort_invalid=True)


def _files(language: Language, directory: Path) -> list[Path]:
    return sorted((directory / language / "LC_MESSAGES").glob("*.po"))


def _compiled(file: Path) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(file))
    compiled.seek(0)
    return Translations(compiled)
