"""The port ``Renderer``: our words in the message's language, around the facts.

Facts are escaped where they stand in HTML; sentences come from the catalogues whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2

from csc_server.adapters.messages import words
from csc_server.ports.messages import MailText, NewMessage, SmsText
from policies import messages, sms
from policies.messages import Language
from webui import catalogues, languages

LOCALE: Final = Path(__file__).parent / "locale"
SUBJECT_LENGTH: Final = 60
"""Characters (ui 4, E-mail)."""
ZONE: Final = ZoneInfo("Europe/Bucharest")
_ELLIPSIS: Final = "…"


class WordsUnfit(ValueError):
    """With this brand and host an SMS would not fit into one segment."""


@dataclass(frozen=True, slots=True)
class WordsRenderer:
    """Speaks for one deployment."""

    brand: str
    host: str
    """Host name of the site, to which codes by SMS are bound."""
    zone: tzinfo = ZONE
    """Zone in which instants are told; its offset is always told with them."""

    def mail(self, message: NewMessage) -> MailText:
        """Text and HTML.

        Raises:
            KeyError: The kind is not a mail.
        """
        subject, parts = self._parts(message, words.MAILS[message.kind])
        return MailText(
            subject,
            _TEXT.get_template("mail.txt").render(parts),
            _HTML.get_template("mail.html").render(parts),
        )

    def sms(self, message: NewMessage) -> SmsText:
        """Text in ASCII, one segment.

        Raises:
            KeyError: The kind is not an SMS.
            TextUnsendable: It does not fit.
        """
        facts = {**message.facts, "brand": self.brand, "host": self.host}
        facts["n"] = str(_life(message) // timedelta(minutes=1))
        say = catalogues.translations(_webui(message.language), LOCALE).gettext
        lines = [say(words.SMS[message.kind]), words.BOUND]
        text = sms.transliterate("\n".join(line.format(**facts) for line in lines))
        if sms.segments(text) > 1:
            raise sms.TextUnsendable("more than one segment")
        return SmsText(text)

    def check(self, now: datetime) -> None:
        """Say every SMS once, so that a brand that does not fit is found at the start.

        Raises:
            WordsUnfit: It does not.
        """
        # The longest that there may be: eight digits, two-digit minutes.
        facts, end = {"code": "00000000"}, now + timedelta(minutes=99)
        for kind in words.SMS:
            for language in Language:
                try:
                    self.sms(NewMessage("", kind, "", language, facts, None, now, end))
                except sms.TextUnsendable as reason:
                    raise WordsUnfit(f"{kind.word} in {language}: {reason}") from reason

    def _parts(self, message: NewMessage, mail: words.Mail) -> tuple[str, dict[str, Any]]:
        catalogue = catalogues.translations(_webui(message.language), LOCALE)
        facts = self._facts(message)

        def say(sentence: str) -> str:
            return str(catalogue.gettext(sentence)).format(**facts)

        notes = [say(mail.more)] if mail.more else []
        if mail.limit is not None:
            (one, many), n = _in_units(mail.limit, _life(message))
            notes.insert(0, str(catalogue.ngettext(one, many, n)).format(n=n))
        subject = _cut(say(mail.subject))
        return subject, {
            "language": message.language,
            "subject": subject,
            "hello": say(words.HELLO if facts["name"] else words.HELLO_NOBODY),
            "what": say(mail.what),
            "facts": [say(fact) for fact in mail.facts],
            "lead": say(mail.lead) if mail.lead else None,
            "link": facts.get("link"),
            "notes": notes,
            "not_you": say(mail.not_you),
            "who": say(words.WHO),
            "why": say(mail.why),
        }

    def _facts(self, message: NewMessage) -> dict[str, str]:
        facts = {**message.facts, "brand": self.brand, "when": self._when(message)}
        facts["name"] = messages.greeted(message.facts["name"])
        return facts

    def _when(self, message: NewMessage) -> str:
        local = message.created_at.astimezone(self.zone)
        moment = languages.written_moment(_webui(message.language), local, self.zone)
        return f"{moment} ({_offset(local)})"


def _environment(*, escape: bool) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("csc_server.adapters.messages"),
        autoescape=escape,  # noqa: S701 - off for plain text alone, where nothing is markup
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


_TEXT: Final = _environment(escape=False)
_HTML: Final = _environment(escape=True)


def _webui(language: Language) -> languages.Language:
    return languages.Language(language.value)


def _life(message: NewMessage) -> timedelta:
    return message.expires_at - message.created_at


def _in_units(limit: words.Limit, life: timedelta) -> tuple[words.Plural, int]:
    """The sentence and its number; rounded down, so that it never promises too much."""
    if life < timedelta(hours=2):
        return limit.minutes, life // timedelta(minutes=1)
    if life < timedelta(days=2):
        return limit.hours, life // timedelta(hours=1)
    return limit.days, life // timedelta(days=1)


def _offset(local: datetime) -> str:
    """``UTC+2`` or ``UTC+5:30``."""
    total = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, minutes = divmod(abs(total), 60)
    sign = "-" if total < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


def _cut(subject: str) -> str:
    if len(subject) <= SUBJECT_LENGTH:
        return subject
    return subject[: SUBJECT_LENGTH - 1].rstrip() + _ELLIPSIS
