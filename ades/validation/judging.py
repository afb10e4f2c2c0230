"""One signature: is it passed, and which level does it reach? (EN 319 102-1 5.5, 5.6)

The chain is judged for the time when the signature certainly existed. Where archive time-stamps
cover it, it is judged as of the first of them, with the evidence that existed then: what was good
when it was archived stays good. The level is what the document brings along by itself; evidence
that the caller gives can make a signature pass, but not lift its level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ades.validation import timestamps
from ades.validation.chains import Chain, Judge, Moment, Purpose
from ades.validation.containers import Container
from ades.validation.errors import FAULTS
from ades.validation.report import SignatureLevel
from ades.validation.timestamps import Stamp
from ades.validation.trust import Evidence
from policies.validation import Reason

SIGNATURE_TIMESTAMP = "signature_time_stamp_token"


@dataclass(frozen=True, slots=True)
class Archived:
    """A good archive time-stamp over the signature."""

    time: datetime
    evidence: Evidence
    """What it covers: this certainly existed then."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that a signature is judged by."""

    judge: Judge
    today: datetime
    given: Evidence
    """Of the caller."""
    own: Evidence
    """Of the document: DSS, or the CMS itself."""
    archived: Sequence[Archived] = ()
    """The earliest first."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome."""

    reasons: tuple[Reason, ...]
    chain: Chain | None
    stamps: tuple[Stamp, ...]
    proven: datetime | None
    level: SignatureLevel | None
    """Beyond the form of B-B, which the caller judges."""


@dataclass(slots=True)
class _Try:
    moment: datetime
    evidence: Evidence
    archive: bool
    stamps: list[Stamp] = field(default_factory=list)
    chain: Chain | None = None

    @property
    def good(self) -> bool:
        return (
            self.chain is not None
            and not self.chain.reasons
            and all(stamp.valid for stamp in self.stamps[:1])
        )


def carried(container: Container) -> Evidence:
    """What lies in the container beside the signature."""
    return Evidence(container.certificates, container.crls, container.ocsps)


async def judge(container: Container, setting: Setting) -> Judged:
    """What is thought of a signature whose value is right."""
    try:
        return await _judge(container, setting)
    except FAULTS:
        # In what nobody has looked at before, such as a time-stamp's certificates.
        return Judged((Reason.CMS_BROKEN,), None, (), None, None)


async def _judge(container: Container, setting: Setting) -> Judged:
    own = setting.own + carried(container)
    everything = own + setting.given
    tries = [
        *(_Try(one.time, one.evidence, archive=True) for one in setting.archived),
        _Try(setting.today, everything, archive=False),
    ]
    for one in tries:
        await _attempt(container, setting, one)
        if one.good:
            break
    level = await _level(container, setting, one, own, everything)
    return Judged(
        reasons=_reasons(one),
        chain=one.chain,
        stamps=tuple(one.stamps),
        proven=_proven(setting, one.stamps),
        level=level if one.good else None,
    )


async def _attempt(container: Container, setting: Setting, one: _Try) -> None:
    """Judge time-stamps and chain as of the moment of ``one``."""
    if container.certificate is None:
        return
    one.stamps = [
        await timestamps.judge(
            "signature",
            token,
            lambda name: hashlib.new(name, container.value).digest(),
            setting.judge,
            one.evidence,
            Moment(one.moment, None, setting.today),
            setting.own + setting.given,
        )
        for token in container.unsigned(SIGNATURE_TIMESTAMP)
    ]
    # A good one first: it is the one that counts.
    one.stamps.sort(key=lambda stamp: (not stamp.valid, stamp.time or setting.today))
    moment = Moment(one.moment, _proven(setting, one.stamps), setting.today)
    one.chain = await setting.judge.chain(
        container.certificate,
        one.evidence,
        Purpose.SIGNATURE,
        moment,
        setting.own + setting.given,
    )


def _proven(setting: Setting, stamps: Sequence[Stamp]) -> datetime | None:
    times = [stamp.time for stamp in stamps if stamp.valid and stamp.time is not None]
    times += [one.time for one in setting.archived]
    return min(times, default=None)


def _reasons(one: _Try) -> tuple[Reason, ...]:
    if one.chain is None:
        return (Reason.CERTIFICATE_MISSING,)
    # A signature may lose its proof of time and still be good; a broken one is a doubt.
    stamped = one.stamps[0].reasons if one.stamps else ()
    return (*one.chain.reasons, *stamped)


async def _level(
    container: Container, setting: Setting, one: _Try, own: Evidence, everything: Evidence
) -> SignatureLevel:
    """The highest level that the document reaches by itself."""
    if not any(stamp.valid for stamp in one.stamps) and not setting.archived:
        return SignatureLevel.B_B
    if not setting.judge.status_required:
        return SignatureLevel.B_T
    if one.archive:
        return SignatureLevel.B_LTA
    if own != everything:
        alone = _Try(setting.today, own, archive=False)
        await _attempt(container, setting, alone)
        if not alone.good:
            return SignatureLevel.B_T
    elif not one.good:
        return SignatureLevel.B_T
    return SignatureLevel.B_LT
