"""Incremental updates of a PDF: the same bytes for the same input, and nothing else changed.

The library's writer would enter the time into the document's metadata, and parse XML from the
document for it; ours leaves metadata alone. Revisions are written behind the document, which is
never copied (``ades.pdf.appended``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.form_tools import get_single_field_annot
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup

from ades.pdf import reading
from ades.pdf.appended import Appended
from ades.pdf.reading import Reader
from policies.algorithms import HashAlgorithm
from policies.pdf import MIB

_ID_BYTES: Final = 16


class Writer(IncrementalPdfFileWriter):
    """Writes the next revision of what the reader has read."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.stream, prev=reader)

    @classmethod
    def _handle_id(cls, prev: Any) -> generic.ArrayObject:
        """The first half stays, the second is new (ISO 32000-2 14.4) and follows from the input."""
        found = reading.entry(prev.trailer.flatten(), "/ID") or (b"", b"")
        old = [bytes(getattr(one, "original_bytes", one)) for one in found]
        place = f"{prev.last_startxref}".encode("ascii")
        new = hashlib.sha256(b"|".join((*old, place))).digest()[:_ID_BYTES]
        return generic.ArrayObject(generic.ByteStringObject(one) for one in (old[0] or new, new))

    def _update_meta(self) -> None:
        """Metadata stay as they are."""

    def _write_header(self, stream: Any) -> None:
        """What is there already is not copied; only a line that was left open is ended."""
        stream.seek(-1, 2)
        if stream.read(1) not in (b"\n", b"\r"):
            stream.write(b"\n")


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a signature goes in the whole, and the digest of everything around it."""

    digest: bytes
    start: int
    """Place of the ``<`` of ``/Contents``."""
    end: int
    """The place after its ``>``."""


def write_signed(
    writer: Writer,
    whole: Appended,
    spec: SigFieldSpec,
    setup: SigObjSetup,
    algorithm: HashAlgorithm,
    *,
    existing: bool = False,
    show: Callable[[Any], None] | None = None,
) -> Hole:
    """Write a revision with a signature that waits for its content.

    Args:
        writer: With whatever else goes into this revision.
        whole: What the writer's reader has read; the revision is appended.
        spec: The field.
        setup: The signature dictionary.
        algorithm: Of the byte range.
        existing: The field is there and empty.
        show: Called with the field's annotation, to give it an appearance.
    """
    steps = PdfCMSEmbedder(spec).write_cms(spec.sig_field_name, writer, existing)
    field: Any = next(steps).get_object()
    if show is not None:
        annotation = get_single_field_annot(field)
        show(annotation)
        writer.update_container(annotation)
    steps.send(setup)
    name = algorithm.name.lower()
    prepared, _ = steps.send(SigIOSetup(md_algorithm=name, output=cast(Any, whole), chunk_size=MIB))
    return Hole(
        prepared.document_digest, prepared.reserved_region_start, prepared.reserved_region_end
    )
