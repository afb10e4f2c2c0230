"""The Jinja environment of one language: templates, macros, filters, translations.

There is one environment per language, so that a template never has to be told which language it
speaks, and imported macros cannot get it wrong. A room makes the three at start-up::

    environments = {
        language: environment(language, site, PackageLoader("room"), catalogues=[LOCALE])
        for language in Language
    }

and renders with ``environments[language].get_template("page.html").render(frame=..., ...)``, or
through aiohttp-jinja2 with one application key per language::

    app[KEYS[language]] = environments[language]
    aiohttp_jinja2.render_template("page.html", request, context, app_key=KEYS[language])

Everything is escaped, an unknown variable is an error. In texts ``{{ _("Hello %(name)s",
name=name) }}`` escapes its variables; a literal per cent sign is written ``%%``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import jinja2

from webui import assets, languages, mark, texts
from webui.badges import BADGES
from webui.catalogues import translations
from webui.frame import Site
from webui.languages import Language


def environment(
    language: Language,
    site: Site,
    *loaders: jinja2.BaseLoader,
    catalogues: Sequence[Path] = (),
) -> jinja2.Environment:
    """An environment whose templates speak ``language``.

    Args:
        language: Of every text, date and number.
        site: Facts of the deployment, global as ``site``.
        loaders: Templates of the serving room, asked before ours (``webui/...``).
        catalogues: Locale directories of the serving room (``webui.catalogues``).
    """
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([*loaders, jinja2.PackageLoader("webui")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    # The two methods come from the i18n extension, which Jinja's types do not know.
    made.install_gettext_translations(  # type: ignore[attr-defined]
        translations(language, *catalogues), newstyle=True
    )
    made.globals |= {
        "asset": assets.address,
        "badges": BADGES,
        "language": language,
        "language_link": languages.link,
        "language_names": languages.NAMES,
        "mark_of_host": mark.of_host,
        "mark_of_public_key": mark.of_public_key,
        "mark_view_box": mark.VIEW_BOX,
        "site": site,
    }
    made.filters |= {
        "amount": partial(languages.written_amount, language),
        "client_text": texts.client_text,
        "date": partial(languages.written_date, language),
        "groups": texts.groups,
        "hash_end": texts.hash_end,
        "hash_short": texts.hash_short,
        "hash_start": texts.hash_start,
        "moment": partial(languages.written_moment, language, zone=site.zone),
        "number": partial(languages.written_number, language),
        "phone_mask": texts.phone_mask,
        "serial_short": texts.serial_short,
        "time": partial(languages.written_time, language, zone=site.zone),
    }
    return made
