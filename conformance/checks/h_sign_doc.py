"""signatures/signDoc: error rows about the request as a whole. No signature is made here."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from conformance import documenting, rows
from conformance.checks.f_sign_hash_params import asynchronous
from conformance.documenting import DIGESTS, DOCUMENTS, METHOD
from conformance.errors import NotRun, Violation
from conformance.model import Level, Version
from conformance.registry import check
from conformance.target import ABSENT, Target

_check = functools.partial(check, group=METHOD, v2="11.11", methods=(METHOD,))
_NO_ID: Final = "Missing (or invalid type) string parameter credentialID"
_NO_SAD: Final = "Missing (or invalid type) string parameter SAD"
_EMPTY: Final = "Empty documentDigests and documents objects"
_UNAUTHORIZED: Final = "documentDigests or documents are not authorized by the SAD."
_MISMATCH: Final = "Document or documentDigest does not match authorized hash"


async def _refused(
    target: Target, changes: Mapping[str, object], *texts: str, about_sad: bool = False
) -> None:
    """signDoc with ``changes`` is 400 ``invalid_request`` with one of ``texts``."""
    (await documenting.refused(target, changes=changes, about_sad=about_sad)).refused(*texts)


# --- who asks -------------------------------------------------------------------------------------


@_check(
    "sign-doc.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def header_malformed(target: Target) -> None:
    wish, given = await documenting.shared(target)
    await rows.malformed_header(target, METHOD, documenting.body(target, given, [wish]))


@_check(
    "sign-doc.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400, `Malformed authorization header.`.",
)
async def header_missing(target: Target) -> None:
    wish, given = await documenting.shared(target)
    await rows.missing_header(target, METHOD, documenting.body(target, given, [wish]))


@_check(
    "sign-doc.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    wish, given = await documenting.shared(target)
    await rows.unknown_token(target, METHOD, documenting.body(target, given, [wish]))


async def _with_sad(target: Target) -> None:
    """Raises:
    NotRun: The bearer's token is the authorization, so no SAD can be wrong.
    """
    if (await documenting.shared(target))[1].sad is None:
        raise NotRun("the authorization is an access token, not a SAD")


@_check(
    "sign-doc.sad-missing",
    Level.SHALL,
    expects="A call without `SAD` is refused, where the token alone allows nothing.",
    mend=f"Answer 400, `{_NO_SAD}`.",
)
async def sad_missing(target: Target) -> None:
    await _with_sad(target)
    await _refused(target, {"SAD": ABSENT}, _NO_SAD, about_sad=True)


@_check(
    "sign-doc.sad-type",
    Level.SHALL,
    expects="A `SAD` that is no text is refused.",
    mend=f"Answer 400, `{_NO_SAD}`.",
)
async def sad_type(target: Target) -> None:
    await _with_sad(target)
    for value in (17, ["a"]):
        await _refused(target, {"SAD": value}, _NO_SAD, about_sad=True)


@_check(
    "sign-doc.sad-unknown",
    Level.SHALL,
    expects="A `SAD` that was never given out is refused.",
    mend="Answer 400, `Invalid parameter SAD`.",
)
async def sad_unknown(target: Target) -> None:
    await _with_sad(target)
    changes = {"SAD": "conformance-no-such-sad"}
    await _refused(target, changes, "Invalid parameter SAD", about_sad=True)


@_check(
    "sign-doc.id-missing",
    Level.SHALL,
    expects="A call without `credentialID` and `signatureQualifier` is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def id_missing(target: Target) -> None:
    await _refused(target, {"credentialID": ABSENT}, _NO_ID)


@_check(
    "sign-doc.id-type",
    Level.SHALL,
    expects="A `credentialID` that is no text is refused.",
    mend=f"Answer 400, `{_NO_ID}`.",
)
async def id_type(target: Target) -> None:
    for value in (17, ["a"]):
        await _refused(target, {"credentialID": value}, _NO_ID)


@_check(
    "sign-doc.id-unknown",
    Level.SHALL,
    expects="A `credentialID` that nobody has is refused.",
    mend="Answer 400, `Invalid parameter credentialID`.",
)
async def id_unknown(target: Target) -> None:
    changes = {"credentialID": rows.UNKNOWN_CREDENTIAL}
    await _refused(target, changes, "Invalid parameter credentialID")


@_check(
    "sign-doc.id-foreign",
    Level.SHALL,
    expects="A credential of somebody else is refused.",
    mend="Answer as for one that nobody has: 400, `Invalid parameter credentialID`.",
)
async def id_foreign(target: Target) -> None:
    changes = {"credentialID": await rows.foreign_credential(target)}
    await _refused(target, changes, "Invalid parameter credentialID", "Invalid parameter SAD")


@_check(
    "sign-doc.qualifier-unknown",
    Level.OURS,
    expects="A `signatureQualifier` that no credential has does not choose one.",
    mend="Answer 400, `Invalid parameter signatureQualifier`.",
)
async def qualifier_unknown(target: Target) -> None:
    changes = {"credentialID": ABSENT, "signatureQualifier": "zz_conformance_none"}
    (await documenting.refused(target, changes=changes)).refused()


# --- what is to be signed -------------------------------------------------------------------------


@_check(
    "sign-doc.empty",
    Level.SHALL,
    expects="A call with neither `documents` nor `documentDigests` is refused.",
    mend=f"Answer 400, `{_EMPTY}`.",
)
async def empty(target: Target) -> None:
    tries: tuple[dict[str, object], ...] = (
        {DOCUMENTS: ABSENT},
        {DOCUMENTS: []},
        {DOCUMENTS: [], DIGESTS: []},
    )
    for changes in tries:
        await _refused(target, changes, _EMPTY)


@_check(
    "sign-doc.both",
    Level.SHALL,
    expects="A call with `documents` and `documentDigests` is refused.",
    mend="Answer 400, `Both documentDigests and documents parameters passed`.",
)
async def both(target: Target) -> None:
    wish, given = await documenting.shared(target)
    by_digest = documenting.Wish(wish.format, wish.content, by_digest=True)
    changes = {DIGESTS: [documenting.element(by_digest, given.credential)]}
    await _refused(target, changes, "Both documentDigests and documents parameters passed")


@_check(
    "sign-doc.documents-invalid",
    Level.SHALL,
    expects="`documents` that are no array of objects are refused.",
    mend="Answer 400, `Invalid array parameter documents`.",
)
async def documents_invalid(target: Target) -> None:
    for value in ("a document", 17, [17], {"document": "AAAA"}):
        await _refused(target, {DOCUMENTS: value}, "Invalid array parameter documents")


@_check(
    "sign-doc.digests-invalid",
    Level.SHALL,
    expects="`documentDigests` that are no objects are refused.",
    mend="Answer 400, `Invalid object parameter documentDigests`.",
)
async def digests_invalid(target: Target) -> None:
    for value in ("a digest", 17, [17]):
        changes = {DOCUMENTS: ABSENT, DIGESTS: value}
        await _refused(target, changes, "Invalid object parameter documentDigests")


# --- what the SAD covers --------------------------------------------------------------------------


async def _unauthorized(target: Target, *, by_digest: bool) -> None:
    """A document that nobody authorized is refused in one of the ways that the tables have."""
    given = (await documenting.shared(target))[1]
    if not given.credential.binds_hashes:
        raise NotRun("the credential does not bind its SAD to hashes")
    wish = documenting.usual(target)
    wish = documenting.digest_only(wish) if by_digest else wish
    answer = await documenting.sign(target, given, [wish])
    if answer.status < 400:
        target.once.forget("an authorization for a document")
    answer.refused(
        _MISMATCH, _UNAUTHORIZED, status=(400, 403), error=("invalid_request", "invalid_hash")
    )
    pair = (answer.status, answer.members.get("error"))
    fits = {(400, "invalid_request"), (403, "invalid_hash")}
    if target.version is Version.V21:
        fits.add((403, "invalid_request"))
    if pair not in fits:
        raise Violation(f"{pair[0]} comes with `error` {pair[1]!r}")


@_check(
    "sign-doc.unauthorized-document",
    Level.SHALL,
    expects="A document whose hash is not among the authorized ones is refused.",
    mend="Answer 403 `invalid_hash` (or 400 `invalid_request`): the SAD is for other hashes.",
)
async def unauthorized_document(target: Target) -> None:
    await _unauthorized(target, by_digest=False)


@_check(
    "sign-doc.unauthorized-digest",
    Level.SHALL,
    expects="A digest that is not among the authorized hashes is refused.",
    mend="Answer 403 `invalid_hash` (or 400 `invalid_request`): the SAD is for other hashes.",
)
async def unauthorized_digest(target: Target) -> None:
    await _unauthorized(target, by_digest=True)


# --- when ----------------------------------------------------------------------------------------


@_check(
    "sign-doc.mode-unknown",
    Level.SHALL,
    expects="An `operationMode` other than S and A is refused.",
    mend="Answer 400, `Invalid parameter operationMode`.",
)
async def mode_unknown(target: Target) -> None:
    for value in ("B", 1):
        await _refused(target, {"operationMode": value}, "Invalid parameter operationMode")


async def _later(target: Target, changes: Mapping[str, object], *texts: str) -> None:
    asynchronous(target)
    await _refused(target, {"operationMode": "A", **changes}, *texts)


@_check(
    "sign-doc.period-type",
    Level.SHALL,
    expects="A `validity_period` that is no integer is refused in mode A.",
    mend="Answer 400, `Invalid parameter validity_period`.",
)
async def period_type(target: Target) -> None:
    for value in ("60000", True):
        await _later(target, {"validity_period": value}, "Invalid parameter validity_period")


@_check(
    "sign-doc.period-bounds",
    Level.SHALL,
    expects="A `validity_period` of no time, and one of centuries, is refused in mode A.",
    mend="Answer 400, `Out of bounds parameter validity_period`.",
)
async def period_bounds(target: Target) -> None:
    texts = ("Out of bounds parameter validity_period", "Invalid parameter validity_period")
    for value in (-1, 10**15):
        await _later(target, {"validity_period": value}, *texts)


@_check(
    "sign-doc.response-uri",
    Level.SHALL,
    expects="A `response_uri` that is no URI is refused in mode A.",
    mend="Answer 400, `Invalid parameter response_uri`.",
)
async def response_uri(target: Target) -> None:
    for value in (7, "no uri"):
        await _later(target, {"response_uri": value}, "Invalid parameter response_uri")


@_check(
    "sign-doc.client-data-type",
    Level.SHALL,
    expects="A `clientData` that is no text is refused.",
    mend="Answer 400, `Invalid parameter clientData`.",
)
async def client_data_type(target: Target) -> None:
    await _refused(target, {"clientData": 7}, "Invalid parameter clientData")


@_check(
    "sign-doc.certificate-expired",
    Level.SHALL,
    expects="A credential whose certificate is expired signs no document.",
    mend="Answer 400, `Signing certificate 'O=[organization],CN=[common_name]' is expired.`.",
)
async def certificate_expired(target: Target) -> None:
    found = [
        one
        for one in await target.credentials()
        if isinstance(one.facts.get("cert"), dict) and one.facts["cert"].get("status") == "expired"
    ]
    if not found:
        raise NotRun("no credential has an expired certificate")
    wish = documenting.usual(target)
    try:
        given = await documenting.authorized(target, [wish], found[0])
    except Violation:
        # Refused even before there was a SAD.
        return
    (await documenting.sign(target, given, [wish])).refused()
