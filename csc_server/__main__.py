"""`csc-server`: the words of the command line, and what a person reads when one fails."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from csc_server import config, ports
from csc_server.commands import account, audit, credential, demo, doctor, init, run, serve, sign
from csc_server.commands.common import CommandFailed
from hsm import errors as hsm


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="csc-server", description="Paraph, a remote signing service (CSC API v1 and v2)."
    )
    top.add_argument(
        "--instance",
        type=Path,
        default=Path(os.environ.get("PARAPH_INSTANCE", "var")),
        help="directory of the instance (default: %(default)s, or PARAPH_INSTANCE)",
    )
    commands = top.add_subparsers(
        required=True, metavar="{init,run,account,credential,sign,audit,doctor,demo}"
    )
    for command in (init, run, account, credential, sign, audit, doctor, demo, serve):
        command.register(commands)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    arguments = parser().parse_args(argv)
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
