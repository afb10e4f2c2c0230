"""Clients out of a TOML file: ``[[client]]`` tables with the fields of a registration.

An unknown key refuses the file. Secrets and key sets lie in files of their own, whose paths are
relative to the instance. Whether a registration makes sense is ``policies.oauth.clients.check``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from csc_server.adapters import jose
from csc_server.ports.oauth import JwtInvalid
from policies.oauth import clients
from policies.oauth.clients import Client, ClientAuth, GrantType, Profile
from policies.secret import ClientSecret
from policies.tokens import Scope
from policies.values import AccountId, ClientId


class ClientFileRefused(Exception):
    """The file of clients cannot be used; the text says which client and why."""


class ClientEntry(BaseModel):
    """One ``[[client]]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str
    name: str
    host: str = ""
    redirect_uris: tuple[str, ...] = ()
    grant_types: frozenset[GrantType]
    auth_method: ClientAuth
    secret_file: Path | None = None
    jwks_file: Path | None = None
    scopes: frozenset[Scope]
    require_pkce: bool = True
    require_dpop: bool | None = None
    """Default: what the profile asks for; as for the next."""
    require_par: bool | None = None
    require_consent: bool = True
    profile: Profile = Profile.STANDARD
    account: str | None = None
    """User name of the account that a seal client acts for."""
    par_per_minute: int = Field(clients.PAR_PER_MINUTE, ge=1)
    authorize_per_minute: int = Field(clients.AUTHORIZE_PER_MINUTE, ge=1)
    failures_per_minute: int = Field(clients.FAILURES_PER_MINUTE, ge=1)

    def client(
        self, *, secret: ClientSecret | None, jwks: str | None, account_id: AccountId | None
    ) -> Client:
        """The registration, with what lies elsewhere."""
        given: dict[str, Any] = self.model_dump(exclude={"secret_file", "jwks_file", "account"})
        given["client_id"] = ClientId(self.client_id)
        for rule in ("require_dpop", "require_par"):
            if given[rule] is None:
                given[rule] = self.profile is Profile.FAPI2
        return Client(
            **given,
            secret_digest=None if secret is None else secret.digest(),
            jwks=None if jwks is None else jose.check_jwks(jwks),
            account_id=account_id,
        )


def read(path: Path) -> list[ClientEntry]:
    """The clients of a file, in its order.

    Raises:
        ClientFileRefused: Not there, no TOML, an unknown key, a value that is no such thing, or a
            client twice.
    """

    class File(BaseModel):
        model_config = ConfigDict(extra="forbid")

        client: list[ClientEntry] = []

    try:
        entries = File.model_validate(tomllib.loads(path.read_text("utf-8"))).client
    except ValidationError as reason:
        first = reason.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ClientFileRefused(f"{path}: {key}: {first['msg']}") from reason
    except (OSError, ValueError) as reason:
        raise ClientFileRefused(f"{path}: {reason}") from reason
    if len({one.client_id for one in entries}) != len(entries):
        raise ClientFileRefused(f"{path}: a client twice")
    return entries


def registration(
    entry: ClientEntry, account_id: AccountId | None, locate: Callable[[Path], Path]
) -> Client:
    """The registration of an entry, its secret and keys read from their files.

    Args:
        locate: Gives the absolute path of one that is relative to the instance.

    Raises:
        ClientFileRefused: A file is not there, empty, or no JWK set.
    """

    def text(path: Path | None) -> str | None:
        return None if path is None else locate(path).read_text("utf-8").strip()

    try:
        secret = text(entry.secret_file)
        if secret == "":
            raise ClientFileRefused(f"{entry.client_id}: {entry.secret_file} is empty")
        return entry.client(
            secret=None if secret is None else ClientSecret(secret),
            jwks=text(entry.jwks_file),
            account_id=account_id,
        )
    except (OSError, ValueError, JwtInvalid) as reason:
        raise ClientFileRefused(f"{entry.client_id}: {reason}") from reason
