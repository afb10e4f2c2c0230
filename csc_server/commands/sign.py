"""`csc-server sign FILE`: sign a file for an account, through the service's own HTTP API."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from csc_server.commands import basics, client, common
from csc_server.commands.basics import CommandFailed
from policies.secret import Otp, Password, Pin


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("sign", help="sign a file for an account")
    parser.add_argument("file", type=Path)
    parser.add_argument("--username", required=True)
    parser.add_argument("--credential", help="credential id; needed when the account has several")
    parser.add_argument("--url", help="the service; default: this instance's")
    parser.add_argument("--output", type=Path, help="default: FILE.signed.pdf or FILE.p7s")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Sign one file."""
    source: Path = arguments.file
    if not source.is_file():
        raise CommandFailed(f"{source} is no file")
    base_url = arguments.url or basics.settings_of(arguments).base_url
    password = Password(common.ask_secret("Password"))
    target = arguments.output or default_target(source)
    asyncio.run(
        _sign(
            base_url.rstrip("/"), arguments.username, password, arguments.credential, source, target
        )
    )
    print(f"Signed: {target}")
    return 0


def default_target(source: Path) -> Path:
    """`a.pdf` becomes `a.signed.pdf`; any other file gets `.p7s` behind its name."""
    if source.suffix.lower() == ".pdf":
        return source.with_suffix(".signed.pdf")
    return source.with_name(source.name + ".p7s")


async def _sign(
    base_url: str,
    username: str,
    password: Password,
    wanted: str | None,
    source: Path,
    target: Path,
) -> None:
    async with client.log_in(base_url, username, password) as person:
        credential_id = _choose(await person.credential_ids(), wanted)
        signer = await person.signer(credential_id, _ask)
        await client.sign_file(signer, source, target)


def _choose(credential_ids: list[str], wanted: str | None) -> str:
    if wanted is not None and wanted in credential_ids:
        return wanted
    if wanted is None and len(credential_ids) == 1:
        return credential_ids[0]
    listed = ", ".join(credential_ids) or "none"
    raise CommandFailed(f"choose one with --credential: {listed}")


async def _ask(about: dict[str, Any], hashes: list[str]) -> tuple[Pin | None, Otp | None]:
    """Show what will be signed, then ask for what the credential needs."""
    for one in hashes:
        print(f"SHA-256 to be signed: {one}")
    pin = otp = None
    if about["PIN"]["presence"] != "false":
        pin = Pin(await asyncio.to_thread(common.ask_secret, "Signing PIN"))
    if about["OTP"]["presence"] != "false":
        otp = Otp(await asyncio.to_thread(common.ask_secret, "One-time code"))
    return pin, otp
