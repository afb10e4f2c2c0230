"""`csc-server`: the words of the command line, and what a person reads when one fails."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from csc_server import config, ports
from csc_server.commands.basics import CommandFailed
from hsm import errors as hsm

WORDS: Final = (
    "init",
    "ca",
    "run",
    "account",
    "password-key",
    "credential",
    "certificate",
    "oauth-client",
    "sign",
    "validate",
    "renew",
    "audit",
    "doctor",
    "demo",
)
_ALL: Final = (*WORDS, "serve", "status", "authority")


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The command line with these commands; only theirs are loaded.

    Some commands need large libraries that a web process must not carry.
    """
    top = argparse.ArgumentParser(
        prog="csc-server", description="Paraph, a remote signing service (CSC API v1 and v2)."
    )
    top.add_argument(
        "--instance",
        type=Path,
        default=Path(os.environ.get("PARAPH_INSTANCE", "var")),
        help="directory of the instance (default: %(default)s, or PARAPH_INSTANCE)",
    )
    commands = top.add_subparsers(required=True, metavar="{" + ",".join(WORDS) + "}")
    for word in words:
        module = word.replace("-", "_")
        importlib.import_module(f"csc_server.commands.{module}").register(commands)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    named = [word for word in argv if word in _ALL]
    # Loading makes two hundred thousand objects and no garbage; all of them stay.
    gc.disable()
    arguments = parser(named[:1] or _ALL).parse_args(argv)
    gc.freeze()
    gc.enable()
    try:
        status: int = arguments.run(arguments)
    except (CommandFailed, config.ConfigurationRefused) as reason:
        print(f"csc-server: {reason}", file=sys.stderr)  # noqa: T201 - the person reads it
        return 2
    except (hsm.HsmError, ports.StorageUnavailable) as reason:
        print(f"csc-server: {type(reason).__name__}: {reason}", file=sys.stderr)  # noqa: T201 - the same
        return 3
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
