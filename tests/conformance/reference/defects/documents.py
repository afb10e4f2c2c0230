"""Defects of signatures/signDoc: its rows, and what it makes."""

from __future__ import annotations

from typing import Any, Final

from conformance.model import Version
from tests.conformance.reference.defects import V2, V21, Defect
from tests.conformance.reference.replies import accepting, refusing

_METHOD: Final = "signatures/signDoc"
_NO: Final = "Missing (or invalid type) string parameter "
_BAD: Final = "Invalid parameter "
_MISMATCH: Final = "Document or documentDigest does not match authorized hash"


def _named(checks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"sign-doc.{one}" for one in checks)


def _wrong(name: str, what: str, *checks: str, versions: tuple[Version, ...] = V2) -> Defect:
    """A switch in the code."""
    return Defect(f"sign-doc-{name}", _named(checks), versions, what)


def _rewords(name: str, what: str, text: str, *checks: str, **other: Any) -> Defect:
    """The refusal with ``text`` is another one."""
    change = refusing(text, **other)
    return Defect(f"sign-doc-{name}", _named(checks), V2, what, _METHOD, change)


def _skips(
    name: str, what: str, text: str, *checks: str, versions: tuple[Version, ...] = V2
) -> Defect:
    """What ``text`` is about is not looked at."""
    change = accepting(text, SignatureObject=["AAAA"])
    return Defect(f"sign-doc-{name}", _named(checks), versions, what, _METHOD, change)


_ROWS: Final = (
    _rewords(
        "header-text",
        "A malformed header is called unauthorized_client.",
        "Malformed authorization header.",
        *("header-malformed", "header-missing"),
        error="unauthorized_client",
    ),
    _rewords(
        "sad-status",
        "A missing SAD is answered with 403.",
        f"{_NO}SAD",
        *("sad-missing", "sad-type"),
        status=403,
    ),
    _rewords(
        "sad-code",
        "An unknown SAD is called invalid_sad.",
        f"{_BAD}SAD",
        *("sad-unknown", "spent"),
        error="invalid_sad",
    ),
    _rewords(
        "id-status",
        "A missing credentialID is answered with 404.",
        f"{_NO}credentialID",
        *("id-missing", "id-type"),
        status=404,
    ),
    _rewords(
        "id-code",
        "An unknown credential is called invalid_credential.",
        f"{_BAD}credentialID",
        *("id-unknown", "id-foreign"),
        error="invalid_credential",
    ),
    _skips(
        "qualifier-any",
        "A qualifier that no credential has is taken for any.",
        f"{_BAD}signatureQualifier",
        "qualifier-unknown",
    ),
    _skips(
        "empty",
        "A request without anything to sign succeeds.",
        "Empty documentDigests and documents objects",
        "empty",
    ),
    _wrong("both", "documents and documentDigests at once: the documents are signed.", "both"),
    _rewords(
        "documents-status",
        "documents that are no array are answered with 500.",
        "Invalid array parameter documents",
        *("documents-invalid", "document-missing"),
        status=500,
        error="server_error",
    ),
    _rewords(
        "digests-code",
        "documentDigests that are no objects are called invalid_hash.",
        "Invalid object parameter documentDigests",
        *("digests-invalid", "hashes-missing"),
        error="invalid_hash",
    ),
    _skips(
        "document-base64",
        "A document that is not base64 is signed.",
        "Invalid Base64 documents string parameter",
        "document-base64",
    ),
    _skips(
        "hashes-base64",
        "A digest that is not base64 is signed.",
        "Invalid Base64 hashes string parameter",
        "hashes-base64",
    ),
    _skips(
        "digest-length",
        "A digest of any length is signed.",
        "Invalid digest value length",
        "digest-length",
    ),
    _skips(
        "unbound-answer",
        "Documents that nobody authorized are signed.",
        _MISMATCH,
        *("unauthorized-document", "unauthorized-digest"),
    ),
    _rewords(
        "mismatch-status",
        "A document that nobody authorized is answered with 400 invalid_hash.",
        _MISMATCH,
        *("unauthorized-document", "unauthorized-digest"),
        status=400,
    ),
    _skips("algo-any", "Any signAlgo is taken.", f"{_BAD}signAlgo", "algo-unknown"),
    _skips("algo-guessed", "Without signAlgo one is chosen.", f"{_NO}signAlgo", "algo-missing"),
    _skips(
        "params-guessed",
        "Without signAlgoParams RSASSA-PSS uses its own.",
        f"{_NO}signAlgoParams",
        "params-missing",
    ),
    _wrong(
        "contradiction",
        "A hashAlgorithmOID that contradicts signAlgo is ignored.",
        "algorithms-contradict",
    ),
    _skips(
        "digest-any",
        "A hashAlgorithmOID that is no digest, or SHA-1, is taken.",
        f"{_BAD}hashAlgorithmOID",
        *("digest-unknown", "digest-weak"),
    ),
    _wrong("format-guessed", "A document without signature_format is CAdES.", "format-missing"),
    _skips(
        "format-any",
        "An unknown signature_format succeeds.",
        f"{_BAD}signature_format",
        "format-unknown",
    ),
    _skips(
        "level-any",
        "An unknown conformance_level succeeds.",
        f"{_BAD}conformance_level",
        "level-unknown",
    ),
    _skips(
        "envelope-any",
        "An unknown signed_envelope_property succeeds.",
        f"{_BAD}signed_envelope_property",
        "envelope-unknown",
    ),
    _wrong(
        "props-any", "Any signed_props are ignored.", "props-invalid", "props-unknown", "reason"
    ),
    _skips("mode-any", "Any operationMode is S.", f"{_BAD}operationMode", "mode-unknown"),
    _skips(
        "period-any",
        "A validity_period that is no integer is taken.",
        f"{_BAD}validity_period",
        "period-type",
    ),
    _skips(
        "period-unbound",
        "A validity_period has no bounds.",
        "Out of bounds parameter validity_period",
        "period-bounds",
    ),
    _skips(
        "response-uri-any",
        "A response_uri is not looked at.",
        f"{_BAD}response_uri",
        "response-uri",
    ),
    _skips(
        "client-data-any",
        "A clientData that is no text is taken.",
        f"{_BAD}clientData",
        "client-data-type",
    ),
    _skips(
        "type-any",
        "Any documentType is taken.",
        f"{_BAD}documentType",
        "type-unknown",
        versions=V21,
    ),
    _skips(
        "circumstantial-any",
        "circumstantialData is taken for a formatted document.",
        f"{_BAD}circumstantialData",
        "circumstantial-formatted",
        versions=V21,
    ),
)

