"""Who may ask for tokens, and how: the registered client. (RFC 6749 2; RFC 9700 2.5)"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies import addresses, errors, pacing
from policies.oauth import redirects
from policies.pacing import Limit, Pace, Paced
from policies.secret import ClientSecret
from policies.tokens import DIRECT, Scope
from policies.values import AccountId, ClientId

PAR_PER_MINUTE: Final = 30
"""security-and-pki 5.7: pushed requests per client."""
AUTHORIZE_PER_MINUTE: Final = 60
"""security-and-pki 5.7: authorization requests per client."""
FAILURES_PER_MINUTE: Final = 10
"""Failed authentications at the token endpoint per client and address; the precedent is the
login of security-and-pki 5.7."""


_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._~:-]{1,100}")
_PERSON: Final = re.compile(r"[0-9a-f]{32}")
"""How identifiers of accounts look."""


class ClientAuth(StrEnum):
    """Token endpoint authentication methods. (IANA registry; RFC 7591 2)"""

    NONE = "none"
    """A public client: it holds no secret (RFC 6749 2.1)."""
    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the name of a method
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - the name of a method
    PRIVATE_KEY_JWT = "private_key_jwt"


class GrantType(StrEnum):
    """What a client may exchange for tokens. No implicit, no password (RFC 9700 2.1.2, 2.4)."""

    AUTHORIZATION_CODE = "authorization_code"
    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant


class Profile(StrEnum):
    """Which set of rules a client has to keep."""

    STANDARD = "standard"
    FAPI2 = "fapi2"
    """FAPI 2.0 Security Profile: PAR, DPoP and ``private_key_jwt`` always, no rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client and its policy."""

    client_id: ClientId
    name: str
    """Shown to people."""
    host: str
    """Domain shown beside the name; empty for programs on a person's own machine."""
    redirect_uris: tuple[str, ...] = ()
    """Registered exactly; the first one is the default where v1 allows to leave it out."""
    grant_types: frozenset[GrantType]
    auth_method: ClientAuth
    secret_digest: bytes | None = None
    """SHA-256 of the secret (random, 256 bits). Also the key of ``account_token`` (CSC v1)."""
    jwks: str | None = None
    """JWK set (JSON) with public keys, for ``private_key_jwt``."""
    scopes: frozenset[Scope]
    require_pkce: bool = True
    """Also in v1; v2 and public clients need PKCE whatever stands here."""
    require_dpop: bool = False
    require_par: bool = False
    require_consent: bool = True
    """Ask the person before the first token; false only for our own programs."""
    profile: Profile = Profile.STANDARD
    account_id: AccountId | None = None
    """Account that a seal client acts for with ``client_credentials``."""
    par_per_minute: int = PAR_PER_MINUTE
    authorize_per_minute: int = AUTHORIZE_PER_MINUTE
    failures_per_minute: int = FAILURES_PER_MINUTE
    """From one address; more are refused unseen."""

    @property
    def public(self) -> bool:
        """True when the client has nothing to authenticate with."""
        return self.auth_method is ClientAuth.NONE

    @property
    def native(self) -> bool:
        """True for a program on the person's own machine (RFC 8252)."""
        return self.public and not self.host


def failures(client: Client | None, source: str) -> Pace:
    """Failed authentications of a client, seen from one address.

    Names that nobody has are counted together, so that making up names does not help.
    """
    most = client.failures_per_minute if client else FAILURES_PER_MINUTE
    whose = client.client_id if client else ""
    limit = Limit(Paced.CLIENT_FAILURE, most, pacing.MINUTE)
    return limit.of(f"{whose}|{addresses.household(source)}")


def pushes(client: Client) -> Pace:
    """Pushed authorization requests."""
    limit = Limit(Paced.PUSHED_REQUEST, client.par_per_minute, pacing.MINUTE)
    return limit.of(client.client_id)


def requests(client: Client) -> Pace:
    """Authorization requests that browsers bring."""
    limit = Limit(Paced.AUTHORIZATION_REQUEST, client.authorize_per_minute, pacing.MINUTE)
    return limit.of(client.client_id)


