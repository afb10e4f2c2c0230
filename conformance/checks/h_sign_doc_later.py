"""signatures/signDoc: validationInfo, and mode A with signPolling. (CSC v2 11.11, 11.12)"""

from __future__ import annotations

import functools

from conformance import documenting, verifying_documents
from conformance.checks import g_polling
from conformance.checks.f_sign_hash_params import asynchronous
from conformance.checks.h_sign_doc_ways import pdf_wish
from conformance.documenting import AROUND, BESIDE, METHOD
from conformance.errors import NotApplicable
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group=METHOD, v2="11.11", methods=(METHOD,))
_v21 = functools.partial(check, group=METHOD, v21="11.11; OpenAPI", methods=(METHOD,))
_later = functools.partial(
    check, group=METHOD, v2="11.11; 11.12", methods=(METHOD, "signatures/signPolling")
)


@_check(
    "sign-doc.validation-info",
    Level.SHALL,
    expects="`returnValidationInfo` brings `validationInfo`, where `info` announces it.",
    mend="Send arrays of base64: `ocsp`, `crl`, `certificates`.",
)
async def validation_info(target: Target) -> None:
    if target.described().get("validationInfo") is not True:
        raise NotApplicable("`validationInfo` is not announced")
    wish = documenting.usual(target)
    given = await documenting.authorized(target, [wish])
    answer = await documenting.sign(target, given, [wish], {"returnValidationInfo": True})
    members = answer.succeeded()
    verifying_documents.judged(members, [wish], given.credential)
    verifying_documents.check_validation_info(members)


@_check(
    "sign-doc.validation-info-digest",
    Level.SHALL,
    expects="A digest for PAdES at B-LT comes back with `validationInfo` when that is asked for.",
    mend="The client has to put it into its PDF; for this case it is not optional.",
)
async def validation_info_digest(target: Target) -> None:
    wish = pdf_wish(target, "AdES-B-LT")
    given = await documenting.authorized(target, [wish])
    answer = await documenting.sign(target, given, [wish], {"returnValidationInfo": True})
    members = answer.succeeded()
    verifying_documents.check_validation_info(members)
    verifying_documents.judged(members, [wish], given.credential)


@_check(
    "sign-doc.validation-info-unasked",
    Level.OURS,
    expects="`validationInfo` does not come unasked.",
    mend="Send it for `returnValidationInfo` alone.",
)
async def validation_info_unasked(target: Target) -> None:
    wish = documenting.usual(target)
    given = await documenting.authorized(target, [wish])
    members = (await documenting.sign(target, given, [wish])).succeeded()
    members.absent("validationInfo", "though nobody asked for it")


@_later(
    "sign-doc.later",
    Level.SHALL,
    expects="In mode A signDoc answers with `responseID`, and signPolling with the documents.",
    mend="signPolling answers as signDoc does in mode S, under the same names.",
)
async def later(target: Target) -> None:
    asynchronous(target)
    wish = documenting.usual(target)
    given = await documenting.authorized(target, [wish])
    answer = await documenting.sign(target, given, [wish], {"operationMode": "A"})
    request = str(answer.succeeded().member("responseID", str))
    for name in (AROUND, BESIDE, "signatures"):
        answer.members.absent(name, "in mode A")
    finished = (await g_polling.finished(target, request)).succeeded()
    verifying_documents.judged(finished, [wish], given.credential)
    finished.absent("signatures", "after signDoc")


@_v21(
    "sign-doc.later-validation-info",
    Level.SHALL,
    expects="signPolling brings `validationInfo` where signDoc was asked for it.",
    mend="Keep it with the result.",
)
async def later_validation_info(target: Target) -> None:
    asynchronous(target)
    if target.described().get("validationInfo") is not True:
        raise NotApplicable("`validationInfo` is not announced")
    wish = documenting.usual(target)
    given = await documenting.authorized(target, [wish])
    changes = {"operationMode": "A", "returnValidationInfo": True}
    answer = await documenting.sign(target, given, [wish], changes)
    request = str(answer.succeeded().member("responseID", str))
    verifying_documents.check_validation_info(
        (await g_polling.finished(target, request)).succeeded()
    )