_CADES: Final = (
    *("cades-b", "cades-t", "cades-lt", "cades-lta", "validation-info"),
    *("cades-default", "cades-attached", "cades-detached"),
)
_STAMPED: Final = ("cades-t", "cades-lt", "cades-lta", "pades-t", "pades-lt", "pades-lta")
_PADES: Final = (
    *("pades-b", "pades-t", "pades-lt", "pades-lta"),
    *("pades-default", "pades-revision", "pdf-kept", "reason"),
)
_BY_DIGEST: Final = ("cades-digest", "pades-digest", "hashes-several")
_CADES_ALL: Final = (
    *_CADES,
    *("cades-digest", "hashes-several", "level-spelling", "pss", "oid-above", "order", "mix"),
    *("qualifier", "qualifier-alone", "lenient", "type-original", "type-announced", "later"),
)
_ALL: Final = (*_CADES_ALL, *_PADES, "pades-digest", "validation-info-digest")

_VALUES: Final = (
    _wrong(
        "level-ignored",
        "Every signature is AdES-B-B.",
        *("cades-t", "cades-lt", "cades-lta", "pades-t", "pades-lt", "pades-lta"),
        "validation-info-digest",
    ),
    _wrong(
        "no-evidence",
        "Nothing about revocation is in signatures of B-LT and B-LTA.",
        *("cades-lt", "cades-lta", "pades-lt", "pades-lta"),
    ),
    _wrong("no-archive", "B-LTA has no archive time-stamp.", "cades-lta", "pades-lta"),
    _wrong(
        "info-never",
        "validationInfo never comes.",
        *("validation-info", "validation-info-digest", "later-validation-info"),
    ),
    _wrong("info-always", "validationInfo comes unasked.", "validation-info-unasked"),
    _wrong(
        "envelope-default",
        "Where no envelope is named CAdES is detached and PAdES approves.",
        *("cades-default", "pades-default"),
    ),
    _wrong("order", "Results come in the opposite order.", "order", "hashes-several", "mix"),
    _wrong("stranger", "Signatures are made by another key and certificate.", *_ALL),
    _wrong("no-certificate", "signing-certificate-v2 is missing.", *_ALL),
    _wrong("no-time", "CAdES has no signing-time.", *_CADES_ALL),
    _wrong(
        "pdf-time",
        "PAdES has a signing-time in the CMS.",
        *_PADES,
        "pades-digest",
        "mix",
        "validation-info-digest",
    ),
    _wrong(
        "digest-again",
        "A digest that the client sends is hashed once more.",
        *_BY_DIGEST,
        *("oid-above", "validation-info-digest"),
    ),
    _wrong(
        "other-content",
        "Attached CAdES holds the document and a line end.",
        *(one for one in _CADES if one != "cades-detached"),
        *("level-spelling", "pss"),
        *("order", "mix", "qualifier", "qualifier-alone", "lenient"),
        *("type-original", "type-announced", "later"),
    ),
    _wrong(
        "stamp-content",
        "The time-stamp of B-T is over the document.",
        *_STAMPED,
        "validation-info-digest",
    ),
    _wrong(
        "stamp-late",
        "The time-stamp of B-T is an hour late.",
        *_STAMPED,
        "validation-info-digest",
    ),
    _wrong("pss-ignored", "signAlgo RSASSA-PSS makes PKCS#1 v1.5.", "pss"),
    _wrong("pdf-tail", "Something stands after the end of a signed PDF.", *_PADES, "mix"),
    _wrong("pdf-rewritten", "A PDF is written anew.", "pdf-kept"),
    _wrong("pdf-legacy", "PDFs have the /SubFilter adbe.pkcs7.detached.", *_PADES, "mix"),
    _wrong("reason-lost", "The signed property Reason is lost.", "reason"),
    _wrong(
        "around",
        "Detached signatures come in DocumentWithSignature.",
        *("cades-detached", *_BY_DIGEST, "oid-above", "mix", "validation-info-digest"),
    ),
    _wrong("lines", "Results are base64 with line breaks.", *_ALL),
    _wrong(
        "unbound",
        "A SAD signs any document, as often as wanted.",
        *("spent", "unauthorized-document", "unauthorized-digest"),
    ),
    _wrong("never-later", "Mode A answers at once.", "later", "later-validation-info"),
    _wrong("null", "A member that is null is taken for one.", "lenient"),
    _wrong("qualifier", "No signatureQualifier is taken.", "qualifier", "qualifier-alone"),
    _wrong("oid-above", "hashAlgorithmOID counts in elements alone.", "oid-above", versions=V21),
    _wrong("no-mix", "Mixed formats are refused though announced.", "mix", versions=V21),
    _wrong(
        "sfd-refused",
        "The documentType sfd is announced and refused.",
        "type-announced",
        versions=V21,
    ),
)

DEFECTS: Final = (*_ROWS, *_VALUES)
