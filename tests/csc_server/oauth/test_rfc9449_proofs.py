"""DPoP proofs. (RFC 9449 4.2, 4.3)"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from csc_server.adapters.jose import JoseJwts
from csc_server.ports.oauth import JwtInvalid
from policies.oauth import proofs
from policies.secret import Token
from tests.csc_server.oauth import jwt

URL = "https://sign.example/csc/v2/oauth2/token"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = ECKey.generate_key("P-256")
JWTS = JoseJwts()
GOOD: dict[str, Any] = {"jti": "j", "htm": "POST", "htu": URL, "iat": int(NOW.timestamp())}
HEADER = {"typ": "dpop+jwt", "alg": "ES256"}


def _judge(
    claims: dict[str, Any], header: dict[str, Any] = HEADER, token: str | None = None
) -> Any:
    return proofs.proof(
        header,
        claims,
        method="POST",
        url=URL,
        token=Token(token) if token else None,
        now=NOW,
    )


def _ath(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def test_rfc9449_4_3_a_good_proof_gives_its_identifier() -> None:
    """Remembered for longer than it is taken."""
    one = _judge(GOOD)
    assert one.jti == "j"
    assert one.until >= NOW + proofs.PROOF_WINDOW


@pytest.mark.parametrize("typ", [None, "JWT", "dpop", "DPOP+JWT", 1])
def test_rfc9449_4_3_4_the_type_is_dpop_jwt(typ: object) -> None:
    """And no other."""
    with pytest.raises(proofs.Unproved, match="typ"):
        _judge(GOOD, {"typ": typ, "alg": "ES256"})


@pytest.mark.parametrize("htm", [None, "GET", "post", "", 1, ["POST"]])
def test_rfc9449_4_3_8_the_method_is_that_of_the_request(htm: object) -> None:
    """To the letter."""
    with pytest.raises(proofs.Unproved, match="htm"):
        _judge(GOOD | {"htm": htm})


@pytest.mark.parametrize(
    "htu",
    [
        None,
        1,
        "",
        "https://sign.example/csc/v2/oauth2/revoke",
        "https://sign.example/csc/v2/oauth2/token/",
        "https://evil.example/csc/v2/oauth2/token",
        "http://sign.example/csc/v2/oauth2/token",
        "https://sign.example:8443/csc/v2/oauth2/token",
        "https://user@sign.example/csc/v2/oauth2/token",
        "https://sign.example:x/csc/v2/oauth2/token",
        "/csc/v2/oauth2/token",
    ],
)
def test_rfc9449_4_3_9_the_url_is_that_of_the_request(htu: object) -> None:
    """Scheme, host, port and path."""
    with pytest.raises(proofs.Unproved, match="htu"):
        _judge(GOOD | {"htu": htu})


@pytest.mark.parametrize(
    "htu",
    [
        URL,
        "HTTPS://SIGN.example/csc/v2/oauth2/token",
        "https://sign.example:443/csc/v2/oauth2/token",
        URL + "?x=1",
        URL + "#x",
    ],
)
def test_rfc9449_4_3_9_urls_are_normalised(htu: str) -> None:
    """Case of scheme and host, the default port; query and fragment do not count."""
    _judge(GOOD | {"htu": htu})


@pytest.mark.parametrize("seconds", [-60, -59, 0, 59, 60])
def test_rfc9449_4_3_11_within_a_minute(seconds: int) -> None:
    """Either way."""
    _judge(GOOD | {"iat": int(NOW.timestamp()) + seconds})


@pytest.mark.parametrize(
    "iat",
    [None, "now", True, -61, 61, 10**6, float("inf"), 10**30],
)
def test_rfc9449_4_3_11_too_old_or_too_new(iat: Any) -> None:
    """Or no time at all."""
    if isinstance(iat, int) and not isinstance(iat, bool) and abs(iat) < 10**9:
        iat += int(NOW.timestamp())
    with pytest.raises(proofs.Unproved, match="iat"):
        _judge(GOOD | {"iat": iat})


@pytest.mark.parametrize("jti", [None, "", 1, "x" * 257])
def test_rfc9449_4_2_a_proof_has_an_identifier(jti: object) -> None:
    """Of a length that is worth remembering."""
    with pytest.raises(proofs.Unproved, match="jti"):
        _judge(GOOD | {"jti": jti})


@pytest.mark.parametrize("ath", [None, "", 1, "other", "ÿ"])
def test_rfc9449_4_3_12_with_a_token_comes_its_hash(ath: object) -> None:
    """SHA-256, base64url; another token's does not do."""
    _judge(GOOD | {"ath": _ath("token-1")}, token="token-1")
    claims = GOOD | {"ath": _ath(ath) if ath == "other" else ath}
    with pytest.raises(proofs.Unproved, match="ath"):
        _judge(claims, token="token-1")


