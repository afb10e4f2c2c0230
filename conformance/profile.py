"""What the suite is told about a server: a TOML file, read into frozen values.

Unknown keys are refused. A secret may be written as ``env:NAME`` or ``file:PATH`` (relative to the
profile), so that no profile has to hold one. What the keys mean stands at the fields.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus

from conformance.errors import BadProfile
from conformance.model import Version

_PROFILES: Final = Path(__file__).parent / "profiles"
_Table = TypeVar("_Table")


@dataclass(frozen=True, slots=True)
class Step:
    """One page on the way to an authorization code: ``[[oauth.steps]]``."""

    fill: dict[str, str] = field(default_factory=dict)
    """Form fields and their values. ``totp:SECRET`` is the code of now, ``ask:TEXT`` asks you."""
    press: str = ""
    """Name, value or label of the button; empty: the form's first."""
    optional: bool = False
    """A page that does not always come, for example a consent that is remembered."""


@dataclass(frozen=True, slots=True)
class Service:
    """How calls of the API are allowed: ``[service]``."""

    kind: str = "none"
    """``none``, ``basic`` (auth/login), ``bearer``, ``authorization_code`` or
    ``client_credentials``."""
    username: str = ""
    """Of ``basic``."""
    password: str = ""
    """Of ``basic``; a secret."""
    token: str = ""
    """Of ``bearer``: an access token that you have; a secret."""
    other_username: str = ""
    """A second person, for checks that nobody uses another's credential; may be left out."""
    other_password: str = ""
    """Of the second person; a secret."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """The client that the suite plays at the authorization server: ``[oauth]``."""

    client_id: str = ""
    """As registered; empty: no OAuth checks that need a client."""
    client_secret: str = ""
    """A secret."""
    client_auth: str = "client_secret_basic"
    """``none``, ``client_secret_basic``, ``client_secret_post``, ``private_key_jwt``, ``tls``."""
    key_file: str = ""
    """Private key (PEM) of ``private_key_jwt``, relative to the profile."""
    key_id: str = ""
    """``kid`` of that key, where the server wants one."""
    redirect_uri: str = ""
    """As registered. With ``browser = "local"`` a loopback address, on which the suite listens."""
    browser: str = "recipe"
    """``recipe``: the steps below are followed; ``local``: your own browser is opened."""
    steps: tuple[Step, ...] = ()
    """The pages of a service authorization, in order."""
    credential_steps: tuple[Step, ...] = ()
    """The pages of a credential authorization; empty: as ``steps``."""
    hosts: tuple[str, ...] = ()
    """Further hosts that the pages may lead to (``login.example.com`` or ``host:port``), such as
    that of an identity provider."""
    account: str = ""
    """``sub`` of the account tokens, for a server that demands them; it needs the secret."""
    key_client_id: str = ""
    """A client that proves itself with ``key_file``, where the first one does not."""
    other_client_id: str = ""
    """A second client, for checks that a code serves only the client that asked for it."""
    other_client_secret: str = ""
    """Of the second client, used as ``client_auth`` says; a secret."""
    credential: str = ""
    """A credential to approve by OAuth although its mode is explicit, where a server does both."""
    pkce: bool = False
    """The client has to prove its codes (PKCE) in v1 as well; in v2 all clients have to."""
    push: bool = False
    """v2: credential authorizations are pushed (PAR), not sent through the browser."""
    grants: tuple[str, ...] = ("authorization_code", "refresh_token", "client_credentials")
    """What the client is registered for."""


@dataclass(frozen=True, slots=True)
class Approval:
    """How the person allows signatures, and with which credentials: ``[approval]``."""

    credentials: tuple[str, ...] = ()
    """Identifiers to use, the first one mostly; empty: what credentials/list returns."""
    pin: str = ""
    """A secret. Sent as ``PIN``, and as the value of Password objects called PIN."""
    totp_secret: str = ""
    """Base32 secret of an authenticator (RFC 6238: SHA-1, 30 s, 6 digits)."""
    ask_otp: bool = False
    """Ask on the terminal for each code."""
    values: dict[str, str] = field(default_factory=dict)
    """Further values by the ``id`` of an authentication object; also ``OTP`` for a fixed code."""
    short_lived: str = ""
    """A credential whose SADs end soon, for the check of expired ones."""
    disabled: str = ""
    """A credential whose key is disabled."""
    foreign: str = ""
    """A credential of somebody else."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Transport: ``[tls]``."""

    ca_file: str = ""
    """Certificates (PEM) to believe besides the system's."""
    client_certificate: str = ""
    """PEM, for servers that want mutual TLS."""
    client_key: str = ""
    """PEM; empty: in the same file."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Documents for signDoc: ``[samples]``; what is left out the suite makes itself."""

    pdf: str = ""
    """A PDF."""
    file: str = ""
    """Any file, for CAdES."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may cost the server: ``[limits]``. Nothing is sent beyond."""

    requests: int = 3000
    """Requests of a whole run."""
    seconds: float = 300.0
    """Length of a whole run."""
    request_seconds: float = 10.0
    """Patience with one answer."""
    body_bytes: int = 8 << 20
    """The largest answer that is read."""
    bytes_per_second: int = 1_000_000
    """Sent and received, in the mean."""
    wait_seconds: float = 5.0
    """The longest wait for something to expire; longer lives are not waited for."""


