"""Runs the checks, one after the other, and turns how they end into verdicts.

The only place that catches whatever a check raises: a fault of ours in one check must not cost the
report of all others.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from conformance import __version__
from conformance.answer import Members
from conformance.approval import Codes
from conformance.errors import BadProfile, Ended, NotApplicable, NotRun, Violation
from conformance.http import Client, connected
from conformance.masking import Masker
from conformance.model import Check, Level, Report, Result, Run, Verdict, Version
from conformance.profile import Profile
from conformance.recording import Recorder, recording
from conformance.target import Target


class Progress(Protocol):
    """Is told how a run goes."""

    def started(self, url: str, version: Version, count: int) -> None:
        """``count`` checks are about to be run."""

    def ended(self, result: Result) -> None:
        """One of them has been."""


async def run(profile: Profile, checks: Sequence[Check], progress: Progress) -> Report:
    """All ``checks`` on all base URLs of ``profile``.

    Raises:
        BadProfile: No base URL, or one that names no version.
    """
    if not profile.urls:
        raise BadProfile("no base URL: give one, or urls in the profile")
    masker = Masker(profile.secrets())
    started, began = datetime.now(UTC), time.monotonic()
    runs = []
    async with connected(profile.limits, profile.tls, masker) as client:
        codes = Codes()
        for url in profile.urls:
            runs += await _at(url.rstrip("/"), profile, client, codes, checks, progress)
        return Report(
            name=profile.name or profile.urls[0],
            suite=__version__,
            started=started,
            duration_s=time.monotonic() - began,
            requests=client.requests,
            bytes=client.traffic,
            runs=tuple(runs),
        )


async def _at(
    url: str,
    profile: Profile,
    client: Client,
    codes: Codes,
    checks: Sequence[Check],
    progress: Progress,
) -> list[Run]:
    with recording() as recorder:
        info = await _info(url, client)
    announced = str(info.get("specs") or "") if info else ""
    found = []
    for version in _versions(url, announced, profile.versions):
        target = Target(url, version, profile, client, codes, info)
        target.once.evidence["info"] = recorder.shown()
        mine = [check for check in checks if version in check.clauses]
        progress.started(url, version, len(mine))
        results = []
        for check in mine:
            results.append(await _one(check, target))
            progress.ended(results[-1])
        found.append(Run(url, version, announced, tuple(results)))
    return found


async def _info(url: str, client: Client) -> Members | None:
    """What the server says of itself; None when it does not. The checks of info say why."""
    try:
        return (await client.post(f"{url}/info", {})).members
    except Ended:
        return None


def _versions(url: str, announced: str, wanted: Sequence[Version]) -> tuple[Version, ...]:
    """What to hold ``url`` to: what the profile wants of its major version, or what is announced.

    Raises:
        BadProfile: Neither the address nor ``info`` nor the profile says which version this is.
    """
    major = {"/csc/v1": 1, "/csc/v2": 2}.get(url[-7:])
    if major is None and announced[:2] in ("1.", "2."):
        major = int(announced[0])
    if major is None and len({version.major for version in wanted}) == 1:
        major = wanted[0].major
    if major is None:
        raise BadProfile(f"{url} is of no known version; say which in `versions`")
    if wanted:
        return tuple(version for version in wanted if version.major == major)
    if major == 1:
        return (Version.V1,)
    return (Version.V20,) if announced.startswith("2.0.") else (Version.V21,)


async def _one(check: Check, target: Target) -> Result:
    began = time.monotonic()
    with recording() as recorder:
        verdict, reason = await _verdict(check, target, recorder)
    shown = verdict in (Verdict.FAIL, Verdict.WARN)
    return Result(
        check=check,
        version=target.version,
        verdict=verdict,
        reasons=tuple(target.client.masker.text(one) for one in (reason, *recorder.notes) if one),
        exchanges=recorder.shown() if shown else (),
        duration_s=time.monotonic() - began,
    )


async def _verdict(check: Check, target: Target, recorder: Recorder) -> tuple[Verdict, str]:
    try:
        _applies(check, target)
        await check.run(target)
    except NotApplicable as reason:
        return Verdict.NOT_APPLICABLE, str(reason)
    except NotRun as reason:
        return Verdict.NOT_RUN, str(reason)
    except Violation as violation:
        broken = Verdict.FAIL if check.level is Level.SHALL else Verdict.WARN
        return broken, str(violation)
    except Exception as fault:  # noqa: BLE001 - see the top of this file
        traceback.print_exc(file=sys.stderr)
        return Verdict.NOT_RUN, f"a fault of this suite: {type(fault).__name__}"
    return (Verdict.WARN if recorder.notes else Verdict.PASS), ""


def _applies(check: Check, target: Target) -> None:
    """Raises:
    NotApplicable: The server does not announce a method that the check is about.
    NotRun: Nobody knows what it announces, or the profile leaves the check out.
    """
    if check.id in target.profile.skip:
        raise NotRun("the profile leaves it out")
    if not check.methods:
        return
    target.described()
    missing = [name for name in check.methods if not target.announces(name)]
    if missing:
        raise NotApplicable(f"info.methods has no {missing[0]}")
