"""Paraph itself under the suite: an instance with people and programs, and its profile.

Everything runs as `make run` starts it, with its default limits. `make conformance` shows the
report and makes the published one anew.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from unittest import mock

from conformance import profile, registry, runner
from conformance.model import Report, Verdict, Version
from conformance.report import html, json_file, terminal
from csc_server import config
from csc_server.commands import common, init
from csc_server.config import Settings
from policies.algorithms import KeyAlgorithm
from policies.oauth.clients import GrantType
from policies.secret import ClientSecret
from policies.tokens import Scope
from policies.values import AccountId, ClientId, CredentialId, CredentialState
from tests import service
from tests.conformance.measured import Silent
from tests.csc_server.oauth import clients
from tests.csc_server.oauth.store import opened, register
from tests.ports import free_port
from tests.service import PASSWORD, PIN, Person, Service, Wanted

PUBLISHED: Final = Path(__file__).parents[2] / "docs/conformance"
CALLBACK: Final = "https://suite.example/callback"
SECRET: Final = "an-app-secret-for-the-suite-0123456789"
OTHER_SECRET: Final = "another-secret-for-the-suite-0123456789"
_SHORT: Final = "a SAD lives 300 s, which is longer than a run may last"
_SCAL_1: Final = "every credential binds its hashes (SCAL 2)"
_PHONE: Final = "approvals on our own page need the person's browser"
LEFT_OUT: Final = {
    "sign-hash.expired": _SHORT,
    "extend.expired": _SHORT,
    "sign-hash.certificate-expired": "a fresh instance has no expired certificate",
    "sign-doc.certificate-expired": "a fresh instance has no expired certificate",
    "authorize.hashes-optional": _SCAL_1,
    "sign-hash.beyond": _SCAL_1,
    "sign-hash.unbound": _SCAL_1,
    "sign-hash.race-different": _SCAL_1,
    "authorize-check.pending": _PHONE,
    "authorize-check.ends": _PHONE,
    "authorize-check.shape": _PHONE,
}
"""SHALLs that are not run on Paraph, and why."""
_KEY_FILE: Final = Path("robot.pem")
_EVERYTHING: Final = ("web", "status", "authority")
_TURNS: Final = ((Version.V20, (Version.V1, Version.V20)), (Version.V21, (Version.V21,)))
_PEOPLE: Final = {
    "alice": {
        "rsa": Wanted(KeyAlgorithm.RSA_3072, multisign=10),
        "p256": Wanted(KeyAlgorithm.P_256, multisign=10),
        "p384": Wanted(KeyAlgorithm.P_384),
        "code": Wanted(KeyAlgorithm.P_256, otp=True),
        "off": Wanted(KeyAlgorithm.P_256),
    },
    "bob": {"p256": Wanted(KeyAlgorithm.P_256)},
}


@dataclass(frozen=True, slots=True)
class Own:
    """An instance that is not running yet."""

    settings: Settings
    people: dict[str, Person]

    @contextmanager
    def serving(self, csc_v2: Version) -> Iterator[profile.Profile]:
        """The service, while the block lasts, and what the suite is told about it.

        Args:
            csc_v2: What it announces as v2; v1 is there as well.
        """
        served = Service(self.settings, *_EVERYTHING)
        served.start({"PARAPH_SERVICE__CSC_V2": csc_v2.value})
        try:
            yield told(served.base_url, self.people, self.settings.path(_KEY_FILE))
        finally:
            served.stop()


def made(directory: Path) -> Own:
    """A new instance in ``directory``, with people and programs."""
    directory.mkdir()
    (directory / config.FILE).write_text(
        f'port = {free_port()}\npki.port = {free_port()}\npkcs11.softhsm_conf = "softhsm.conf"\n'
    )
    settings = init.initialise(directory)
    settings.path(_KEY_FILE).write_bytes(clients.KEY.as_pem(private=True))
    people = asyncio.run(_prepare(settings))
    asyncio.run(_switch_off(settings, people["alice"].credentials["off"]))
    return Own(settings, people)


async def _prepare(settings: Settings) -> dict[str, Person]:
    people = await service.enrol(settings, _PEOPLE)
    alice = AccountId(people["alice"].account_id)
    app = clients.client(
        "suite",
        redirect_uris=(CALLBACK,),
        host="suite.example",
        secret_digest=ClientSecret(SECRET).digest(),
        scopes=frozenset({Scope.SERVICE, Scope.CREDENTIAL}),
    )
    other = replace(
        app, client_id=ClientId("other"), secret_digest=ClientSecret(OTHER_SECRET).digest()
    )
    robot = clients.signed(
        "robot",
        redirect_uris=(),
        grant_types=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({Scope.SERVICE}),
        account_id=alice,
    )
    async with opened(settings, "suite") as store:
        await register(store, (app, other, robot))
    return people


async def _switch_off(settings: Settings, credential_id: str) -> None:
    async with common.administration(settings) as at:
        credential = await at.store.credentials.find(CredentialId(credential_id))
        assert credential is not None
        await at.enrolment.set_credential_state(credential, CredentialState.DISABLED)


def told(base_url: str, people: dict[str, Person], key_file: Path) -> profile.Profile:
    """The profile ``paraph`` with this instance's addresses, names and secrets."""
    alice = people["alice"]
    assert alice.seed is not None
    environment = {
        "CSC_V1_URL": f"{base_url}/csc/v1",
        "CSC_V2_URL": f"{base_url}/csc/v2",
        "CSC_USERNAME": alice.username,
        "CSC_PASSWORD": PASSWORD,
        "CSC_OTHER_USERNAME": "bob",
        "CSC_OTHER_PASSWORD": PASSWORD,
        "CSC_CLIENT_ID": "suite",
        "CSC_CLIENT_SECRET": SECRET,
        "CSC_REDIRECT_URI": CALLBACK,
        "CSC_OTHER_CLIENT_ID": "other",
        "CSC_OTHER_CLIENT_SECRET": OTHER_SECRET,
        "CSC_OAUTH_CREDENTIAL": alice.credentials["p256"],
        "CSC_PIN": PIN,
        "CSC_TOTP_SECRET": alice.seed.value,
        "CSC_DISABLED_CREDENTIAL": alice.credentials["off"],
    }
    with mock.patch.dict(os.environ, environment):
        known = profile.load("paraph")
    oauth = replace(known.oauth, key_client_id="robot", key_id="one", key_file=str(key_file))
    return replace(known, oauth=oauth)


