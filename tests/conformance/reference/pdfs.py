"""PDFs of the reference, signed: an update after the document, with a place for the signature.

pyHanko writes the objects; what stands in the place is ours. (ISO 32000-2 12.8; EN 319 142-1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Final

from asn1crypto import crl
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, SignatureObject
from pyhanko.sign.validation import DocumentSecurityStore

from tests.conformance.reference import evidence

_RESERVED: Final = 10_240
"""Hexadecimal digits; reading them back costs more than all else."""

PADES: Final = SigSeedSubFilter.PADES
LEGACY: Final = SigSeedSubFilter.ADOBE_PKCS7_DETACHED


class Unsignable(Exception):
    """No PDF that can be read."""


@dataclass(frozen=True, slots=True)
class Place:
    """What stands around the signature."""

    certifies: bool
    texts: Mapping[str, str]
    """``Reason``, ``Location``, ``Name``, ``ContactInfo``."""
    subfilter: SigSeedSubFilter


def signed(pdf: bytes, digest_name: str, sign: Callable[[bytes], bytes], wanted: Place) -> bytes:
    """``pdf`` with a signature more.

    Args:
        sign: From the digest of what is covered to the CMS object.

    Raises:
        Unsignable: It is no PDF.
    """
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        fields = len(writer.root["/AcroForm"]["/Fields"]) if "/AcroForm" in writer.root else 0
    except Exception as reason:
        raise Unsignable from reason
    place = SignatureObject(
        timestamp=datetime.now(UTC), subfilter=wanted.subfilter, bytes_reserved=_RESERVED
    )
    for name, text in wanted.texts.items():
        place[pdf_name(f"/{name}")] = TextStringObject(text)
    permissions = SigMDPSetup(
        md_algorithm=digest_name,
        certify=wanted.certifies,
        docmdp_perms=MDPPerm.NO_CHANGES if wanted.certifies else None,
    )
    setup = SigObjSetup(place, mdp_setup=permissions)
    return _filled(writer, f"Signature{fields + 1}", setup, digest_name, sign)


def with_evidence(pdf: bytes, certificates: Iterable[bytes]) -> bytes:
    """``pdf`` with these certificates and our CRLs in its /DSS."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[asn1_x509.Certificate.load(one) for one in certificates],
        crls=[crl.CertificateList.load(one) for one in evidence.lists()],
    )
    output = BytesIO()
    writer.write(output)  # type: ignore[no-untyped-call]  # pyHanko
    return output.getvalue()


def stamped(pdf: bytes, stamp: Callable[[bytes], bytes]) -> bytes:
    """``pdf`` with a document time-stamp more, over SHA-256."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    place = DocumentTimestamp(bytes_reserved=_RESERVED)  # type: ignore[no-untyped-call]  # pyHanko
    setup = SigObjSetup(place)
    return _filled(writer, "Timestamp", setup, "sha256", stamp)


def _filled(
    writer: IncrementalPdfFileWriter,
    field: str,
    setup: SigObjSetup,
    digest_name: str,
    sign: Callable[[bytes], bytes],
) -> bytes:
    steps = PdfCMSEmbedder().write_cms(field, writer)
    next(steps)
    steps.send(setup)
    prepared, output = steps.send(SigIOSetup(md_algorithm=digest_name))
    steps.send(sign(prepared.document_digest))
    return bytes(output.getvalue())
