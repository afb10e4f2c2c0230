"""Client assertions and account tokens: what must be in them. (RFC 7523 3; CSC v1 8.4.1)"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from csc_server.adapters import jose
from csc_server.adapters.jose import JoseJwts
from csc_server.ports.oauth import JwtInvalid
from policies import errors
from policies.oauth import proofs
from tests.csc_server.oauth import clients, jwt

ISSUER = "https://sign.example"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
S = int(NOW.timestamp())
JWTS = JoseJwts()
SIGNER = clients.signed("signer")
BANK = clients.fapi("bank")


def _claims(client_id: str = "signer", **changes: Any) -> dict[str, Any]:
    good = {"iss": client_id, "sub": client_id, "aud": ISSUER, "exp": S + 60, "jti": "j"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def _judge(claims: dict[str, Any], client: Any = SIGNER) -> Any:
    return proofs.assertion(claims, client, ISSUER, NOW)


@pytest.mark.parametrize(
    "aud",
    [
        ISSUER,
        [ISSUER],
        f"{ISSUER}/csc/v2/oauth2/token",
        f"{ISSUER}/csc/v1/oauth2/token",
    ],
)
def test_rfc7523_3_audiences(aud: object) -> None:
    """The issuer, or the token endpoint that older clients name."""
    assert _judge(_claims(aud=aud)).jti == "j"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"iss": None},
        {"sub": None},
        {"aud": None},
        {"aud": "https://other.example"},
        {"aud": f"{ISSUER}/"},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": []},
        {"aud": 1},
        {"exp": None},
        {"exp": S},
        {"exp": S - 1},
        {"exp": "soon"},
        {"exp": True},
        {"exp": S + 311},
        {"exp": 10**30},
        {"iat": S + 11},
        {"nbf": S + 11},
        {"iat": "now"},
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"jti": "x" * 257},
    ],
)
def test_rfc7523_3_what_does_not_fit(changes: dict[str, Any]) -> None:
    """Another client, another audience, over, not begun, too long, no identifier."""
    with pytest.raises(errors.ClientAssertionInvalid):
        _judge(_claims(**changes))


def test_fapi2_5_3_2_1_the_clock_may_be_ten_seconds_off() -> None:
    """Made up to 10 s in the future; RFC 9700 leaves more to nobody."""
    _judge(_claims(iat=S + 10, nbf=S + 10))


@pytest.mark.parametrize("aud", [[ISSUER], f"{ISSUER}/csc/v2/oauth2/token"])
def test_fapi2_5_3_2_1_the_audience_is_the_issuer_as_a_string(aud: object) -> None:
    """No list, no endpoint."""
    _judge(_claims("bank"), BANK)
    with pytest.raises(errors.ClientAssertionInvalid):
        _judge(_claims("bank", aud=aud), BANK)


def test_rfc7523_3_signed_by_a_key_of_the_client() -> None:
    """Any of its keys; the one that ``kid`` names, if it names one."""
    keys = [clients.OTHER_KEY, clients.KEY]
    jwks = json.dumps({"keys": [one.as_dict(private=False) for one in keys]})
    text = jwt.assertion(clients.KEY, "signer", ISSUER)
    assert JWTS.assertion(text, jwks).claims["sub"] == "signer"
    named = jwt.assertion(clients.KEY, "signer", ISSUER, header={"kid": "one"})
    assert JWTS.assertion(named, jwks).claims["sub"] == "signer"
    wrong = jwt.assertion(clients.KEY, "signer", ISSUER, header={"kid": "two"})
    with pytest.raises(JwtInvalid):
        JWTS.assertion(wrong, jwks)


PUBLIC = json.loads(clients.JWKS)["keys"][0]
RSA = jwt.rsa()


def _none() -> str:
    head = jwt.b64(json.dumps({"alg": "none"}).encode())
    return f"{head}.{jwt.b64(json.dumps(_claims()).encode())}."


FORGED: dict[str, str] = {
    "stranger": jwt.assertion(jwt.new_key(), "signer", ISSUER),
    "none": _none(),
    # RFC 8725 2.1: the public key taken for an HMAC secret.
    "hs256-with-public-key": jwt.hmac_under(clients.KEY.as_pem(private=False), _claims()),
    "rs256": jwt.assertion(RSA, "signer", ISSUER, alg="RS256"),
    # Keys that the header brings are not the client's.
    "jwk-in-header": jwt.assertion(
        clients.OTHER_KEY,
        "signer",
        ISSUER,
        header={"jwk": clients.OTHER_KEY.as_dict(private=False)},
    ),
    "jku": jwt.assertion(
        clients.OTHER_KEY, "signer", ISSUER, header={"jku": "https://evil.example/jwks"}
    ),
    "x5u": jwt.assertion(
        clients.OTHER_KEY, "signer", ISSUER, header={"x5u": "https://evil.example/x5c"}
    ),
    "kid-is-a-path": jwt.assertion(
        clients.OTHER_KEY, "signer", ISSUER, header={"kid": "../../etc/passwd"}
    ),
    "garbage": "x.y.z",
    "empty": "",
}


@pytest.mark.parametrize("name", FORGED)
def test_rfc8725_3_forged_assertions(name: str) -> None:
    """No signature, another's, a confused algorithm, a key of the attacker's own."""
    with pytest.raises(JwtInvalid):
        JWTS.assertion(FORGED[name], clients.JWKS)


@pytest.mark.parametrize(
    "jwks",
    [
        "",
        "[]",
        "{}",
        '{"keys":[]}',
        '{"keys":[{}]}',
        json.dumps({"keys": [clients.KEY.as_dict(private=True)]}),
        json.dumps({"keys": [OctKey.generate_key(256).as_dict(private=True)]}),
        json.dumps({"keys": [jwt.short_rsa().as_dict(private=False)]}),
    ],
    ids=["nothing", "list", "no-keys", "empty", "no-kind", "private", "symmetric", "short"],
)
def test_rfc7517_key_sets_that_cannot_be_registered(jwks: str) -> None:
    """Empty, private, symmetric, too short."""
    with pytest.raises(JwtInvalid):
        jose.check_jwks(jwks)


def test_rfc7517_a_key_set_of_several_kinds() -> None:
    """Public EC and RSA keys."""
    keys = [one.as_dict(private=False) for one in (RSA, ECKey.generate_key("P-256"))]
    jose.check_jwks(json.dumps({"keys": keys}))


VECTOR = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhY2N0LTAwMDEiLCJpYXQiOjE3MDAwMDAwMDAsImp0aSI6"
    "IjExMTExMTExLTIyMjItMzMzMy00NDQ0LTU1NTU1NTU1NTU1NSIsImlzcyI6IkV4YW1wbGUgU2lnbmF0dXJlIEFwcCIsIm"
    "F6cCI6ImNsaWVudC1hYmMifQ.z3caKMOt4mqpPtJI6hElflQ-JxxmwjMz17ApQTE8_94"
)
"""CSC spec 2.4.6: secret ``example-secret``."""
DIGEST = hashlib.sha256(b"example-secret").digest()


def test_csc_v1_8_4_1_the_vector_of_an_account_token() -> None:
    """Made with the SHA-256 of the secret as key, raw."""
    found = JWTS.account_token(VECTOR, DIGEST)
    at = datetime.fromtimestamp(1700000000, UTC)
    subject, one = proofs.account_token(
        found.header, found.claims, clients.client("client-abc"), at
    )
    assert (subject, one.jti) == ("acct-0001", "11111111-2222-3333-4444-555555555555")


@pytest.mark.parametrize("key", [b"example-secret" * 3, hashlib.sha256(b"other").digest()])
def test_csc_v1_8_4_1_another_key_makes_no_account_token(key: bytes) -> None:
    """The secret itself is not the key."""
    with pytest.raises(JwtInvalid):
        JWTS.account_token(VECTOR, key)


def test_csc_v1_8_4_1_an_account_token_is_hs256() -> None:
    """Nothing else, and not without a signature."""
    for text in (_none(), jwt.assertion(clients.KEY, "a", "b")):
        with pytest.raises(JwtInvalid):
            JWTS.account_token(text, DIGEST)


ACCOUNT = {"sub": "alice", "iat": S, "jti": "j", "azp": "contab"}


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({"typ": "JWT", "alg": "HS256", "kid": "1"}, {}),
        ({"alg": "HS256"}, {}),
        ({"typ": "jwt", "alg": "HS256"}, {}),
        (None, {"azp": "rival"}),
        (None, {"azp": None}),
        (None, {"iat": None}),
        (None, {"iat": S + 11}),
        (None, {"iat": S - 601}),
        (None, {"sub": None}),
        (None, {"sub": ""}),
        (None, {"sub": 7}),
        (None, {"jti": None}),
    ],
)
def test_csc_v1_8_4_1_account_tokens_that_do_not_fit(
    header: dict[str, str] | None, changes: dict[str, Any]
) -> None:
    """Another header, another client, too old, from the future, without subject or identifier."""
    contab = clients.client("contab")
    head = header or {"typ": "JWT", "alg": "HS256"}
    assert proofs.account_token({"typ": "JWT", "alg": "HS256"}, ACCOUNT, contab, NOW)
    with pytest.raises(errors.AccountTokenInvalid):
        proofs.account_token(head, ACCOUNT | changes, contab, NOW)
    assert timedelta(minutes=10) == proofs.ACCOUNT_TOKEN_AGE
