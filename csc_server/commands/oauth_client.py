"""`csc-server oauth-client`: programs that may ask for tokens."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from pathlib import Path

from csc_server.adapters.client_file import ClientEntry
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.commands import basics, common
from csc_server.commands.basics import CommandFailed
from csc_server.config import Settings
from csc_server.operations.oauth.register import RegisterClients
from csc_server.ports.oauth import ClientTaken, JwtInvalid
from csc_server.storage import Storage
from policies.oauth import clients
from policies.oauth.clients import Client, ClientAuth, ClientRefused, GrantType, Profile
from policies.secret import ClientSecret
from policies.tokens import Scope
from policies.values import AccountId, ClientId

_WITH_SECRET = (ClientAuth.CLIENT_SECRET_BASIC, ClientAuth.CLIENT_SECRET_POST)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser("oauth-client", help="add, list, remove programs")
    words = parser.add_subparsers(required=True, metavar="WORD")
    _register_add(words)
    remove = words.add_parser("remove", help="end a client with all its grants and tokens")
    remove.add_argument("client_id")
    remove.set_defaults(run=_remove)
    words.add_parser("list", help="list the clients").set_defaults(run=_list)


def _register_add(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    add = words.add_parser("add", help="register a client; prints its new secret once")
    add.add_argument("client_id")
    add.add_argument("--name", required=True, help="shown to people")
    add.add_argument("--host", default="", help="domain shown beside the name")
    add.add_argument("--redirect-uri", action="append", default=[], help="exact; repeatable")
    add.add_argument(
        "--grant",
        action="append",
        choices=[one.value for one in GrantType],
        help="repeatable; default: authorization_code and refresh_token",
    )
    add.add_argument(
        "--auth", choices=[one.value for one in ClientAuth], default=ClientAuth.CLIENT_SECRET_BASIC
    )
    add.add_argument("--jwks", type=Path, help="file with the JWK set of private_key_jwt")
    add.add_argument(
        "--scope",
        action="append",
        choices=[one.value for one in Scope],
        help="repeatable; default: service and credential",
    )
    add.add_argument("--no-pkce", action="store_true", help="let v1 requests come without PKCE")
    add.add_argument("--require-dpop", action="store_true", help="tokens are bound to a key")
    add.add_argument("--require-par", action="store_true", help="requests have to be pushed")
    add.add_argument("--no-consent", action="store_true", help="do not ask: our own programs only")
    add.add_argument("--fapi2", action="store_true", help="FAPI 2.0 Security Profile")
    add.add_argument("--account", help="user name of the account that a seal client acts for")
    add.add_argument("--par-per-minute", type=int, default=clients.PAR_PER_MINUTE)
    add.add_argument("--authorize-per-minute", type=int, default=clients.AUTHORIZE_PER_MINUTE)
    add.add_argument("--failures-per-minute", type=int, default=clients.FAILURES_PER_MINUTE)
    add.set_defaults(run=_add)


def _add(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)
    entry = _entry(arguments)
    secret = None
    if entry.auth_method in _WITH_SECRET:
        secret = ClientSecret(SystemEntropy().token())

    async def work() -> None:
        async with common.administration(settings) as opened:
            account_id = None
            if entry.account:
                account_id = (await common.account_named(opened.store, entry.account)).account_id
            client = _client(entry, secret, arguments.jwks, account_id)
            try:
                await _verbs(opened.store).add(client)
            except ClientTaken as reason:
                raise CommandFailed(f"{client.client_id} exists already") from reason
            except ClientRefused as reason:
                raise CommandFailed(str(reason)) from reason
            print(f"Added client {client.client_id}.")
            if secret is not None:
                print(f"Secret, shown this once: {secret.value}")

    asyncio.run(work())
    return 0


def _entry(arguments: argparse.Namespace) -> ClientEntry:
    grants = arguments.grant or [GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN]
    return ClientEntry(
        client_id=arguments.client_id,
        name=arguments.name,
        host=arguments.host,
        redirect_uris=tuple(arguments.redirect_uri),
        grant_types=frozenset(map(GrantType, grants)),
        auth_method=ClientAuth(arguments.auth),
        scopes=frozenset(map(Scope, arguments.scope or [Scope.SERVICE, Scope.CREDENTIAL])),
        require_pkce=not arguments.no_pkce,
        require_dpop=arguments.require_dpop or None,
        require_par=arguments.require_par or None,
        require_consent=not arguments.no_consent,
        profile=Profile.FAPI2 if arguments.fapi2 else Profile.STANDARD,
        account=arguments.account,
        par_per_minute=max(arguments.par_per_minute, 1),
        authorize_per_minute=max(arguments.authorize_per_minute, 1),
        failures_per_minute=max(arguments.failures_per_minute, 1),
    )


def _client(
    entry: ClientEntry, secret: ClientSecret | None, jwks: Path | None, account_id: AccountId | None
) -> Client:
    try:
        keys = jwks.read_text("utf-8") if jwks is not None else None
        return entry.client(secret=secret, jwks=keys, account_id=account_id)
    except (OSError, ValueError, JwtInvalid) as reason:
        raise CommandFailed(f"--jwks: {reason}") from reason


def _remove(arguments: argparse.Namespace) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            if not await _verbs(opened.store).remove(ClientId(arguments.client_id)):
                raise CommandFailed(
                    f"no client {arguments.client_id} here, or the file of clients rules it"
                )
            print(f"Removed client {arguments.client_id}.")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0


def _list(arguments: argparse.Namespace) -> int:
    async def work(settings: Settings) -> None:
        async with common.administration(settings) as opened:
            for one in await opened.store.oauth_clients.all():
                scopes = "+".join(sorted(one.scopes))
                print(f"{one.client_id:<24}  {one.auth_method:<19}  {scopes:<18}  {one.name}")

    asyncio.run(work(basics.settings_of(arguments)))
    return 0


def _verbs(store: Storage) -> RegisterClients:
    return RegisterClients(store.oauth_clients, SystemClock(), getpass.getuser())
