"""Archive time-stamps of CMS signatures, version 3. (EN 319 122-1 5.5.2, 5.5.3)

Such a token is over what was signed, over the signature, and over an index: digests of the
certificates, revocation lists, OCSP answers and unsigned attributes that it covers. Only what the
index lists existed then; what was added later is there for the next one. They are judged from the
last to the first, each as of the next good one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms

# Its classes teach asn1crypto the two attributes.
from ades.levels.cades import ARCHIVE_STAMP, HASH_INDEX
from ades.validation import containers, timestamps
from ades.validation.chains import Judge, Moment
from ades.validation.containers import Container, Refused
from ades.validation.errors import FAULTS
from ades.validation.judging import SIGNATURE_TIMESTAMP, Archived
from ades.validation.timestamps import Stamp
from ades.validation.trust import Evidence
from policies.validation import Reason

_FIELDS: Final = ("version", "sid", "digest_algorithm")
Digest = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Archives:
    """What the archive time-stamps of a signature prove."""

    stamps: tuple[Stamp, ...] = ()
    """The earliest first."""
    good: tuple[Archived, ...] = ()
    """The same, without those that prove nothing."""


async def judge(
    container: Container, content: Digest, judge: Judge, known: Evidence, today: datetime
) -> Archives:
    """Look at all archive time-stamps of a signature.

    Args:
        container: Of the signature.
        content: Digest of what was signed, by name of the algorithm.
        judge: Whom to trust.
        known: Evidence of the container and of the caller.
        today: Of the validation.
    """
    found: list[tuple[Stamp, Archived | None]] = []
    now = today
    for token in sorted(container.unsigned(ARCHIVE_STAMP), key=_time, reverse=True):
        stamp, covered = await _stamp(
            container, content, token, judge, known, Moment(now, None, today)
        )
        if stamp.valid and stamp.time is not None:
            now, known = stamp.time, covered
            found.append((stamp, Archived(stamp.time, covered)))
        else:
            found.append((stamp, None))
    found.reverse()
    return Archives(
        tuple(stamp for stamp, _ in found), tuple(one for _, one in found if one is not None)
    )


async def _stamp(
    container: Container,
    content: Digest,
    token: cms.ContentInfo,
    judge: Judge,
    known: Evidence,
    moment: Moment,
) -> tuple[Stamp, Evidence]:
    try:
        index = _index(token)
        covered = _covered(container, index)
    except Refused as refusal:
        return Stamp("archive", None, (refusal.reason,)), Evidence()
    except FAULTS:
        return Stamp("archive", None, (Reason.TIMESTAMP_BROKEN,)), Evidence()
    stamp = await timestamps.judge(
        "archive",
        token,
        lambda name: hashlib.new(name, _stamped(container, content(name), index)).digest(),
        judge,
        known,
        moment,
        known,
    )
    return stamp, covered


def _time(token: Any) -> datetime:
    """For the order alone; a token that cannot be read comes last and is found broken."""
    try:
        found: datetime = (
            token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
        )
    except FAULTS:
        return datetime.max.replace(tzinfo=UTC)
    return found


def _index(token: cms.ContentInfo) -> Any:
    (found,) = (
        one
        for attribute in token["content"]["signer_infos"][0]["unsigned_attrs"]
        if attribute["type"].native == HASH_INDEX
        for one in attribute["values"]
    )
    return found


def _covered(container: Container, index: Any) -> Evidence:
    """What the index lists.

    Raises:
        Refused: Something of it is not there, or it leaves out a time-stamp of the signature.
    """
    name = index["algorithm"]["algorithm"].native

    def listed(place: str) -> set[bytes]:
        return {one.native for one in index[place]}

    def digest(*parts: bytes) -> bytes:
        return hashlib.new(name, b"".join(parts)).digest()

    certificates = {digest(one.dump()): one for one in container.signed_data["certificates"]}
    revocations = {digest(one.dump()): one for one in container.signed_data["crls"] or ()}
    attributes = {
        digest(one["type"].dump(), value.dump()): one["type"].native
        for one in container.signer_info["unsigned_attrs"]
        for value in one["values"]
    }
    for place, there in (
        ("certificates", certificates),
        ("crls", revocations),
        ("unsigned_attributes", attributes),
    ):
        if listed(place) - there.keys():
            raise Refused(Reason.TIMESTAMP_WRONG, place)
    stamps = {one for one, kind in attributes.items() if kind == SIGNATURE_TIMESTAMP}
    if stamps - listed("unsigned_attributes"):
        raise Refused(Reason.TIMESTAMP_WRONG, "a time-stamp that it does not cover")
    kept = (certificates[one] for one in listed("certificates"))
    return Evidence(
        tuple(one.chosen for one in kept if one.name == "certificate"),
        *containers.statuses(revocations[one] for one in listed("crls")),
    )


def _stamped(container: Container, content_digest: bytes, index: Any) -> bytes:
    """EN 319 122-1 5.5.3: in the order of the SignerInfo, each with its own tag."""
    info = container.signer_info
    return b"".join(
        (
            container.signed_data["encap_content_info"]["content_type"].dump(),
            content_digest,
            *(info[name].dump() for name in _FIELDS),
            b"\xa0" + container.signed[1:],
            info["signature_algorithm"].dump(),
            info["signature"].dump(),
            index.dump(),
        )
    )
