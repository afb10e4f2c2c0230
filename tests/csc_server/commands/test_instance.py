"""`csc-server init`, `doctor` and what stops a start."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests import service
from tests.csc_server.api.conftest import World, world  # noqa: F401 - the running service
from tests.csc_server.commands.cli import run


def test_init_is_repeatable_and_private(instance: Path) -> None:
    """A second run changes no key and no PIN; nobody else can read the secrets."""
    before = {path: path.read_bytes() for path in instance.glob("secrets/*")}
    assert run(instance, "init")[0] == 0
    assert {path: path.read_bytes() for path in instance.glob("secrets/*")} == before
    for path in [instance, *before]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_doctor_and_audit(instance: Path) -> None:
    """A healthy instance passes; a changed record is named, by both."""
    assert run(instance, "doctor")[0] == 0
    assert run(instance, "audit", "verify")[0] == 0
    database = instance / "paraph.sqlite"
    kept = database.read_bytes()
    subprocess.run([sys.executable, "-c", _TAMPER, str(database)], check=True, capture_output=True)
    status, told = run(instance, "audit", "verify")
    assert (status, "broken at record 2" in told) == (1, True)
    assert run(instance, "doctor")[0] == 1
    database.write_bytes(kept)


_TAMPER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("UPDATE audit SET body = replace(body, 'operator', 'operatot') WHERE seq = 2")
database.commit()
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
database.close()
"""


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PARAPH_PROT": "1"}, "PARAPH_PROT: no such setting"),
        ({"PARAPH_PORT": "many"}, "port"),
        ({"PARAPH_PORT": "70000"}, "port"),
    ],
)
def test_bad_configuration_refuses_to_start(
    instance: Path, variables: dict[str, str], told: str
) -> None:
    """Unknown keys and values out of range, named."""
    status, text = run(instance, "run", **variables)
    assert status == 2
    assert told in text


def test_unknown_keys_in_the_file_refuse_to_start(tmp_path: Path) -> None:
    """A misspelt key is not silently nothing."""
    (tmp_path / "paraph.toml").write_text("prot = 1\n")
    status, text = run(tmp_path, "run")
    assert (status, "prot" in text) == (2, True)


def test_a_taken_port_is_said(world: World, instance: Path) -> None:  # noqa: F811
    """With the variable that chooses another."""
    status, text = run(instance, "run", PARAPH_PORT=str(world.service.settings.port))
    assert status == 2
    assert "PARAPH_PORT" in text


def test_a_database_of_an_older_version_is_not_served(tmp_path: Path) -> None:
    """Exit status 78 and what to do, not a loop of restarts."""
    settings = service.create_instance(tmp_path / "instance")
    with sqlite3.connect(settings.path(Path("paraph.sqlite"))) as database:
        database.execute("DELETE FROM alembic_version")
    database.close()
    status, text = run(settings.instance, "run")
    assert status == 78
    assert "csc-server init" in text


def test_a_wrong_hsm_pin_is_tried_once(tmp_path: Path) -> None:
    """Exit status 78: a few wrong tries lock a token, so nothing starts again by itself."""
    settings = service.create_instance(tmp_path / "instance")
    settings.path(settings.pkcs11.signers_pin_file).write_text("000000")
    status, text = run(settings.instance, "run")
    assert status == 78
    assert "PinRefused" in text
