"""Every defect of the reference server is found by its checks, and by nobody else.

Each defect is held against its own checks; every fifth, in a campaign every one, against the whole
suite. A defect is tried in one of the versions that it shows in, each version getting its share.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance import registry
from conformance.model import Version
from tests.conformance import measured
from tests.conformance.reference import defects
from tests.conformance.reference.defects import Defect

PROMISED = 80
SHARE = 5
"""A run of the whole suite takes a second of processor time."""
CAMPAIGN = 100
"""Rounds from which on it is one."""
CHECKS = {check.id: check for check in registry.every()}
CASES = [
    (at, defect, defect.versions[at % len(defect.versions)])
    for at, defect in enumerate(defects.every().values())
]


@pytest.mark.parametrize(
    ("at", "defect", "version"), [pytest.param(*case, id=case[1].id) for case in CASES]
)
async def test_defect(
    at: int, defect: Defect, version: Version, pytestconfig: pytest.Config
) -> None:
    """The checks that fail or warn are exactly those that the defect names."""
    expected = {name for name in defect.checks if version in CHECKS[name].versions}
    whole = at % SHARE == 0 or pytestconfig.getoption("rounds") >= CAMPAIGN
    found = await alarms(defect, version, () if whole else sorted(expected))
    if not whole and found.keys() != expected:
        # Some show only after what others did before.
        found = await alarms(defect, version)
    assert found.keys() == expected, found
    assert expected


async def alarms(
    defect: Defect, version: Version, patterns: Sequence[str] = ()
) -> dict[str, tuple[str, ...]]:
    """What the suite, or those of its checks, says of a server with ``defect``."""
    # Only where expiry is what is wrong, it is worth a second.
    patient = any(name.endswith(".expired") for name in defect.checks)
    run = await measured.run(version, {defect.id}, patterns, patient=patient)
    return measured.alarms(run)


def test_enough() -> None:
    """More than the 80 that were promised are held against the whole suite in every test run."""
    assert len(CASES[::SHARE]) >= PROMISED
