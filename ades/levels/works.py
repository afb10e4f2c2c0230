"""Works of the desk: the steps from B-T to B-LT and B-LTA, for signatures that lie in files.

``ades.levels.raising`` has the same steps for programs that wait inside one process; here whoever
asks waits for time-stamps and evidence, and a child does what needs the document. Each step is for
all signatures of a request at once. (docs/adr/0012)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from ades import files
from ades.desk import MIB, Limits, Work
from ades.levels.ports import Evidence
from ades.validation.errors import Unreadable
from policies.algorithms import HashAlgorithm
from policies.documents import MOST_DOCUMENT_BYTES, PreparedPdf
from policies.errors import DocumentUnfit
from policies.levels import DIGEST, StampFacts

_LIMITS: Final = Limits(
    wall_s=20, cpu_s=15, memory_bytes=512 * MIB, file_bytes=MOST_DOCUMENT_BYTES + 16 * MIB
)
PDFS: Final = ("ades.levels.pades", "ades.levels.cades", "ades.cms", "pyhanko.pdf_utils.filters")
"""What has to be loaded for these works."""

Certificates = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature in a file: PDF, or CMS."""

    path: Path
    is_pdf: bool


@dataclass(frozen=True, slots=True)
class Proven:
    """A signature, and what is to go into it."""

    signed: Signed
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class StampWish:
    """A time-stamp that is wanted over everything so far."""

    digest: bytes
    algorithm: HashAlgorithm
    pdf: PreparedPdf | None
    """With the room for it."""
    index: bytes
    """ATSHashIndexV3 of a CMS signature; empty for a PDF."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A signature, the time-stamp that was wanted, and the token."""

    signed: Signed
    wish: StampWish
    token: bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """What a signature has, for whoever thinks of renewing it."""

    in_question: Certificates
    """The certificates whose status has to be in it."""
    stamps: tuple[StampFacts, ...]
    """Its archive time-stamps, the latest last."""


@dataclass(frozen=True, slots=True)
class LookAt(Work[Looked]):
    """What a file has that somebody may have given.

    Raises ``Unreadable`` for what is no signature.
    """

    limits: ClassVar[Limits] = _LIMITS
    loads: ClassVar[tuple[str, ...]] = PDFS
    raises: ClassVar[tuple[type[Exception], ...]] = (Unreadable,)
    signed: Signed

    def perform(self) -> Looked:
        """In the child."""
        from ades.levels import cades, pades

        try:
            if not self.signed.is_pdf:
                stamps = cades.stamps(files.read(self.signed.path))
            else:
                with self.signed.path.open("rb") as file:
                    stamps = pades.stamps(file)
            return Looked(in_question(self.signed), stamps)
        except (DocumentUnfit, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unreadable(type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class AddEvidence(Work[None]):
    """Afterwards each signature has its evidence with it: B-LT."""

    limits: ClassVar[Limits] = _LIMITS
    loads: ClassVar[tuple[str, ...]] = PDFS
    items: tuple[Proven, ...]

    def perform(self) -> None:
        """In the child."""
        from ades.levels import cades, pades

        for one in self.items:
            path = one.signed.path
            if one.signed.is_pdf:
                with path.open("rb") as file:
                    tail = pades.add_evidence(file, one.evidence)
                _append(path, tail)
            else:
                files.write(path, cades.add_evidence(files.read(path), one.evidence))


@dataclass(frozen=True, slots=True)
class PrepareStamps(Work[tuple[StampWish, ...]]):
    """What is to be time-stamped, evidence included, for B-LTA.

    A CMS signature has its evidence in its file afterwards; a PDF is as it was.
    """

    limits: ClassVar[Limits] = _LIMITS
    loads: ClassVar[tuple[str, ...]] = PDFS
    items: tuple[Proven, ...]

    def perform(self) -> tuple[StampWish, ...]:
        """In the child."""
        return tuple(map(_wish, self.items))


@dataclass(frozen=True, slots=True)
class PutStamps(Work[tuple[Certificates, ...]]):
    """Afterwards each signature has its time-stamp; the certificates then in question."""

    limits: ClassVar[Limits] = _LIMITS
    loads: ClassVar[tuple[str, ...]] = PDFS
    items: tuple[Stamped, ...]

    def perform(self) -> tuple[Certificates, ...]:
        """In the child."""
        for one in self.items:
            _put(one)
        return tuple(in_question(one.signed) for one in self.items)


def in_question(signed: Signed) -> Certificates:
    """The certificates, DER, whose status has to be in a signature."""
    from ades.levels import cades, pades

    if not signed.is_pdf:
        return cades.in_question(files.read(signed.path))
    with signed.path.open("rb") as file:
        return pades.in_question(file)


def _wish(one: Proven) -> StampWish:
    from ades.levels import cades, pades

    path = one.signed.path
    if one.signed.is_pdf:
        with path.open("rb") as file:
            prepared = pades.prepare_stamp(file, one.evidence, DIGEST)
        return StampWish(prepared.digest, DIGEST, prepared.pdf, b"")
    held = cades.add_evidence(files.read(path), one.evidence)
    files.write(path, held)
    # Its own digest: then what was signed need not be there.
    algorithm = cades.digest_algorithm(held)
    wanted = cades.imprint(held, algorithm)
    return StampWish(wanted.digest, algorithm, None, wanted.index)


def _put(one: Stamped) -> None:
    from ades import cms
    from ades.levels import cades

    path, wish = one.signed.path, one.wish
    if wish.pdf is not None:
        _append(path, cms.filled(wish.pdf, path.stat().st_size, one.token))
        return
    wanted = cades.Imprint(wish.digest, wish.index)
    files.write(path, cades.with_archive_stamp(files.read(path), wanted, one.token))


def _append(path: Path, tail: bytes) -> None:
    with path.open("ab") as file:
        file.write(tail)
