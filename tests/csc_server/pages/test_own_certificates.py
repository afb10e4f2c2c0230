"""Certificates on their pages: what may be done, and what is done then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from policies import errors
from policies.revocation import Reason
from tests.csc_server.pages import papers, programs, stage
from tests.csc_server.pages.papers import VALID
from tests.csc_server.pages.reader import Reader
from tests.csc_server.pages.stage import StageServer

HERE = "/certificates"
END = f"{HERE}/end"


@pytest.fixture(scope="module")
def running() -> Iterator[StageServer]:
    """Real pages, made-up certificates."""
    with stage.StageServer(programs.credential()).running() as server:
        yield server


@pytest.fixture
def server(running: StageServer) -> StageServer:
    """As it was at the start."""
    running.reset()
    return running


def reader(server: StageServer, key: object = stage.KEY) -> Reader:
    """Andreea's browser."""
    browser = Reader(server.url)
    browser.cookies["sid"] = key.value  # type: ignore[attr-defined]  # one of the stage's keys
    return browser


@pytest.mark.parametrize(
    ("serial", "ways"),
    [
        (VALID, {"suspend", "revoke"}),
        ("e4", {"suspend", "revoke"}),
        ("e5", {"suspend", "revoke"}),
        ("e3", {"revoke"}),
        ("e2", set()),
        ("e1", set()),
    ],
)
def test_what_is_offered(server: StageServer, serial: str, ways: set[str]) -> None:
    """What can still be ended; who goes to the question all the same is led back."""
    browser = reader(server)
    page = browser.get(f"{HERE}/{serial}")
    assert {way for way in ("suspend", "revoke") if f"how={way}&amp;" in page.text} == ways
    for way in ("suspend", "revoke"):
        answer = browser.get(f"{END}?how={way}&serial={serial}")
        assert answer.status == (200 if way in ways else 303)
        assert way in ways or answer.location == f"{HERE}/{serial}"


def test_a_renewal_that_is_ordered_is_told(server: StageServer) -> None:
    """With its day; of the others nothing."""
    told = "Its renewal is ordered."
    assert told in reader(server).get(f"{HERE}/e4").text
    assert told not in reader(server).get(f"{HERE}/{VALID}").text


def test_the_file_is_the_certificate(server: StageServer) -> None:
    """To be saved under its serial number."""
    answer = reader(server).get(f"{HERE}/file/{VALID}")
    assert answer.headers["Content-Type"] == "application/pkix-cert"
    assert f'filename="certificate-{VALID}.cer"' in str(answer.headers["Content-Disposition"])


@pytest.mark.parametrize("path", [f"{HERE}/beef", f"{HERE}/file/beef", f"{END}?serial=beef"])
def test_of_nobody(server: StageServer, path: str) -> None:
    """404, as of somebody else's."""
    assert reader(server).get(path).status == 404


def test_revoked_with_a_reason(server: StageServer) -> None:
    """Not without one, nor for one that is not the person's to say."""
    browser = reader(server)
    page = browser.get(f"{END}?how=revoke&serial={VALID}")
    for reason in ("", "certificateHold", "privilegeWithdrawn", "x"):
        assert browser.submit(page, END, reason=reason).status == 422
    assert server.certificates.ended == []
    done = browser.submit(page, END, reason="keyCompromise")
    assert done.location == f"{HERE}?revoked=1"
    assert server.certificates.ended == [("revoke", VALID, Reason.KEY_COMPROMISE)]


def test_suspended(server: StageServer) -> None:
    """Without a reason; one that ended meanwhile shows how it stands."""
    browser = reader(server)
    page = browser.get(f"{END}?how=suspend&serial={VALID}")
    assert browser.submit(page, END).location == f"{HERE}?suspended=1"
    assert server.certificates.ended == [("suspend", VALID, None)]
    server.certificates.refusal = errors.CertificateNotSo("suspended")
    assert browser.submit(page, END).location == f"{HERE}/{VALID}"


def test_only_after_a_fresh_proof(server: StageServer) -> None:
    """A session whose proof is old is asked for a code first, question and answer alike."""
    browser = reader(server, stage.STALE)
    asked = f"{END}?how=revoke&serial={VALID}"
    answer = browser.get(asked)
    assert answer.location.startswith("/confirm?next=%2Fcertificates%2Fend%3F")
    filled = reader(server).get(asked).form(END).fields | {"reason": "superseded"}
    filled["csrf"] = browser.get("/settings").form("/logout").fields["csrf"]
    assert browser.post(END, filled).location.startswith("/confirm?next=")
    assert server.certificates.ended == []


def test_one_that_can_be_used_counts(server: StageServer) -> None:
    """Settings says how many there are."""
    assert len(papers.StagedCertificates(b"").lines) == 6
    assert "2 can be used." in reader(server).get("/settings").text
