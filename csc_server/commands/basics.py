"""What every command needs and what costs nothing to load: the settings, and how to give up."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from csc_server import config
from csc_server.config import Settings

REFUSED: Final = 78
"""Exit status of a process that another start will not help (EX_CONFIG of sysexits.h)."""


class CommandFailed(Exception):
    """The command cannot go on; the text is for the person at the terminal."""


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The instance's settings.

    Raises:
        CommandFailed: There is no instance yet.
    """
    instance: Path = arguments.instance
    if not (instance / config.FILE).exists():
        raise CommandFailed(f"{instance} is no instance yet; create it with: csc-server init")
    return config.load(instance)
