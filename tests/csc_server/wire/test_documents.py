"""The parsers of the document methods against whatever a client may send."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csc_server.wire import documents
from csc_server.wire.fields import Malformed
from policies import errors
from policies.algorithms import HashAlgorithm
from policies.documents import Document, Envelope, Format, Level, Property, SignDocRequest
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


def keep(content: bytes, algorithm: HashAlgorithm | None) -> tuple[Document, bytes]:
    """A document that is kept nowhere; its digest is the name of the algorithm."""
    return Document(Path("document"), len(content)), algorithm.name.encode() if algorithm else b""


def parse(body: dict[str, Any], handle: Sad | None = None) -> SignDocRequest:
    """signDoc, its documents forgotten."""
    return documents.parse_sign_doc(body, keep, handle)


@pytest.mark.parametrize(
    "read",
    [
        parse,
        documents.parse_mode,
        documents.parse_polling,
        documents.parse_timestamp,
    ],
)
@given(body=BODIES)
def test_nothing_but_refusals(read: Any, body: dict[str, Any]) -> None:
    """A request is read or refused, never a bug."""
    with contextlib.suppress(Malformed, errors.Refused):
        read({name: value for name, value in body.items() if value is not None})


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
        parse(body)


def element(**members: Any) -> dict[str, Any]:
    """signDoc with one document."""
    right = {"signature_format": "C", "signAlgo": "1.2.3", "document": "AAAA"}
    return {"SAD": "s", "credentialID": "c", "documents": [right | members]}


def test_the_token_of_scope_credential_is_the_sad() -> None:
    """Without SAD in the body the handle of the token counts; one in the body goes before it."""
    body = element()
    assert parse(body, Sad("token")).sad == Sad("s")
    del body["SAD"]
    assert parse(body, Sad("token")).sad == Sad("token")
    with pytest.raises(Malformed, match="SAD"):
        parse(body)


def test_spellings() -> None:
    """Levels and envelopes without case; null members count as absent."""
    body = element(
        conformance_level="ades-b-t", signed_envelope_property="detached", documentType=None
    )
    (part,) = parse(body).parts
    assert (part.level, part.envelope, part.format) == (Level.B_T, Envelope.DETACHED, Format.CADES)
    (part,) = parse(element()).parts
    assert (part.level, part.envelope) == (Level.B_B, None)


def test_properties_are_texts() -> None:
    """Base64 of UTF-8, one line, not empty, each once."""
    good = [{"attribute_name": "mime-type", "attribute_value": "dGV4dC9wbGFpbg=="}]
    (part,) = parse(element(signed_props=good)).parts
    assert part.properties == ((Property.MIME_TYPE, "text/plain"),)
    for wrong in (
        good * 2,
        [good[0] | {"attribute_value": "Cg=="}],
        [{"attribute_name": "Reason"}],
    ):
        with pytest.raises(errors.PropertiesInvalid):
            parse(element(signed_props=wrong))


def test_what_is_empty_is_left_out() -> None:
    """An answer names only what it has."""
    assert documents.files_of(SigningResult(objects=("x",))) == {"SignatureObject": ("x",)}
    assert documents.files_of(SigningResult(documents=("a", "b"))).keys() == {
        "DocumentWithSignature"
    }
    signed = documents.render_signatures(SigningResult((b"a", b"b")))
    assert signed == {"signatures": ["YQ==", "Yg=="]}


def test_a_document_is_hashed_as_its_signature_will_be() -> None:
    """With the digest of signAlgo, or the one named beside it or above; rubbish has none."""
    sha384 = "2.16.840.1.101.3.4.2.2"
    for members, digest in (
        ({"signAlgo": "1.2.840.10045.4.3.2"}, b"SHA256"),
        ({"signAlgo": "1.2.840.10045.2.1", "hashAlgorithmOID": sha384}, b"SHA384"),
        ({"signAlgo": "1.2.3"}, b""),
    ):
        (part,) = parse(element(**members)).parts
        assert (part.digest, part.document) == (digest, Document(Path("document"), 3))
    (part,) = parse(element(signAlgo="1.2.840.10045.2.1") | {"hashAlgorithmOID": sha384}).parts
    assert part.digest == b"SHA384"


def test_too_many_and_too_much() -> None:
    """A hundred signatures at once, fifty mebibytes a document, sixty-four together."""
    many = {"hashes": ["AAAA"] * 100, "signature_format": "C", "signAlgo": "1"}
    body: dict[str, Any] = {"SAD": "s", "credentialID": "c", "documentDigests": [many]}
    assert len(parse(body).parts) == 100
    body["documentDigests"] = [many, many | {"hashes": ["AAAA"]}]
    with pytest.raises(Malformed) as refused:
        parse(body)
    assert refused.value.status == 400
    mib = 1024 * 1024
    largest, rest = (base64.b64encode(bytes(size)).decode() for size in (50 * mib, 14 * mib))
    whole = element(document=largest)
    whole["documents"] += element(document=rest)["documents"]
    assert sum(one.document.size for one in parse(whole).parts if one.document) == 64 * mib
    whole["documents"] += element(document="AA==")["documents"]
    for body in (whole, element(document=base64.b64encode(bytes(50 * mib + 1)).decode())):
        with pytest.raises(Malformed) as refused:
            parse(body)
        assert refused.value.status == 413