def test_rfc9449_5_algorithms_and_their_thumbprints() -> None:
    """ES256, PS256, EdDSA by either name; the thumbprint is that of RFC 7638."""
    for alg, key in (
        ("ES256", KEY),
        ("PS256", jwt.rsa()),
        ("EdDSA", OKPKey.generate_key("Ed25519")),
        ("Ed25519", OKPKey.generate_key("Ed25519")),
    ):
        found = JWTS.proof(jwt.proof(key, URL, alg=alg))
        assert found.jkt == key.thumbprint()
        assert found.claims["htu"] == URL


def test_rfc9449_4_2_rfc8037_thumbprint_vector() -> None:
    """The key and thumbprint of RFC 8037 A.3 (made there from the same JSON)."""
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    )
    assert key.thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def _unsigned() -> str:
    head = jwt.b64(json.dumps(HEADER | {"alg": "none", "jwk": KEY.as_dict(private=False)}).encode())
    return f"{head}.{jwt.b64(json.dumps(GOOD).encode())}."


def _cut(text: str) -> str:
    head, payload, signature = text.split(".")
    return f"{head}.{payload}.{signature[:-4]}AAAA"


def _other_claims(text: str) -> str:
    head, _, signature = text.split(".")
    return f"{head}.{jwt.b64(json.dumps(GOOD | {'htm': 'GET'}).encode())}.{signature}"


OCT = OctKey.generate_key(256)
WRONG: dict[str, str] = {
    "none": _unsigned(),
    "empty": "",
    "no-jws": "a.b",
    "five-parts": "a.b.c.d.e",
    "not-ascii": "é.é.é",
    "too-long": "a" * 20_000,
    "cut": _cut(jwt.proof(KEY, URL)),
    "changed": _other_claims(jwt.proof(KEY, URL)),
    "other-key": jwt.proof(KEY, URL, header={"jwk": jwt.new_key().as_dict(private=False)}),
    "no-key": jwt.sign(HEADER, GOOD, KEY),
    "key-is-text": jwt.proof(KEY, URL, header={"jwk": "x"}),
    "private-key": jwt.proof(KEY, URL, header={"jwk": KEY.as_dict(private=True)}),
    "private-rsa": jwt.sign(
        {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwt.rsa().as_dict(private=True)},
        GOOD,
        KEY,
    ),
    "symmetric": jwt.sign(
        {"typ": "dpop+jwt", "alg": "HS256", "jwk": OCT.as_dict(private=True)}, GOOD, OCT
    ),
    "symmetric-without-its-key": jwt.sign(
        {"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct"}}, GOOD, OCT
    ),
    "rs256": jwt.proof(jwt.rsa(), URL, alg="RS256"),
    "es384": jwt.proof(ECKey.generate_key("P-384"), URL, alg="ES384"),
    "short-rsa": jwt.proof(jwt.short_rsa(), URL, alg="PS256"),
    "alg-of-another-key": jwt.sign(
        {"typ": "dpop+jwt", "alg": "PS256", "jwk": KEY.as_dict(private=False)},
        GOOD,
        jwt.rsa(),
    ),
    "crit": jwt.proof(KEY, URL, header={"crit": ["exp"], "exp": 1}),
    "claims-no-object": jwt.sign(HEADER | {"jwk": KEY.as_dict(private=False)}, b"[]", KEY),
    "claims-no-json": jwt.sign(HEADER | {"jwk": KEY.as_dict(private=False)}, b"{", KEY),
    "claim-twice": jwt.sign(
        HEADER | {"jwk": KEY.as_dict(private=False)}, b'{"htm":"GET","htm":"POST"}', KEY
    ),
    "off-the-curve": jwt.proof(
        KEY, URL, header={"jwk": {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}}
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_rfc8725_3_what_is_no_proof(name: str) -> None:
    """No signature, a wrong one, a key that may not be there, an algorithm not in the list."""
    with pytest.raises(JwtInvalid):
        JWTS.proof(WRONG[name])


def test_rfc9449_10_a_thumbprint_has_its_shape() -> None:
    """43 characters of base64url."""
    assert proofs.thumbprint(KEY.thumbprint()) == KEY.thumbprint()
    for bad in ("", "a" * 42, "a" * 44, "a" * 42 + "="):
        with pytest.raises(Exception, match="dpop_jkt"):
            proofs.thumbprint(bad)


def test_rfc9449_11_1_the_window_outlives_the_proof() -> None:
    """A proof made as late as allowed is still known when it is no longer taken."""
    late = GOOD | {"iat": int((NOW + proofs.PROOF_WINDOW).timestamp())}
    taken_until = NOW + 2 * proofs.PROOF_WINDOW
    assert _judge(late).until >= taken_until
    assert taken_until - NOW == timedelta(minutes=2)
