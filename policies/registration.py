"""What a person may write into the registration form. (journeys J1.1, J1.2)

Each field has its own problem, and all problems are told at once. That a mail address or a
number belongs to the person is proved by a link and a code, not here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies import errors, phones
from policies.messages import Language
from policies.phones import PhoneInvalid

NAME_CHARACTERS: Final = 64
"""X.520 allows 64 for surname, given name and, together, common name; checked per name."""
MAIL_CHARACTERS: Final = 254
"""RFC 5321 4.5.3.1.3, less the angle brackets."""
LOCAL_CHARACTERS: Final = 64
"""RFC 5321 4.5.3.1.1."""

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAME_MARKS: Final = " '\u2019-.,"


class Problem(StrEnum):
    """Why a field cannot be taken."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    COUNTRY = "country"
    """A phone number of a country that we do not send SMS to."""
    DIFFERS = "differs"
    """The repetition is not the same."""
    SAME = "same"
    """The new value is the present one."""
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """The form of J1.1 as it was typed."""

    first_name: str
    last_name: str
    email: str
    phone: str
    """With country prefix, or national beside ``phone_prefix``."""
    privacy_read: bool
    language: Language
    phone_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants an account, checked and in one spelling."""

    first_name: str
    last_name: str
    email: str
    """As typed, without spaces around it."""
    phone: str
    """E.164."""
    language: Language


def check(form: RegistrationForm, prefixes: Sequence[str]) -> Applicant:
    """The applicant of a form.

    Raises:
        FormInvalid: Field to problem, for every field that cannot be taken.
    """
    problems: dict[str, str] = {}
    first_name, last_name = name(form.first_name), name(form.last_name)
    email = form.email.strip()
    for field, problem in (
        ("first_name", name_problem(first_name)),
        ("last_name", name_problem(last_name)),
        ("email", mail_problem(email)),
        ("privacy_read", None if form.privacy_read else Problem.MISSING),
    ):
        if problem is not None:
            problems[field] = problem
    phone = ""
    try:
        phone = checked_phone(form.phone, prefixes, form.phone_prefix)
    except errors.FormInvalid as invalid:
        problems |= invalid.problems
    if problems:
        raise errors.FormInvalid(problems)
    return Applicant(first_name, last_name, email, phone, form.language)


def checked_phone(text: str, prefixes: Sequence[str], prefix: str = "") -> str:
    """The phone number in E.164.

    Raises:
        FormInvalid: Field ``phone``.
    """
    if not text.strip():
        raise errors.FormInvalid({"phone": Problem.MISSING})
    try:
        return phones.parse(text, prefixes, prefix)
    except PhoneInvalid as invalid:
        raise errors.FormInvalid({"phone": Problem(str(invalid))}) from invalid


def name(text: str) -> str:
    """A name in one spelling: NFC, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def name_problem(text: str) -> Problem | None:
    """Letters of any script, with the marks that names have."""
    if not text:
        return Problem.MISSING
    if len(text) > NAME_CHARACTERS:
        return Problem.TOO_LONG
    fine = all(one in _NAME_MARKS or unicodedata.category(one)[0] in "LM" for one in text)
    return None if fine and any(one.isalpha() for one in text) else Problem.MALFORMED


def mail_problem(text: str) -> Problem | None:
    """A dot-atom and a host name of at least two labels (RFC 5321 4.1.2), nothing quoted.

    ASCII only: an address that looks like another one must not open a second account.
    """
    if not text:
        return Problem.MISSING
    if len(text) > MAIL_CHARACTERS:
        return Problem.TOO_LONG
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    fine = (
        at
        and len(local) <= LOCAL_CHARACTERS
        and _LOCAL.fullmatch(local)
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
    return None if fine else Problem.MALFORMED


def mail_key(email: str) -> str:
    """What makes two mail addresses the same account: case does not."""
    return email.strip().casefold()
