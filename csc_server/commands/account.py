"""`csc-server account`: people who may log in.

Names, mail address and phone number of a person stand in ``commands.profile``.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass

import pyotp
import segno

from csc_server.adapters.clock import SystemClock
from csc_server.commands import basics, common, profile
from csc_server.commands.basics import CommandFailed
from csc_server.config import Settings
from csc_server.operations.api import AddCredit
from csc_server.ports import Call, NameTaken
from csc_server.ports.api import Credit
from policies import errors, totp
from policies.secret import Password, TotpSeed
from policies.transactions import MOST_CREDIT, REFERENCE_CHARACTERS
from policies.values import AccountState


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser(
        "account", help="create, list, profile, suspend, resume, unlock, pair, credit"
    )
    words = parser.add_subparsers(required=True, metavar="WORD")
    for word, text, work in (
        ("create", "create an account; asks for the password", _create),
        ("pair", "pair a TOTP authenticator; shows its QR code once", _pair),
        ("suspend", "refuse logins and tokens of an account", _suspend),
        ("resume", "let an account act again", _resume),
        ("unlock", "lift the locks that wrong passwords, PINs and codes have put", _unlock),
    ):
        one = words.add_parser(word, help=text)
        one.add_argument("username")
        one.set_defaults(run=work)
        if word == "create":
            profile.add_options(one)
    profile.register(words)
    credit = words.add_parser("credit", help="add transactions; from the first on they are metered")
    credit.add_argument("username")
    credit.add_argument("transactions", type=int)
    credit.add_argument("reference", help="the order or reason; counts once")
    credit.set_defaults(run=_credit)
    words.add_parser("list", help="list the accounts").set_defaults(run=_list)


def show_pairing(username: str, issuer: str, seed: TotpSeed) -> None:
    """Print the QR code and the secret for an authenticator app."""
    uri = provisioning_uri(username, issuer, seed)
    segno.make(uri, error="m").terminal(compact=True)
    print(f"TOTP secret: {seed.value}")


def provisioning_uri(username: str, issuer: str, seed: TotpSeed) -> str:
    """``otpauth://`` text of RFC 6238 apps; as secret as the seed."""
    code = pyotp.TOTP(seed.value, digits=totp.DIGITS, interval=totp.STEP_S)
    return code.provisioning_uri(name=username, issuer_name=issuer)


def _create(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)
    applicant = profile.applicant(arguments, settings)
    password = Password(common.ask_secret("Password", twice=True))
    name = arguments.username

    async def work() -> None:
        async with common.administration(settings) as opened:
            try:
                account_id = await opened.enrolment.create_account(name, password, applicant)
            except NameTaken as reason:
                taken = name if applicant is None else f"{name} or {applicant.email}"
                raise CommandFailed(f"{taken} exists already") from reason
            print(f"Created account {name} ({account_id}).")

    asyncio.run(work())
    return 0


def _pair(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)

    async def work() -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            seed = await opened.enrolment.pair_authenticator(account.account_id)
            show_pairing(account.username, settings.service.name, seed)

    asyncio.run(work())
    return 0


def _suspend(arguments: argparse.Namespace) -> int:
    return _set_state(arguments, AccountState.SUSPENDED)


def _resume(arguments: argparse.Namespace) -> int:
    return _set_state(arguments, AccountState.ACTIVE)


def _set_state(arguments: argparse.Namespace, state: AccountState) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            await opened.enrolment.set_account_state(account.account_id, state)
            print(f"{account.username} is {state}.")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0


def _unlock(arguments: argparse.Namespace) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            await opened.enrolment.unlock(account.account_id)
            print(f"{account.username} is unlocked.")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0


def _credit(arguments: argparse.Namespace) -> int:
    count, reference = arguments.transactions, arguments.reference
    if not 1 <= count <= MOST_CREDIT or not 1 <= len(reference) <= REFERENCE_CHARACTERS:
        raise CommandFailed(f"1 to {MOST_CREDIT} transactions, with a reference")

    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            actor = f"operator:{getpass.getuser()}"
            credit = Credit(actor, reference, account.account_id, count)
            add = AddCredit(opened.store.people, opened.store.ledger, SystemClock())
            try:
                balance = await add(Call("local", "command line"), credit)
            except errors.CreditDiffers as reason:
                raise CommandFailed(f"{reference} was used for another credit") from reason
            print(f"{account.username} has {balance.left} of {balance.credited} left.")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            for account in await opened.store.accounts.all():
                print(f"{account.account_id}  {account.state:<9}  {account.username}")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0
