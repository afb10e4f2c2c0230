"""PDFs of the reference, signed: an update after the document, with a place for the signature.

pyHanko writes the objects; what stands in the place is ours. (ISO 32000-2 12.8; EN 319 142-1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Final

from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import SignatureObject

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
    steps = PdfCMSEmbedder().write_cms(f"Signature{fields + 1}", writer)
    next(steps)
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
    steps.send(SigObjSetup(place, mdp_setup=permissions))
    prepared, output = steps.send(SigIOSetup(md_algorithm=digest_name))
    steps.send(sign(prepared.document_digest))
    return bytes(output.getvalue())
