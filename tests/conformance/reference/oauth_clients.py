"""Is this the client? Secret, Basic, assertion, and the account token of §8.3.1 (v2 8.4.1).

The rows are those of the token and revocation tables (v1 8.3.3, 8.3.4; v2 8.4.4, 8.4.5).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import extract_compact

from tests.conformance.reference import accounts
from tests.conformance.reference.oauth_state import CLIENTS, Client, robot_pem, state
from tests.conformance.reference.replies import Refused, invalid
from tests.conformance.reference.server import Server

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_S: Final = 300
"""Life of an assertion, and age of an account token."""

Form = Mapping[str, str]


def authenticated(
    server: Server, form: Form, authorization: str, audiences: tuple[str, ...], *, named: bool
) -> Client:
    """The client that sent the form.

    Args:
        named: ``client_id`` has to be in the form even beside an Authorization header.
    """
    header = _basic(authorization) if authorization else None
    if "client_id" not in form and (named or header is None):
        raise Refused("Missing parameter client_id")
    client = CLIENTS.get(form.get("client_id", header[0] if header else ""))
    if client is None:
        raise invalid("client_id")
    if "client_assertion" in form:
        _assertion(server, client, form, audiences)
        return client
    secret = header[1] if header else form.get("client_secret")
    if secret is None:
        raise Refused("Client authorization required")
    wrong_id = header is not None and header[0] != client.id
    right = secret == client.secret or server.wrong("oauth-secret-ignored")
    if wrong_id or not client.secret or not right:
        raise invalid("client_secret")
    return client


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(scheme)
        pair = base64.b64decode(encoded, validate=True).decode()
    except (ValueError, binascii.Error):
        challenge = {"WWW-Authenticate": 'Basic realm="csc"'}
        text = "Invalid authorization header"
        raise Refused(text, error="invalid_client", status=401, headers=challenge) from None
    name, _, secret = pair.partition(":")
    return unquote_plus(name), unquote_plus(secret)


def _assertion(server: Server, client: Client, form: Form, audiences: tuple[str, ...]) -> None:
    """Returns when the assertion is good, for the first time (RFC 7523 3)."""
    if form.get("client_assertion_type") != ASSERTION or client.secret:
        raise invalid("client_assertion")
    text = form["client_assertion"]
    try:
        if server.wrong("assertion-unsigned"):
            claims = _unverified(text)
        else:
            key = ECKey.import_key(robot_pem())
            claims = jwt.decode(text, key, algorithms=["ES256"]).claims
    except (JoseError, ValueError):
        raise invalid("client_assertion") from None
    now, known = time.time(), state(server).seen
    ends, jti = claims.get("exp"), claims.get("jti")
    if ends is None and server.wrong("assertion-endless"):
        ends = int(now) + 1
    aud = claims.get("aud")
    good = (
        claims.get("iss") == client.id
        and (server.wrong("assertion-any-subject") or claims.get("sub") == client.id)
        and not server.wrong("assertion-refused")
        and (server.wrong("assertion-any-audience") or aud in audiences)
        and isinstance(ends, int)
        and (server.wrong("assertion-expired") or now < ends <= now + LONGEST_S)
        and isinstance(jti, str)
        and (server.wrong("assertion-replay") or jti not in known)
    )
    if not good:
        raise invalid("client_assertion")
    known.add(str(jti))


def _unverified(text: str) -> dict[str, Any]:
    claims = json.loads(extract_compact(text.encode()).payload or b"")
    return dict(claims) if isinstance(claims, dict) else {}


def account(server: Server, client: Client, text: str) -> bool:
    """Whether ``text`` names an account of ours, for the first time (v1 8.3.1)."""
    key = OctKey.import_key(hashlib.sha256(client.secret.encode()).digest())
    try:
        claims = jwt.decode(text, key, algorithms=["HS256"]).claims
    except (JoseError, ValueError):
        if not server.wrong("account-forged"):
            return False
        claims = _unverified(text)
    known, jti, issued = state(server).seen, claims.get("jti"), claims.get("iat")
    good = (
        claims.get("sub") in accounts.USERS
        and (claims.get("azp") == client.id or server.wrong("account-any-client"))
        and isinstance(issued, int)
        and (abs(time.time() - issued) < LONGEST_S or server.wrong("account-old"))
        and isinstance(jti, str)
        and jti not in known
    )
    known.add(str(jti))
    return good
