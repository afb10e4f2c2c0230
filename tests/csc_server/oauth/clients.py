"""Registered clients of every kind, and the keys and secrets that they hold."""

from __future__ import annotations

import json
from typing import Any

from joserfc.jwk import ECKey, OKPKey

from policies.oauth.clients import Client, ClientAuth, GrantType, Profile
from policies.secret import ClientSecret
from policies.tokens import WITHOUT_PERSON, Scope
from policies.values import AccountId, ClientId
from tests.csc_server.oauth import jwt

SECRET = "kyYwRy8vNOwnfrqCUhAm0DGc0eVfB4TQ6tLkHjNfOoM"
CALLBACK = "https://contab.example/callback"
OTHER_CALLBACK = "https://contab.example/other"
LOOPBACK = "http://127.0.0.1/done"
LOOPBACK_6 = "http://[::1]/done"
PRIVATE = "example.contab.desk:/done"
KEY = ECKey.generate_key("P-256", {"kid": "one"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "two"})
TENANT = "https://contab.example/callback?tenant=7"
_EDWARDS = OKPKey.generate_key("Ed25519")
KEYS = {"ES256": KEY, "PS256": jwt.rsa(), "EdDSA": _EDWARDS, "Ed25519": _EDWARDS}
"""A key for each algorithm, all of them in the key set of ``signer``."""


def key_set(*keys: Any) -> str:
    """The public halves."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


JWKS = key_set(KEY)
_CODE = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})
_SCOPES = frozenset({Scope.SERVICE, Scope.CREDENTIAL, Scope.ACCOUNT})


def client(name: str, **changes: Any) -> Client:
    """A confidential client that authenticates with Basic."""
    standard: dict[str, Any] = {
        "client_id": ClientId(name),
        "name": name.title(),
        "host": "contab.example",
        "redirect_uris": (CALLBACK,),
        "grant_types": _CODE,
        "auth_method": ClientAuth.CLIENT_SECRET_BASIC,
        "secret_digest": ClientSecret(SECRET).digest(),
        "scopes": _SCOPES,
        # The tests do in a second what a client does in an hour.
        "par_per_minute": 10_000,
        "authorize_per_minute": 10_000,
        "failures_per_minute": 10_000,
    }
    return Client(**(standard | changes))


def public(name: str, **changes: Any) -> Client:
    """A program on the person's own machine."""
    return client(
        name,
        **{
            "host": "",
            "redirect_uris": (LOOPBACK,),
            "auth_method": ClientAuth.NONE,
            "secret_digest": None,
        }
        | changes,
    )


def signed(name: str, **changes: Any) -> Client:
    """A client that authenticates with signed assertions."""
    return client(
        name,
        **{"auth_method": ClientAuth.PRIVATE_KEY_JWT, "secret_digest": None, "jwks": JWKS}
        | changes,
    )


def fapi(name: str, **changes: Any) -> Client:
    """A client of the FAPI 2.0 profile."""
    return signed(
        name,
        **{"profile": Profile.FAPI2, "require_dpop": True, "require_par": True} | changes,
    )


def everybody(alice: AccountId) -> list[Client]:
    """Whom the tests' authorization server knows."""
    own = frozenset({GrantType.CLIENT_CREDENTIALS})
    return [
        client("contab"),
        client("rival", redirect_uris=("https://rival.example/callback",)),
        client("two-ways", redirect_uris=(CALLBACK, OTHER_CALLBACK)),
        client("adobe", require_pkce=False),
        client("poster", auth_method=ClientAuth.CLIENT_SECRET_POST),
        client("pushy", require_par=True),
        client("bound", require_dpop=True),
        client("slow", par_per_minute=3, authorize_per_minute=3),
        client("service-only", scopes=frozenset({Scope.SERVICE})),
        client("no-refresh", grant_types=frozenset({GrantType.AUTHORIZATION_CODE})),
        client("house", require_consent=False),
        client("stranger"),
        client("guessed", failures_per_minute=3),
        client("tenant", redirect_uris=(TENANT,)),
        public("vtoken"),
        public("desk", redirect_uris=(LOOPBACK, LOOPBACK_6, PRIVATE)),
        public("web-app", host="app.example", redirect_uris=("https://app.example/cb",)),
        signed("signer", jwks=key_set(*KEYS.values())),
        fapi("bank"),
        fapi(
            "bank-seal",
            grant_types=own,
            redirect_uris=(),
            scopes=frozenset({Scope.SERVICE}),
            account_id=alice,
        ),
        client(
            "portal",
            grant_types=own,
            redirect_uris=(),
            scopes=WITHOUT_PERSON,
        ),
        client(
            # Called like a person: user names are no identifiers, so nothing comes of it.
            "alice",
            grant_types=own,
            redirect_uris=(),
            scopes=frozenset({Scope.REGISTRATION}),
        ),
        client(
            "seal",
            grant_types=own,
            redirect_uris=(),
            scopes=frozenset({Scope.SERVICE}),
            account_id=alice,
        ),
    ]
