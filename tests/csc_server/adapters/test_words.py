"""What mails and SMS say, in three languages. Golden files: each message as a person gets it.

After a wanted change of words: ``python -m tests.csc_server.adapters.test_words`` writes the
files anew; read the difference.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from csc_server.adapters.messages import renderer, words
from csc_server.adapters.messages.renderer import WordsRenderer, WordsUnfit
from csc_server.ports.messages import NewMessage
from policies import sms
from policies.messages import FACTS, Channel, Language, MessageKind
from tests.webui.catalogues import misset
from webui import languages

GOLDEN = Path(__file__).parent / "golden"
T0 = datetime(2027, 1, 6, 12, 5, tzinfo=UTC)
RENDERER = WordsRenderer("Paraph", "sign.paraph.example")
LINK = "https://sign.paraph.example/register/Zm9vYmFyYmF6"
CODE = "482913"
FACT = {
    "name": "Ana Ionescu",
    "link": LINK,
    "code": CODE,
    "serial": "5a3b00117c1e90b4d2f86a03c5e7194b",
    "old_phone": "+40 7•• ••• 567",
    "new_phone": "+40 7•• ••• 432",
}
LIFE = {
    MessageKind.INVITATION: timedelta(days=7),
    MessageKind.PASSWORD_LINK: timedelta(hours=1),
    MessageKind.EMAIL_CODE: timedelta(minutes=5),
    MessageKind.LOGIN_LOCKED: timedelta(hours=24),
    MessageKind.PAIRING_INVITATION: timedelta(days=30),
}
MAILS = [kind for kind in MessageKind if kind.channel is Channel.MAIL]
SMS = [kind for kind in MessageKind if kind.channel is Channel.SMS]
EACH_MAIL = [(kind, language) for kind in MAILS for language in Language]
EACH_SMS = [(kind, language) for kind in SMS for language in Language]
SECURITY = [
    MessageKind.PHONE_CHANGED,
    MessageKind.PASSWORD_CHANGED,
    MessageKind.AUTHENTICATOR_PAIRED,
    MessageKind.AUTHENTICATOR_REPLACED,
    MessageKind.CERTIFICATE_SUSPENDED,
    MessageKind.CERTIFICATE_RESUMED,
    MessageKind.CERTIFICATE_REVOKED,
    MessageKind.CERTIFICATE_EXPIRED,
]


def message(kind: MessageKind, language: Language, **facts: str) -> NewMessage:
    """With the facts that the kind needs."""
    return NewMessage(
        message_id="0" * 32,
        kind=kind,
        recipient="ana@example.org" if kind.channel is Channel.MAIL else "+40721234567",
        language=language,
        facts={name: {**FACT, **facts}[name] for name in FACTS[kind]},
        account_id=None,
        created_at=T0,
        expires_at=T0 + LIFE.get(kind, timedelta(minutes=10)),
    )


def seen(kind: MessageKind, language: Language) -> str:
    """Subject, text and HTML of a mail; the text of an SMS."""
    new = message(kind, language)
    if kind.channel is Channel.SMS:
        return RENDERER.sms(new).text + "\n"
    mail = RENDERER.mail(new)
    return f"{mail.subject}\n\n{mail.text}\n{mail.html}"


def golden(kind: MessageKind, language: Language) -> Path:
    """Where it stands."""
    return GOLDEN / f"{kind.word}.{language}.txt"


@pytest.mark.parametrize(("kind", "language"), [*EACH_MAIL, *EACH_SMS])
def test_each_message_is_as_it_was_read(kind: MessageKind, language: Language) -> None:
    """Nothing changes unseen."""
    assert seen(kind, language) == golden(kind, language).read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    """Each belongs to a message."""
    wanted = {golden(kind, language) for kind, language in [*EACH_MAIL, *EACH_SMS]}
    assert set(GOLDEN.iterdir()) == wanted


@pytest.mark.parametrize("language", ["ro", "fr"])
def test_the_catalogues_are_complete(language: str) -> None:
    """Every sentence, every plural form, the same placeholders, nothing left over, well set."""
    with (renderer.LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    texts = {entry.id: entry.string for entry in catalogue if entry.id}
    assert set(texts) == sentences()
    for original, translated in texts.items():
        assert translated is not None
        originals, forms = (
            (one,) if isinstance(one, str) else tuple(one) for one in (original, translated)
        )
        assert len(forms) == (1 if isinstance(original, str) else catalogue.num_plurals)
        for form in forms:
            assert form
            assert placeholders(form) == placeholders(originals[-1]), form
            assert not misset(languages.Language(language), form), form


def sentences() -> set[Any]:
    """Everything in ``words`` that is said."""
    limits = (words.CODE_WORKS, words.LINK_WORKS_ONCE, words.LINK_WORKS)
    own = {value for name, value in vars(words).items() if name.isupper() and type(value) is str}
    mails = words.MAILS.values()
    return (
        (own - {words.BOUND})
        | {pair for limit in limits for pair in (limit.minutes, limit.hours, limit.days)}
        | {text for one in mails for text in (one.subject, one.what, one.not_you)}
        | {text for one in mails for text in (one.lead, one.more) if text}
        | set(words.SMS.values())
    )


def placeholders(text: str) -> list[str]:
    """Names in braces."""
    return sorted(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize(("kind", "language"), EACH_MAIL)
def test_rules_of_every_mail(kind: MessageKind, language: Language) -> None:
    """Subject at most 60 without code; greeting; at most one link, written out; who and why."""
    mail = RENDERER.mail(message(kind, language))
    lines = mail.text.splitlines()
    assert len(mail.subject) <= 60
    assert CODE not in mail.subject
    assert "Ana Ionescu" in lines[0]
    assert mail.text.count("://") == mail.html.count("href=") == int("link" in FACTS[kind])
    assert ("link" in FACTS[kind]) == (LINK in lines)
    assert lines[-3] == "-- "
    assert not re.search(r"[!{}]|please|oops", mail.subject + mail.text, re.IGNORECASE)


@pytest.mark.parametrize("kind", SECURITY)
@pytest.mark.parametrize("language", Language)
def test_mails_about_factors_and_certificates_lead_nowhere(
    kind: MessageKind, language: Language
) -> None:
    """No address of any kind: the person opens the site alone."""
    mail = RENDERER.mail(message(kind, language))
    for part in (mail.text, mail.html):
        assert not re.search(r"href|://|www|sign\.paraph|@", part)


@pytest.mark.parametrize(("kind", "language"), EACH_MAIL)
def test_sentences_are_short(kind: MessageKind, language: Language) -> None:
    """At most 20 words each. (ui 4)"""
    text = RENDERER.mail(message(kind, language)).text.replace(LINK, "")
    for sentence in re.split(r"[.:]\s|\n\n", text):
        assert len(sentence.split()) <= 20, sentence


@pytest.mark.parametrize(("kind", "language"), EACH_MAIL)
def test_html_says_the_same_and_loads_nothing(kind: MessageKind, language: Language) -> None:
    """Each line of the text is in the HTML; no images, no scripts, nothing from elsewhere."""
    mail = RENDERER.mail(message(kind, language))
    seen_in_html = html.unescape(mail.html)
    assert all(line in seen_in_html for line in mail.text.splitlines() if line != "-- ")
    assert not re.search(r"<img|<script|src=|url\(|@import|<link", mail.html)
    assert f'<html lang="{language}">' in mail.html


@pytest.mark.parametrize(("kind", "language"), EACH_SMS)
def test_rules_of_every_sms(kind: MessageKind, language: Language) -> None:
    """One ASCII segment: code first, the limit, the bound last line, never a link."""
    text = RENDERER.sms(message(kind, language)).text
    assert text.isascii()
    assert sms.segments(text) == 1
    assert text.startswith(f"{CODE} - ")
    assert " 10 min. " in text
    assert text.splitlines()[1:] == [f"@sign.paraph.example #{CODE}"]
    assert not re.search(r"http|www|/", text)


def test_romanian_letters_have_commas() -> None:
    """Never a cedilla."""
    text = "".join(seen(kind, Language.RO) for kind in MAILS)
    assert re.search("[șț]", text)
    assert not re.search("[şţŞŢ]", text)


def test_french_punctuation_keeps_its_distance() -> None:
    """A space that does not break before : ; ? and !."""
    for kind in MAILS:
        text = RENDERER.mail(message(kind, Language.FR)).text.replace(LINK, "")
        for found in re.finditer(r"(.)[:;?!](?!\d)", text):
            assert found[1] in "\u00a0\u202f", found


@pytest.mark.parametrize(
    ("life", "said"),
    [
        (timedelta(minutes=1), "pendant 1 minute."),
        (timedelta(minutes=119, seconds=59), "pendant 119 minutes."),
        (timedelta(hours=2), "pendant 2 heures."),
        (timedelta(hours=47, minutes=59), "pendant 47 heures."),
        (timedelta(days=2), "pendant 2 jours."),
    ],
)
def test_how_long_a_link_works(life: timedelta, said: str) -> None:
    """In the unit that fits, rounded down."""
    new = message(MessageKind.INVITATION, Language.FR)
    object.__setattr__(new, "expires_at", T0 + life)
    assert said in RENDERER.mail(new).text


@pytest.mark.parametrize(
    ("life", "said"),
    [
        (timedelta(minutes=1), "1 minut."),
        (timedelta(minutes=19), "19 minute."),
        (timedelta(minutes=20), "20 de minute."),
        (timedelta(minutes=101), "101 minute."),
        (timedelta(hours=19), "19 ore."),
        (timedelta(hours=20), "20 de ore."),
        (timedelta(days=2), "2 zile."),
        (timedelta(days=20), "20 de zile."),
    ],
)
def test_romanian_has_three_plurals(life: timedelta, said: str) -> None:
    """From twenty on with ``de``, in each sentence."""
    for kind in (MessageKind.INVITATION, MessageKind.PAIRING_INVITATION, MessageKind.EMAIL_CODE):
        new = message(kind, Language.RO)
        object.__setattr__(new, "expires_at", T0 + life)
        assert f" {said}" in RENDERER.mail(new).text


def test_a_strangers_name_is_no_message() -> None:
    """What could be a link or markup does not greet, and never gets into a subject."""
    for name in ("visit evil.example now", "<b>Ana</b>", "Ana\r\nBcc: x@evil.example"):
        mail = RENDERER.mail(message(MessageKind.INVITATION, Language.EN, name=name))
        assert mail.text.startswith("Hello,\n")
        assert "evil" not in mail.subject + mail.text + mail.html


def test_facts_are_escaped_in_html() -> None:
    """A link with markup in it stays a link."""
    link = 'https://sign.paraph.example/x?a=1&b="><script>'
    mail = RENDERER.mail(message(MessageKind.INVITATION, Language.EN, link=link))
    assert "<script>" not in mail.html
    assert link in mail.text


def test_braces_in_facts_are_not_filled() -> None:
    """A fact is no template."""
    made = RENDERER.mail(message(MessageKind.INVITATION, Language.EN, link="https://x/{brand}"))
    assert "https://x/{brand}" in made.text


def test_a_long_brand_is_found_at_the_start() -> None:
    """Not when the first person waits for a code; letters without a plain form likewise."""
    RENDERER.check(T0)
    for brand in ("A brand with " + "many " * 20 + "words", "подпись"):
        with pytest.raises(WordsUnfit):
            WordsRenderer(brand, "sign.paraph.example").check(T0)


def test_a_long_brand_does_not_lengthen_the_subject() -> None:
    """Cut at 60."""
    long = WordsRenderer("B" * 80, "x.example")
    subject = long.mail(message(MessageKind.INVITATION, Language.EN)).subject
    assert len(subject) == 60
    assert subject.endswith("…")


def test_summer_time_is_told() -> None:
    """The offset is that of the instant."""
    new = message(MessageKind.PASSWORD_CHANGED, Language.EN)
    object.__setattr__(new, "created_at", datetime(2027, 7, 6, 12, 5, tzinfo=UTC))
    assert "6 July 2027, 15:05 (UTC+3)" in RENDERER.mail(new).text


if __name__ == "__main__":
    for each in [*EACH_MAIL, *EACH_SMS]:
        golden(*each).write_text(seen(*each), encoding="utf-8")
