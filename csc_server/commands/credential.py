"""`csc-server credential`: keys with certificates."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from csc_server import app
from csc_server.commands import basics, common
from csc_server.commands.basics import CommandFailed
from csc_server.config import Settings
from csc_server.operations.enrol import MULTISIGN, NewCredential
from pki.certificates import Person
from policies import errors, pin
from policies.algorithms import KeyAlgorithm
from policies.secret import Pin
from policies.values import CredentialId, CredentialState


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser("credential", help="create, list, enable, disable")
    words = parser.add_subparsers(required=True, metavar="WORD")
    _register_create(words)
    listing = words.add_parser("list", help="list the credentials of an account")
    listing.add_argument("username")
    listing.set_defaults(run=_list)
    for word, state in (("enable", CredentialState.ENABLED), ("disable", CredentialState.DISABLED)):
        one = words.add_parser(word, help=f"{word} a key")
        one.add_argument("credential_id")
        one.set_defaults(run=_set_state, state=state)


def _register_create(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    create = words.add_parser("create", help="generate a key and issue its certificate")
    create.add_argument("username")
    create.add_argument("--algorithm", default="P-256", help="RSA-3072, RSA-4096, P-256 or P-384")
    create.add_argument("--name", required=True, help="common name of the certificate")
    create.add_argument("--given-name")
    create.add_argument("--surname")
    create.add_argument("--country", help="two letters; default: the service's region")
    create.add_argument("--serial-number", help="subject serialNumber that makes the name unique")
    create.add_argument("--pin", action="store_true", help="ask for a signing PIN")
    create.add_argument("--no-otp", action="store_true", help="do not ask for codes (seals)")
    create.add_argument("--multisign", type=int, default=MULTISIGN, help="default: %(default)s")
    create.add_argument("--certificate", type=Path, help="write the certificate (DER) here")
    create.set_defaults(run=_create)


def _create(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)
    algorithm = _algorithm(settings, arguments.algorithm)
    chosen_pin = Pin(common.ask_secret("New signing PIN", twice=True)) if arguments.pin else None
    person = Person(
        common_name=arguments.name,
        country=arguments.country or settings.service.region,
        given_name=arguments.given_name,
        surname=arguments.surname,
        serial_number=arguments.serial_number,
    )

    async def work() -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            new = NewCredential(
                account_id=account.account_id,
                person=person,
                algorithm=algorithm,
                pin=chosen_pin,
                use_otp=not arguments.no_otp,
                multisign=arguments.multisign,
            )
            try:
                credential = await opened.enrolment.create_credential(
                    new, common.authority_of(settings)
                )
            except errors.OtpMissing as reason:
                raise CommandFailed(
                    f"pair an authenticator first: csc-server account pair {account.username}"
                ) from reason
            except (errors.PinTooWeak, ValueError) as reason:
                raise CommandFailed(str(reason)) from reason
            if arguments.certificate is not None:
                common.write_private(arguments.certificate, credential.certificates[0])
            print(f"Created credential {credential.credential_id}.")

    if chosen_pin is not None:
        _check_pin(chosen_pin)
    asyncio.run(work())
    return 0


def _algorithm(settings: Settings, label: str) -> KeyAlgorithm:
    allowed = {one.label: one for one in app.key_algorithms(settings)}
    if label not in allowed:
        raise CommandFailed(f"--algorithm is one of {', '.join(allowed)}")
    return allowed[label]


def _check_pin(chosen: Pin) -> None:
    try:
        pin.check_new(chosen)
    except errors.PinTooWeak as reason:
        raise CommandFailed(str(reason)) from reason


def _list(arguments: argparse.Namespace) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            for one in await opened.store.credentials.of_account(account.account_id):
                factors = "+".join(sorted(one.factors, reverse=True))
                print(f"{one.credential_id}  {one.state:<8}  {factors:<7}  {one.description}")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0


def _set_state(arguments: argparse.Namespace) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            credential = await opened.store.credentials.find(CredentialId(arguments.credential_id))
            if credential is None:
                raise CommandFailed(f"no credential {arguments.credential_id}")
            await opened.enrolment.set_credential_state(credential, arguments.state)
            print(f"{credential.credential_id} is {arguments.state}.")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0