@dataclass(frozen=True, slots=True)
class Profile:
    """All of it. Secrets are in plain; ``masking`` keeps them out of every output."""

    name: str = ""
    """How the report calls the server; empty: its address."""
    urls: tuple[str, ...] = ()
    """Base URLs, ending in ``/csc/v1`` or ``/csc/v2``."""
    versions: tuple[Version, ...] = ()
    """Versions to hold the server to; empty: what its ``info`` announces."""
    read_only: bool = False
    """Never authorize and never sign."""
    skip: tuple[str, ...] = ()
    """Checks to leave out, by id: for example one that brings the server down."""
    service: Service = Service()
    oauth: OAuth = OAuth()
    approval: Approval = Approval()
    tls: Tls = Tls()
    samples: Samples = Samples()
    limits: Limits = Limits()

    def secrets(self) -> set[str]:
        """Everything that no output may show."""
        fills = [value for step in self.oauth.steps for value in step.fill.values()]
        fills += [value for step in self.oauth.credential_steps for value in step.fill.values()]
        found = {
            self.service.password,
            self.service.other_password,
            self.service.token,
            self.oauth.client_secret,
            self.oauth.other_client_secret,
            self.approval.pin,
            self.approval.totp_secret,
            *self.approval.values.values(),
            *(value.partition(":")[2] if value.startswith("totp:") else value for value in fills),
            *_basic(self.service.username, self.service.password),
            *_basic(self.service.other_username, self.service.other_password),
            *_basic(self.oauth.client_id, self.oauth.client_secret),
            *_basic(self.oauth.other_client_id, self.oauth.other_client_secret),
        }
        return {one for one in found if one} - {self.service.username, self.service.other_username}


def _basic(name: str, secret: str) -> tuple[str, ...]:
    """What HTTP Basic makes of them, as RFC 7617 and as RFC 6749 2.3.1 say."""
    pairs = (f"{name}:{secret}", f"{quote_plus(name)}:{quote_plus(secret)}") if secret else ()
    return tuple(base64.b64encode(pair.encode()).decode() for pair in pairs)


def load(name: str) -> Profile:
    """The profile in the file ``name``, or the included one of that name.

    Raises:
        BadProfile: It cannot be read, or a key or value is not what it has to be.
    """
    path = Path(name)
    if not path.exists() and (_PROFILES / f"{name}.toml").exists():
        path = _PROFILES / f"{name}.toml"
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise BadProfile(f"{name}: {failure}") from failure
    return parse(table, path.parent)


def parse(table: dict[str, Any], directory: Path) -> Profile:
    """The profile that ``table`` says; files are relative to ``directory``.

    Raises:
        BadProfile: A key or value is not what it has to be.
    """
    profile: Profile = _build(Profile, _revealed(table, directory), "")
    return dataclasses.replace(
        profile,
        oauth=_placed(profile.oauth, directory, "key_file"),
        tls=_placed(profile.tls, directory, "ca_file", "client_certificate", "client_key"),
        samples=_placed(profile.samples, directory, "pdf", "file"),
    )


def included() -> tuple[str, ...]:
    """The names of the profiles that come with the suite."""
    return tuple(sorted(path.stem for path in _PROFILES.glob("*.toml")))


def _placed(table: _Table, directory: Path, *names: str) -> _Table:
    places = {name: getattr(table, name) for name in names}
    found = {name: str(directory / place) for name, place in places.items() if place}
    return dataclasses.replace(table, **found)  # type: ignore[type-var]  # a dataclass of this file


def _revealed(value: Any, directory: Path) -> Any:
    """``value`` with ``env:`` and ``file:`` replaced by what they name."""
    if isinstance(value, dict):
        return {name: _revealed(one, directory) for name, one in value.items()}
    if isinstance(value, list):
        return [_revealed(one, directory) for one in value]
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        if name not in os.environ:
            raise BadProfile(f"the environment has no {name}")
        return os.environ[name]
    if isinstance(value, str) and value.startswith("file:"):
        try:
            return (directory / value.removeprefix("file:")).read_text().strip()
        except (OSError, UnicodeDecodeError) as failure:
            raise BadProfile(f"{value}: {failure}") from failure
    return value


def _build(kind: Any, table: Any, where: str) -> Any:
    """``table`` as ``kind``: a dataclass, tuple, dict, enumeration or plain value."""
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, table, where)
    if origin is tuple and isinstance(table, list):
        inner = typing.get_args(kind)[0]
        return tuple(_build(inner, one, f"{where}[{at}]") for at, one in enumerate(table))
    if origin is dict and isinstance(table, dict):
        return {name: _build(str, one, f"{where}.{name}") for name, one in table.items()}
    if kind is Version:
        return _version(table, where)
    if kind is float and isinstance(table, int) and not isinstance(table, bool):
        return float(table)
    if isinstance(kind, type) and not isinstance(kind, types.GenericAlias):
        if isinstance(table, kind) and (kind is bool or not isinstance(table, bool)):
            return table
        raise BadProfile(f"{where} has to be {_words[kind]}")
    raise BadProfile(f"{where} has to be {'a table' if origin is dict else 'an array'}")


_words: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _dataclass(kind: type, table: Any, where: str) -> Any:
    if not isinstance(table, dict):
        raise BadProfile(f"{where} has to be a table")
    hints = typing.get_type_hints(kind)
    unknown = sorted(table.keys() - hints.keys())
    if unknown:
        raise BadProfile(f"there is no key {'.'.join(filter(None, (where, unknown[0])))}")
    values = {
        name: _build(hints[name], one, ".".join(filter(None, (where, name))))
        for name, one in table.items()
    }
    return kind(**values)


def _version(text: object, where: str) -> Version:
    try:
        return Version(text)
    except ValueError:
        known = ", ".join(version.value for version in Version)
        raise BadProfile(f"{where}: the suite knows {known}") from None
