"""`make run`: the demo instance."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.csc_server.api.conftest import World, world  # noqa: F401 - the running service
from tests.csc_server.commands.cli import run
from tests.ports import free_port


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """What two runs of `make run` in one instance printed."""
    directory = tmp_path_factory.mktemp("demo") / "instance"
    ports = {"PARAPH_PORT": str(free_port()), "PARAPH_PKI__PORT": str(free_port())}
    return directory, [_demo(directory, ports), _demo(directory, ports)]


def _demo(directory: Path, ports: dict[str, str]) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PARAPH_")}
    printed = directory.parent / f"printed-{time.monotonic_ns()}"
    with printed.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "csc_server", "demo", "--instance", str(directory)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment | ports,
        )
        deadline = time.monotonic() + 90
        while b"Ctrl-C stops it" not in printed.read_bytes():
            assert running.poll() is None, printed.read_text()
            assert time.monotonic() < deadline, printed.read_text()
            time.sleep(0.1)
        urllib.request.urlopen(f"http://127.0.0.1:{ports['PARAPH_PORT']}/csc/v1/info").close()
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
    return printed.read_text()


def test_make_run_proves_itself_and_keeps_its_data(demo: tuple[Path, list[str]]) -> None:
    """A signed PDF, demo.json for scripts (0600), and the same login the second time."""
    directory, printed = demo
    told = json.loads((directory / "demo.json").read_text())
    assert stat.S_IMODE((directory / "demo.json").stat().st_mode) == 0o600
    assert set(told) == {"base_url", "account", "credentials", "ca_root", "signed_pdf"}
    assert [one["algorithm"] for one in told["credentials"]] == ["RSA-3072", "P-256"]
    assert Path(told["signed_pdf"]).read_bytes().startswith(b"%PDF-")
    for text in printed:
        assert told["account"]["password"] in text
        assert told["account"]["totp_secret"] in text
        assert f"{told['base_url']}/outbox" in text
        assert "█" in text
    assert (told["account"]["email"], told["account"]["phone"]) == (
        "demo@paraph.example",
        "+40700000000",
    )


def test_the_demo_person_can_use_the_pages(demo: tuple[Path, list[str]]) -> None:
    """Also one of an earlier version, from the next start on."""
    directory, _ = demo
    assert "demo@paraph.example" in run(directory, "account", "profile", "demo")[1]
    with sqlite3.connect(directory / "paraph.sqlite") as database:
        database.execute("DELETE FROM profiles")
    database.close()
    told = json.loads((directory / "demo.json").read_text())
    del told["account"]["email"]
    (directory / "demo.json").write_text(json.dumps(told))
    ports = {"PARAPH_PORT": str(free_port()), "PARAPH_PKI__PORT": str(free_port())}
    _demo(directory, ports)
    assert "+40700000000" in run(directory, "account", "profile", "demo")[1]
    assert json.loads((directory / "demo.json").read_text())["account"]["email"]
