"""What waits for a person's approval: the list, the page, and the whole way with a real program."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from playwright.sync_api import Browser, BrowserContext, Page, expect

from policies import errors
from policies.secret import Otp, Pin
from tests.csc_server.pages import customers, programs, stage
from tests.csc_server.pages.customers import Customer
from tests.csc_server.pages.mailbox import Mailbox
from tests.csc_server.pages.reader import Reader
from tests.csc_server.pages.stage import StageServer
from tests.csc_server.pages.test_journey import heading, press
from tests.csc_server.pages.test_programs import WRONG
from tests.csc_server.pages.test_settings import pair
from tests.service import PIN, Service

DIGEST = hashlib.sha256(b"contract 17").digest()
SHA256 = "2.16.840.1.101.3.4.2.1"


@pytest.fixture(scope="module")
def server() -> Iterator[StageServer]:
    """The stage."""
    with StageServer(programs.credential()).running() as running:
        yield running


@pytest.fixture
def page(server: StageServer, browser: Browser) -> Iterator[Page]:
    """A browser in which Andreea is signed in."""
    context = browser.new_context(base_url=server.url, locale="en-GB")
    context.add_cookies([server.cookie(stage.KEY)])  # type: ignore[list-item]  # a plain dict
    server.reset()
    yield context.new_page()
    context.close()


@pytest.fixture
def reader(server: StageServer) -> Reader:
    """The same without script."""
    server.reset()
    opened = Reader(server.url)
    opened.cookies["sid"] = stage.KEY.value
    return opened


@pytest.mark.parametrize(
    ("request_id", "title"),
    [
        ("unnamed", "Approve 2 signatures"),
        ("pin", "Approve 2 signatures"),
        ("none", "No certificate can sign this"),
        ("gone", "This request is over"),
    ],
)
def test_every_request_can_be_read(page: Page, request_id: str, title: str) -> None:
    """The page of the authorization server: who asks, hashes, certificate, PIN and code."""
    page.goto(f"/approval?request={request_id}")
    heading(page, title)


def test_the_list(page: Page, server: StageServer) -> None:
    """Who asks for how much, until when; an empty list says how one would learn of a request."""
    page.goto("/approvals")
    heading(page, "Approvals")
    expect(page.get_by_role("heading", level=2)).to_have_text(
        [
            "Contab Pro <b>evil</b>",
            "A program signed in with your password",
            "Paraph for the desktop",
        ]
    )
    page.get_by_role("link", name="Look at it Contab Pro").click()
    heading(page, "Approve 2 signatures")
    press(page, "Refuse")
    heading(page, "Approvals")
    expect(page.get_by_role("status").first).to_contain_text("Nothing was signed.")
    assert server.approvals.answers == [("refuse", "named", {})]
    server.approvals.requests.clear()
    page.goto("/approvals?approved=1")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()


def test_pin_and_code_go_to_the_verb(reader: Reader, server: StageServer) -> None:
    """With the request; the person ends on the list, and the form leads nowhere else."""
    page = reader.get("/approval?request=pin")
    assert "form-action 'self';" in str(page.headers["Content-Security-Policy"])
    form = page.form("/approval")
    typed = {"do": "approve", "pin": "1234", "code": "123 456"}
    answer = reader.post("/approval", form.fields | typed)
    assert answer.location == "/approvals?approved=1"
    [(verb, request_id, given)] = server.approvals.answers
    assert (verb, request_id) == ("approve", "pin")
    assert given == {"pin": Pin("1234"), "otp": Otp("123456")}


def test_a_strangers_words_are_text(reader: Reader) -> None:
    """The description is shown as what the program says, without its markup."""
    page = reader.get("/approval?request=pin")
    assert "It says: “Contract 17 &lt;/p&gt;&lt;b&gt;now&lt;/b&gt;”" in page.text


@pytest.mark.parametrize(("refusal", "words"), WRONG, ids=lambda one: type(one).__name__)
def test_a_refused_code_keeps_the_list(
    reader: Reader, server: StageServer, refusal: errors.Refused, words: str
) -> None:
    """422, why in words, and what was to be approved still stands there."""
    page = reader.get("/approval?request=pin")
    server.approvals.refusal = refusal
    answer = reader.post("/approval", page.form("/approval").fields | {"do": "approve"})
    assert answer.status == 422
    assert words in answer.text
    assert "Loan agreement 4471.pdf" in answer.text


def test_a_form_of_another_session_answers_nothing(reader: Reader, server: StageServer) -> None:
    """As for every form: the token is the session's."""
    forged = {"request": "pin", "do": "approve", "pin": "1234", "csrf": "x" * 43}
    assert reader.post("/approval", forged).status == 403
    assert server.approvals.answers == []


