"""`csc-server validate`: outcomes, exit status, and what hostile files get. Real processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from csc_server.__main__ import main
from tests.ades.validation import scribe
from tests.ades.validation.authority import HOUR, T0, authority
from tests.csc_server.commands.cli import run

Validate = Callable[..., tuple[int, str]]
AT = ["--at", (T0 + HOUR).isoformat()]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A directory with the root's certificate, and no instance."""
    root = authority().root.certificate.public_bytes(Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(root)
    return tmp_path


@pytest.fixture
def validate(desk: Path, capsys: pytest.CaptureFixture[str]) -> Validate:
    """Exit status and text of validating these bytes, in this process and a desk of its own."""

    def validated(document: bytes, *words: str) -> tuple[int, str]:
        (desk / "file").write_bytes(document)
        trusted = ["--anchor", str(desk / "root.pem"), *AT]
        return called(capsys, desk / "none", str(desk / "file"), *trusted, *words)

    return validated


def called(capsys: pytest.CaptureFixture[str], instance: Path, *words: str) -> tuple[int, str]:
    """Exit status and everything printed."""
    status = main(["--instance", str(instance), "validate", *words])
    said = capsys.readouterr()
    return status, said.out + said.err


def test_passed_is_0_and_said_in_words_and_json(desk: Path, validate: Validate) -> None:
    """The text names signer, times, level and anchor; JSON has them all."""
    (desk / "file").write_bytes(scribe.leveled("B-LTA"))
    words = [str(desk / "file"), "--anchor", str(desk / "root.pem"), *AT]
    status, told = run(desk / "none", "validate", *words)
    assert status == 0, told
    assert told.startswith("file: TOTAL-PASSED\n")
    for part in ("PAdES B-LTA", "Common Name: Alice", "existed by:", "anchor: Common Name: Root"):
        assert part in told
    status, told = validate(scribe.leveled("B-LTA"), "--json")
    found = json.loads(told)
    assert (status, found["report_version"], found["indication"]) == (0, 1, "TOTAL-PASSED")
    assert found["signatures"][0]["level"] == "B-LTA"


def test_failed_and_indeterminate(validate: Validate) -> None:
    """1 and 2, with their sentences."""
    tampered = bytearray(scribe.leveled("B-LT"))
    tampered[11] ^= 1
    status, told = validate(bytes(tampered))
    assert (status, "The document is not the one that was signed." in told) == (1, True)
    status, told = validate(scribe.leveled("B-B"))
    assert status == 2
    assert "Whether a certificate is revoked is not known. (status_unknown)" in told


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"text", "The file is neither a PDF nor a signature."),
        (scribe.PDF, "file: no signature"),
        (b"%PDF-1.7 and no more", "The document is broken"),
    ],
)
def test_unreadable(validate: Validate, document: bytes, sentence: str) -> None:
    """3, one sentence, no traceback."""
    status, told = validate(document)
    assert (status, sentence in told, told.count("\n")) == (3, True, 1)


def test_a_detached_signature_and_given_evidence(desk: Path, validate: Validate) -> None:
    """With its original, issuer's list and answers; without the original it is not known."""
    pki, content = authority(), b"contract"
    (desk / "content").write_bytes(content)
    (desk / "crl").write_bytes(pki.evidence().crls[0].dump())
    (desk / "ocsp").write_bytes(pki.answer(pki.alice, T0))
    given = ["--evidence", str(desk / "crl"), "--evidence", str(desk / "ocsp")]
    signature = scribe.p7s(content)
    status, told = validate(signature, "--original", str(desk / "content"), *given)
    assert (status, "CAdES B-B" in told) == (0, True), told
    status, told = validate(signature, *given)
    assert (status, "original_missing" in told) == (2, True)


def test_words_that_make_no_sense(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing files, times that are none."""
    missing = called(capsys, desk / "none", str(desk / "nothing"))
    assert missing == (3, f"csc-server: {desk / 'nothing'}: No such file or directory\n")
    (desk / "file").write_bytes(b"x")
    for at, told in (("2027-01-01T00:00:00", "names no time zone"), ("tomorrow", "is no time")):
        status, text = called(capsys, desk / "none", str(desk / "file"), "--at", at)
        assert (status, told in text) == (3, True), text


def test_an_anchor_that_is_none(desk: Path, validate: Validate) -> None:
    """Said as such, and nothing is trusted by mistake."""
    (desk / "other").write_bytes(b"no certificate")
    status, told = validate(scribe.leveled("B-B"), "--anchor", str(desk / "other"))
    assert (status, "neither PEM nor DER" in told) == (3, True)


def test_the_instance_is_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its root is an anchor, and what its authority publishes is evidence."""
    pki = authority()
    (tmp_path / "paraph.toml").write_text("")
    for name, content in {
        "ca/root.der": pki.root.der,
        "ca/issuing.der": pki.issuing.der,
        "public/root.crl": pki.evidence().crls[0].dump(),
        "public/issuing.crl": pki.evidence().crls[1].dump(),
        "file": scribe.leveled("B-B"),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    status, told = called(capsys, tmp_path, str(tmp_path / "file"), *AT)
    assert (status, "PAdES B-B" in told) == (0, True), told
