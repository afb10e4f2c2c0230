"""What must be in a JWT of a client: DPoP proofs, assertions, account tokens.

(RFC 9449 4.3; RFC 7523 3; FAPI 2.0 5.3.2.1; CSC v1 8.4.1; RFC 8725)

Signature, algorithm and key were checked by an adapter; whether the identifier was seen before
is the store's to say.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from policies import errors
from policies.oauth.clients import Client, Profile
from policies.secret import Token

ALGORITHMS: Final = ("ES256", "PS256", "EdDSA", "Ed25519")
"""FAPI 2.0 5.4; ``Ed25519`` is the newer name of what ``EdDSA`` meant (RFC 9864)."""
ACCOUNT_TOKEN_ALGORITHM: Final = "HS256"  # noqa: S105 - the name of an algorithm
"""CSC v1 8.4.1: this one and nothing else."""
PROOF_TYPE: Final = "dpop+jwt"
"""RFC 9449 4.2."""
PROOF_WINDOW: Final = timedelta(seconds=60)
"""security-and-pki 4.1: ``iat`` within a minute, either way."""
SKEW: Final = timedelta(seconds=10)
"""FAPI 2.0 5.3.2.1: a JWT up to 10 s in the future is taken; 8.4.1 leaves the skew to us."""
ASSERTION_LIFETIME: Final = timedelta(minutes=5)
"""An assertion is for one request; none needs to live longer."""
ACCOUNT_TOKEN_AGE: Final = timedelta(minutes=10)
"""CSC v1 8.4.1: the service's own maximum age."""
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523 2.2."""
JTI_CHARACTERS: Final = 256
"""Longest identifier that is remembered."""
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""base64url of a SHA-256 (RFC 7638)."""
_AUDIENCES: Final = ("token", "pushed_authorize", "par")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OneTime:
    """An identifier that may be used once."""

    jti: str
    until: datetime
    """When it may be forgotten: the JWT is no longer taken then."""


class Unproved(Exception):
    """A proof that does not hold; the text is for the operator."""


def proof(
    header: Claims,
    claims: Claims,
    *,
    method: str,
    url: str,
    token: Token | None,
    now: datetime,
) -> OneTime:
    """The identifier of a DPoP proof that fits this request. (RFC 9449 4.3)

    Args:
        method: HTTP method of the request.
        url: The request's URL as clients see it.
        token: The access token it comes with; ``None`` at the token endpoint.

    Raises:
        Unproved: Any of the checks 3 to 12 fails.
    """
    if header.get("typ") != PROOF_TYPE:
        raise Unproved("typ")
    if claims.get("htm") != method:
        raise Unproved("htm")
    htu = claims.get("htu")
    if not isinstance(htu, str) or not same_target(htu, url):
        raise Unproved("htu")
    issued = _instant(claims, "iat")
    if issued is None or abs(now - issued) > PROOF_WINDOW:
        raise Unproved("iat")
    if token is not None and not _is_hash_of(claims.get("ath"), token):
        raise Unproved("ath")
    return OneTime(_identifier(claims), now + 2 * PROOF_WINDOW)


def thumbprint(value: str) -> str:
    """A ``dpop_jkt`` parameter. (RFC 9449 10)

    Raises:
        ParameterInvalid: Not a thumbprint.
    """
    if not _THUMBPRINT.fullmatch(value):
        raise errors.ParameterInvalid("dpop_jkt")
    return value


def same_target(one: str, other: str) -> bool:
    """Do two URLs name the same resource, query and fragment aside? (RFC 9449 4.3 check 9)"""
    first, second = _target(one), _target(other)
    return first is not None and first == second


def assertion(claims: Claims, client: Client, issuer: str, now: datetime) -> OneTime:
    """The identifier of a client assertion that fits. (RFC 7523 3)

    Args:
        issuer: What ``aud`` has to be. Others also may name our token endpoint (RFC 7523 3)
            or where requests are pushed (RFC 9126 2); FAPI 2.0 clients send the issuer as one
            string.

    Raises:
        ClientAssertionInvalid: ``iss`` or ``sub`` is not the client, ``aud`` not us, over, not
            yet begun, too long, or without an identifier.
    """
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise errors.ClientAssertionInvalid("iss or sub")
    if not _for_us(claims.get("aud"), client, issuer):
        raise errors.ClientAssertionInvalid("aud")
    expires = _instant(claims, "exp")
    if expires is None or now >= expires or expires > now + ASSERTION_LIFETIME + SKEW:
        raise errors.ClientAssertionInvalid("exp")
    for name in ("iat", "nbf"):
        begins = _instant(claims, name)
        if name in claims and (begins is None or begins > now + SKEW):
            raise errors.ClientAssertionInvalid(name)
    try:
        return OneTime(_identifier(claims), expires)
    except Unproved as reason:
        raise errors.ClientAssertionInvalid("jti") from reason


def account_token(
    header: Claims, claims: Claims, client: Client, now: datetime
) -> tuple[str, OneTime]:
    """Subject and identifier of an ``account_token``. (CSC v1 8.4.1)

    Raises:
        AccountTokenInvalid: Another header, another client, too old, from the future, or without
            subject or identifier.
    """
    if dict(header) != {"typ": "JWT", "alg": ACCOUNT_TOKEN_ALGORITHM}:
        raise errors.AccountTokenInvalid("header")
    if claims.get("azp") != client.client_id:
        raise errors.AccountTokenInvalid("azp")
    issued = _instant(claims, "iat")
    if issued is None or issued > now + SKEW or now - issued > ACCOUNT_TOKEN_AGE:
        raise errors.AccountTokenInvalid("iat")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise errors.AccountTokenInvalid("sub")
    try:
        return subject, OneTime(_identifier(claims), issued + ACCOUNT_TOKEN_AGE)
    except Unproved as reason:
        raise errors.AccountTokenInvalid("jti") from reason


def _for_us(audience: object, client: Client, issuer: str) -> bool:
    if client.profile is Profile.FAPI2:
        return audience == issuer
    # A list may name others besides us: then they could replay it here, or we there.
    if isinstance(audience, list) and len(audience) == 1:
        [audience] = audience
    endpoints = {
        f"{issuer}/csc/v{version}/oauth2/{one}" for version in (1, 2) for one in _AUDIENCES
    }
    return isinstance(audience, str) and audience in {issuer, *endpoints}


def _identifier(claims: Claims) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= JTI_CHARACTERS:
        raise Unproved("jti")
    return jti


def _instant(claims: Claims, name: str) -> datetime | None:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is_hash_of(ath: object, token: Token) -> bool:
    digest = hashlib.sha256(token.value.encode("utf-8")).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    # Compared as bytes: the claim may hold any text.
    return isinstance(ath, str) and hmac.compare_digest(
        ath.encode("utf-8", "replace"), expected.encode()
    )


def _target(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _DEFAULT_PORTS or not host or parts.username is not None:
        return None
    return scheme, host, port or _DEFAULT_PORTS[scheme], parts.path or "/"
