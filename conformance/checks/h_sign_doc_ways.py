"""signatures/signDoc: algorithms, digests, several documents at once; all judged."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from typing import Final

from conformance import documenting, samples, verifying_documents
from conformance.credential import Credential
from conformance.documenting import METHOD, Wish
from conformance.errors import NotApplicable, Violation
from conformance.judge import algorithms, pdf
from conformance.model import Level
from conformance.registry import check
from conformance.target import ABSENT, Target

_check = functools.partial(check, group=METHOD, v2="11.11", methods=(METHOD,))
_v21 = functools.partial(check, group=METHOD, v21="11.11; OpenAPI", methods=(METHOD,))
_MEND_DIGEST: Final = "Sign the digest as it is: it is that of the document."


# --- algorithms -----------------------------------------------------------------------------------


@_check(
    "sign-doc.pss",
    Level.SHALL,
    expects="RSASSA-PSS signs documents with the parameters of `signAlgoParams`.",
    mend="Take hash, mask and length of the salt from them; they stand in the CMS too.",
)
async def pss(target: Target) -> None:
    found = [one for one in await target.credentials() if algorithms.RSA_PSS in one.algorithms]
    if not found:
        raise NotApplicable("no credential lists RSASSA-PSS")
    credential = await target.signing_credential(
        lambda one: algorithms.RSA_PSS in one.algorithms, "that lists RSASSA-PSS"
    )
    params = algorithms.default_pss(algorithms.SHA256).encoded()
    scheme = algorithms.scheme(algorithms.RSA_PSS, "", params)
    members = {"signAlgo": algorithms.RSA_PSS, "signAlgoParams": params}
    wish = documenting.usual(target, members=members, scheme=scheme)
    await verifying_documents.fulfilled(target, [wish], credential=credential)


@_v21(
    "sign-doc.oid-above",
    Level.SHALL,
    expects="`hashAlgorithmOID` is taken at the top of the request, where rsaEncryption needs it.",
    mend="v2.1 has it there; take it in the element as well.",
)
async def oid_above(target: Target) -> None:
    credential = await target.signing_credential(lambda one: algorithms.RSA in one.algorithms)
    members = {"signAlgo": algorithms.RSA, "hashAlgorithmOID": ABSENT}
    scheme = algorithms.scheme(algorithms.RSA, credential.hash_algo)
    wish = replace(_digest_wish(target), members=members, scheme=scheme)
    await verifying_documents.fulfilled(target, [wish], credential=credential)


# --- digests --------------------------------------------------------------------------------------


def _digest_wish(target: Target) -> Wish:
    """A document of which only the digest is sent."""
    if "C" in documenting.formats(target):
        return documenting.a_wish(target, "C", envelope="Detached", by_digest=True)
    return pdf_wish(target)


def pdf_wish(target: Target, level: str = "") -> Wish:
    """A PDF that awaits a signature, of which only the digest is sent."""
    documenting.announced(target, "P", level)
    waiting = samples.awaiting(documenting.number(target))
    return Wish(
        "P", waiting.covered, level=level, awaiting=waiting, by_digest=True, envelope="Revision"
    )


@_check(
    "sign-doc.cades-digest",
    Level.SHALL,
    expects="CAdES over a digest verifies over the document that the client kept.",
    mend=_MEND_DIGEST,
)
async def cades_digest(target: Target) -> None:
    documenting.announced(target, "C")
    await verifying_documents.fulfilled(target, [_digest_wish(target)])


@_check(
    "sign-doc.pades-digest",
    Level.SHALL,
    expects="The CMS object for the digest of a byte range makes a good PAdES signature.",
    mend=f"{_MEND_DIGEST} It comes in `SignatureObject`, and the client puts it into its PDF.",
)
async def pades_digest(target: Target) -> None:
    await verifying_documents.fulfilled(target, [pdf_wish(target)])


@_check(
    "sign-doc.hashes-several",
    Level.SHALL,
    expects="Several `hashes` in one element come back as several signatures, in their order.",
    mend="Make one signature for each.",
)
async def hashes_several(target: Target) -> None:
    credential = await target.signing_credential(
        lambda one: one.multisign > 1, "that signs several documents at once"
    )
    wishes = [_digest_wish(target), _digest_wish(target)]
    given = await documenting.authorized(target, wishes, credential)
    first, second = (documenting.element(one, credential) for one in wishes)
    both = {**first, "hashes": [*first["hashes"], *second["hashes"]]}
    answer = await documenting.sign(target, given, wishes, {documenting.DIGESTS: [both]})
    verifying_documents.judged(answer.succeeded(), wishes, credential)


# --- several documents ----------------------------------------------------------------------------


async def _several(target: Target, wishes: list[Wish]) -> None:
    credential = await target.signing_credential(
        lambda one: one.multisign >= len(wishes), "that signs several documents at once"
    )
    await verifying_documents.fulfilled(target, wishes, credential=credential)


@_check(
    "sign-doc.order",
    Level.SHALL,
    expects="Several documents come back in the order of the request.",
    mend="Keep the order of `documents`.",
)
async def order(target: Target) -> None:
    await _several(target, [documenting.usual(target), documenting.usual(target)])


@_v21(
    "sign-doc.mix",
    Level.SHALL,
    expects="Where `allowMix` is true, one call signs in two formats and two envelopes.",
    mend="Sign each element on its own, or take `allowMix` back.",
)
async def mix(target: Target) -> None:
    group = target.described().member("signature_formats", dict)
    if group.get("allowMix") is not True:
        raise NotApplicable("`allowMix` is not true")
    offered = [one for one in ("C", "P") if one in documenting.formats(target)]
    if not offered:
        raise NotApplicable("signature_formats has neither C nor P")
    wishes = [documenting.a_wish(target, one) for one in offered]
    if "Detached" in documenting.envelopes(target, "C"):
        wishes.append(documenting.a_wish(target, "C", envelope="Detached"))
    await _several(target, wishes)


@_check(
    "sign-doc.spent",
    Level.SHALL,
    expects="A SAD for one document signs no second time.",
    mend="Count signatures against the SAD in the step that makes them.",
)
async def spent(target: Target) -> None:
    wish = documenting.usual(target)
    given = await documenting.authorized(target, [wish])
    answers = await asyncio.gather(*(documenting.sign(target, given, [wish]) for _ in range(3)))
    good = [one for one in answers if one.status < 400]
    if len(good) != 1:
        raise Violation(f"of three calls at once with one SAD {len(good)} succeeded")
    again = await documenting.sign(target, given, [wish])
    if given.sad is None:
        again.refused(status=(400, 401, 403), error=_SPENT_TOKEN)
    else:
        again.refused(status=(400, 403), error=("invalid_request", "invalid_hash"))


_SPENT_TOKEN: Final = ("invalid_request", "invalid_hash", "expired_token", "invalid_token")
"""An access token that is used up may be no token any more."""


# --- who signs ---


@_check(
    "sign-doc.qualifier",
    Level.SHALL,
    expects="The `signatureQualifier` of a credential may stand beside its `credentialID`.",
    mend="Take both; announce no `signatureQualifier` that signDoc does not take.",
)
async def qualifier(target: Target) -> None:
    credential, named = await _qualified(target)
    wish = documenting.usual(target)
    changes = {"signatureQualifier": named}
    await verifying_documents.fulfilled(target, [wish], changes, credential)


@_check(
    "sign-doc.qualifier-alone",
    Level.SHOULD,
    expects="The `signatureQualifier` of a credential, with a SAD of it, needs no `credentialID`.",
    mend="One of the two is enough.",
)
async def qualifier_alone(target: Target) -> None:
    credential, named = await _qualified(target)
    wish = documenting.usual(target)
    changes = {"signatureQualifier": named, "credentialID": ABSENT}
    await verifying_documents.fulfilled(target, [wish], changes, credential)


async def _qualified(target: Target) -> tuple[Credential, str]:
    """A credential with a qualifier, and that."""
    credential = await target.signing_credential()
    named = credential.facts.get("signatureQualifier")
    if not isinstance(named, str) or not named:
        raise NotApplicable(f"{credential.id} has no `signatureQualifier`")
    return credential, named


# --- members that matter, and that do not ---------------------------------------------------------


@_check(
    "sign-doc.lenient",
    Level.OURS,
    expects="Members that are null or unknown do not matter.",
    mend="Take null for absent, and skip what you do not know.",
)
async def lenient(target: Target) -> None:
    members = {"signAlgoParams": None, "signed_props": None, "conformance": 1}
    changes = {"response_uri": None, "conformance": {"a": [1]}, "clientData": "conformance"}
    wish = documenting.usual(target, members=members)
    await verifying_documents.fulfilled(target, [wish], changes)


@_check(
    "sign-doc.reason",
    Level.OURS,
    expects="The signed property `Reason` stands in a signed PDF.",
    mend="Write `signed_props` into the signature dictionary.",
)
async def reason(target: Target) -> None:
    documenting.announced(target, "P")
    said = "Conformance"
    entry = {"attribute_name": "Reason", "attribute_value": "Q29uZm9ybWFuY2U="}
    wish = documenting.a_wish(target, "P", members={"signed_props": [entry]})
    (made,) = await verifying_documents.fulfilled(target, [wish])
    if pdf.read(made).entries[-1].reason != said:
        raise Violation(f"/Reason is {pdf.read(made).entries[-1].reason!r}, not {said!r}")


@_v21(
    "sign-doc.type-original",
    Level.SHALL,
    expects="A `documentType` of sod is as if it were left out.",
    mend="It is the default.",
)
async def type_original(target: Target) -> None:
    wish = documenting.usual(target, members={"documentType": "sod"})
    await verifying_documents.fulfilled(target, [wish])


@_v21(
    "sign-doc.type-announced",
    Level.SHALL,
    expects="Where `documentTypes` has sfd, such a document is signed.",
    mend="Sign it, or take sfd out of `documentTypes`.",
)
async def type_announced(target: Target) -> None:
    if "sfd" not in (target.described().texts("documentTypes", required=False) or ()):
        raise NotApplicable("documentTypes has no sfd")
    wish = documenting.usual(target, members={"documentType": "sfd"})
    await verifying_documents.fulfilled(target, [wish])
