"""`csc-server` as a person uses it: real commands in real processes."""

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

from tests import service
from tests.csc_server.api.conftest import World, world  # noqa: F401 - the running service
from tests.ports import free_port
from tests.service import PASSWORD, PIN

SAMPLE = Path(service.__file__).parent.parent / "csc_server" / "commands" / "sample.pdf"


def run(instance: Path, *words: str, stdin: str = "", **variables: str) -> tuple[int, str]:
    """Exit status and everything printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PARAPH_")}
    ended = subprocess.run(
        [sys.executable, "-m", "csc_server", "--instance", str(instance), *words],
        input=stdin,
        text=True,
        capture_output=True,
        env=environment | variables,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new instance, made by `init`."""
    directory = tmp_path_factory.mktemp("cli") / "instance"
    assert run(directory, "init")[0] == 0
    return directory


def test_init_is_repeatable_and_private(instance: Path) -> None:
    """A second run changes no key and no PIN; nobody else can read the secrets."""
    before = {path: path.read_bytes() for path in instance.glob("secrets/*")}
    assert run(instance, "init")[0] == 0
    assert {path: path.read_bytes() for path in instance.glob("secrets/*")} == before
    for path in [instance, *before]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_people_and_credentials(instance: Path) -> None:
    """create, pair, credential create, list, disable, suspend, unlock; mistakes are explained."""
    assert run(instance, "account", "create", "ana", stdin=PASSWORD + "\n")[0] == 0
    again = run(instance, "account", "create", "ana", stdin=PASSWORD + "\n")
    assert again == (2, "csc-server: ana exists already\n")
    status, told = run(instance, "credential", "create", "ana", "--given-name", "Ana")
    assert status == 2
    assert "account pair ana" in told
    assert "TOTP secret: " in run(instance, "account", "pair", "ana")[1]
    status, told = run(instance, "credential", "create", "ana", "--given-name", "Ana")
    assert status == 0
    credential = told.split()[-1].rstrip(".")
    weak = run(
        instance, "credential", "create", "ana", "--given-name", "A", "--pin", stdin="123456\n"
    )
    assert weak[0] == 2
    by_sms = ("credential", "create", "ana", "--given-name", "A", "--sms")
    assert run(instance, *by_sms)[0] == 2
    status, told = run(instance, *by_sms, "--pin", stdin="493817\n")
    assert status == 2
    assert "no phone number" in told
    assert run(instance, "credential", "disable", credential)[0] == 0
    assert "disabled" in run(instance, "credential", "list", "ana")[1]
    assert run(instance, "account", "suspend", "ana")[0] == 0
    assert "suspended" in run(instance, "account", "list")[1]
    assert run(instance, "account", "unlock", "ana")[0] == 0
    for _ in range(2):
        credited = run(instance, "account", "credit", "ana", "200", "package 1")
        assert credited == (0, "ana has 200 of 200 left.\n")
    differs = "csc-server: package 1 was used for another credit\n"
    assert run(instance, "account", "credit", "ana", "5", "package 1") == (2, differs)
    assert run(instance, "account", "credit", "ana", "0", "package 2")[0] == 2
    assert run(instance, "account", "unlock", "ghost") == (2, "csc-server: no account ghost\n")


