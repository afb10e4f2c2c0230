"""From rows of the authorization server to values and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from csc_server.storage.oauth_tables import clients, requests
from csc_server.storage.units import Row
from policies.algorithms import HashAlgorithm
from policies.oauth.clients import Client, ClientAuth, GrantType, Profile
from policies.oauth.values import (
    AuthorizationRequest,
    Document,
    RequestState,
    SignatureWish,
    StoredRequest,
)
from policies.tokens import Scope
from policies.values import microseconds_from_utc, utc_from_microseconds

CLIENT: Final = tuple(column for column in clients.c if column.name != "created_at")
REQUEST: Final = (
    requests.c.request_id,
    requests.c.state,
    requests.c.session_id,
    requests.c.expires_at,
    requests.c.body,
)


def client(row: Row) -> tuple[Client, bool]:
    """The value of a row of ``CLIENT``, and whether the file of clients rules it."""
    given = {column.name: value for column, value in zip(CLIENT, row, strict=True)}
    from_file = given.pop("from_file")
    flags = {name: bool(given.pop(name)) for name in list(given) if name.startswith("require_")}
    value = Client(
        **(
            given
            | flags
            | {
                "redirect_uris": tuple(given["redirect_uris"].split()),
                "grant_types": frozenset(map(GrantType, given["grant_types"].split())),
                "auth_method": ClientAuth(given["auth_method"]),
                "scopes": frozenset(map(Scope, given["scopes"].split())),
                "profile": Profile(given["profile"]),
            }
        )
    )
    return value, bool(from_file)


def client_columns(value: Client, now: datetime, *, from_file: bool) -> dict[str, Any]:
    """The row of a client."""
    return {
        "client_id": value.client_id,
        "name": value.name,
        "host": value.host,
        # No redirect URI has a blank (``policies.oauth.redirects``).
        "redirect_uris": "\n".join(value.redirect_uris),
        "grant_types": words(value.grant_types),
        "auth_method": value.auth_method,
        "secret_digest": value.secret_digest,
        "jwks": value.jwks,
        "scopes": words(value.scopes),
        "require_pkce": int(value.require_pkce),
        "require_dpop": int(value.require_dpop),
        "require_par": int(value.require_par),
        "require_consent": int(value.require_consent),
        "profile": value.profile,
        "account_id": value.account_id,
        "par_per_minute": value.par_per_minute,
        "authorize_per_minute": value.authorize_per_minute,
        "failures_per_minute": value.failures_per_minute,
        "created_at": microseconds_from_utc(now),
        "from_file": int(from_file),
    }


def stored_request(row: Row) -> StoredRequest:
    """The value of a row of ``REQUEST``."""
    request_id, state, session_id, expires_at, body = row
    return StoredRequest(
        request_id,
        authorization_request(body),
        RequestState(state),
        session_id,
        utc_from_microseconds(expires_at),
    )


def authorization_request(body: str) -> AuthorizationRequest:
    """The request of such a text."""
    given = json.loads(body)
    wish = given["signatures"]
    given["scopes"] = frozenset(map(Scope, given["scopes"]))
    if wish is not None:
        wish["documents"] = tuple(
            Document(bytes.fromhex(digest), label) for digest, label in wish["documents"]
        )
        wish["hash_algorithm"] = HashAlgorithm.of_oid(wish["hash_algorithm"])
        given["signatures"] = SignatureWish(**wish)
    return AuthorizationRequest(**given)


def request_body(value: AuthorizationRequest) -> str:
    """The request as canonical JSON."""
    given = {name: getattr(value, name) for name in AuthorizationRequest.__slots__}
    given["scopes"] = sorted(value.scopes)
    if (wish := value.signatures) is not None:
        given["signatures"] = {name: getattr(wish, name) for name in SignatureWish.__slots__} | {
            "documents": [(one.digest.hex(), one.label) for one in wish.documents],
            "hash_algorithm": wish.hash_algorithm.oid,
        }
    return json.dumps(given, sort_keys=True, separators=(",", ":"))


def request_columns(value: StoredRequest, uri_digest: bytes | None) -> dict[str, Any]:
    """The row of a request."""
    return {
        "request_id": value.request_id,
        "client_id": value.request.client_id,
        "state": value.state,
        "uri_digest": uri_digest,
        "session_id": value.session_id,
        "expires_at": microseconds_from_utc(value.expires_at),
        "body": request_body(value.request),
    }


def words(values: Iterable[str]) -> str:
    """Words of an enumeration as one text."""
    return " ".join(sorted(values))


def scopes(text: str) -> frozenset[Scope]:
    """The scopes of such a text."""
    return frozenset(map(Scope, text.split()))
