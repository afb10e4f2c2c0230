"""A run of the suite against the reference server, as the tests of both need it."""

from __future__ import annotations

from collections.abc import Collection

from conformance import registry, runner
from conformance.model import Result, Run, Verdict, Version
from conformance.profile import Approval, Limits, Profile, Service
from tests.conformance.reference import Running, accounts, serve

ALARMS = (Verdict.FAIL, Verdict.WARN)
CREDENTIALS = tuple(
    one.id for one in accounts.CREDENTIALS.values() if one.owner == "alice" and one.enabled
)


def profile(running: Running, version: Version) -> Profile:
    """What the suite is told about the reference server."""
    codes = {"OTP": accounts.CODE, "SMS": accounts.CODE, "TOTP": accounts.CODE}
    return Profile(
        name="reference",
        urls=(running.v1_url if version is Version.V1 else running.v2_url,),
        versions=(version,),
        service=Service(
            kind="basic",
            username="alice",
            password=accounts.USERS["alice"],
            other_username="bob",
            other_password=accounts.USERS["bob"],
        ),
        approval=Approval(
            credentials=CREDENTIALS,
            pin=accounts.PIN,
            values=codes,
            short_lived="CRED-SHORT",
            disabled="CRED-OFF",
            foreign="CRED-BOB",
        ),
        limits=Limits(bytes_per_second=1 << 30),
    )


class Silent:
    """Nobody watches."""

    def started(self, url: str, version: Version, count: int) -> None:
        """See ``runner.Progress``."""

    def ended(self, result: Result) -> None:
        """See ``runner.Progress``."""


async def run(
    version: Version, defects: Collection[str] = (), patterns: Collection[str] = ()
) -> Run:
    """All checks of ``version`` (or those of ``patterns``) on a server with ``defects``."""
    specs = "2.0.0.2" if version is Version.V20 else "2.1.0.1"
    async with serve(frozenset(defects), specs) as running:
        checks = registry.chosen(patterns)
        report = await runner.run(profile(running, version), checks, Silent())
    return report.runs[0]


def alarms(run: Run) -> dict[str, tuple[str, ...]]:
    """The checks that failed or warned, and why."""
    return {result.check.id: result.reasons for result in run.results if result.verdict in ALARMS}
