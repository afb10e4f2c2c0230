"""What is signed for signDoc: from an approved digest to the attributes around it.

The activation module checks each approved digest like one of signHash (``approved_orders``), and
then signs the digest of attributes that are built here and nowhere else (``draft``). Whoever
sends an order chooses among approved digests, and chooses nothing of what is signed around them
but the media type and the texts of a signature dictionary. (docs/adr/0008). Knows no key.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from ades import files
from hsm import attributes, errors
from policies.documents import (
    LONGEST_TEXT,
    MOST_DOCUMENT_BYTES,
    DocumentItem,
    DocumentOrder,
    PdfPlan,
    PreparedPdf,
)
from policies.sign import SigningOrder

MOST_CONTENTS_BYTES: Final = 128 * 1024
"""Room for a signature that a caller may ask for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything of a signature but its value."""

    attributes: bytes
    """DER of the SET OF signed attributes."""
    digest: bytes
    """What the key signs: the digest of the attributes."""
    pdf: PreparedPdf | None


def approved_orders(order: DocumentOrder) -> list[SigningOrder]:
    """The approved digest of each item, as an order of signHash would name it.

    Raises:
        Rejected: No items; an occurrence twice; the certificate is not of the key.
    """
    ordinals = [item.ordinal for item in order.items]
    if not ordinals or len(set(ordinals)) != len(ordinals):
        raise errors.Rejected("not one occurrence for each document")
    if attributes.public_key_of(order.certificate) != order.public_key:
        raise errors.Rejected("a certificate of another key")
    return [
        SigningOrder(
            key_ref=order.key_ref,
            public_key=order.public_key,
            minted=order.minted,
            ordinals=(item.ordinal,),
            digests=(item.digest,),
            algorithm=item.algorithm,
        )
        for item in order.items
    ]


def draft(order: DocumentOrder, item: DocumentItem, now: datetime) -> Draft:
    """The attributes for an item whose digest was found approved.

    Raises:
        DocumentUnfit, EnvelopeInvalid: See ``ades.pdf.preparing``.
        Rejected: The document is not the approved one, or the plan is out of bounds.
    """
    message_digest, pdf = item.digest, None
    if item.pdf is not None:
        message_digest, pdf = _prepare(order, item, item.pdf, now)
    signed = attributes.signed_attributes(
        digest=message_digest,
        algorithm=item.algorithm,
        certificate=order.certificate,
        # EN 319 142-1 6.3: the time of PAdES stands in the dictionary, never in the CMS.
        signing_time=None if item.pades else now,
        mime_type=item.mime_type,
    )
    return Draft(signed, _hash(item, signed), pdf)


def _prepare(
    order: DocumentOrder, item: DocumentItem, plan: PdfPlan, now: datetime
) -> tuple[bytes, PreparedPdf]:
    # The PDF library is large: only a process that meets a PDF loads it.
    from ades.pdf import preparing

    document = _read(plan.document.path)
    if _hash(item, document) != item.digest:
        raise errors.Rejected("a document that was not approved")
    texts = (plan.reason, plan.location, plan.name, plan.contact_info)
    too_long = any(text is not None and len(text) > LONGEST_TEXT for text in texts)
    if not item.pades or too_long or not 0 < plan.contents_bytes <= MOST_CONTENTS_BYTES:
        raise errors.Rejected("a plan out of bounds")
    if plan.appearance is not None and not plan.appearance.is_bounded():
        raise errors.Rejected("an appearance out of bounds")
    prepared = preparing.prepare(
        BytesIO(document),
        plan,
        item.algorithm.hash_algorithm,
        now,
        # What people read as the signer's name is the certificate's, never the caller's.
        attributes.common_name(order.certificate),
    )
    return prepared.digest, prepared.pdf


def _read(path: Path) -> bytes:
    """The file at ``path``, once: what is hashed here is what the field is put into.

    Raises:
        Rejected: There is none, or it is something else than a file of bounded size.
    """
    try:
        # A pipe must not be waited for, and a link not followed to somewhere else.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise errors.Rejected("a document that is no file")
            content = files.read_most(file, MOST_DOCUMENT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise errors.Rejected("a document that cannot be read") from error
    if len(content) > MOST_DOCUMENT_BYTES:
        raise errors.Rejected("a document that is too long")
    return content


def _hash(item: DocumentItem, data: bytes) -> bytes:
    return hashlib.new(item.algorithm.hash_algorithm.name, data).digest()
