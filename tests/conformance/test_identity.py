"""How the suite proves who it is: the wire forms, against published vectors where there are any."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey

from conformance import identity
from conformance.codes import challenge
from conformance.errors import BadProfile
from conformance.identity import Identity
from conformance.profile import OAuth

AUDIENCE = "https://as.example"
VECTOR = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhY2N0LTAwMDEiLCJpYXQiOjE3MDAwMDAwMDAsImp0aSI"
    "6IjExMTExMTExLTIyMjItMzMzMy00NDQ0LTU1NTU1NTU1NTU1NSIsImlzcyI6IkV4YW1wbGUgU2lnbmF0dXJlIEFwcCIs"
    "ImF6cCI6ImNsaWVudC1hYmMifQ.z3caKMOt4mqpPtJI6hElflQ-JxxmwjMz17ApQTE8_94"
)
"""csc-api 2.4.6, made by a generator in the field."""


def key_file(directory: Path, kind: str) -> str:
    """A private key in a file."""
    makers: dict[str, Callable[[], PrivateKeyTypes]] = {
        "EC": lambda: ec.generate_private_key(ec.SECP384R1()),
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "OKP": ed25519.Ed25519PrivateKey.generate,
        "DSA": lambda: dsa.generate_private_key(2048),
    }
    key = makers[kind]()
    path = directory / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


def test_a_challenge_is_s256() -> None:
    """RFC 7636 appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("method", "form", "header"),
    [
        ("none", {}, ""),
        ("tls", {}, ""),
        ("client_secret_post", {"client_secret": "s: é"}, ""),
        ("client_secret_basic", {}, "a:b:s: é"),
    ],
)
def test_secrets_go_where_they_belong(method: str, form: dict[str, str], header: str) -> None:
    """``client_id`` is in every form; Basic has both parts form-encoded (RFC 6749 2.3.1)."""
    proved, headers = Identity("a:b", method, "s: é").prove({"x": "1"}, AUDIENCE)
    assert proved == {"client_id": "a:b", "x": "1"} | form
    pair = base64.b64decode(headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
    assert pair.count(":") == bool(header)
    assert unquote_plus(pair) == header


@pytest.mark.parametrize(
    ("kind", "supported", "algorithm"),
    [
        ("EC", None, "ES384"),
        ("OKP", None, "EdDSA"),
        ("OKP", ["Ed25519"], "Ed25519"),
        ("RSA", None, "PS256"),
        ("RSA", ["RS256"], "RS256"),
        ("RSA", ["RS256", "PS256"], "PS256"),
    ],
)
def test_assertions_are_signed_as_the_key_allows(
    tmp_path: Path, kind: str, supported: object, algorithm: str
) -> None:
    """The claims are those of RFC 7523 3, and the key identifier stands in the header."""
    oauth = OAuth("c", client_auth="private_key_jwt", key_file=key_file(tmp_path, kind), key_id="k")
    client = identity.identified(oauth, supported)
    form, headers = client.prove({}, AUDIENCE)
    assert client.key is not None
    with warnings.catch_warnings(action="ignore", category=SecurityWarning):
        token = jwt.decode(form["client_assertion"], client.key, algorithms=[algorithm])
    assert token.header == {"typ": "JWT", "alg": algorithm, "kid": "k"}
    claims = token.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("c", "c", AUDIENCE)
    assert claims["exp"] - claims["iat"] == identity.LIFETIME_S
    assert form["client_assertion_type"] == identity.ASSERTION_TYPE
    assert headers == {}


def test_assertions_differ_and_can_be_spoiled() -> None:
    """Each has a ``jti`` of its own; a change of None takes a claim away."""
    key = ECKey.generate_key("P-256")
    client = Identity("c", "private_key_jwt", key=key, algorithm="ES256")
    one, two = (jwt.decode(client.assertion(AUDIENCE), key).claims["jti"] for _ in range(2))
    assert one != two
    assert "exp" not in jwt.decode(client.assertion(AUDIENCE, exp=None), key).claims
    assert client.with_other_key().key != key


@pytest.mark.parametrize("kind", ["DSA", "nothing", "garbage"])
def test_keys_that_cannot_be_used(tmp_path: Path, kind: str) -> None:
    """The person who wrote the profile is told."""
    path = tmp_path / "none.pem"
    if kind == "garbage":
        path.write_text("-----BEGIN nonsense")
    oauth = OAuth("c", key_file=key_file(tmp_path, kind) if kind == "DSA" else str(path))
    with pytest.raises(BadProfile, match="pem"):
        identity.identified(oauth)


def test_without_a_key_there_is_no_assertion() -> None:
    """The profile lacks something, and the text names it."""
    with pytest.raises(BadProfile, match="key_file"):
        Identity("c", "private_key_jwt").prove({}, AUDIENCE)


def test_which_client_has_a_key(tmp_path: Path) -> None:
    """The first one, one of its own, or none."""
    path = key_file(tmp_path, "EC")
    first = identity.keyed(OAuth("c", client_auth="private_key_jwt", key_file=path))
    own = identity.keyed(OAuth("c", key_client_id="robot", key_file=path))
    assert first is not None
    assert own is not None
    assert (first.client_id, own.client_id, own.method) == ("c", "robot", "private_key_jwt")
    assert identity.keyed(OAuth("c")) is None


def test_an_account_token_is_signed_with_the_digest_of_the_secret() -> None:
    """The form that generators in the field write, with the raw digest as key."""
    client = Identity("client-abc", "client_secret_basic", "example-secret")
    jti = "11111111-2222-3333-4444-555555555555"
    claims = {"iat": 1_700_000_000, "jti": jti, "iss": "Example Signature App"}
    assert identity.account_token(client, "acct-0001", **claims) == VECTOR
