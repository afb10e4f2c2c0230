"""The command line: what to check, how, and where the reports go.

Secrets never come from here, where every process list shows them: a profile names an environment
variable or a file. Exit codes: 0 nothing failed, 1 something failed, 2 the suite could not run.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from rich.console import Console

from conformance import __version__, profile, registry, runner
from conformance.errors import BadProfile
from conformance.model import Check, Report, Verdict, Version
from conformance.profile import Profile
from conformance.report import compare, explain, html, json_file, junit, terminal

Write = Callable[[Report, Path], None]
FINE: Final = 0
FAILED: Final = 1
NOT_RUN: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what ``arguments`` (by default of the process) say; the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that knows no Unicode gets escapes, not a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    out = terminal.console(sys.stdout)
    try:
        return _do(options, out)
    except (BadProfile, OSError) as error:
        sys.stderr.write(f"csc-conformance: {error}\n")
        return NOT_RUN
    except KeyboardInterrupt:
        sys.stderr.write("csc-conformance: stopped before the end\n")
        return NOT_RUN


def _do(options: argparse.Namespace, out: Console) -> int:
    if options.compare:
        changes = compare.compare(*(json_file.read(Path(file)) for file in options.compare))
        compare.show(changes, out)
        return FAILED if compare.fails(changes) else FINE
    if options.explain:
        for check in registry.chosen([options.explain]):
            explain.show(check, out)
        return FINE
    checks = registry.chosen(options.only)
    if options.list:
        explain.listing(_of(checks, _versions(options)), out)
        return FINE
    report = _run(_profile(options), checks, options, out)
    for file, write in _outputs(options):
        write(report, file)
    (terminal.verdict_line if options.quiet else terminal.show)(report, out)
    return exit_code(report)


def _run(
    target: Profile, checks: Sequence[Check], options: argparse.Namespace, out: Console
) -> Report:
    for file, _ in _outputs(options):
        if not file.parent.is_dir():
            raise BadProfile(f"{file}: there is no directory {file.parent}")
    asked = target.approval.ask_otp or target.oauth.browser == "local"
    log = terminal.console(io.StringIO()) if options.quiet else out

    async def run() -> Report:
        await _there(target)
        with terminal.Watch(log, live=not asked) as watch:
            return await runner.run(target, checks, watch)

    report = asyncio.run(run())
    if not report.runs:
        raise BadProfile("no base URL speaks a version that was asked for")
    return report


async def _there(target: Profile) -> None:
    """Somebody listens at each base URL. What is said there is for the checks to judge.

    Raises:
        BadProfile: Nobody does.
    """
    for url in target.urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadProfile(f"{url} is no URL of a server")
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            async with asyncio.timeout(target.limits.request_seconds):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or "no answer in time"
            raise BadProfile(f"nobody answers at {url}: {reason}") from error
        writer.close()


def _profile(options: argparse.Namespace) -> Profile:
    """The profile, with what the command line says otherwise."""
    found = profile.load(options.profile) if options.profile else Profile()
    limits = found.limits
    return replace(
        found,
        urls=tuple(options.urls) or found.urls,
        versions=_versions(options) or found.versions,
        read_only=found.read_only or options.read_only,
        limits=replace(
            limits,
            requests=options.requests or limits.requests,
            seconds=options.seconds or limits.seconds,
        ),
    )


def _versions(options: argparse.Namespace) -> tuple[Version, ...]:
    return tuple(Version(text) for text in options.version_of_api)


def _of(checks: Sequence[Check], versions: Sequence[Version]) -> tuple[Check, ...]:
    wanted = set(versions or Version)
    return tuple(check for check in checks if wanted & set(check.versions))


def _outputs(options: argparse.Namespace) -> list[tuple[Path, Write]]:
    named: list[tuple[str | None, Write]] = [
        (options.json, json_file.write),
        (options.junit, junit.write),
        (options.html, html.write),
    ]
    return [(Path(file), write) for file, write in named if file]


def exit_code(report: Report) -> int:
    """What a script is told."""
    if report.count(Verdict.FAIL):
        return FAILED
    tried = report.count(Verdict.PASS) + report.count(Verdict.WARN)
    # Nothing tried proves nothing: a script must not take it for a pass.
    return NOT_RUN if not tried and report.count(Verdict.NOT_RUN) else FINE


def parser() -> argparse.ArgumentParser:
    """Everything that the command line may say."""
    known = argparse.ArgumentParser(
        prog="csc-conformance",
        description="Check a server of the CSC API (v1.0.4.0, v2.0.0.2, v2.1.0.1) by clause.",
        epilog="Exit codes: 0 nothing failed, 1 something failed, 2 the suite could not run. "
        "Secrets stand in the profile as env:NAME or file:PATH, never on the command line.",
    )
    known.add_argument(
        "urls", nargs="*", metavar="URL", help="base URL, ending in /csc/v1 or /csc/v2"
    )
    included = ", ".join(profile.included())
    known.add_argument(
        "--profile", metavar="FILE|NAME", help=f"TOML file, or an included one: {included}"
    )
    known.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only checks whose id matches, for example 'sign-hash.*'; may be repeated",
    )
    known.add_argument("--read-only", action="store_true", help="never authorize and never sign")
    known.add_argument(
        "--version-of-api",
        action="append",
        default=[],
        choices=[version.value for version in Version],
        help="hold the server to this version; may be repeated (default: what info announces)",
    )
    known.add_argument("--requests", type=_positive, metavar="N", help="send at most N requests")
    known.add_argument("--seconds", type=_positive, metavar="N", help="take at most N seconds")
    known.add_argument("--json", metavar="FILE", help="write the report as JSON")
    known.add_argument("--junit", metavar="FILE", help="write the report as JUnit XML")
    known.add_argument("--html", metavar="FILE", help="write the report as one HTML page")
    known.add_argument("--quiet", action="store_true", help="print the verdict only")
    known.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    other = known.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="list the checks")
    other.add_argument("--explain", metavar="CHECK-ID", help="explain one check")
    other.add_argument(
        "--compare", nargs=2, metavar=("OLD", "NEW"), help="what changed between two JSON reports"
    )
    return known


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("has to be a whole number above 0")
    return int(text)
