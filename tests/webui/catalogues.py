"""What a room's pages say against what its catalogues know. For the tests of every room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract

from webui.catalogues import read_catalogue
from webui.languages import Language

FORMS = {Language.RO: ("one", "few", "other"), Language.FR: ("one", "other")}
"""Forms of a plural in the languages that have catalogues, by their names in CLDR."""

_METHODS = {".html": "jinja2", ".txt": "jinja2", ".py": "python"}
_SMS = re.compile(r"^\{code\} - ")
"""SMS have the letters of GSM-7 alone."""
_MISSET = {
    Language.EN: re.compile(r"[\"„«»]|(?<=\w)'(?=\w)|\.\.\.|  "),
    # Comma below, never cedilla; „these” quotes.
    Language.RO: re.compile(r"[\"“«»şţŞŢ]|(?<=\w)'(?=\w)|\.\.\.|  "),
    # A no-break space before high signs and within quotes; « these » quotes.
    Language.FR: re.compile(
        r"[\"“”„]|[^\u00a0][;?!»]|[^\u00a0]:(?!//)|«[^\u00a0]|(?<=\w)'(?=\w)|\.\.\.|  "
    ),
}
"""What no text in the language has."""
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")

Key = tuple[str | None, tuple[str, ...]]


def texts(sources: Iterable[Path]) -> set[Key]:
    """Every text in the files: its context, and its singular and plural."""
    return {key for source in sources for key in _texts(source)}


def problems(sources: Iterable[Path], locale: Path) -> list[str]:
    """What is missing, unused, unfinished or untrue in ``<locale>/<language>``; empty is good."""
    wanted = texts(sources)
    found = []
    for language in FORMS:
        known: set[Key] = set()
        for file in sorted((locale / language / "LC_MESSAGES").glob("*.po")):
            catalogue = read_catalogue(file)
            known |= _keys(catalogue)
            found += [f"{file.name} {language}: {fault}" for fault in _faults(catalogue, language)]
        found += [f"{language} lacks {key}" for key in sorted(wanted - known, key=str)]
        found += [f"{language} has unused {key}" for key in sorted(known - wanted, key=str)]
    return found


def misset(language: Language, text: str) -> bool:
    """True when a text breaks the typography of its language. (ui 4)"""
    return not _SMS.match(text) and _MISSET[language].search(text) is not None


def _texts(source: Path) -> Iterator[Key]:
    options = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
    with source.open("rb") as file:
        for _, message, _, context in extract(_METHODS[source.suffix], file, options=options):
            yield context, (message,) if isinstance(message, str) else tuple(message)


def _keys(catalogue: Catalog) -> set[Key]:
    return {
        (message.context, (message.id,) if isinstance(message.id, str) else tuple(message.id))
        for message in catalogue
        if message.id
    }


def _plural_form(language: Language, number: int) -> str:
    return Locale(language.value).plural_form(number)


def _faults(catalogue: Catalog, language: Language) -> Iterator[str]:
    forms = FORMS[language]
    rule, numbers = c2py(catalogue.plural_expr), range(201)
    if [rule(n) for n in numbers] != [forms.index(_plural_form(language, n)) for n in numbers]:
        yield f"the rule of plurals is not that of {language}"
    for message in catalogue:
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else message.id
        strings = (message.string,) if isinstance(message.string, str) else message.string or ()
        expected = 1 if isinstance(message.id, str) else len(forms)
        if message.fuzzy or len(strings) != expected or not all(strings):
            yield f"unfinished {ids[0]!r}"
        # The singular may leave the number out; no form may bring a name of its own.
        allowed = {name for text in ids for name in _PLACEHOLDER.findall(text)}
        needed = set(_PLACEHOLDER.findall(ids[0]))
        for tongue, text in [(Language.EN, ids[0]), *((language, text) for text in strings)]:
            if misset(tongue, text):
                yield f"typography of {text!r}"
        for text in strings:
            names = set(_PLACEHOLDER.findall(text))
            if not needed <= names <= allowed:
                yield f"placeholders of {text!r} are not those of {ids[0]!r}"
