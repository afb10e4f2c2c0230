"""A throw-away SoftHSM with two tokens, for every test that needs real keys."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pkcs11
import pytest

from hsm import provision
from hsm.pkcs11 import Device, Login
from hsm.pool import PoolSettings
from policies.secret import Secret

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
SERVICE_TOKEN = "service"
SIGNERS_TOKEN = "signers"


def make_tokens(directory: Path, **settings: Any) -> PoolSettings:
    """Settings of a pool over two new tokens in ``directory``; nothing is initialised yet.

    Args:
        directory: Exists; gets ``softhsm.conf``, ``tokens/`` and two PIN files.
        settings: Further fields of ``PoolSettings``.
    """
    configuration = directory / "softhsm.conf"
    provision.write_configuration(configuration, directory / "tokens")
    for label in (SERVICE_TOKEN, SIGNERS_TOKEN):
        pin = Secret(secrets.token_hex(8))
        provision.create_token(configuration, label, pin, Secret(secrets.token_hex(8)))
        provision.write_pin(directory / f"{label}.pin", pin)
    return PoolSettings(
        module=MODULE,
        softhsm_conf=configuration,
        service_token=SERVICE_TOKEN,
        service_pin_file=directory / f"{SERVICE_TOKEN}.pin",
        signers_token=SIGNERS_TOKEN,
        signers_pin_file=directory / f"{SIGNERS_TOKEN}.pin",
        **settings,
    )


@contextmanager
def opened(settings: PoolSettings) -> Iterator[Device]:
    """The device inside this very process, writable; one at a time, closed at the end.

    Only for tests that must stand between the device and its user; the others start a pool.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings.softhsm_conf))
        signers = None
        if settings.signers_token is not None and settings.signers_pin_file is not None:
            signers = Login(settings.signers_token, read_pin(settings.signers_pin_file))
        device = Device(
            settings.module,
            Login(settings.service_token, read_pin(settings.service_pin_file)),
            signers,
            writable=True,
        )
        device.open()
        yield device
        pkcs11.lib(str(settings.module)).finalize()


def read_pin(path: Path) -> Secret:
    """The PIN in a PIN file."""
    return Secret(path.read_text().strip())
