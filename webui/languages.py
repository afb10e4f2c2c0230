"""The three languages of every page: which one to use, and how each writes dates and numbers.

Pure functions on strings; where the cookie and the header come from is the serving room's affair.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from babel import dates, numbers


class Language(StrEnum):
    """A language the pages speak; the value is what ``lang`` attributes and links carry."""

    RO = "ro"
    EN = "en"
    FR = "fr"


DEFAULT: Final = Language.EN
"""What a browser gets that asks for none of the three."""

NAMES: Final = {Language.RO: "Română", Language.EN: "English", Language.FR: "Français"}
"""Each language's own name, for the language switch (ui 3.1)."""

PARAMETER: Final = "lang"
"""Query parameter of the language links; CSC calls it the same (CSC v1 8.3.2)."""

# English as Europe writes it: day before month, 24 hours.
_LOCALES: Final = {Language.RO: "ro_RO", Language.EN: "en_GB", Language.FR: "fr_FR"}
_LONGEST_HEADER: Final = 500
_NO_BREAK_SPACE: Final = "\u00a0"


def choose(
    asked: str | None,
    remembered: str | None,
    accepted: str | None,
    default: Language = DEFAULT,
) -> Language:
    """The language of an answer: what was asked for wins, then memory, then the browser.

    Args:
        asked: ``lang`` of the query or ``ui_locales`` of OpenID: tags, separated by spaces.
        remembered: Value of the language cookie.
        accepted: ``Accept-Language`` header (RFC 9110 12.5.4).
        default: Where all three say nothing we speak.
    """
    tags = [*(asked or "").split(), remembered or "", *_preferences(accepted or "")]
    return next((found for tag in tags if (found := _known(tag))), default)


def link(address: str, language: Language) -> str:
    """``address`` (path and query) asking for ``language``; everything else stays as it is."""
    path, _, query = address.partition("#")[0].partition("?")
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != PARAMETER]
    # One slash, then nothing a browser takes for another: `//host` and `/\\host` are addresses of
    # other sites, and tabs and line ends between slashes vanish.
    local = quote(path.lstrip("/"), safe="/%:@!$&'()*+,;=")
    return f"/{local}?{urlencode([*kept, (PARAMETER, language.value)])}"


def written_date(language: Language, day: date) -> str:
    """``6 January 2027``. A ``datetime`` counts in its own zone."""
    return dates.format_date(day, "d MMMM y", locale=_LOCALES[language])


def written_time(language: Language, instant: datetime, zone: tzinfo) -> str:
    """``09:05``, 24 hours, in ``zone``.

    Raises:
        ValueError: ``instant`` is naive.
    """
    return dates.format_time(_in_zone(instant, zone), "HH:mm", locale=_LOCALES[language])


def written_moment(language: Language, instant: datetime, zone: tzinfo) -> str:
    """``6 January 2027, 09:05`` in ``zone``.

    Raises:
        ValueError: ``instant`` is naive.
    """
    local = _in_zone(instant, zone)
    return f"{written_date(language, local)}, {written_time(language, local, zone)}"


def written_number(language: Language, number: int | Decimal) -> str:
    """``1,234`` in English, ``1.234`` in Romanian, ``1 234`` in French."""
    return numbers.format_decimal(number, locale=_LOCALES[language])


def written_amount(language: Language, amount: Decimal, currency: str) -> str:
    """``1,234.56 RON``: two decimals, then the currency's code, never parted by a line break."""
    figure = numbers.format_decimal(amount, "#,##0.00", locale=_LOCALES[language])
    return f"{figure}{_NO_BREAK_SPACE}{currency}"


def _known(tag: str) -> Language | None:
    """The language of a tag such as ``fr-CH`` or ``RO_md``."""
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    return Language(primary) if primary in set(Language) else None


def _preferences(header: str) -> list[str]:
    """Tags of an ``Accept-Language`` header, best first; what cannot be read is left out."""
    ranked: list[tuple[float, str]] = []
    for item in header[:_LONGEST_HEADER].split(","):
        tag, _, parameters = item.partition(";")
        if (quality := _quality(parameters)) > 0:
            ranked.append((quality, tag))
    # The sort is stable: equal weights stay in the header's order.
    return [tag for _, tag in sorted(ranked, key=lambda pair: -pair[0])]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0


def _in_zone(instant: datetime, zone: tzinfo) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return instant.astimezone(zone)