class Program:
    """A program that logged in with the person's password."""

    def __init__(self, site: Service, customer: Customer) -> None:
        self._netloc = urlsplit(site.base_url).netloc
        basic = base64.b64encode(f"{customer.email}:{customer.password}".encode()).decode()
        _, login = self("auth/login", {}, f"Basic {basic}")
        self._bearer = f"Bearer {login['access_token']}"

    def __call__(
        self, method: str, body: dict[str, Any], authorization: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """POST a CSC method of v2: status and body."""
        connection = http.client.HTTPConnection(self._netloc, timeout=15)
        headers = {
            "Content-Type": "application/json",
            "Authorization": authorization or self._bearer,
        }
        connection.request("POST", f"/csc/v2/{method}", json.dumps(body), headers)
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
        connection.close()
        return response.status, answer


def issue(site: Service, customer: Customer, certificate: Path, *options: str) -> str:
    """An operator gives the customer a credential; its identifier."""
    names = ["--given-name", "Vlad", "--surname", "Popescu"]
    words = ["credential", "create", customer.email, *names, *options]
    words += ["--certificate", str(certificate)]
    done = subprocess.run(
        [sys.executable, "-m", "csc_server", "--instance", str(site.settings.instance), *words],
        input=PIN,
        text=True,
        capture_output=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("PARAPH_")},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[2].rstrip(".")


def test_a_program_waits_for_its_person(
    context: BrowserContext, site: Service, mailbox: Mailbox, tmp_path: Path
) -> None:
    """The program asks; the person follows the mail, signs in, reads, types PIN and code; the
    program collects the SAD and signs, and the signature is the certificate's."""
    customer = customers.register(site, mailbox, "Vlad")
    customers.settle(Reader(site.base_url), customer)
    page = context.new_page()
    page.goto("/authenticator")
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Sign in")
    customer.app = pair(page, mailbox, customer)
    credential_id = issue(site, customer, tmp_path / "certificate.der", "--pin")
    program = Program(site, customer)
    digest = base64.b64encode(DIGEST).decode()
    hashed = {"hashes": [digest], "hashAlgorithmOID": SHA256}
    wish = {"credentialID": credential_id, "numSignatures": 1, "description": "Contract 17"}
    status, asked = program(
        "credentials/authorize", wish | hashed | {"authData": [{"id": "APPROVAL"}]}
    )
    assert status == 202
    page.goto(mailbox.link("approval_wanted", customer.email))
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Sign in")
    page.get_by_label("Code from your authenticator app").fill(customer.app.code())
    press(page, "Sign in")
    heading(page, "Approve one signature")
    expect(page.get_by_text("Contract 17")).to_be_visible()
    expect(page.locator(".digest").first).to_contain_text(f"{DIGEST.hex()[:4]} {DIGEST.hex()[4:8]}")
    assert program("credentials/authorizeCheck", asked) == (202, asked)
    page.get_by_label("PIN of the certificate").fill("111222")
    page.get_by_label("Code from your authenticator app").fill("000000")
    press(page, "Approve and sign one")
    page.get_by_label("PIN of the certificate").fill(PIN)
    page.get_by_label("Code from your authenticator app").fill(customer.app.code())
    press(page, "Approve and sign one")
    heading(page, "Approvals")
    page.goto("/settings")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    status, given = program("credentials/authorizeCheck", asked)
    assert status == 200
    wanted = {"credentialID": credential_id, "SAD": given["SAD"], "signAlgo": "1.2.840.10045.4.3.2"}
    status, signed = program("signatures/signHash", wanted | hashed)
    assert status == 200
    certificate = x509.load_der_x509_certificate((tmp_path / "certificate.der").read_bytes())
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signature = base64.b64decode(signed["signatures"][0])
    key.verify(signature, DIGEST, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
