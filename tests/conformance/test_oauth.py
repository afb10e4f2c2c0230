"""OAuth in the ways that profiles can say: none makes the suite cry out at a good server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance import registry, runner
from conformance.model import Run, Verdict, Version
from tests.conformance import measured
from tests.conformance.reference import serve

GROUPS = ("oauth.*", "par.*", "rar.*", "list.*")


async def run(version: Version, service: dict[str, str], oauth: dict[str, Any]) -> Run:
    """The checks that have to do with tokens, with a profile that is changed."""
    async with serve() as running:
        usual = measured.profile(running, version)
        profile = replace(
            usual, service=replace(usual.service, **service), oauth=replace(usual.oauth, **oauth)
        )
        report = await runner.run(profile, registry.chosen(GROUPS), measured.Silent())
    return report.runs[0]


@pytest.mark.parametrize("version", [Version.V1, Version.V21], ids=lambda version: version.name)
@pytest.mark.parametrize(
    ("service", "oauth"),
    [
        ({"kind": "authorization_code"}, {}),
        ({"kind": "client_credentials"}, {}),
        ({}, {"client_auth": "client_secret_post"}),
        ({}, {"account": "", "pkce": True}),
    ],
    ids=["code", "own", "post", "pkce"],
)
async def test_ways_that_work(
    version: Version, service: dict[str, str], oauth: dict[str, Any]
) -> None:
    """Nothing is found, and codes are redeemed."""
    found = await run(version, service, oauth)
    assert measured.alarms(found) == {}
    passed = {one.check.id for one in found.results if one.verdict is Verdict.PASS}
    assert {"oauth.code", "oauth.token-serves", "oauth.sign", "oauth.client-credentials"} <= passed


@pytest.mark.parametrize("version", [Version.V1, Version.V21], ids=lambda version: version.name)
@pytest.mark.parametrize(
    "oauth",
    [{"steps": (), "credential_steps": ()}, {"client_id": ""}, {"grants": ()}],
    ids=["no recipe", "no client", "no grants"],
)
async def test_ways_that_lead_nowhere(version: Version, oauth: dict[str, Any]) -> None:
    """What the profile lacks is no failure of the server: those checks are not run."""
    found = await run(version, {}, oauth)
    assert measured.alarms(found) == {}
    verdicts = {one.check.id: one.verdict for one in found.results}
    assert verdicts["oauth.code"] is verdicts["oauth.sign"] is Verdict.NOT_RUN
