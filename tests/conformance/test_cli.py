"""The command line: exit codes, reports, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import cli
from conformance.model import Verdict
from conformance.report import json_file
from tests.conformance import made_up
from tests.conformance.reference import accounts, serve

PROFILE = f"""
name = "Reference"
[service]
kind = "basic"
username = "alice"
password = "env:CSC_PASSWORD"
[approval]
pin = "{accounts.PIN}"
"""


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile of the reference server that takes the password from the environment."""
    monkeypatch.setenv("CSC_PASSWORD", accounts.USERS["alice"])
    file = tmp_path / "reference.toml"
    file.write_text(PROFILE)
    return str(file)


@pytest.fixture
def nobody() -> Iterator[str]:
    """A base URL at which nobody listens: the port is taken, and does not."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/csc/v2"


async def _main(*arguments: str) -> int:
    return await asyncio.to_thread(cli.main, arguments)


async def test_a_server_without_a_fault(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, the verdict on the terminal, and three files that agree with it."""
    files = {kind: tmp_path / f"report.{kind}" for kind in ("json", "junit", "html")}
    outputs = [part for kind, file in files.items() for part in (f"--{kind}", str(file))]
    async with serve() as running:
        code = await _main(running.v2_url, "--profile", profile, "--only", "info.*", *outputs)
    assert code == cli.FINE
    text = capsys.readouterr().out
    assert "v2.1.0.1: " in text
    report = json_file.read(files["json"])
    passes = report.count(Verdict.PASS)
    assert f"Reference passes {passes} checks and fails none." in text
    root = ET.parse(files["junit"]).getroot()  # noqa: S314 - our own document
    assert int(root.get("tests", "")) == sum(len(run.results) for run in report.runs)
    assert "No failure found" in files["html"].read_text()


async def test_a_server_with_a_fault(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, the check by name; a comparison with the run before says what broke."""
    before, after = str(tmp_path / "before.json"), str(tmp_path / "after.json")
    common = ("--profile", profile, "--only", "info.*", "--json")
    async with serve() as running:
        assert await _main(running.v2_url, *common, before) == cli.FINE
    async with serve(frozenset({"info-name-missing"})) as running:
        assert await _main(running.v2_url, *common, after) == cli.FAILED
    assert "info.name" in capsys.readouterr().out
    assert await _main("--compare", before, after) == cli.FAILED
    assert "1 newly failing." in capsys.readouterr().out
    assert await _main("--compare", after, before) == cli.FINE


async def test_quiet_is_the_verdict(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines: the verdict, and the numbers."""
    async with serve() as running:
        await _main(running.v1_url, "--profile", profile, "--only", "info.*", "--quiet")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("fails none.")


async def test_the_command_line_goes_before_the_profile(profile: str, tmp_path: Path) -> None:
    """Version, requests and seconds are those that were typed."""
    file = tmp_path / "report.json"
    async with serve() as running:
        await _main(
            *(running.v1_url, running.v2_url, "--profile", profile, "--json", str(file)),
            *("--version-of-api", "2.0.0.2", "--requests", "7", "--seconds", "60", "--read-only"),
        )
    report = json.loads(file.read_text())
    assert [run["version"] for run in report["runs"]] == ["2.0.0.2"]
    assert report["requests"] == 7
    assert "budget of 7 requests" in file.read_text()


async def test_a_version_that_no_url_speaks(
    profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing to check is no success."""
    async with serve() as running:
        arguments = (running.v2_url, "--profile", profile, "--version-of-api", "1.0.4.0")
        assert await _main(*arguments) == cli.NOT_RUN
    assert "no base URL speaks a version" in capsys.readouterr().err


def test_nobody_there(nobody: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that is not there is not a server that fails."""
    assert cli.main([nobody]) == cli.NOT_RUN
    assert f"nobody answers at {nobody}: Connect call failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "no base URL"),
        (["ftp://host/csc/v2"], "is no URL of a server"),
        (["https:///csc/v2"], "is no URL of a server"),
        (["http://127.0.0.1:99999/csc/v2"], "nobody answers"),
        (["--only", "nothing.*", "--list"], "no check is called nothing.*"),
        (["--explain", "nothing"], "no check is called nothing"),
        (["--profile", "no-such", "http://127.0.0.1/csc/v2"], "no-such"),
        (["--compare", "no-such.json", "no-such.json"], "no-such.json cannot be read"),
        (["http://127.0.0.1:9/csc/v2", "--json", "no/such/report.json"], "there is no directory"),
    ],
)
def test_what_cannot_be_run(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and one line that says why."""
    assert cli.main(arguments) == cli.NOT_RUN
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--seconds", "0"],
        ["--requests", "-1"],
        ["--requests", "many"],
        ["--version-of-api", "3.0.0.0"],
        ["--list", "--explain", "info.name"],
        ["--password", "hunter2"],
    ],
)
def test_a_command_line_that_is_wrong(arguments: list[str]) -> None:
    """Refused with exit code 2; a secret has no option at all."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == cli.NOT_RUN


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.PASS, cli.FINE),
        (Verdict.WARN, cli.FINE),
        (Verdict.NOT_APPLICABLE, cli.FINE),
        (Verdict.FAIL, cli.FAILED),
        (Verdict.NOT_RUN, cli.NOT_RUN),
    ],
)
def test_the_exit_code_follows_the_verdict(verdict: Verdict, code: int) -> None:
    """Nothing tried proves nothing: it is no success."""
    assert cli.exit_code(made_up.only(verdict)) == code


def test_list_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither needs a server; --list obeys --only and --version-of-api."""
    assert cli.main(["--list", "--only", "info.*", "--version-of-api", "1.0.4.0"]) == cli.FINE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("info.answers ")
    assert lines[-1] == f"{len(lines) - 1} checks"
    assert all("1.0" in line for line in lines[:-1])
    assert cli.main(["--explain", "info.name"]) == cli.FINE
    assert "to change" in capsys.readouterr().out


def test_the_module_runs_in_a_terminal_without_unicode(tmp_path: Path) -> None:
    """`python -m conformance` writes escapes where characters are missing, not a traceback."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    json_file.write(made_up.only(Verdict.PASS), old)
    text = json_file.dumps(made_up.only(Verdict.FAIL)).replace("Found so.", "Găsit.")
    new.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "--compare", str(old), str(new)],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        check=False,
    )
    assert done.returncode == cli.FAILED, done.stderr
    assert b"G\\u0103sit." in done.stdout
