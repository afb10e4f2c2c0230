"""Two SoftHSM tokens for a development instance. A real HSM is initialised with its own tools.

Uses the command ``softhsm2-util``, for PKCS#11 bindings seldom offer ``C_InitToken``. It takes
PINs as arguments, so they show in the process list for a moment: good for development only.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from hsm import errors, softhsm
from policies.secret import Secret

_LIMIT_S: Final = 30


def write_configuration(configuration: Path, token_directory: Path) -> None:
    """Afterwards ``configuration`` makes SoftHSM keep its tokens in the directory (mode 0700)."""
    token_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration.write_text(
        f"directories.tokendir = {token_directory}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )


def create_token(configuration: Path, label: str, pin: Secret, so_pin: Secret) -> None:
    """Afterwards a token with this label exists; its user's PIN is ``pin``.

    Args:
        configuration: SoftHSM's configuration file.
        label: At most 32 characters.
        pin: 4 to 255 characters.
        so_pin: The security officer's, 4 to 255 characters.

    Raises:
        Broken: The command is absent or failed.
    """
    command = ["softhsm2-util", "--init-token", "--free", "--label", label]
    try:
        subprocess.run(  # noqa: S603  # no shell; the label is one argument
            [*command, "--so-pin", so_pin.value, "--pin", pin.value],
            env=os.environ | {"SOFTHSM2_CONF": str(configuration)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_LIMIT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        # `from None`: the exception carries the arguments, and they carry the PINs.
        raise errors.Broken(f"softhsm2-util: {type(error).__name__}") from None
    softhsm.keep(configuration)


def write_pin(path: Path, pin: Secret) -> None:
    """Afterwards ``path`` is a new file that only its owner reads, with the PIN in it.

    Raises:
        FileExistsError: There is such a file; a PIN is never overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(pin.value + "\n")
