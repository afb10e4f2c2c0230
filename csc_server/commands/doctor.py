"""`csc-server doctor`: is this instance in order? One line per look, exit status 1 when not."""

from __future__ import annotations

import argparse
import asyncio
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from csc_server import storage
from csc_server.commands import audit, basics, common
from csc_server.config import Settings
from csc_server.ports import StorageUnavailable
from hsm import errors as hsm


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    good: bool
    text: str


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="check the instance, the HSM and the audit log")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything."""
    settings = basics.settings_of(arguments)
    findings = asyncio.run(_all(settings))
    for finding in findings:
        print(f"{'ok  ' if finding.good else 'FAIL'}  {finding.text}")
    if "softhsm" in str(settings.pkcs11.module).lower():
        print("note  SoftHSM keeps keys in files: fit for development and tests, never qualified.")
    return 0 if all(finding.good for finding in findings) else 1


async def _all(settings: Settings) -> list[Finding]:
    findings = [_private(settings.path(path)) for path in _secret_files(settings)]
    try:
        outdated = await storage.pending(settings.database)
    except StorageUnavailable as reason:
        return [*findings, Finding(False, f"the database does not answer: {reason}")]
    findings.append(Finding(not outdated, "the database has this version's tables"))
    if outdated:
        return findings
    findings += [finding async for finding in _device_and_store(settings)]
    return findings


def _secret_files(settings: Settings) -> list[Path]:
    pins = [settings.pkcs11.service_pin_file, settings.pkcs11.signers_pin_file]
    return [Path(), *pins]


def _private(path: Path) -> Finding:
    if not path.exists():
        return Finding(False, f"{path} is missing")
    others = stat.S_IMODE(path.stat().st_mode) & 0o077
    return Finding(others == 0, f"only its owner can read {path}")


async def _device_and_store(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with common.administration(settings) as opened:
            lacks = await opened.device.capabilities()
            yield Finding(not lacks, "; ".join(lacks) or "the PKCS#11 module has what is needed")
            alive = opened.device.health().last_canary_at is not None
            yield Finding(alive, "a canary key in the HSM signs and its signature verifies")
            await opened.store.ping()
            yield Finding(True, "the database answers")
        report = await audit.verify_log(settings)
    except (
        hsm.HsmError,
        StorageUnavailable,
        storage.DatabaseRolledBack,
        storage.WitnessBroken,
    ) as reason:
        yield Finding(False, f"{type(reason).__name__}: {reason}")
        return
    bad = report.finding
    text = "" if bad is None else f", broken at record {bad.seq}: {bad.reason}"
    yield Finding(bad is None, f"the audit log has {report.records} good records{text}")
