"""The CSC methods that take or give documents, and those that answer later.

(CSC v2 11.10 to 11.13; CSC v1 11.10)
"""

from __future__ import annotations

from typing import Final

from csc_server.wire.documents import LONGEST_NONCE
from csc_server.wire.openapi.csc_rows import (
    HASH,
    HASHES,
    ID,
    NO_USER,
    PARAMETERS,
    SAD_OR_TOKEN,
    Method,
    request,
)
from csc_server.wire.openapi.schemas import (
    BASE64,
    Schema,
    array,
    body,
    flag,
    record,
    ref,
    text,
)
from policies.algorithms import HashAlgorithm
from policies.documents import MOST_PARTS, Format, Property

MODES: Final[dict[str, Schema]] = {
    "operationMode": text("S: at once; A: a handle for signPolling.", enum=["S", "A"]),
    "validity_period": {"description": "With A: milliseconds that the result is kept."},
    "response_uri": {"description": "Refused with A: nobody is called back."},
}
STARTED: Final = record({"responseID": text("For signPolling.")})
_TEXTS: Final = array(text(pattern=BASE64), minItems=1)
_BASE64: Final = text(pattern=BASE64)
_EVIDENCE: Final = ("ocsp", "crl", "certificates")
_RESULT: Final = record(
    {
        "signatures": _TEXTS,
        "DocumentWithSignature": _TEXTS,
        "SignatureObject": _TEXTS,
        "validationInfo": record({name: array(_BASE64) for name in _EVIDENCE}),
    },
    [],
)
_ELEMENT: Final[dict[str, Schema]] = {
    "signature_format": text(enum=[one.value for one in Format]),
    "signAlgo": text(minLength=1),
}
_CHOICES: Final[dict[str, Schema]] = {
    "hashAlgorithmOID": text("Where signAlgo names no digest."),
    "conformance_level": text("One of info; AdES-B-B by default."),
    "signed_envelope_property": text("One of info, for this format."),
    "signAlgoParams": PARAMETERS,
    "signed_props": array(
        body(
            {
                "attribute_name": text(enum=[one.value for one in Property]),
                "attribute_value": text("The text in base64.", pattern=BASE64),
            }
        )
    ),
}
_DIGESTS: Final = body({**_ELEMENT, "hashes": {"anyOf": [HASHES, HASH]}}, _CHOICES)
_DOCUMENT: Final = body(
    {**_ELEMENT, "document": text("The whole document.", pattern=BASE64, minLength=4)}, _CHOICES
)

DOCUMENTS: Final = (
    Method(
        "signatures/signDoc",
        "Sign documents, whole or by their digests",
        request(
            {"credentialID": ID},
            SAD=SAD_OR_TOKEN,
            signatureQualifier=text("No credential has one: absent or empty.", maxLength=0),
            documentDigests=array(_DIGESTS, "This, or documents.", maxItems=MOST_PARTS),
            documents=array(_DOCUMENT, "This, or documentDigests.", maxItems=MOST_PARTS),
            hashAlgorithmOID=text("For all elements that name none."),
            returnValidationInfo=flag(
                "For AdES-B-LT of a PDF by its digest; elsewhere all is in the signature."
            ),
            **MODES,
        ),
        {200: {"anyOf": [_RESULT, STARTED]}},
    ),
    Method(
        "signatures/signPolling",
        "The result of work that was started with operationMode A",
        request({"requestID": text("The responseID.", minLength=1)}, userID=NO_USER),
        {200: _RESULT, 202: ref("Error202")},
    ),
)
TIMESTAMP: Final = Method(
    "signatures/timestamp",
    "An RFC 3161 time-stamp of a digest",
    request(
        {"hash": HASH, "hashAlgo": text(enum=[one.oid for one in HashAlgorithm])},
        nonce=text("Hexadecimal.", pattern=f"^[0-9A-Fa-f]{{1,{LONGEST_NONCE}}}$"),
    ),
    {200: record({"timestamp": text("DER of the token.", pattern=BASE64)})},
)
