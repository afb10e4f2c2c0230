"""Fixtures: tokens and the device of one test module, pools of one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.pkcs11 import Device
from hsm.pool import PoolSettings, Role
from tests.hsm.world import Person, Room
from tests.softhsm import make_tokens, opened


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> PoolSettings:
    """Two tokens of this module, not yet initialised; every role."""
    directory: Path = tmp_path_factory.mktemp("softhsm")
    return make_tokens(directory, roles=frozenset(Role))


@pytest.fixture(scope="module")
def device(settings: PoolSettings) -> Iterator[Device]:
    """The device in this process."""
    with opened(settings) as device:
        yield device


@pytest.fixture(scope="module")
def initialised(device: Device) -> Device:
    """The device with service keys and canary."""
    Room(device).administration.initialise()
    return device


@pytest.fixture
def room(initialised: Device) -> Room:
    """A fresh activation module over the initialised device."""
    return Room(initialised)


@pytest.fixture
def alice(room: Room) -> Person:
    """Enrolled, both factors."""
    return room.enrol("alice")


@pytest.fixture
def bob(room: Room) -> Person:
    """Enrolled, both factors."""
    return room.enrol("bob")
