"""`csc-server sign FILE`: sign a file for an account, through the service's own HTTP API."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from csc_server.commands import basics, client, common
from csc_server.commands.basics import CommandFailed
from csc_server.wire.unfit import UNFIT
from policies import errors
from policies.appearance import Appearance, Picture, Spot
from policies.messages import Language
from policies.secret import Otp, Password, Pin


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("sign", help="sign a file for an account")
    parser.add_argument("file", type=Path)
    parser.add_argument("--username", required=True)
    parser.add_argument("--credential", help="credential id; needed when the account has several")
    parser.add_argument("--url", help="the service; default: this instance's")
    parser.add_argument("--output", type=Path, help="default: FILE.signed.pdf or FILE.p7s")
    parser.add_argument(
        "--visible",
        metavar="PAGE,X,Y,W,H",
        help="show the signature on a PDF: page from 1, place and size in points from the page's"
        " lower left corner",
    )
    parser.add_argument("--picture", type=Path, help="PNG or JPEG beside its text")
    parser.add_argument("--language", choices=list(Language), default="en", help="of its text")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Sign one file."""
    source: Path = arguments.file
    if not source.is_file():
        raise CommandFailed(f"{source} is no file")
    base_url = arguments.url or basics.settings_of(arguments).base_url
    appearance = _appearance(arguments)
    password = Password(common.ask_secret("Password"))
    target = arguments.output or default_target(source)
    asyncio.run(
        _sign(
            base_url.rstrip("/"),
            arguments.username,
            password,
            arguments.credential,
            source,
            target,
            appearance,
        )
    )
    print(f"Signed: {target}")
    return 0


def default_target(source: Path) -> Path:
    """`a.pdf` becomes `a.signed.pdf`; any other file gets `.p7s` behind its name."""
    if source.suffix.lower() == ".pdf":
        return source.with_suffix(".signed.pdf")
    return source.with_name(source.name + ".p7s")


def _appearance(arguments: argparse.Namespace) -> Appearance | None:
    """What is to be seen of the signature."""
    if arguments.visible is None:
        if arguments.picture is not None:
            raise CommandFailed("--picture needs --visible")
        return None
    try:
        page, left, bottom, width, height = map(float, arguments.visible.split(","))
    except ValueError as reason:
        raise CommandFailed("--visible takes five numbers: PAGE,X,Y,W,H") from reason
    spot = Spot(int(page) - 1, left, bottom, width, height)
    return Appearance(spot, Language(arguments.language), picture=_picture(arguments.picture))


def _picture(path: Path | None) -> Picture | None:
    if path is None:
        return None
    # Pillow is large: only who shows a picture loads it.
    from ades.pdf import pictures

    try:
        return pictures.read(path.read_bytes())
    except OSError as reason:
        raise CommandFailed(f"{path} cannot be read") from reason
    except errors.DocumentUnfit as reason:
        raise CommandFailed(f"{path}: {UNFIT[reason.why]}") from reason


async def _sign(
    base_url: str,
    username: str,
    password: Password,
    wanted: str | None,
    source: Path,
    target: Path,
    appearance: Appearance | None,
) -> None:
    async with client.log_in(base_url, username, password) as person:
        credential_id = _choose(await person.credential_ids(), wanted)
        signer = await person.signer(credential_id, _ask)
        await client.sign_file(signer, source, target, appearance)


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
