"""The order of steps to a level, for callers that can wait for time-stamps and evidence.

    sign (elsewhere) → B-B → time-stamp → B-T → evidence → B-LT → evidence, time-stamp → B-LTA
    B-LTA → evidence for the last time-stamp, a new one → B-LTA for longer

Nothing is written before everything for it is there. The service does the same steps with
documents in processes of their own; here they are for programs that handle their own files.
"""

from __future__ import annotations

from typing import BinaryIO

from ades import cms
from ades.levels import cades, pades
from ades.levels.ports import Evidence, EvidenceSource, Timestamps
from ades.pdf import reading
from ades.pdf.appended import Appended
from policies.algorithms import HashAlgorithm
from policies.levels import DIGEST, MOST_STAMP_ROOM, STAMP_ROOM


class TokenTooLarge(Exception):
    """A time-stamp that no room is made for."""


async def pdf_to_lt(file: BinaryIO, source: EvidenceSource) -> None:
    """B-LT: the PDF gets evidence for all its signatures.

    Args:
        file: Open for reading and writing; the evidence is appended.
        source: Of the evidence.

    Raises:
        DocumentUnfit: Not a PDF that can be read.
        Exception: What the source raises; the file is as it was.
    """
    evidence = await source.evidence(pades.in_question(file))
    _append(file, pades.add_evidence(file, evidence))


async def pdf_to_lta(
    file: BinaryIO,
    source: EvidenceSource,
    timestamps: Timestamps,
    algorithm: HashAlgorithm = DIGEST,
) -> None:
    """B-LTA, and B-LTA anew: evidence for what is there, and a time-stamp over everything.

    Args:
        file: As above.
        source: Of the evidence.
        timestamps: Of the time-stamp.
        algorithm: Of the digest that is time-stamped.

    Raises:
        DocumentUnfit, Exception: As above, and what the authority raises.
        TokenTooLarge: Its token.
    """
    asked = pades.in_question(file)
    evidence = await source.evidence(asked)
    whole = Appended(file)
    whole.append(await _stamp(file, evidence, timestamps, algorithm))
    new = tuple(one for one in pades.in_question(whole) if one not in asked)
    if new:
        # A unit that is new here: readers want its status too.
        whole.append(pades.add_evidence(whole, await source.evidence(new)))
    _append(file, whole.tail)


async def _stamp(
    file: BinaryIO, evidence: Evidence, timestamps: Timestamps, algorithm: HashAlgorithm
) -> bytes:
    room = STAMP_ROOM
    while room <= MOST_STAMP_ROOM:
        prepared = pades.prepare_stamp(file, evidence, algorithm, room)
        token = await timestamps.timestamp(prepared.digest, algorithm)
        if len(token) <= room:
            return cms.filled(prepared.pdf, reading.size(file), token)
        # The room is part of what is time-stamped, so that a new token is needed.
        room *= 2
    raise TokenTooLarge(f"more than {MOST_STAMP_ROOM} bytes")


async def cms_to_lt(signature: bytes, source: EvidenceSource) -> bytes:
    """B-LT of a CMS signature.

    Raises:
        ValueError: Not a signature by one signer, with the certificate in it.
        Exception: What the source raises.
    """
    evidence = await source.evidence(cades.in_question(signature))
    return cades.add_evidence(signature, evidence)


async def cms_to_lta(
    signature: bytes,
    source: EvidenceSource,
    timestamps: Timestamps,
    algorithm: HashAlgorithm = DIGEST,
    content_digest: bytes | None = None,
) -> bytes:
    """B-LTA of a CMS signature, and B-LTA anew.

    Args:
        signature: At any level.
        source: Of the evidence.
        timestamps: Of the time-stamp.
        algorithm: Of the digest that is time-stamped.
        content_digest: See ``cades.imprint``.

    Raises:
        ValueError, Exception: As above.
    """
    asked = cades.in_question(signature)
    held = cades.add_evidence(signature, await source.evidence(asked))
    wanted = cades.imprint(held, algorithm, content_digest)
    token = await timestamps.timestamp(wanted.digest, algorithm)
    stamped = cades.with_archive_stamp(held, wanted, token)
    new = tuple(one for one in cades.in_question(stamped) if one not in asked)
    return cades.add_evidence(stamped, await source.evidence(new)) if new else stamped


def _append(file: BinaryIO, tail: bytes) -> None:
    file.seek(0, 2)
    file.write(tail)
    file.flush()
