"""The body of signDoc as a file: taken apart by a child of the desk. (docs/adr/0012)

The same parser as for every other body (``wire.fields``, ``wire.documents``), in a process of its
own: documents become files with digests, and what comes back is small. What the parser refuses
comes back as a value, for its words are the client's.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from ades import files
from ades.desk import MIB, Limits, Work
from csc_server.wire import documents, fields
from csc_server.wire.documents import Mode
from csc_server.wire.fields import Malformed
from policies import codec
from policies.algorithms import HashAlgorithm
from policies.documents import MOST_DOCUMENT_BYTES, Document, SignDocRequest
from policies.errors import PropertiesInvalid
from policies.secret import Sad

PIECE_BYTES: Final = 96 * 1024
"""Of a file, encoded at once: a multiple of three."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A request without its documents."""

    request: SignDocRequest
    mode: Mode


@dataclass(frozen=True, slots=True)
class Refusal:
    """``Malformed`` as a value, or the properties of ``PropertiesInvalid``."""

    description: str
    status: int
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenApart:
    """One of the two."""

    taken: Taken | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class TakeApart(Work[TakenApart]):
    """signDoc from a file; its documents lie in a directory afterwards."""

    # The body as bytes, as text, as the strings in it, and one document, all at once.
    limits: ClassVar[Limits] = Limits(
        wall_s=30, cpu_s=20, memory_bytes=768 * MIB, file_bytes=MOST_DOCUMENT_BYTES
    )
    body: Path
    directory: Path
    handle: Sad | None
    """See ``wire.documents.parse_sign_doc``."""

    def perform(self) -> TakenApart:
        """In the child."""
        try:
            body = fields.parse_body(files.read(self.body))
            documents.check_handle(body, self.handle)
            request = documents.parse_sign_doc(body, _Directory(self.directory).keep, self.handle)
            apart = TakenApart(taken=Taken(request, documents.parse_mode(body)))
            # Lone surrogates, which JSON can write (RFC 8259 8.2), name nothing of ours.
            codec.encode(apart)
            return apart
        except codec.Malformed:
            return TakenApart(refusal=Refusal(fields.GENERIC, 400))
        except Malformed as reason:
            return TakenApart(refusal=Refusal(reason.description, reason.status))
        except PropertiesInvalid as reason:
            return TakenApart(refusal=Refusal("", 400, reason.names))


@dataclass(frozen=True, slots=True)
class Encode(Work[None]):
    """Files of a result in base64, for the answer.

    Encoding does not let go of the interpreter: of a large file it would cost others more than
    everything else that the answer takes.
    """

    limits: ClassVar[Limits] = Limits(
        wall_s=20, cpu_s=10, memory_bytes=64 * MIB, file_bytes=2 * MOST_DOCUMENT_BYTES
    )
    files: tuple[Path, ...]
    """With names that differ."""
    directory: Path
    """Where ``encoded`` finds them afterwards."""

    def perform(self) -> None:
        """In the child."""
        for path in self.files:
            with path.open("rb") as file, encoded(path, self.directory).open("xb") as target:
                while piece := file.read(PIECE_BYTES):
                    target.write(base64.b64encode(piece))


def encoded(path: Path, directory: Path) -> Path:
    """Where ``Encode`` leaves a file."""
    return directory / f"{path.name}.base64"


def encoded_size(size: int) -> int:
    """Of so many bytes in base64."""
    return (size + 2) // 3 * 4


def taken(apart: TakenApart) -> Taken:
    """What was taken apart.

    Raises:
        Malformed, PropertiesInvalid: It was refused.
    """
    if apart.refusal is not None:
        if apart.refusal.properties:
            raise PropertiesInvalid(apart.refusal.properties)
        raise Malformed(apart.refusal.description, status=apart.refusal.status)
    if apart.taken is None:
        raise Malformed
    return apart.taken


class _Directory:
    def __init__(self, path: Path) -> None:
        self._path, self._count = path, 0

    def keep(self, content: bytes, algorithm: HashAlgorithm | None) -> tuple[Document, bytes]:
        """See ``wire.documents.Keep``."""
        path = self._path / f"document-{self._count}"
        self._count += 1
        files.write(path, content)
        digest = hashlib.new(algorithm.name, content).digest() if algorithm else b""
        return Document(path, len(content)), digest
