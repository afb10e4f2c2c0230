"""`csc-server audit`: is the audit log whole?"""

from __future__ import annotations

import argparse
import asyncio

from csc_server import storage
from csc_server.commands import basics, common
from csc_server.config import Settings
from hsm.interface import AUDIT_KEY
from policies.algorithms import KeyAlgorithm


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser("audit", help="verify")
    words = parser.add_subparsers(required=True, metavar="WORD")
    verify = words.add_parser("verify", help="check every record of the audit log")
    verify.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)
    report = asyncio.run(verify_log(settings))
    if report.finding is None:
        print(f"The audit log is whole: {report.records} records.")
        return 0
    print(f"The audit log is broken at record {report.finding.seq}: {report.finding.reason}")
    return 1


async def verify_log(settings: Settings) -> storage.AuditReport:
    """Walk the whole log, against the database, the journals and the signed checkpoints."""
    async with common.administration(settings) as opened:
        public_key = await opened.device.service_key(AUDIT_KEY, KeyAlgorithm.P_256)
    directory = settings.path(common.AUDIT)
    return await storage.verify_audit(
        settings.database,
        journals=sorted(directory.glob("head-*")),
        checkpoints=sorted(directory.glob("checkpoints-*.jsonl")),
        audit_key=public_key,
    )
