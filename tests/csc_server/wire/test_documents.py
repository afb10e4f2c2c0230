"""The parsers of the document methods against whatever a client may send."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_server.wire import documents
from csc_server.wire.fields import Malformed
from policies import errors
from policies.documents import Envelope, Format, Level, Property
from policies.jobs import SigningResult
from policies.secret import Sad

TEXTS = st.text(max_size=5) | st.sampled_from(
    ["", "AAAA", "C", "P", "X", "A", "S", "AdES-B-T", "attached", "mime-type", "Reason", "sod"]
)
VALUES: Any = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
MEMBERS = [
    *("SAD", "credentialID", "signatureQualifier", "documentDigests", "documents", "hashes"),
    *("document", "documentType", "circumstantialData", "signature_format", "signAlgo"),
    *("signAlgoParams", "hashAlgorithmOID", "conformance_level", "signed_envelope_property"),
    *("signed_props", "attribute_name", "attribute_value", "operationMode", "validity_period"),
    *("response_uri", "returnValidationInfo", "requestID", "userID", "hash", "hashAlgo", "nonce"),
]
ANYTHING: Any = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)
    ),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=8)


@pytest.mark.parametrize(
    "parse",
    [
        documents.parse_sign_doc,
        documents.parse_mode,
        documents.parse_polling,
        documents.parse_timestamp,
    ],
)
@given(body=BODIES)
def test_nothing_but_refusals(parse: Any, body: dict[str, Any]) -> None:
    """A request is read or refused, never a bug."""
    with contextlib.suppress(Malformed, errors.Refused):
        parse({name: value for name, value in body.items() if value is not None})


@given(
    element=st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=5), digest=st.booleans()
)
def test_nothing_but_refusals_inside(element: dict[str, Any], digest: bool) -> None:
    """The same for an element whose first members are right."""
    right: dict[str, Any] = {"signature_format": "C", "signAlgo": "1.2.3"}
    right |= {"hashes": ["AAAA"]} if digest else {"document": "AAAA"}
    name = "documentDigests" if digest else "documents"
    body = {"SAD": "s", "credentialID": "c", name: [right | element]}
    with contextlib.suppress(Malformed, errors.Refused):
        documents.parse_sign_doc(body)


def element(**members: Any) -> dict[str, Any]:
    """signDoc with one document."""
    right = {"signature_format": "C", "signAlgo": "1.2.3", "document": "AAAA"}
    return {"SAD": "s", "credentialID": "c", "documents": [right | members]}


def test_the_token_of_scope_credential_is_the_sad() -> None:
    """Without SAD in the body the handle of the token counts; one in the body goes before it."""
    body = element()
    assert documents.parse_sign_doc(body, Sad("token")).sad == Sad("s")
    del body["SAD"]
    assert documents.parse_sign_doc(body, Sad("token")).sad == Sad("token")
    with pytest.raises(Malformed, match="SAD"):
        documents.parse_sign_doc(body)


def test_spellings() -> None:
    """Levels and envelopes without case; null members count as absent."""
    body = element(
        conformance_level="ades-b-t", signed_envelope_property="detached", documentType=None
    )
    (part,) = documents.parse_sign_doc(body).parts
    assert (part.level, part.envelope, part.format) == (Level.B_T, Envelope.DETACHED, Format.CADES)
    (part,) = documents.parse_sign_doc(element()).parts
    assert (part.level, part.envelope) == (Level.B_B, None)


def test_properties_are_texts() -> None:
    """Base64 of UTF-8, one line, not empty, each once."""
    good = [{"attribute_name": "mime-type", "attribute_value": "dGV4dC9wbGFpbg=="}]
    (part,) = documents.parse_sign_doc(element(signed_props=good)).parts
    assert part.properties == ((Property.MIME_TYPE, "text/plain"),)
    for wrong in (
        good * 2,
        [good[0] | {"attribute_value": "Cg=="}],
        [{"attribute_name": "Reason"}],
    ):
        with pytest.raises(errors.PropertiesInvalid):
            documents.parse_sign_doc(element(signed_props=wrong))


def test_what_is_empty_is_left_out() -> None:
    """An answer names only what it has."""
    assert documents.render_result(SigningResult(objects=(b"x",))) == {"SignatureObject": ["eA=="]}
    assert documents.render_result(SigningResult((b"a", b"b"))) == {"signatures": ["YQ==", "Yg=="]}


def test_too_many_and_too_much() -> None:
    """A hundred signatures at once, ten mebibytes of documents."""
    many = {"hashes": ["AAAA"] * 100, "signature_format": "C", "signAlgo": "1"}
    body: dict[str, Any] = {"SAD": "s", "credentialID": "c", "documentDigests": [many]}
    assert len(documents.parse_sign_doc(body).parts) == 100
    body["documentDigests"] = [many, many | {"hashes": ["AAAA"]}]
    with pytest.raises(Malformed) as refused:
        documents.parse_sign_doc(body)
    assert refused.value.status == 400
    large = "AAAA" * (10 * 1024 * 1024 // 3 + 1)
    with pytest.raises(Malformed) as refused:
        documents.parse_sign_doc(element(document=large))
    assert refused.value.status == 413
