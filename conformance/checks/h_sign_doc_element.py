"""signatures/signDoc: error rows about one element of documents or documentDigests."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from conformance import documenting
from conformance.checks.a_info_v2 import ENVELOPES
from conformance.dialect import encoded
from conformance.documenting import METHOD
from conformance.errors import NotApplicable
from conformance.judge import algorithms
from conformance.model import Level, Version
from conformance.registry import check
from conformance.target import ABSENT, Target

_check = functools.partial(check, group=METHOD, v2="11.11", methods=(METHOD,))
_v21 = functools.partial(check, group=METHOD, v21="11.11; OpenAPI", methods=(METHOD,))
_NO_ALGO: Final = "Missing (or invalid type) string parameter signAlgo"
_NO_PARAMS: Final = "Missing (or invalid type) string parameter signAlgoParams"
_NO_FORMAT: Final = "Missing (or invalid type) string parameter signature_format"
_CONTRADICTS: Final = "String parameter hashAlgorithmOID contradicts with signAlgo parameter"
_NO_OID: Final = "Invalid parameter hashAlgorithmOID"
_PROPS: Final = "Invalid parameter signed_props"


async def _refused(
    target: Target, members: Mapping[str, object], *texts: str, by_digest: bool = False
) -> None:
    """signDoc with ``members`` in its element is 400 ``invalid_request``."""
    (await documenting.refused(target, members, by_digest=by_digest)).refused(*texts)


# --- contents -------------------------------------------------------------------------------------


@_check(
    "sign-doc.document-missing",
    Level.SHALL,
    expects="An element of `documents` without a text `document` is refused.",
    mend="Answer 400, `Invalid array parameter documents`.",
)
async def document_missing(target: Target) -> None:
    for value in (ABSENT, 17):
        await _refused(target, {"document": value}, "Invalid array parameter documents")


@_check(
    "sign-doc.document-base64",
    Level.SHALL,
    expects="A `document` that is not base64 is refused.",
    mend="Answer 400, `Invalid Base64 documents string parameter`.",
)
async def document_base64(target: Target) -> None:
    text = "Invalid Base64 documents string parameter"
    await _refused(target, {"document": "not base64!"}, text)


@_check(
    "sign-doc.hashes-missing",
    Level.SHALL,
    expects="An element of `documentDigests` without `hashes` is refused.",
    mend="Answer 400, `Invalid object parameter documentDigests`.",
)
async def hashes_missing(target: Target) -> None:
    for value in (ABSENT, 17, []):
        text = "Invalid object parameter documentDigests"
        await _refused(target, {"hashes": value}, text, by_digest=True)


@_check(
    "sign-doc.hashes-base64",
    Level.SHALL,
    expects="An entry of `hashes` that is not base64 is refused.",
    mend="Answer 400, `Invalid Base64 hashes string parameter`.",
)
async def hashes_base64(target: Target) -> None:
    text = "Invalid Base64 hashes string parameter"
    await _refused(target, {"hashes": ["not base64!"]}, text, by_digest=True)


@_check(
    "sign-doc.digest-length",
    Level.SHALL,
    expects="A digest that is not as long as those of its algorithm is refused.",
    mend="Answer 400, `Invalid digest value length`.",
)
async def digest_length(target: Target) -> None:
    for length in (31, 48):
        members = {"hashes": encoded([bytes(length)])}
        await _refused(target, members, "Invalid digest value length", by_digest=True)


# --- algorithms -----------------------------------------------------------------------------------


@_check(
    "sign-doc.algo-missing",
    Level.SHALL,
    expects="An element without a text `signAlgo` is refused.",
    mend=f"Answer 400, `{_NO_ALGO}`.",
)
async def algo_missing(target: Target) -> None:
    for value in (ABSENT, 17):
        await _refused(target, {"signAlgo": value}, _NO_ALGO)


@_check(
    "sign-doc.algo-unknown",
    Level.SHALL,
    expects="A `signAlgo` that the credential does not list is refused.",
    mend="Answer 400, `Invalid parameter signAlgo`.",
)
async def algo_unknown(target: Target) -> None:
    given = (await documenting.shared(target))[1]
    other = "1.2.840.10045.4.3.2" if given.credential.is_rsa else "1.2.840.113549.1.1.11"
    for value in ("1.2.3.4", other):
        await _refused(target, {"signAlgo": value}, "Invalid parameter signAlgo")


async def _params_refused(target: Target, value: object) -> None:
    """signDoc by RSASSA-PSS with this as ``signAlgoParams`` is refused."""
    found = [one for one in await target.credentials() if algorithms.RSA_PSS in one.algorithms]
    if not found:
        raise NotApplicable("no credential lists RSASSA-PSS")
    credential = await target.signing_credential(
        lambda one: algorithms.RSA_PSS in one.algorithms, "that lists RSASSA-PSS"
    )
    members = {"signAlgo": algorithms.RSA_PSS, "signAlgoParams": value}
    wish = documenting.usual(target, members=members)
    given = await documenting.authorized(target, [wish], credential)
    (await documenting.sign(target, given, [wish])).refused(_NO_PARAMS)


@_check(
    "sign-doc.params-missing",
    Level.SHALL,
    expects="RSASSA-PSS without a text `signAlgoParams` is refused.",
    mend=f"Answer 400, `{_NO_PARAMS}`.",
)
async def params_missing(target: Target) -> None:
    for value in (ABSENT, 17):
        await _params_refused(target, value)


@_check(
    "sign-doc.algorithms-contradict",
    Level.SHALL,
    expects="A `hashAlgorithmOID` that contradicts `signAlgo` is refused.",
    mend=f"Answer 400, `{_CONTRADICTS}`.",
)
async def algorithms_contradict(target: Target) -> None:
    given = (await documenting.shared(target))[1]
    if given.credential.sign_algo in (algorithms.RSA, algorithms.EC):
        raise NotApplicable("the credential's algorithms name no digest")
    members = {"hashAlgorithmOID": algorithms.SHA512.oid}
    changes = _above(target, algorithms.SHA512.oid)
    answer = await documenting.refused(target, members, changes, by_digest=True)
    answer.refused(_CONTRADICTS, "Invalid digest value length")


def _above(target: Target, oid: str) -> dict[str, object]:
    """Where v2.1 has the OID."""
    return {"hashAlgorithmOID": oid} if target.version is Version.V21 else {}


@_check(
    "sign-doc.digest-unknown",
    Level.SHALL,
    expects="A `hashAlgorithmOID` that is no digest is refused.",
    mend=f"Answer 400, `{_NO_OID}`.",
)
async def digest_unknown(target: Target) -> None:
    for oid in ("1.2.3.4", "SHA-256"):
        members = {"hashAlgorithmOID": oid}
        changes = _above(target, oid)
        answer = await documenting.refused(target, members, changes, by_digest=True)
        answer.refused(_NO_OID, _CONTRADICTS)


@_check(
    "sign-doc.digest-weak",
    Level.SHALL,
    expects="SHA-1 is refused.",
    mend=f"Answer 400, `{_NO_OID}`: SHA-256 or stronger.",
)
async def digest_weak(target: Target) -> None:
    members = {"hashAlgorithmOID": algorithms.SHA1_OID, "hashes": encoded([bytes(20)])}
    changes = _above(target, algorithms.SHA1_OID)
    answer = await documenting.refused(target, members, changes, by_digest=True)
    answer.refused(_NO_OID, _CONTRADICTS, "Invalid digest value length")


# --- format ---------------------------------------------------------------------------------------


@_check(
    "sign-doc.format-missing",
    Level.SHALL,
    expects="An element of `documents` without a text `signature_format` is refused.",
    mend=f"Answer 400, `{_NO_FORMAT}`.",
)
async def format_missing(target: Target) -> None:
    for value in (ABSENT, 17):
        await _refused(target, {"signature_format": value}, _NO_FORMAT)


@_check(
    "sign-doc.format-unknown",
    Level.SHALL,
    expects="A `signature_format` other than C, X, P and J, or not announced, is refused.",
    mend="Answer 400, `Invalid parameter signature_format`.",
)
async def format_unknown(target: Target) -> None:
    offered = documenting.formats(target)
    for value in ("Q", *(one for one in ("X", "J") if one not in offered)):
        text = "Invalid parameter signature_format"
        await _refused(target, {"signature_format": value}, text)


@_check(
    "sign-doc.level-unknown",
    Level.SHALL,
    expects="A `conformance_level` that does not exist is refused.",
    mend="Answer 400, `Invalid parameter conformance_level`.",
)
async def level_unknown(target: Target) -> None:
    for value in ("AdES-B-X", 17):
        await _refused(target, {"conformance_level": value}, "Invalid parameter conformance_level")


@_check(
    "sign-doc.envelope-unknown",
    Level.SHALL,
    expects="A `signed_envelope_property` that the format does not have is refused.",
    mend="Answer 400, `Invalid parameter signed_envelope_property`.",
)
async def envelope_unknown(target: Target) -> None:
    wish, _ = await documenting.shared(target)
    foreign = next(
        name
        for names in ENVELOPES.values()
        for name in sorted(names)
        if name not in ENVELOPES[wish.format]
    )
    for value in ("Sideways", foreign, 17):
        text = "Invalid parameter signed_envelope_property"
        await _refused(target, {"signed_envelope_property": value}, text)


@_check(
    "sign-doc.props-invalid",
    Level.SHALL,
    expects="`signed_props` that are no array of named attributes are refused.",
    mend=f"Answer 400, `{_PROPS} (…)`.",
)
async def props_invalid(target: Target) -> None:
    for value in ("Reason", [17], [{"attribute_value": "AAAA"}]):
        (await documenting.refused(target, {"signed_props": value})).refused()


@_check(
    "sign-doc.props-unknown",
    Level.SHALL,
    expects="An attribute in `signed_props` that does not exist is refused.",
    mend=f"Answer 400, `{_PROPS} (…)`, with the names in the parentheses.",
)
async def props_unknown(target: Target) -> None:
    entry = {"attribute_name": "conformance-none", "attribute_value": "AAAA"}
    (await documenting.refused(target, {"signed_props": [entry]})).refused()


# --- v2.1 -----------------------------------------------------------------------------------------


@_v21(
    "sign-doc.type-unknown",
    Level.OURS,
    expects="A `documentType` that is not announced is refused.",
    mend="Answer 400, `Invalid parameter documentType`.",
)
async def type_unknown(target: Target) -> None:
    listed = target.described().texts("documentTypes", required=False) or ["sod"]
    for value in ("conformance", *(() if "sfd" in listed else ("sfd",))):
        await _refused(target, {"documentType": value}, "Invalid parameter documentType")


@_v21(
    "sign-doc.circumstantial-formatted",
    Level.OURS,
    expects="`circumstantialData` beside `documentType` sfd is refused.",
    mend="Answer 400, `Invalid parameter circumstantialData`: it is for the signer's original.",
)
async def circumstantial_formatted(target: Target) -> None:
    if "sfd" not in (target.described().texts("documentTypes", required=False) or ()):
        raise NotApplicable("documentTypes has no sfd")
    members = {"documentType": "sfd", "circumstantialData": "eyJ0IjoxfQ=="}
    texts = ("Invalid parameter circumstantialData", "Invalid parameter documentType")
    await _refused(target, members, *texts)
