"""Signatures of JWTs, by joserfc. (RFC 7515, 8725; the port ``Jwts``)

The algorithm is looked up in our own list, never chosen by the header; keys come from the header
only for DPoP proofs, where that is the point, and then only public ones. ``jku``, ``x5u`` and
their likes are ignored. What the claims mean is for ``policies.oauth.proofs``.
"""

from __future__ import annotations

import json
import warnings
from functools import lru_cache
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from csc_server.ports.oauth import JwtInvalid, VerifiedJwt
from policies.oauth import proofs

LONGEST: Final = 16_384
"""Most characters of a JWT: a proof with an RSA-4096 key has about 2,000."""
RSA_BITS: Final = 3072
"""FAPI 2.0 5.4.1 asks for 2048 at least; TS 119 312 ends those in 2028 (security-and-pki 4.3)."""
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a JWK that only its owner may know (RFC 7518 6)."""
_PUBLIC_KEYS: Final = (ECKey, OKPKey, RSAKey)


class _Registry(JWSRegistry):
    max_header_length = 8192
    max_payload_length = LONGEST


_REGISTRY: Final = _Registry(algorithms=proofs.ALGORITHMS, strict_check_header=False)
_HMAC_REGISTRY: Final = _Registry(
    algorithms=[proofs.ACCOUNT_TOKEN_ALGORITHM], strict_check_header=False
)


class JoseJwts:
    """The port ``Jwts``."""

    def proof(self, text: str) -> VerifiedJwt:
        """Signed by the public key in its own header.

        Raises:
            JwtInvalid: It is not.
        """
        signed = _extract(text, _REGISTRY)
        key = _public_key(signed.headers().get("jwk"))
        _verify(signed, key, _REGISTRY)
        return VerifiedJwt(signed.headers(), _claims(signed.payload), key.thumbprint())

    def assertion(self, text: str, jwks: str) -> VerifiedJwt:
        """Signed by one of these keys; a ``kid`` names which.

        Raises:
            JwtInvalid: It is not.
        """
        signed = _extract(text, _REGISTRY)
        kid = signed.headers().get("kid")
        for key in _keys(jwks):
            if kid in (None, key.kid) and _is_by(signed, key):
                return VerifiedJwt(signed.headers(), _claims(signed.payload))
        raise JwtInvalid("no key of the client")

    def account_token(self, text: str, key: bytes) -> VerifiedJwt:
        """HMAC-SHA-256 under this key.

        Raises:
            JwtInvalid: It is not.
        """
        signed = _extract(text, _HMAC_REGISTRY)
        _verify(signed, OctKey.import_key(key), _HMAC_REGISTRY)
        return VerifiedJwt(signed.headers(), _claims(signed.payload))


def check_jwks(text: str) -> str:
    """The JWK set, if a client can be registered with it.

    Raises:
        JwtInvalid: No set, no key in it, a private or symmetric key, or too short a one.
    """
    if not _keys(text):
        raise JwtInvalid("no key")
    return text


@lru_cache(maxsize=256)
def _keys(text: str) -> tuple[ECKey | OKPKey | RSAKey, ...]:
    try:
        members = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError) as reason:
        raise JwtInvalid("not a JWK set") from reason
    return tuple(_public_key(one) for one in members)


def _public_key(jwk: Any) -> ECKey | OKPKey | RSAKey:
    if not isinstance(jwk, dict) or _PRIVATE & jwk.keys():
        raise JwtInvalid("not a public key")
    try:
        with _judged_here():
            key = JWKRegistry.import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError) as reason:
        raise JwtInvalid("not a key") from reason
    if not isinstance(key, _PUBLIC_KEYS) or key.is_private:
        raise JwtInvalid("not a public key")
    if isinstance(key, RSAKey) and key.public_key.key_size < RSA_BITS:
        raise JwtInvalid("RSA key too short")
    return key


def _extract(text: str, registry: JWSRegistry) -> jws.CompactSignature:
    if len(text) > LONGEST:
        raise JwtInvalid("too long")
    try:
        return jws.extract_compact(text.encode("ascii"), registry=registry)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as reason:
        raise JwtInvalid("not a JWS") from reason


def _verify(signed: jws.CompactSignature, key: Any, registry: JWSRegistry) -> None:
    try:
        with _judged_here():
            good = jws.validate_compact(signed, key, registry=registry)
    except (JoseError, ValueError, TypeError, KeyError) as reason:
        raise JwtInvalid(type(reason).__name__) from reason
    if not good:
        raise JwtInvalid("signature")


def _is_by(signed: jws.CompactSignature, key: Any) -> bool:
    try:
        _verify(signed, key, _REGISTRY)
    except JwtInvalid:
        return False
    return True


def _judged_here() -> warnings.catch_warnings[None]:
    """What the library warns of is decided in this file: short keys are refused, and EdDSA has
    only got a new name (RFC 9864), while clients send the old one and FAPI 2.0 names it."""
    return warnings.catch_warnings(action="ignore", category=SecurityWarning)


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(payload, object_pairs_hook=_object)
    except (ValueError, RecursionError) as reason:
        raise JwtInvalid("claims are no JSON") from reason
    if not isinstance(claims, dict):
        raise JwtInvalid("claims are no object")
    return claims


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # RFC 7519 4: a name twice could be read in two ways.
        raise ValueError("a member twice")
    return members
