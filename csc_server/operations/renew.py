"""An archive is renewed: evidence of now, and a further time-stamp over everything. (B-LTA anew)

1. look: which time-stamps there are, and what is in question
2. rule: ``policies.levels.renewal_due``
3. evidence, time-stamp, evidence for its unit: ``operations.raise_levels.archive``
4. check: another child judges the signature at B-LTA, as of now

Works on a file that its caller made for it: what fails leaves the original as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ades.checking import CheckMade, Made
from ades.levels.works import LookAt, Proven, Signed
from csc_server.operations.raise_levels import archive
from csc_server.ports import Clock, Entropy
from csc_server.ports.documents import Desk, EvidenceSource, TimestampAuthority
from policies import errors, levels
from policies.algorithms import HashAlgorithm
from policies.documents import Level


@dataclass(frozen=True, slots=True)
class Renewed:
    """What became of a file."""

    done: bool
    """False: nothing was due."""
    good_until: datetime
    """First instant at which its last archive time-stamp can no longer be checked by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """Renews one file."""

    desk: Desk
    source: EvidenceSource
    timestamps: TimestampAuthority
    anchors: tuple[bytes, ...]
    """Certificates that chains have to end in, DER or PEM."""
    clock: Clock
    entropy: Entropy

    async def __call__(self, signed: Signed, original: Path | None, *, early: bool) -> Renewed:
        """Afterwards the file is good for longer, if that was due.

        Args:
            original: What a detached signature is over, for the check.
            early: Renew it also before that is due.

        Raises:
            Unreadable: Not a signed document.
            NotArchived: It has no archive time-stamp.
            EvidenceUnavailable: Its time-stamps are not of our authority.
            TimestampUnavailable, TimestampRefused: No time-stamp.
            SignatureUnsound: What came of it is not what it should be.
            DeskError: Not done.
        """
        now = self.clock.now()
        looked = await self.desk.do(LookAt(signed))
        if not looked.stamps:
            raise NotArchived
        if not early and not levels.renewal_due(looked.stamps, now):
            return Renewed(False, levels.good_until(looked.stamps[-1]))
        evidence = await self.source.evidence(looked.in_question)
        items, asked = (Proven(signed, evidence),), [looked.in_question]
        await archive(self.desk, self.source, self._token, items, asked)
        await self._check(signed, original)
        after = await self.desk.do(LookAt(signed))
        return Renewed(True, levels.good_until(after.stamps[-1]))

    async def _token(self, digest: bytes, algorithm: HashAlgorithm) -> bytes:
        nonce = int(self.entropy.identifier(), 16)
        return await self.timestamps.timestamp(digest, algorithm, nonce)

    async def _check(self, signed: Signed, original: Path | None) -> None:
        made = Made(signed.path, Level.B_LTA, original)
        check = CheckMade((made,), self.anchors, (), self.clock.now())
        (verdict,) = await self.desk.do(check)
        if not verdict.passed:
            raise errors.SignatureUnsound(" ".join(verdict.reasons) or verdict.indication)


class NotArchived(Exception):
    """A signature without an archive time-stamp: there is nothing to renew."""
