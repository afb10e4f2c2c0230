"""Putting a signature field into a PDF, inside the signer process. (ISO 32000-2 12.8; EN 319 142-1)

The document comes in as its owner approved it; what goes out is an incremental update that adds
the field and its dictionary and leaves every byte of the document as it was. Built here and not
by the caller, because the key signs the digest of the result: whoever builds the update decides
what is signed (docs/adr/0008). Knows no key and no device.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils.decode_limits import (
    DecodeLimits,
    DocumentDecodeBudget,
    StreamDecodeLimits,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PdfSignedData, SignatureObject

from policies import errors
from policies.algorithms import HashAlgorithm
from policies.documents import PdfPlan, PreparedPdf

MIB: Final = 1024 * 1024
STREAM_LIMIT: Final = 75 * MIB
"""security-and-pki 5.5: most decoded bytes of one stream."""
DOCUMENT_LIMIT: Final = 200 * MIB
"""security-and-pki 5.5: most decoded bytes of a document."""
HEADER_WITHIN: Final = 1024
"""security-and-pki 5.5: the header stands within the first KiB."""
_FIELD: Final = re.compile(r"Signature(\d+)")
_ACTIVE: Final = frozenset({"/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData"})
"""security-and-pki 5.5: what a document may not do when it is opened."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with an empty signature field, and the digest of its byte range."""

    digest: bytes
    pdf: PreparedPdf


def prepare(plan: PdfPlan, algorithm: HashAlgorithm, now: datetime) -> Prepared:
    """The document of ``plan`` with a signature field that waits for its CMS.

    Raises:
        DocumentUnfit: Not a PDF that may be signed like this.
    """
    if b"%PDF-" not in plan.document[:HEADER_WITHIN]:
        raise errors.DocumentUnfit("no PDF header")
    try:
        return _prepare(plan, algorithm, now)
    except errors.DocumentUnfit:
        raise
    except (PdfError, SigningError, ValueError, TypeError, LookupError, AttributeError) as error:
        # pyHanko's reader says what is wrong with a file by many exceptions.
        raise errors.DocumentUnfit(type(error).__name__) from error
    except (RecursionError, MemoryError, NotImplementedError) as error:
        raise errors.DocumentUnfit(type(error).__name__) from error


def _prepare(plan: PdfPlan, algorithm: HashAlgorithm, now: datetime) -> Prepared:
    limits = DecodeLimits(
        per_stream=StreamDecodeLimits(max_output_size=STREAM_LIMIT),
        document_budget=DocumentDecodeBudget(base_allowance=DOCUMENT_LIMIT, max_ratio=0),
    )
    reader = PdfFileReader(BytesIO(plan.document), strict=True, decode_limits=limits)
    _check(reader, plan)
    writer = IncrementalPdfFileWriter.from_reader(reader)
    name = _free_name(reader)
    steps = PdfCMSEmbedder(SigFieldSpec(name)).write_cms(name, writer)
    next(steps)
    digest_name = algorithm.name.lower()
    mdp = None
    if plan.certify:
        # security-and-pki 6.1: certify with P1; nothing may be added later.
        mdp = SigMDPSetup(digest_name, certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(SigObjSetup(sig_placeholder=_dictionary(plan, now), mdp_setup=mdp))
    output = BytesIO()
    prepared, _ = steps.send(SigIOSetup(md_algorithm=digest_name, output=output))
    result = output.getvalue()
    if not result.startswith(plan.document):
        raise errors.DocumentUnfit("the update would not be incremental")
    tail = result[len(plan.document) :]
    hole = (prepared.reserved_region_start, prepared.reserved_region_end)
    return Prepared(prepared.document_digest, PreparedPdf(tail, *hole))


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


def _check(reader: PdfFileReader, plan: PdfPlan) -> None:
    """Return if the document may get this signature."""
    if reader.security_handler is not None or "/Encrypt" in reader.trailer:
        raise errors.DocumentUnfit("encrypted")
    root = reader.root
    if "/XFA" in _entry(root, "/AcroForm"):
        raise errors.DocumentUnfit("XFA form")
    if "/JavaScript" in _entry(root, "/Names") or "/AA" in root:
        raise errors.DocumentUnfit("scripts")
    action = _entry(root, "/OpenAction")
    if isinstance(action, dict) and str(_entry(action, "/S")) in _ACTIVE:
        raise errors.DocumentUnfit("an action on opening")
    if "/DocMDP" in _entry(root, "/Perms"):
        # Ours allow nothing later; others may, but telling their rules apart is a reader's work.
        raise errors.DocumentUnfit("certified")
    if plan.certify and any(value is not None for _, value, _ in _fields(reader)):
        raise errors.EnvelopeInvalid("a certification signature has to be the first")


def _entry(dictionary: Any, name: str) -> Any:
    """The value, references resolved; empty if absent. (``get`` of pyHanko resolves nothing.)"""
    return dictionary[name] if name in dictionary else {}  # noqa: SIM401


def _fields(reader: PdfFileReader) -> Iterator[tuple[str, Any, Any]]:
    found: Iterator[tuple[str, Any, Any]] = enumerate_sig_fields(reader)
    return found


def _free_name(reader: PdfFileReader) -> str:
    """The first ``SignatureN`` that the form does not have."""
    taken = {match[1] for name, _, _ in _fields(reader) if (match := _FIELD.fullmatch(name))}
    number = 1
    while str(number) in taken:
        number += 1
    return f"Signature{number}"
