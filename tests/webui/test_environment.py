"""The environment of a language: escaping, strictness, merged catalogues, filters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jinja2
import pytest
from babel.messages.pofile import PoFileError

from tests.webui.gallery import LOCALE, SITE
from webui import mark
from webui.catalogues import translations
from webui.environment import environment
from webui.languages import Language

_PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n==0 || (n%100 > 0 && n%100 < 20) ? 1 : 2);\\n"

"""


def _render(source: str, language: Language = Language.EN, **context: object) -> str:
    made = environment(language, SITE, jinja2.DictLoader({"t": source}), catalogues=[LOCALE])
    return made.get_template("t").render(**context)


def test_everything_is_escaped() -> None:
    """Values, variables of texts and arguments of macros."""
    source = """{% import "webui/macros.html" as ui %}
        {{ evil }} {{ _("%(client)s sent", client=evil) }} {{ ui.banner("info", evil) }}
        {{ ui.field(evil, evil, evil, hint=evil, error=evil) }}"""
    assert "<b" not in _render(source, evil='<b a="1">')
    assert 'a="1"' not in _render(source, evil='<b a="1">')


def test_unknown_names_are_errors() -> None:
    """A misspelt variable fails the page in its test, it does not vanish from it."""
    with pytest.raises(jinja2.UndefinedError):
        _render("{{ nmae }}", name="x")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "Aprobați o semnătură"),
        (2, "Aprobați 2 semnături"),
        (19, "Aprobați 19 semnături"),
        (20, "Aprobați 20 de semnături"),
        (101, "Aprobați 101 semnături"),
    ],
)
def test_romanian_plurals_of_a_merged_catalogue(number: int, expected: str) -> None:
    """The rule of plurals survives the merge; the rooms' texts stand beside ours."""
    source = '{{ ngettext("Approve one signature", "Approve %(num)d signatures", number) }}'
    assert _render(source, Language.RO, number=number) == expected
    assert _render('{{ _("Help") }}', Language.RO) == "Ajutor"


def test_the_serving_room_wins(tmp_path: Path) -> None:
    """A room may say one of our sentences in its own way, and need not say the others."""
    folder = tmp_path / "ro" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "room.po").write_text(_PO + 'msgid "Help"\nmsgstr "Asistență"\n')
    known = translations(Language.RO, tmp_path)
    assert (known.gettext("Help"), known.gettext("Privacy")) == ("Asistență", "Confidențialitate")
    assert translations(Language.RO).gettext("Help") == "Ajutor"


def test_a_broken_catalogue_stops_the_start(tmp_path: Path) -> None:
    """Better no service than one that speaks half a language."""
    folder = tmp_path / "ro" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "room.po").write_text(_PO + 'msgid "Help"\nmsgst "Asistență"\n')
    with pytest.raises(PoFileError):
        translations(Language.RO, tmp_path)


def test_filters_speak_the_language() -> None:
    """Dates, times, amounts and texts of one environment agree."""
    moment = datetime(2027, 1, 6, 7, 5, tzinfo=UTC)
    source = (
        "{{ m|date }} | {{ m|time }} | {{ m|moment }} | {{ a|amount('RON') }} | {{ 1234|number }}"
    )
    assert _render(source, Language.RO, m=moment, a=Decimal("1234.5")) == (
        "6 ianuarie 2027 | 09:05 | 6 ianuarie 2027, 09:05 | 1.234,50\u00a0RON | 1.234"
    )


def test_the_specimen_shows_the_host_and_its_mark() -> None:
    """The port is part of what the address bar shows, not of the name that the mark is of."""
    site = replace(SITE, host="sign.paraph.example:8443")
    source = '{% import "webui/macros.html" as ui %}{{ ui.specimen() }}'
    made = environment(Language.EN, site, jinja2.DictLoader({"t": source}))
    shown = made.get_template("t").render()
    assert "sign.paraph.example:8443" in shown
    assert shown.count(mark.of_host("sign.paraph.example")) == 3


def test_short_forms_have_a_sentence_for_screen_readers() -> None:
    """The eye sees the short form, the voice says where it begins and ends (ui 3.16)."""
    source = '{% import "webui/macros.html" as ui %}{{ ui.digest(value) }}'
    value = bytes.fromhex("4aec9aa5" + "00" * 24 + "332cdec0")
    shown = _render(source, value=value)
    assert 'SHA-256</span> <span class="mono">4aec 9aa5 … 332c dec0' in shown
    assert '"unseen">SHA-256 begins 4aec 9aa5, ends 332c dec0' in shown
    assert "începe cu 4aec 9aa5" in _render(source, Language.RO, value=value)