def run(directory: Path, patterns: Sequence[str] = ()) -> Report:
    """What the suite says of a fresh instance in ``directory``: v1 and v2.0 first, then v2.1."""
    own, checks = made(directory), registry.chosen(patterns)
    reports = []
    for csc_v2, versions in _TURNS:
        with own.serving(csc_v2) as known:
            urls = known.urls if Version.V1 in versions else known.urls[1:]
            told_of = replace(known, urls=urls, versions=versions)
            reports.append(asyncio.run(runner.run(told_of, checks, Silent())))
    return replace(
        reports[0],
        duration_s=sum(one.duration_s for one in reports),
        requests=sum(one.requests for one in reports),
        bytes=sum(one.bytes for one in reports),
        runs=tuple(run for one in reports for run in one.runs),
    )


def main() -> int:
    """Publish the report of a fresh instance; 1 when something fails."""
    with tempfile.TemporaryDirectory() as name:
        report = run(Path(name) / "instance")
    PUBLISHED.mkdir(exist_ok=True)
    html.write(report, PUBLISHED / "report.html")
    json_file.write(report, PUBLISHED / "report.json")
    terminal.show(report, terminal.console(sys.stdout))
    return 1 if report.count(Verdict.FAIL) else 0


if __name__ == "__main__":
    sys.exit(main())
