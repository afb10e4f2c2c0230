"""`csc-server credential`: keys with certificates."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from csc_server import app
from csc_server.adapters.entropy import SystemEntropy
from csc_server.commands import basics, common
from csc_server.commands.basics import CommandFailed
from csc_server.config import Settings
from csc_server.operations.enrol import MULTISIGN, NewCredential
from csc_server.ports.ca import CaUnavailable
from pki import profiles
from policies import errors, pin
from policies.algorithms import KeyAlgorithm
from policies.identity import Identifier, IdentifierScheme, Identity
from policies.secret import Pin
from policies.values import CredentialId, CredentialState, Factor

_SCHEMED: Final = re.compile("(PAS|IDC|PNO|TIN)([A-Z]{2})-(.+)")


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
    create.add_argument("--given-name", help="as on the identity document")
    create.add_argument("--surname", help="as on the identity document")
    create.add_argument("--pseudonym", help="instead of both names")
    create.add_argument("--country", help="two letters; default: the service's region")
    create.add_argument(
        "--identifier",
        help="number of a document, such as PASRO-123456 (PAS, IDC, PNO, TIN); public for as long "
        "as the certificate exists. Default: a number without meaning",
    )
    create.add_argument(
        "--profile",
        default=profiles.SIGNATURE.name,
        choices=sorted(profiles.FOR_PEOPLE),
        help="default: %(default)s",
    )
    create.add_argument("--years", type=int, default=1, choices=(1, 2, 3), help="default: 1")
    create.add_argument("--pin", action="store_true", help="ask for a signing PIN")
    create.add_argument("--no-otp", action="store_true", help="do not ask for codes (seals)")
    create.add_argument(
        "--sms", action="store_true", help="with --pin: codes by SMS in place of the app's; weaker"
    )
    create.add_argument("--multisign", type=int, default=MULTISIGN, help="default: %(default)s")
    create.add_argument("--certificate", type=Path, help="write the certificate (DER) here")
    create.set_defaults(run=_create)


def _create(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)
    algorithm = _algorithm(settings, arguments.algorithm)
    chosen_pin = Pin(common.ask_secret("New signing PIN", twice=True)) if arguments.pin else None
    country = arguments.country or settings.service.region
    person = Identity(
        country=country,
        identifier=_identifier(arguments.identifier),
        given_name=arguments.given_name,
        surname=arguments.surname,
        pseudonym=arguments.pseudonym,
    )
    profile = profiles.FOR_PEOPLE[arguments.profile]
    if profile.claims_qualified:
        _warn_of_claim(settings)

    async def work() -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            new = NewCredential(
                account_id=account.account_id,
                person=person,
                algorithm=algorithm,
                pin=chosen_pin,
                use_otp=not (arguments.no_otp or arguments.sms),
                use_sms=arguments.sms,
                multisign=arguments.multisign,
                profile=profile,
                lifetime=arguments.years * profiles.YEAR,
            )
            try:
                async with common.certifying(opened) as ca:
                    credential = await opened.enrolment.create_credential(new, ca)
            except errors.OtpMissing as reason:
                raise CommandFailed(
                    f"pair an authenticator first: csc-server account pair {account.username}"
                ) from reason
            except errors.IdentityUnfit as reason:
                raise CommandFailed(f"cannot be certified: {reason}") from reason
            except errors.CertificateUnfit as reason:
                raise CommandFailed(f"the linter refuses this certificate: {reason}") from reason
            except (errors.AuthorityRefused, errors.KeyUnfit, CaUnavailable) as reason:
                raise CommandFailed(f"not certified: {reason}") from reason
            except errors.PhoneMissing as reason:
                raise CommandFailed(
                    f"{account.username} has no phone number that an SMS could go to"
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


def _identifier(text: str | None) -> Identifier:
    if text is None:
        return Identifier(IdentifierScheme.OPAQUE, SystemEntropy().identifier()[:16].upper())
    found = _SCHEMED.fullmatch(text)
    if found is None:
        raise CommandFailed("--identifier looks like PASRO-123456: PAS, IDC, PNO or TIN")
    scheme, country, number = found.groups()
    return Identifier(IdentifierScheme(scheme), number, country)


def _warn_of_claim(settings: Settings) -> None:
    print(
        "WARNING: this profile says that the certificate is qualified. Only a qualified trust "
        "service provider may issue it, and only for keys in a certified device.",
        file=sys.stderr,
    )
    if "softhsm" in settings.pkcs11.module.name:
        raise CommandFailed("SoftHSM keeps keys in files: it is no qualified device")


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
                factors = "+".join(factor for factor in Factor if factor in one.factors)
                print(f"{one.credential_id}  {one.state:<8}  {factors:<7}  {one.description}")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0


def _set_state(arguments: argparse.Namespace) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            credential = await opened.store.credentials.find(CredentialId(arguments.credential_id))
            if credential is None:
                raise CommandFailed(f"no credential {arguments.credential_id}")
            try:
                await opened.enrolment.set_credential_state(credential, arguments.state)
            except errors.CertificateNotSo as reason:
                raise CommandFailed(f"its key stays disabled: {reason}") from reason
            print(f"{credential.credential_id} is {arguments.state}.")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0
