"""JWTs as clients make them, good and bad."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import time
import uuid
import warnings
from typing import Any

from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry


def sign(header: dict[str, Any], claims: dict[str, Any] | bytes, key: Any) -> str:
    """A compact JWS with exactly this header, however wrong it is."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    signature = JWSRegistry.algorithms[header["alg"]].sign(text.encode(), key)
    return f"{text}.{b64(signature)}"


def proof(
    key: Any,
    url: str,
    *,
    method: str = "POST",
    token: str | None = None,
    alg: str = "ES256",
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A DPoP proof; ``None`` leaves a claim out."""
    claims: dict[str, Any] = {
        "jti": uuid.uuid4().hex,
        "htm": method,
        "htu": url,
        "iat": int(time.time()),
    }
    if token is not None:
        claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
    given = {"typ": "dpop+jwt", "alg": alg, "jwk": key.as_dict(private=False)} | (header or {})
    return sign(given, _without_none(claims | changes), key)


def assertion(
    key: Any,
    client_id: str,
    audience: Any,
    *,
    alg: str = "ES256",
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A client assertion; ``None`` leaves a claim out."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
    }
    return sign({"alg": alg} | (header or {}), _without_none(claims | changes), key)


def account_token(secret: str, **changes: Any) -> str:
    """An ``account_token`` of v1, made as the text of the standard shows it."""
    payload = {
        "sub": "alice",
        "iat": int(time.time()),
        "jti": str(uuid.uuid4()),
        "iss": "Example Signature App",
        "azp": "contab",
    } | changes
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    body = b64(json.dumps(_without_none(payload), separators=(",", ":")).encode())
    key = hashlib.sha256(secret.encode()).digest()
    return f"{head}.{body}." + b64(hmac.new(key, f"{head}.{body}".encode(), "sha256").digest())


def b64(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def new_key() -> ECKey:
    """A key that nobody has."""
    return ECKey.generate_key("P-256")


@functools.cache
def rsa(bits: int = 3072) -> RSAKey:
    """An RSA key; of the shortest length that is taken, unless said otherwise."""
    with warnings.catch_warnings(action="ignore", category=SecurityWarning):
        return RSAKey.generate_key(bits)


def short_rsa() -> RSAKey:
    """An RSA key that is eight bits too short."""
    return rsa(3064)


def hmac_under(key: bytes, claims: dict[str, Any]) -> str:
    """A JWT under HS256 with any bytes as key."""
    text = f"{b64(json.dumps({'alg': 'HS256'}).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(hmac.new(key, text.encode(), 'sha256').digest())}"


def _without_none(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}
