"""`csc-server account profile`: name, mail address and phone number of an account's person.

Without them the pages can neither send codes nor mails, so nothing can be changed there.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
from typing import Any, Final

from csc_server import app
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.commands import basics, common
from csc_server.commands.basics import CommandFailed
from csc_server.config import Settings
from csc_server.operations.people.letters import Letters
from csc_server.operations.people.set_profile import SetProfile
from csc_server.ports import Call, NameTaken
from csc_server.ports.people import Profile
from policies import errors, registration
from policies.messages import Language
from policies.registration import Applicant, RegistrationForm

_OPTIONS: Final = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "mail address; logs in too",
    "phone": "phone number with country prefix; SMS go to it",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a person is called and where they are reached."""
    for name, text in _OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", help=text)
    words = [language.value for language in Language]
    parser.add_argument("--language", choices=words, help="of mails, SMS and pages (default: en)")


def register(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word to `account`."""
    parser = words.add_parser("profile", help="set or show name, mail address and phone number")
    parser.add_argument("username")
    add_options(parser)
    parser.set_defaults(run=_profile)


def applicant(arguments: argparse.Namespace, settings: Settings) -> Applicant | None:
    """The profile that the options of `account create` name; ``None`` without any.

    Raises:
        CommandFailed: Some are missing, or cannot be taken.
    """
    given = _given(arguments)
    if not given:
        return None
    try:
        return registration.check(_form(given), settings.people.phone_prefixes)
    except errors.FormInvalid as invalid:
        raise CommandFailed(_problems(invalid)) from invalid


def _profile(arguments: argparse.Namespace) -> int:
    given = _given(arguments)

    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            found = await opened.store.people.find(account.account_id)
            before = found.profile if found else None
            if given:
                clock, rules = SystemClock(), app.people_rules(settings)
                change = SetProfile(opened.store.people, clock, Letters(SystemEntropy(), rules))
                await change(
                    Call("local", "command line"),
                    f"operator:{getpass.getuser()}",
                    account.account_id,
                    _form(_known(before) | given),
                )
                found = await opened.store.people.find(account.account_id)
                before = found.profile if found else None
            _show(arguments.username, before)

    try:
        asyncio.run(work(basics.settings_of(arguments)))
    except errors.FormInvalid as invalid:
        raise CommandFailed(_problems(invalid)) from invalid
    except NameTaken as reason:
        raise CommandFailed("the mail address belongs to another account") from reason
    return 0


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    names = (*_OPTIONS, "language")
    return {name: text for name in names if (text := getattr(arguments, name)) is not None}


def _known(profile: Profile | None) -> dict[str, Any]:
    if profile is None:
        return {}
    return {name: getattr(profile, name) for name in (*_OPTIONS, "language")}


def _form(texts: dict[str, Any]) -> RegistrationForm:
    """As if it had been typed; the privacy notice is shown at the first login."""
    return RegistrationForm(
        **{name: texts.get(name, "") for name in _OPTIONS},
        privacy_read=True,
        language=Language(texts.get("language", Language.EN)),
    )


def _problems(invalid: errors.FormInvalid) -> str:
    return "; ".join(
        f"--{field.replace('_', '-')}: {problem}" for field, problem in invalid.problems.items()
    )


def _show(username: str, profile: Profile | None) -> None:
    if profile is None:
        print(f"{username} has no profile: no mail address, no phone number.")
        return
    print(f"{profile.first_name} {profile.last_name}, {profile.email}, {profile.phone}")
