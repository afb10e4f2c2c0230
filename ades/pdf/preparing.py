"""Putting a signature field into a PDF, inside the signer process. (ISO 32000-2 12.8; EN 319 142-1)

The document comes in as its owner approved it; what goes out is an incremental update that adds
the field and its dictionary and leaves every byte of the document as it was. Built here and not
by the caller, because the key signs the digest of the result: whoever builds the update decides
what is signed (docs/adr/0008). Knows no key and no device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pyhanko.pdf_utils import generic as typed_generic
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
)
from pyhanko.sign.signers.cms_embedder import SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PdfSignedData, SignatureObject

from ades.pdf import fields, geometry, intake, reading, spots, updating
from ades.pdf.appended import Appended
from policies import errors, pdf_signing
from policies.algorithms import HashAlgorithm
from policies.appearance import LEAST_SIDE, Appearance, Texts, lines
from policies.documents import PdfPlan, PreparedPdf
from policies.pdf import EmptyField, FieldLock, LockAction, PdfFacts, Unfit

generic: Any = typed_generic


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with an empty signature field, and the digest of its byte range."""

    digest: bytes
    pdf: PreparedPdf


def prepare(
    document: reading.File,
    plan: PdfPlan,
    algorithm: HashAlgorithm,
    now: datetime,
    holder: str | None = None,
) -> Prepared:
    """The document with a signature field that waits for its CMS.

    Args:
        document: As its owner approved it; read only.
        plan: How the field is put in.
        algorithm: Of the byte range.
        now: Goes into the signature dictionary.
        holder: Whose certificate it is, for a visible signature.

    Raises:
        DocumentUnfit: Not a PDF that may be signed like this.
        EnvelopeInvalid: It may not be certified, or not like this.
    """
    whole = Appended(document)
    with reading.judging():
        reader = reading.opened(whole)
        found = intake.facts(reader)
        shown = plan.appearance
        field = pdf_signing.check(found, plan.place, visible=shown is not None)
        spot = None if shown is None or shown.spot is None else spots.place(reader, shown.spot)
        names = {one.name for one in fields.form_fields(reader)} | _locked(found)
        name = plan.place.field or free_name("Signature", names)
        writer = updating.Writer(reader)
        texts = Texts(holder, now, plan.reason, plan.location)
        hole = updating.write_signed(
            writer,
            whole,
            SigFieldSpec(name)
            if spot is None
            else SigFieldSpec(name, spot.page, cast(Any, spot.rectangle)),
            SigObjSetup(_dictionary(plan, now), _modifications(plan, field, algorithm)),
            algorithm,
            existing=field is not None,
            show=None if shown is None else _painter(writer, shown, texts),
        )
    return Prepared(hole.digest, PreparedPdf(whole.tail, hole.start, hole.end))


def _painter(writer: updating.Writer, shown: Appearance, texts: Texts) -> Callable[[Any], None]:
    """Gives the field's annotation its appearance."""
    # With its font library: only a process that shows signatures loads it.
    from ades.pdf import appearance

    def paint(annotation: Any) -> None:
        rectangle = geometry.box(annotation, "/Rect")
        page = reading.entry(annotation, "/P")
        turned = 0 if page is None else spots.rotation(page)
        if min(rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]) < LEAST_SIDE:
            raise errors.DocumentUnfit(Unfit.OUTSIDE)
        drawn = appearance.draw(writer, shown, lines(shown, texts), rectangle, turned)
        annotation["/AP"] = generic.DictionaryObject({generic.pdf_name("/N"): drawn})

    return paint


def free_name(prefix: str, taken: set[str]) -> str:
    """The first of ``prefix1``, ``prefix2``, ... that is not taken."""
    number = 1
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"


def _locked(facts: PdfFacts) -> set[str]:
    """Names that a lock has, whether or not there are such fields."""
    return {
        name
        for one in facts.signatures
        if one.lock is not None and one.lock.action is LockAction.INCLUDE
        for name in one.lock.fields
    }


def _dictionary(plan: PdfPlan, now: datetime) -> PdfSignedData:
    return SignatureObject(
        timestamp=now.replace(microsecond=0),
        subfilter=SigSeedSubFilter.PADES,
        name=plan.name,
        location=plan.location,
        reason=plan.reason,
        contact_info=plan.contact_info,
        # pyHanko counts hexadecimal digits.
        bytes_reserved=2 * plan.contents_bytes,
    )


def _modifications(
    plan: PdfPlan, field: EmptyField | None, algorithm: HashAlgorithm
) -> SigMDPSetup | None:
    """What the signature says about later changes: as asked, and as its field wants it."""
    limits = [plan.place.certify, None if field is None else field.permission]
    permission = min((one for one in limits if one is not None), default=None)
    lock = None if field is None or field.lock is None else _lock(field.lock)
    if permission is None and lock is None:
        return None
    return SigMDPSetup(
        md_algorithm=algorithm.name.lower(),
        certify=plan.place.certify is not None,
        field_lock=lock,
        docmdp_perms=None if permission is None else MDPPerm(int(permission)),
    )


def _lock(lock: FieldLock) -> FieldMDPSpec:
    names: Any = None if lock.action is LockAction.ALL else list(lock.fields)
    return FieldMDPSpec(FieldMDPAction(f"/{lock.action.value}"), names)
