"""Who the suite is at an authorization server, and how it proves that.

Also writes proofs that are wrong in one way, for the checks. Sends nothing.
(v1 8.3.1, 8.3.3; v2 8.4.1, 8.4.4; RFC 6749 2.3.1; RFC 7523 3)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeyFlexible, OKPKey, RSAKey, import_key

from conformance.errors import BadProfile
from conformance.profile import OAuth

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_S: Final = 60
"""Of a client assertion; servers bound it to minutes (RFC 7523 3, point 4)."""
_CURVES: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_KINDS: Final[dict[type, Literal["RSA", "EC", "OKP"]]] = {
    rsa.RSAPrivateKey: "RSA",
    ec.EllipticCurvePrivateKey: "EC",
    ed25519.Ed25519PrivateKey: "OKP",
}

Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class Identity:
    """A registered client."""

    client_id: str
    method: str
    """``none``, ``client_secret_basic``, ``client_secret_post``, ``private_key_jwt``, ``tls``."""
    secret: str = ""
    key: KeyFlexible | None = None
    key_id: str = ""
    algorithm: str = ""
    """Of its assertions."""

    def prove(self, form: Mapping[str, str], audience: str) -> tuple[Form, dict[str, str]]:
        """``form`` and the headers to send with it. ``client_id`` is in every form (TOK-1)."""
        proved: Form = {"client_id": self.client_id}
        headers: dict[str, str] = {}
        if self.method == "client_secret_post":
            proved["client_secret"] = self.secret
        if self.method == "client_secret_basic":
            headers["Authorization"] = basic(self.client_id, self.secret)
        if self.method == "private_key_jwt":
            proved |= asserted(self.assertion(audience))
        return {**proved, **form}, headers

    def assertion(self, audience: str, **changes: Any) -> str:
        """A client assertion; ``changes`` to its claims, None removes one (RFC 7523 3).

        Raises:
            BadProfile: There is no key.
        """
        if self.key is None:
            raise BadProfile("private_key_jwt needs key_file in the profile")
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + LIFETIME_S,
            "jti": secrets.token_urlsafe(16),
        }
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        header = {"alg": self.algorithm, **({"kid": self.key_id} if self.key_id else {})}
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):
            # EdDSA has a new name since RFC 9864; servers still know it by the old one.
            return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    def with_other_key(self) -> Identity:
        """The same client with a key that is not registered."""
        made: KeyFlexible
        if isinstance(self.key, ECKey):
            made = ECKey.generate_key(self.key.curve_name)
        elif isinstance(self.key, OKPKey):
            made = OKPKey.generate_key(self.key.curve_name)
        else:
            made = RSAKey.generate_key(2048)
        return replace(self, key=made)


def identified(oauth: OAuth, supported: object = None) -> Identity:
    """The client of the profile.

    Args:
        supported: ``token_endpoint_auth_signing_alg_values_supported`` of the server's metadata.

    Raises:
        BadProfile: Its key cannot be read.
    """
    plain = Identity(oauth.client_id, oauth.client_auth, oauth.client_secret)
    if not oauth.key_file:
        return plain
    return _keyed(replace(plain, key_id=oauth.key_id), oauth.key_file, supported)


def other(oauth: OAuth) -> Identity:
    """The second client of the profile; it proves itself as the first one does."""
    return Identity(oauth.other_client_id, oauth.client_auth, oauth.other_client_secret)


def keyed(oauth: OAuth, supported: object = None) -> Identity | None:
    """The client that has a key: the first one, or one of its own."""
    if oauth.client_auth == "private_key_jwt":
        return identified(oauth, supported)
    if not oauth.key_client_id:
        return None
    plain = Identity(oauth.key_client_id, "private_key_jwt", key_id=oauth.key_id)
    return _keyed(plain, oauth.key_file, supported)


def _keyed(plain: Identity, key_file: str, supported: object) -> Identity:
    try:
        pem = Path(key_file).read_bytes()
        private = load_pem_private_key(pem, None)
        kind = next((name for form, name in _KINDS.items() if isinstance(private, form)), None)
        if kind is None:
            raise ValueError("neither RSA, EC nor EdDSA")
        key = import_key(pem, kind)
    except (OSError, ValueError, TypeError, JoseError) as failure:
        raise BadProfile(f"{key_file}: {failure}") from failure
    return replace(plain, key=key, algorithm=_algorithm(key, supported))


def _algorithm(key: KeyFlexible, supported: object) -> str:
    if isinstance(key, ECKey):
        return _CURVES.get(key.curve_name, "ES256")
    named = supported if isinstance(supported, list) else ()
    if isinstance(key, OKPKey):
        return "Ed25519" if "Ed25519" in named and "EdDSA" not in named else "EdDSA"
    return "RS256" if "RS256" in named and "PS256" not in named else "PS256"


def asserted(assertion: str) -> Form:
    """The parameters that carry a client assertion (RFC 7521 4.2)."""
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def basic(client_id: str, secret: str) -> str:
    """An Authorization header; both are form-encoded first (RFC 6749 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def account_token(identity: Identity, account: str, **changes: Any) -> str:
    """The JWT that tells a restricted server whose account it is (v1 8.3.1, v2 8.4.1).

    The key is the raw digest of the secret, as the generators in the field have it; the text does
    not say raw or hexadecimal.
    """
    claims = {
        "sub": account,
        "iat": int(time.time()),
        "jti": secrets.token_urlsafe(16),
        "iss": "csc-conformance",
        "azp": identity.client_id,
    }
    parts = ({"alg": "HS256", "typ": "JWT"}, claims | changes)
    signed = ".".join(_b64(json.dumps(one, separators=(",", ":")).encode()) for one in parts)
    key = hashlib.sha256(identity.secret.encode()).digest()
    return f"{signed}.{_b64(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
