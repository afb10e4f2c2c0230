"""From B-T to B-LT and B-LTA: time-stamps and evidence come in, children put them in.

1. evidence for the certificates of each signature, of now
2. B-LT: a child puts it in
3. B-LTA: a child says what is to be time-stamped, evidence included; the token; a child puts it in
4. evidence for a time-stamping unit that is new there; a child puts it in

A PDF that the client has gets its evidence there: it goes along with the answer (CSC v2 11.11).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from ades.assembly import Piece
from ades.levels.ports import Evidence
from ades.levels.works import (
    AddEvidence,
    Certificates,
    PrepareStamps,
    Proven,
    PutStamps,
    Signed,
    Stamped,
)
from csc_server.ports.documents import Desk, EvidenceSource
from policies.algorithms import HashAlgorithm
from policies.documents import WITH_EVIDENCE, Level, Part, beside
from policies.jobs import ValidationInfo

Stamp = Callable[[bytes, HashAlgorithm], Awaitable[bytes]]
"""Gets a token over a digest."""


@dataclass(frozen=True, slots=True)
class Made:
    """A signature at B-T that is to be raised."""

    part: Part
    piece: Piece
    asked: Certificates
    """Whose status has to be with it."""


@dataclass(frozen=True, slots=True)
class RaiseLevels:
    """Raises the signatures of one request."""

    desk: Desk
    source: EvidenceSource
    stamp: Stamp

    async def __call__(self, all_made: Sequence[Made]) -> ValidationInfo | None:
        """Afterwards each is at its level, or its evidence is what is returned.

        Raises:
            EvidenceUnavailable: Nobody knows a certificate's status.
            TimestampUnavailable, TimestampRefused: No token.
            DeskError: Not put in.
        """
        wanted = [one for one in all_made if one.part.level in WITH_EVIDENCE]
        evidence = {asked: await self.source.evidence(asked) for asked in _distinct(wanted)}
        inside = [one for one in wanted if not beside(one.part)]
        proven = {
            level: tuple(
                Proven(_signed(one), evidence[one.asked])
                for one in inside
                if one.part.level is level
            )
            for level in WITH_EVIDENCE
        }
        if items := proven[Level.B_LT]:
            await self.desk.do(AddEvidence(items))
        if items := proven[Level.B_LTA]:
            asked = [one.asked for one in inside if one.part.level is Level.B_LTA]
            await archive(self.desk, self.source, self.stamp, items, asked)
        others = [evidence[one.asked] for one in wanted if beside(one.part)]
        return _info(others) if others else None


async def archive(
    desk: Desk,
    source: EvidenceSource,
    stamp: Stamp,
    items: tuple[Proven, ...],
    asked: Sequence[Certificates],
) -> None:
    """Steps 3 and 4: afterwards each has a further archive time-stamp, and its unit's status.

    Args:
        items: With the evidence for what was in question.
        asked: What that was, for each.

    Raises:
        See ``RaiseLevels``.
    """
    wishes = await desk.do(PrepareStamps(items))
    stamped = tuple(
        [
            Stamped(item.signed, wish, await stamp(wish.digest, wish.algorithm))
            for item, wish in zip(items, wishes, strict=True)
        ]
    )
    now_asked = await desk.do(PutStamps(stamped))
    fresh = [
        (item.signed, tuple(one for one in now if one not in before))
        for item, now, before in zip(items, now_asked, asked, strict=True)
    ]
    more = [Proven(signed, await source.evidence(new)) for signed, new in fresh if new]
    if more:
        await desk.do(AddEvidence(tuple(more)))


def _distinct(made: Iterable[Made]) -> list[Certificates]:
    return list(dict.fromkeys(one.asked for one in made))


def _signed(one: Made) -> Signed:
    return Signed(one.piece.target, one.piece.pdf is not None)


def _info(evidence: Sequence[Evidence]) -> ValidationInfo:
    together = reduce(Evidence.__or__, evidence)
    return ValidationInfo(together.ocsps, together.crls, together.certificates)
