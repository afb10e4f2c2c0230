"""`csc-server sign`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from PIL import Image

from tests import service
from tests.csc_server.api.conftest import World, world  # noqa: F401 - the running service
from tests.csc_server.commands.cli import run
from tests.service import PASSWORD, PIN

SAMPLE = Path(service.__file__).parent.parent / "csc_server" / "commands" / "sample.pdf"


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


def test_sign_where_it_is_seen(world: World, tmp_path: Path) -> None:  # noqa: F811
    """The name of the certificate and a picture on the page; what cannot be shown is said."""
    alice = world.people["alice"]
    where = world.service.settings.instance
    pdf, picture = tmp_path / "contract.pdf", tmp_path / "name.png"
    pdf.write_bytes(SAMPLE.read_bytes())
    Image.new("L", (40, 20)).save(picture)
    words = ["sign", str(pdf), "--username", "alice", "--credential"]
    words += [alice.credentials["pin-p256"], "--picture", str(picture), "--language", "ro"]
    typed = f"{PASSWORD}\n{PIN}\n"
    status, said = run(where, *words, "--visible", "1,50,50,200,60", stdin=typed)
    assert status == 0, said
    signed = tmp_path / "contract.signed.pdf"
    text = subprocess.run(["pdftotext", signed, "-"], capture_output=True, text=True, check=True)
    assert "Semnat de:" in text.stdout
    images = subprocess.run(["pdfimages", "-list", signed], capture_output=True, check=True)
    assert len(images.stdout.splitlines()) == 3  # two of them the heading
    for place, reason in (("2,50,50,200,60", "not lie on a page"), ("1,50,50", "five numbers")):
        status, said = run(where, *words, "--visible", place, stdin=typed)
        assert status == 2
        assert reason in said
    picture.write_bytes(b"GIF89a")
    status, said = run(where, *words, "--visible", "1,50,50,200,60", stdin=typed)
    assert status == 2
    assert "no PNG or JPEG" in said


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
