"""A work of the desk: signature values become CMS, and with documents signed documents.

What was signed stands in the attributes, byte for byte as the signer process made them; a document
is copied and never read as one. (docs/adr/0008, 0012)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ades import files
from ades.desk import MIB, Limits, Work
from ades.levels import works
from ades.levels.works import Certificates, Signed
from policies.algorithms import SignAlgorithm
from policies.documents import MOST_DOCUMENT_BYTES, PreparedPdf


@dataclass(frozen=True, slots=True)
class Piece:
    """One signature, and where it goes."""

    attributes: bytes
    """DER of the SET OF signed attributes."""
    signature: bytes
    """The value over them."""
    algorithm: SignAlgorithm
    timestamp: bytes | None
    """Token over ``signature``, DER of its ContentInfo."""
    document: Path | None
    """What goes around or before it; ``None`` for a signature of its own."""
    pdf: PreparedPdf | None
    """Set for a PDF, whose signature fills the hole."""
    target: Path
    """The file that is written."""
    with_evidence: bool = False
    """It is to have the status of its certificates with it."""


@dataclass(frozen=True, slots=True)
class Assemble(Work[tuple[Certificates, ...]]):
    """Afterwards each piece is a file. Of those with evidence, the certificates in question."""

    # An attached signature is built in memory, around its document.
    limits: ClassVar[Limits] = Limits(
        wall_s=20, cpu_s=10, memory_bytes=512 * MIB, file_bytes=MOST_DOCUMENT_BYTES + 16 * MIB
    )
    loads: ClassVar[tuple[str, ...]] = ("ades.cms", *works.PDFS)
    certificates: tuple[bytes, ...]
    """DER, end entity first."""
    pieces: tuple[Piece, ...]

    def perform(self) -> tuple[Certificates, ...]:
        """In the child."""
        for piece in self.pieces:
            self._assemble(piece)
        return tuple(map(_in_question, self.pieces))

    def _assemble(self, piece: Piece) -> None:
        from ades import cms

        attached = piece.document is not None and piece.pdf is None
        signature = cms.signed_data(
            signed_attributes=piece.attributes,
            signature=piece.signature,
            algorithm=piece.algorithm,
            certificates=self.certificates,
            content=files.read(piece.document) if attached and piece.document else None,
            timestamp=piece.timestamp,
        )
        if piece.document is None or piece.pdf is None:
            files.write(piece.target, signature)
            return
        files.copy(piece.document, piece.target)
        with piece.target.open("ab") as file:
            file.write(cms.filled(piece.pdf, file.tell(), signature))


def _in_question(piece: Piece) -> Certificates:
    if not piece.with_evidence:
        return ()
    return works.in_question(Signed(piece.target, piece.pdf is not None))
