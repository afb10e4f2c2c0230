"""PDF documents before a signature: limits, what may be found in one, what speaks against it.

Values only; who reads a document is ``ades.pdf.intake``, what follows from the facts stands in
``policies.pdf_signing``. (security-and-pki 5.5, 6.1; ISO 32000-2 12.8)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

MIB: Final = 1024 * 1024
MOST_PDF_BYTES: Final = 50 * MIB
"""security-and-pki 5.5."""
MOST_SIGNED_BYTES: Final = 64 * MIB
"""Of a document that gets evidence and time-stamps: one that was 50 MiB before it was signed, and
what several signatures appended."""
STREAM_LIMIT: Final = 75 * MIB
"""security-and-pki 5.5: most decoded bytes of one stream."""
DOCUMENT_LIMIT: Final = 200 * MIB
"""security-and-pki 5.5: most decoded bytes of a document."""
HEADER_WITHIN: Final = 1024
"""security-and-pki 5.5: the header stands within the first KiB. The reader wants it at the very
beginning (ISO 32000-2 7.5.2), because places in the file are counted from there."""
MOST_FILTERS: Final = 4
"""security-and-pki 5.5: filters on one stream."""
MOST_DEPTH: Final = 100
"""security-and-pki 5.5: arrays and dictionaries in one another, and nodes of a tree."""
MOST_OBJECTS: Final = 1_000_000
"""security-and-pki 5.5."""
MOST_PAGES: Final = 5_000
"""security-and-pki 5.5."""
MOST_FIELDS: Final = 20_000
"""Fields of a form, with those that only group others; a tax return has a thousand."""


class Unfit(StrEnum):
    """Why a document is not signed."""

    TOO_LARGE = "too large"
    NO_HEADER = "no header"
    BROKEN = "broken"
    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    XFA = "xfa"
    HYBRID = "hybrid"
    UNFOLDS = "unfolds"
    TOO_MANY_OBJECTS = "too many objects"
    TOO_MANY_PAGES = "too many pages"
    TOO_MANY_FIELDS = "too many fields"
    TOO_MANY_FILTERS = "too many filters"
    TOO_DEEP = "too deep"
    SCRIPT = "script"
    ACTION = "action"
    MEDIA = "media"
    NO_CHANGES = "no changes"
    LOCKED = "locked"
    NO_SUCH_FIELD = "no such field"
    FIELD_TAKEN = "field taken"
    SEED_VALUES = "seed values"
    NO_NEW_PLACE = "no new place"
    OUTSIDE = "outside"
    PICTURE = "picture"


class Caution(StrEnum):
    """What a signer should know before signing: material for shadow attacks, and the like.

    (security-and-pki 6.1). Nothing of it is forbidden, and each occurs in honest documents.
    """

    UNUSED_OBJECTS = "unused objects"
    """Pages, fonts or pictures that nothing refers to: an update may bring them to light."""
    HIDDEN_LAYERS = "hidden layers"
    """Optional content that is switched off, or differs between screen and print."""
    COVERED_PAGE = "covered page"
    """A picture or an annotation over (nearly) a whole page, with something painted under it."""
    OVERLAID_FIELDS = "overlaid fields"
    """Form fields over one another."""
    REVISIONS = "revisions"
    """Saved again, after the last signature or before the first."""
    HIDDEN_ANNOTATIONS = "hidden annotations"
    """Annotations that are not shown, or only printed."""
    SCRIPTS = "scripts"
    """Scripts in fields or annotations; they run when somebody uses them."""
    ATTACHMENTS = "attachments"
    """Files in the document; they are signed with it."""


class Permission(IntEnum):
    """``/P`` of a DocMDP: what may change after the signature. (ISO 32000-2 table 257)"""

    NOTHING = 1
    FORMS_AND_SIGNATURES = 2
    ANNOTATIONS_TOO = 3


class LockAction(StrEnum):
    """``/Action`` of a field lock. (ISO 32000-2 table 236)"""

    ALL = "All"
    INCLUDE = "Include"
    EXCLUDE = "Exclude"


@dataclass(frozen=True, slots=True)
class FieldLock:
    """Which fields a signature locks."""

    action: LockAction
    fields: tuple[str, ...] = ()

    def covers(self, field: str) -> bool:
        """Whether this field may not change any more. A locked field locks those under it."""
        named = any(field == one or field.startswith(f"{one}.") for one in self.fields)
        return self.action is LockAction.ALL or named is (self.action is LockAction.INCLUDE)


class SignatureKind(StrEnum):
    """What a signature in a PDF is for."""

    CERTIFICATION = "certification"
    APPROVAL = "approval"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """A signature that stands in a document, as it says of itself: nothing of it was verified."""

    field: str
    kind: SignatureKind
    permission: Permission | None
    """What it allows afterwards; ``None``: it sets no limit."""
    lock: FieldLock | None
    revision: int
    """Which revision brought it, counted from 0."""


@dataclass(frozen=True, slots=True)
class EmptyField:
    """A signature field that waits for its signature."""

    name: str
    lock: FieldLock | None
    """What its signature will lock."""
    permission: Permission | None
    """What its signature will allow afterwards (``/Lock`` with ``/P``)."""
    constrained: bool
    """It has seed values that its signature must meet (ISO 32000-2 table 237)."""


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """A document as it was read."""

    size: int
    """Bytes."""
    version: tuple[int, int]
    """PDF version, of header and catalog the later."""
    pages: int
    revisions: int
    signatures: tuple[PdfSignature, ...]
    """In the order they were made."""
    empty_fields: tuple[EmptyField, ...]
    cautions: frozenset[Caution]
    """Complete only after a thorough look."""

    @property
    def permission(self) -> Permission | None:
        """The strictest of what its signatures allow; ``None``: they set no limit."""
        set_limits = [one.permission for one in self.signatures if one.permission is not None]
        return min(set_limits, default=None)
