"""Every defect of the reference server is found by its checks, and by nobody else.

A defect is tried in one of the versions that it shows in, each version getting a third of them.
"""

from __future__ import annotations

import pytest

from conformance import registry
from conformance.model import Version
from tests.conformance import measured
from tests.conformance.reference import defects
from tests.conformance.reference.defects import Defect

CHECKS = {check.id: check for check in registry.every()}
CASES = [
    pytest.param(defect, defect.versions[at % len(defect.versions)], id=defect.id)
    for at, defect in enumerate(defects.every().values())
]


@pytest.mark.parametrize(("defect", "version"), CASES)
async def test_defect(defect: Defect, version: Version) -> None:
    """The checks that fail or warn are exactly those that the defect names."""
    expected = {name for name in defect.checks if version in CHECKS[name].versions}
    # Only where expiry is what is wrong, it is worth a second.
    patient = any(name.endswith(".expired") for name in defect.checks)
    run = await measured.run(version, {defect.id}, patient=patient)
    found = measured.alarms(run)
    assert found.keys() == expected, found
    assert expected


def test_enough() -> None:
    """There are more defects than the 80 that were promised."""
    assert len(defects.every()) >= 200
