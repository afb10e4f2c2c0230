"""`csc-server password-key`: the HSM's keys over people's passwords.

A copy of the database says nothing about passwords without these keys. A new one is used for what
is set from the next start on, and each password is moved to it when it is next seen.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter

from csc_server.adapters.passwords import key_version
from csc_server.commands import basics, common


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser("password-key", help="add, list")
    words = parser.add_subparsers(required=True, metavar="WORD")
    for word, text, work in (
        ("add", "make a new key; used from the next start on", _add),
        ("list", "how many passwords are kept under each key", _list),
    ):
        words.add_parser(word, help=text).set_defaults(run=work)


def _add(arguments: argparse.Namespace) -> int:
    async def work() -> None:
        async with common.administration(basics.settings_of(arguments)) as opened:
            version = await opened.enrolment.add_password_key()
            print(f"Made password key {version}. Restart the service to use it.")

    asyncio.run(work())
    return 0


def _list(arguments: argparse.Namespace) -> int:
    async def work() -> None:
        async with common.administration(basics.settings_of(arguments)) as opened:
            accounts = await opened.store.accounts.all()
        for version, count in sorted(
            Counter(key_version(one.password_hash) for one in accounts).items()
        ):
            print(f"{f'key {version}' if version else 'no key'}: {count}")

    asyncio.run(work())
    return 0
