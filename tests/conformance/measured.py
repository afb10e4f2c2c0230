"""A run of the suite against the reference server, as the tests of both need it."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from conformance import registry, runner
from conformance.model import Result, Run, Verdict, Version
from conformance.profile import Approval, Limits, OAuth, Profile, Service, Step
from tests.conformance.reference import Running, accounts, oauth_state, serve

ALARMS = (Verdict.FAIL, Verdict.WARN)
CREDENTIALS = tuple(
    one.id for one in accounts.CREDENTIALS.values() if one.owner == "alice" and one.enabled
)


def profile(
    running: Running,
    version: Version,
    key_file: str = "",
    *,
    patient: bool = True,
    credentials: tuple[str, ...] = CREDENTIALS,
) -> Profile:
    """What the suite is told about the reference server.

    Args:
        key_file: The key of the client ``robot``.
        patient: SADs are waited for until they expire: a second.
        credentials: Those that are used.
    """
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
        oauth=_oauth(version, key_file),
        approval=Approval(
            credentials=credentials,
            pin=accounts.PIN,
            values=codes,
            short_lived="CRED-SHORT",
            disabled="CRED-OFF",
            foreign="CRED-BOB",
        ),
        limits=Limits(bytes_per_second=1 << 30, wait_seconds=5.0 if patient else 0.5),
    )


def _oauth(version: Version, key_file: str) -> OAuth:
    """The clients ``app``, ``other`` and ``robot``; in v2.1 requests for credentials are pushed."""
    app, other = oauth_state.CLIENTS["app"], oauth_state.CLIENTS["other"]
    login = Step(fill={"username": "alice", "password": accounts.USERS["alice"]}, press="Log in")
    return OAuth(
        client_id=app.id,
        client_secret=app.secret,
        other_client_id=other.id,
        other_client_secret=other.secret,
        key_client_id="robot" if key_file else "",
        key_file=key_file,
        redirect_uri=oauth_state.REDIRECT_URI,
        account="alice",
        push=version is Version.V21,
        steps=(login, Step(press="Allow")),
        credential_steps=(login, Step(fill={"pin": accounts.PIN}, press="allow")),
    )


class Silent:
    """Nobody watches."""

    def started(self, url: str, version: Version, count: int) -> None:
        """See ``runner.Progress``."""

    def ended(self, result: Result) -> None:
        """See ``runner.Progress``."""


async def run(
    version: Version,
    defects: Collection[str] = (),
    patterns: Collection[str] = (),
    *,
    patient: bool = True,
    credentials: tuple[str, ...] = CREDENTIALS,
) -> Run:
    """All checks of ``version`` (or those of ``patterns``) on a server with ``defects``."""
    specs = "2.0.0.2" if version is Version.V20 else "2.1.0.1"
    with tempfile.TemporaryDirectory() as directory:
        key = Path(directory) / "robot.pem"
        key.write_bytes(oauth_state.robot_pem())
        async with serve(frozenset(defects), specs) as running:
            checks = registry.chosen(patterns)
            told = profile(running, version, str(key), patient=patient, credentials=credentials)
            report = await runner.run(told, checks, Silent())
    return report.runs[0]


def alarms(run: Run) -> dict[str, tuple[str, ...]]:
    """The checks that failed or warned, and why."""
    return {result.check.id: result.reasons for result in run.results if result.verdict in ALARMS}