class ClientRefused(ValueError):
    """A registration that breaks a rule; the text is for the operator."""


def check(client: Client) -> Client:
    """The client, if its registration holds together.

    Raises:
        ClientRefused: It does not; the text says why.
    """
    for broken, text in _problems(client):
        if broken:
            raise ClientRefused(f"{client.client_id}: {text}")
    return client


def _problems(client: Client) -> list[tuple[bool, str]]:
    secret = client.auth_method in {
        ClientAuth.CLIENT_SECRET_BASIC,
        ClientAuth.CLIENT_SECRET_POST,
    }
    code = GrantType.AUTHORIZATION_CODE in client.grant_types
    own = GrantType.CLIENT_CREDENTIALS in client.grant_types
    fapi = client.profile is Profile.FAPI2
    return [
        (
            not _CLIENT_ID.fullmatch(client.client_id),
            "client_id: letters, digits, ._~:-, at most 100",
        ),
        # RFC 9700 4.15: no client may look like a person, nor like a login without a client.
        (bool(_PERSON.fullmatch(client.client_id)), "client_id looks like an account"),
        (client.client_id == DIRECT, "this client_id stands for auth/login"),
        (not client.name, "a client has a name"),
        (not client.grant_types, "at least one grant type"),
        (not client.scopes, "at least one scope"),
        (secret != (client.secret_digest is not None), "a secret exactly for client_secret_*"),
        (
            (client.auth_method is ClientAuth.PRIVATE_KEY_JWT) != (client.jwks is not None),
            "a JWK set exactly for private_key_jwt",
        ),
        (code != bool(client.redirect_uris), "redirect URIs exactly for authorization_code"),
        (
            not all(
                redirects.registrable(one, public=client.public) for one in client.redirect_uris
            ),
            "redirect URIs are https; of public clients also loopback addresses and domain-like"
            " schemes of their own; none has a parameter of an answer (code, state, iss, error)",
        ),
        (own and client.public, "client_credentials only for confidential clients (RFC 6749 4.4)"),
        (
            GrantType.REFRESH_TOKEN in client.grant_types and not code,
            "refresh_token only beside authorization_code (RFC 6749 4.4.3)",
        ),
        (
            own and Scope.SERVICE in client.scopes and not code and client.account_id is None,
            "a seal client (client_credentials, service) has an account of its own",
        ),
        (client.account_id is not None and not own, "account_id only with client_credentials"),
        (
            fapi and client.auth_method is not ClientAuth.PRIVATE_KEY_JWT,
            "fapi2 means private_key_jwt",
        ),
        (fapi and not client.require_dpop, "fapi2 means require_dpop"),
        (fapi and not client.require_par, "fapi2 means require_par"),
        (fapi and not client.require_pkce, "fapi2 means require_pkce"),
    ]


def known(client: Client | None) -> Client:
    """The client.

    Raises:
        ClientUnknown: Nobody registered it.
    """
    if client is None:
        raise errors.ClientUnknown("not registered")
    return client


def secret_matches(client: Client, secret: ClientSecret) -> bool:
    """Is this the client's secret? Compared in constant time."""
    if client.secret_digest is None:
        return False
    return hmac.compare_digest(client.secret_digest, secret.digest())


def may(client: Client, grant_type: GrantType) -> None:
    """Return when the client may use this grant.

    Raises:
        ClientNotAllowed: It may not (RFC 6749 5.2 ``unauthorized_client``).
    """
    if grant_type not in client.grant_types:
        raise errors.ClientNotAllowed(f"{client.client_id}: {grant_type}")


def may_have(client: Client, scopes: frozenset[Scope]) -> None:
    """Return when the client may ask for these scopes.

    Raises:
        ScopeInvalid: It may not.
    """
    if not scopes <= client.scopes:
        raise errors.ScopeInvalid(f"{client.client_id}: {', '.join(sorted(scopes))}")
