"""A throw-away SoftHSM with two tokens, for every test that needs real keys."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from hsm import provision
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
