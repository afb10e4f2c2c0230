"""signatures/signDoc: what it makes, each document judged as it was asked for."""

from __future__ import annotations

import functools
from typing import Final

from conformance import documenting, verifying_documents
from conformance.documenting import METHOD
from conformance.errors import NotApplicable, Violation
from conformance.judge import pdf
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group=METHOD, v2="11.11", methods=(METHOD,))
_v21 = functools.partial(check, group=METHOD, v21="11.11; OpenAPI", methods=(METHOD,))
_later = functools.partial(
    check, group=METHOD, v2="11.11; 11.12", methods=(METHOD, "signatures/signPolling")
)
_MEND_LEVEL: Final = "Make what the level asks for, or do not announce it in `conformance_levels`."
_MEND_DIGEST: Final = "Sign the digest as it is: it is that of the document."


async def _made(target: Target, form: str, level: str = "", **members: str) -> list[bytes]:
    """What signDoc makes of one document in this format and at this level, if both are offered."""
    documenting.announced(target, form, level)
    return await verifying_documents.fulfilled(
        target, [documenting.a_wish(target, form, level=level, **members)]
    )


# --- formats and levels ---------------------------------------------------------------------------


@_check(
    "sign-doc.cades-b",
    Level.SHALL,
    expects="CAdES at B-B verifies over the document, with all attributes of its level.",
    mend="content-type, message-digest, signing-time and signing-certificate-v2 are signed.",
)
async def cades_b(target: Target) -> None:
    await _made(target, "C", "AdES-B-B")


@_check(
    "sign-doc.cades-t",
    Level.SHALL,
    expects="CAdES at B-T carries a time-stamp over its signature.",
    mend=_MEND_LEVEL,
)
async def cades_t(target: Target) -> None:
    await _made(target, "C", "AdES-B-T")


@_check(
    "sign-doc.cades-lt",
    Level.SHALL,
    expects="CAdES at B-LT carries what is known about revocation.",
    mend=_MEND_LEVEL,
)
async def cades_lt(target: Target) -> None:
    await _made(target, "C", "AdES-B-LT")


@_check(
    "sign-doc.cades-lta",
    Level.SHALL,
    expects="CAdES at B-LTA carries an archive time-stamp.",
    mend=_MEND_LEVEL,
)
async def cades_lta(target: Target) -> None:
    await _made(target, "C", "AdES-B-LTA")


@_check(
    "sign-doc.pades-b",
    Level.SHALL,
    expects="PAdES at B-B covers the whole PDF, with all attributes of its level.",
    mend="/SubFilter ETSI.CAdES.detached; no signing-time in the CMS; signing-certificate-v2.",
)
async def pades_b(target: Target) -> None:
    await _made(target, "P", "AdES-B-B")


@_check(
    "sign-doc.pades-t",
    Level.SHALL,
    expects="PAdES at B-T carries a time-stamp over its signature, or over the document.",
    mend=_MEND_LEVEL,
)
async def pades_t(target: Target) -> None:
    await _made(target, "P", "AdES-B-T")


@_check(
    "sign-doc.pades-lt",
    Level.SHALL,
    expects="PAdES at B-LT carries certificates and their status in /DSS.",
    mend=_MEND_LEVEL,
)
async def pades_lt(target: Target) -> None:
    await _made(target, "P", "AdES-B-LT")


@_check(
    "sign-doc.pades-lta",
    Level.SHALL,
    expects="PAdES at B-LTA carries a document time-stamp.",
    mend=_MEND_LEVEL,
)
async def pades_lta(target: Target) -> None:
    await _made(target, "P", "AdES-B-LTA")


@_check(
    "sign-doc.xades",
    Level.SHALL,
    expects="XAdES comes back as XML with a signature (which this suite does not verify).",
    mend="Sign, or take X out of `signature_formats`.",
)
async def xades(target: Target) -> None:
    (made,) = await _made(target, "X")
    if not made.lstrip().startswith(b"<") or b"http://www.w3.org/2000/09/xmldsig#" not in made:
        raise Violation(f"the result is no signed XML; it starts {made[:40]!r}")


@_check(
    "sign-doc.jades",
    Level.SHALL,
    expects="JAdES comes back as a JWS (which this suite does not verify).",
    mend="Sign, or take J out of `signature_formats`.",
)
async def jades(target: Target) -> None:
    (made,) = await _made(target, "J")
    if made.count(b".") != 2 and b'"signature' not in made:
        raise Violation(f"the result is no JWS; it starts {made[:40]!r}")


# --- defaults and envelopes -----------------------------------------------------------------------


@_check(
    "sign-doc.cades-default",
    Level.SHALL,
    expects="Without level and envelope CAdES is AdES-B-B and attached.",
    mend="The defaults are `AdES-B-B` and, for C, `Attached`.",
)
async def cades_default(target: Target) -> None:
    await _made(target, "C", envelope="")


@_check(
    "sign-doc.pades-default",
    Level.SHALL,
    expects="Without level and envelope PAdES is AdES-B-B and certifies the PDF.",
    mend="The defaults are `AdES-B-B` and, for P, `Certification`.",
)
async def pades_default(target: Target) -> None:
    await _made(target, "P", envelope="")


async def _enveloped(target: Target, form: str, envelope: str) -> list[bytes]:
    if envelope not in documenting.envelopes(target, form):
        raise NotApplicable(f"envelope_properties of {form} have no {envelope}")
    return await _made(target, form, envelope=envelope)


@_check(
    "sign-doc.cades-attached",
    Level.SHALL,
    expects="Attached CAdES holds exactly the document.",
    mend="eContent is the document, byte for byte.",
)
async def cades_attached(target: Target) -> None:
    await _enveloped(target, "C", "Attached")


@_check(
    "sign-doc.cades-detached",
    Level.SHALL,
    expects="Detached CAdES comes in `SignatureObject` and does not hold the document.",
    mend="Leave eContent out.",
)
async def cades_detached(target: Target) -> None:
    await _enveloped(target, "C", "Detached")


@_check(
    "sign-doc.pades-revision",
    Level.SHALL,
    expects="PAdES with the envelope Revision approves the PDF and does not certify it.",
    mend="No /DocMDP in /Perms.",
)
async def pades_revision(target: Target) -> None:
    await _enveloped(target, "P", "Revision")


@_check(
    "sign-doc.pdf-kept",
    Level.OURS,
    expects="The signature is added after the PDF; its bytes are kept.",
    mend="Write an incremental update, so that earlier signatures stay good.",
)
async def pdf_kept(target: Target) -> None:
    documenting.announced(target, "P")
    wish = documenting.a_wish(target, "P")
    (made,) = await verifying_documents.fulfilled(target, [wish])
    pdf.check_kept(made, wish.content)


@_check(
    "sign-doc.level-spelling",
    Level.OURS,
    expects="The levels are taken in the spelling of either text: `AdES-B-B` and `Ades-B-B`.",
    mend="Compare without regard to case.",
)
async def level_spelling(target: Target) -> None:
    for level in ("AdES-B-B", "Ades-B-B"):
        await verifying_documents.fulfilled(target, [documenting.usual(target, level=level)])
