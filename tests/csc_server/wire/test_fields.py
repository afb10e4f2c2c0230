"""Reading bodies: what is accepted, and that nothing but Malformed ever comes out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_server.wire import fields, headers, v1, v2
from csc_server.wire.errors import HeaderMalformed, LoginHeaderMalformed, LoginPairMalformed
from csc_server.wire.fields import GENERIC, Malformed
from policies.errors import Refused

# CSC spec 6.5: base64 of DER RSASSA-PSS-params.
PSS_SHA256 = "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg"
PSS_DEFAULTS = "MDGgCzAJBgUrDgMCGgUAoRgwFgYJKoZIhvcNAQEIMAkGBSsOAwIaBQCiAwIBFKMDAgEB"


@pytest.mark.parametrize(
    "raw",
    [
        b"  \n",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a":' * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_object_is_malformed(raw: bytes) -> None:
    """Blanks, broken JSON, other types, BOM, members twice, no numbers, bad UTF-8, too deep."""
    with pytest.raises(Malformed) as caught:
        fields.parse_body(raw)
    assert caught.value.description == GENERIC


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"lang":null}'])
def test_nothing_and_null_are_absent(raw: bytes) -> None:
    """An empty body is an empty object, null is an absent member (CSC spec 1.3)."""
    assert fields.parse_body(raw) == {}


@pytest.mark.parametrize(
    "text", ["", "LPJN", "LPJNul-wow4m", "LPJN ul+w", "TQ", "TQ=", "TR==", "é"]
)
def test_base64_is_strict(text: str) -> None:
    """base64url, white space, missing padding and stray bits are refused; LPJN itself is fine."""
    if text == "LPJN":
        assert fields.decode_base64(text) == b"\x2c\xf2\x4d"
        return
    if text == "":
        assert fields.decode_base64(text) == b""
        return
    with pytest.raises(ValueError, match=r".+"):
        fields.decode_base64(text)


def test_pss_parameters_come_out_whole() -> None:
    """All four fields of the vector of CSC spec 6.5."""
    found = fields.pss_parameters({"signAlgoParams": PSS_SHA256})
    assert found is not None
    assert (found.hash_oid, found.salt_bytes, found.trailer) == ("2.16.840.1.101.3.4.2.1", 32, 1)
    assert found.mask_hash_oid == found.hash_oid


def test_absent_pss_fields_mean_sha1() -> None:
    """RFC 4055 3.1: the defaults are SHA-1 and salt 20, left for the rules to refuse."""
    empty = base64.b64encode(b"\x30\x00").decode()
    for text in (PSS_DEFAULTS, empty):
        found = fields.pss_parameters({"signAlgoParams": text})
        assert found is not None
        assert (found.hash_oid, found.salt_bytes) == ("1.3.14.3.2.26", 20)


@pytest.mark.parametrize("text", ["AAAA", "MDSgDzANBglghkgBZQMEAgEFAKEc", "!", PSS_SHA256 + "AAAA"])
def test_broken_pss_parameters_are_malformed(text: str) -> None:
    """No DER, cut DER, no base64, bytes behind the DER."""
    with pytest.raises(Malformed):
        fields.pss_parameters({"signAlgoParams": text})


@pytest.mark.parametrize(
    "given",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer "],
        ["Basic YTpi"],
        ["Bearer a b"],
        ["Bearerx"],
        ["Bearer a", "Bearer a"],
    ],
)
def test_other_headers_are_no_bearer(given: list[str]) -> None:
    """Missing, empty, another scheme, two words, two headers."""
    with pytest.raises(HeaderMalformed):
        headers.access_token(given)


def test_the_bearer_scheme_has_no_case() -> None:
    """RFC 9110 11.1."""
    token, with_proof = headers.access_token(["bearer abc"])
    assert (token.value, with_proof) == ("abc", False)
    assert headers.access_token(["dpop abc"])[1]


def test_basic_takes_colons_in_the_password() -> None:
    """RFC 7617 2: the first colon divides."""
    username, password = headers.basic("Basic " + base64.b64encode("ana:a:b é".encode()).decode())
    assert (username, password.value) == ("ana", "a:b é")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, LoginHeaderMalformed),
        ("Bearer abc", LoginHeaderMalformed),
        ("Basic", LoginHeaderMalformed),
        ("Basic not base64!", LoginHeaderMalformed),
        ("Basic " + base64.b64encode(b"nocolon").decode(), LoginPairMalformed),
        ("Basic " + base64.b64encode(b":password").decode(), LoginPairMalformed),
        ("Basic " + base64.b64encode(b"\xff\xfe:x").decode(), LoginPairMalformed),
    ],
)
def test_bad_basic_headers(header: str | None, reason: type[Exception]) -> None:
    """LOGIN-1 and LOGIN-2."""
    with pytest.raises(reason):
        headers.basic(header)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "credentialID",
        "SAD",
        "hash",
        "hashes",
        "hashAlgo",
        "hashAlgorithmOID",
        "signAlgo",
        "signAlgoParams",
        "clientData",
        "lang",
        "numSignatures",
        "PIN",
        "OTP",
        "authData",
        "description",
        "certificates",
        "certInfo",
        "authInfo",
        "maxResults",
        "pageToken",
        "userID",
        "credentialInfo",
        "onlyValid",
        "operationMode",
        "token",
        "token_type_hint",
        "rememberMe",
        "refresh_token",
    ]
)
PLAUSIBLE: st.SearchStrategy[Any] = st.sampled_from(
    [
        "abc",
        "2.16.840.1.101.3.4.2.1",
        "single",
        "S",
        PSS_SHA256,
        1,
        0,
        True,
        [],
        ["LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="],
        [{"id": "OTP", "value": "123456"}],
    ]
)
PARSERS: list[Any] = [
    v1.parse_list,
    v1.parse_authorize,
    v1.parse_extend,
    v1.parse_sign_hash,
    v2.parse_list,
    v2.parse_authorize,
    v2.parse_extend,
    v2.parse_sign_hash,
    fields.common,
]


@pytest.mark.parametrize("parse", PARSERS)
@given(body=st.dictionaries(NAMES, PLAUSIBLE | JSON, max_size=9))
def test_parsers_refuse_and_never_break(parse: Any, body: dict[str, Any]) -> None:
    """Any JSON object gives a request or a documented refusal."""
    try:
        parse({name: value for name, value in body.items() if value is not None})
    except (Malformed, Refused):
        return


@given(st.binary(max_size=200))
def test_any_bytes_give_an_object_or_a_refusal(raw: bytes) -> None:
    """A fuzzer's favourite entrance."""
    try:
        assert isinstance(fields.parse_body(raw), dict)
    except Malformed:
        return


@given(JSON)
def test_good_json_objects_come_through(value: Any) -> None:
    """What json writes, we read back; null members go."""
    raw = json.dumps({"member": value}, allow_nan=False).encode() if _finite(value) else b"{}"
    body = fields.parse_body(raw)
    if _finite(value) and value is not None:
        assert body == {"member": json.loads(json.dumps(value))}


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True