def test_a_profile_for_the_pages(instance: Path) -> None:
    """With the account or later, shown, corrected; every mistake is named, nothing half done."""
    whole = ["--first-name", "Ion", "--last-name", "Pop", "--email", "Ion@example.ro"]
    number = ["--phone", "+40 722 000 111"]
    status, told = run(instance, "account", "create", "ion", *whole, stdin=PASSWORD + "\n")
    assert (status, told) == (2, "csc-server: --phone: missing\n")
    abroad = run(instance, "account", "create", "ion", *whole, "--phone", "+33612345678")
    assert abroad == (2, "csc-server: --phone: country\n")
    assert run(instance, "account", "create", "ion", *whole, *number, stdin=PASSWORD + "\n")[0] == 0
    told = run(instance, "account", "profile", "ion")[1]
    assert told == "Ion Pop, Ion@example.ro, +40722000111\n"
    assert run(instance, "account", "create", "later", stdin=PASSWORD + "\n")[0] == 0
    assert "later has no profile" in run(instance, "account", "profile", "later")[1]
    assert run(instance, "account", "profile", "later", "--email", "x@example.ro")[0] == 2
    taken = run(instance, "account", "profile", "later", *whole, *number)
    assert taken == (2, "csc-server: the mail address belongs to another account\n")
    whole[-1] = "later@example.ro"
    assert run(instance, "account", "profile", "later", *whole, *number)[0] == 0
    changed = run(instance, "account", "profile", "later", "--last-name", "Popa")
    assert changed == (0, "Ion Popa, later@example.ro, +40722000111\n")


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


def test_sign_a_pdf_and_another_file(world: World, tmp_path: Path) -> None:  # noqa: F811
    """PDF: signed inside. Anything else: a .p7s that OpenSSL verifies."""
    alice = world.people["alice"]
    where = world.service.settings.instance
    note = tmp_path / "note.txt"
    note.write_text("hello\n")
    pdf = tmp_path / "contract.pdf"
    pdf.write_bytes(SAMPLE.read_bytes())
    for file in (pdf, note):
        words = ["sign", str(file), "--username", "alice"]
        chosen = ["--credential", alice.credentials["pin-p256"]]
        status, text = run(where, *words, *chosen, stdin=f"{PASSWORD}\n{PIN}\n")
        assert status == 0, text
    said = subprocess.run(
        ["pdfsig", "-nocert", tmp_path / "contract.signed.pdf"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Signature is Valid" in said.stdout
    verify = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER"]
    root = _pem(world, tmp_path)
    files = ["-in", f"{note}.p7s", "-content", str(note), "-CAfile", str(root)]
    subprocess.run([*verify, *files, "-out", os.devnull], check=True, capture_output=True)


def test_sign_says_what_is_missing(world: World, tmp_path: Path) -> None:  # noqa: F811
    """Several credentials: which ones; a wrong password: the service's words."""
    note = tmp_path / "note.txt"
    note.write_text("hello\n")
    where = world.service.settings.instance
    several = run(where, "sign", str(note), "--username", "alice", stdin=f"{PASSWORD}\n")
    wrong = run(where, "sign", str(note), "--username", "alice", stdin="wrong\n")
    assert several[0] == wrong[0] == 2
    assert "--credential" in several[1]
    assert "An error occurred during authentication process" in wrong[1]


def _pem(world: World, directory: Path) -> Path:  # noqa: F811
    der = world.service.settings.path(Path("ca/root.der"))
    pem = directory / "root.pem"
    subprocess.run(["openssl", "x509", "-inform", "DER", "-in", der, "-out", pem], check=True)
    return pem


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """What two runs of `make run` in one instance printed."""
    directory = tmp_path_factory.mktemp("demo") / "instance"
    port = str(free_port())
    return directory, [_demo(directory, port), _demo(directory, port)]


def _demo(directory: Path, port: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PARAPH_")}
    printed = directory.parent / f"printed-{time.monotonic_ns()}"
    with printed.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "csc_server", "demo", "--instance", str(directory)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment | {"PARAPH_PORT": port},
        )
        deadline = time.monotonic() + 90
        while b"Ctrl-C stops it" not in printed.read_bytes():
            assert running.poll() is None, printed.read_text()
            assert time.monotonic() < deadline, printed.read_text()
            time.sleep(0.1)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/csc/v1/info").close()
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
    _demo(directory, str(free_port()))
    assert "+40700000000" in run(directory, "account", "profile", "demo")[1]
    assert json.loads((directory / "demo.json").read_text())["account"]["email"]
