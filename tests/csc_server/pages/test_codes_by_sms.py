"""A code by SMS on the approval page: sent first, then typed beside the PIN. (ADR 9)"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from policies import errors
from policies.secret import Otp, Pin
from tests import service
from tests.csc_server.pages import customers, programs, stage
from tests.csc_server.pages.customers import Customer
from tests.csc_server.pages.mailbox import Mailbox
from tests.csc_server.pages.reader import Answer, Reader
from tests.csc_server.pages.stage import StageServer
from tests.csc_server.pages.test_approvals import issue
from tests.csc_server.pages.test_consent import ask, sign_in, told
from tests.csc_server.pages.test_journey import heading, press
from tests.service import PIN, Service

CREDENTIAL = "cred-alice"
BOTH_PAGES = pytest.mark.parametrize("path", ["/approve", "/approval"])
"""Of the authorization server, and out of band."""


@pytest.fixture(scope="module")
def server() -> Iterator[StageServer]:
    """The stage."""
    with StageServer(programs.credential()).running() as running:
        yield running


@pytest.fixture
def fresh(server: StageServer) -> StageServer:
    """The stage, as before any test."""
    server.codes.refusal = server.programs.refusal = server.approvals.refusal = None
    for made in (server.codes.sent, server.programs.answers, server.approvals.answers):
        made.clear()
    return server


@pytest.fixture
def page(fresh: StageServer, browser: Browser) -> Iterator[Page]:
    """A browser in which Andreea is signed in."""
    context = browser.new_context(base_url=fresh.url, locale="en-GB")
    context.add_cookies([fresh.cookie(stage.KEY)])  # type: ignore[list-item]  # a plain dict
    yield context.new_page()
    context.close()


@pytest.fixture
def reader(fresh: StageServer) -> Reader:
    """The same without script."""
    opened = Reader(fresh.url)
    opened.cookies["sid"] = stage.KEY.value
    return opened


def press_send(reader: Reader, path: str, page: Answer) -> Answer:
    """*Send the SMS code*, or *Send a new code*."""
    return reader.post(path, page.forms[-1].fields | {"do": "send"})


@BOTH_PAGES
def test_first_the_code_then_the_fields(page: Page, fresh: StageServer, path: str) -> None:
    """Nothing to type before it is sent; then PIN and code, and a way to another code."""
    page.goto(f"{path}?request=sms")
    heading(page, "Approve 2 signatures")
    expect(page.get_by_role("textbox")).to_have_count(0)
    press(page, "Send the SMS code")
    expect(page.get_by_label("Code from the SMS to +40 7•• ••• 321")).to_be_visible()
    expect(page.get_by_label("PIN of the certificate")).to_be_visible()
    expect(page.get_by_role("button", name="Send a new code")).to_be_visible()
    press(page, "Send a new code")
    expect(page.get_by_label("Code from the SMS")).to_be_visible()
    assert fresh.codes.sent == [CREDENTIAL, CREDENTIAL]


@BOTH_PAGES
def test_pin_and_code_go_to_the_verb(reader: Reader, fresh: StageServer, path: str) -> None:
    """As with a code of the app."""
    sent = press_send(reader, path, reader.get(f"{path}?request=sms"))
    form = reader.follow(sent).form(path)
    typed = {"do": "approve", "pin": "1234", "code": "123 456"}
    assert reader.post(path, form.fields | typed).status == 303
    given = (fresh.programs.answers or fresh.approvals.answers)[0][-1]
    assert (given["pin"], given["otp"]) == (Pin("1234"), Otp("123456"))


@BOTH_PAGES
@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (errors.RateLimited("x"), 429, "a moment ago, or 5 did today"),
        (errors.SmsBudgetSpent("x"), 503, "We cannot send any SMS for now."),
        (errors.OtpLocked("x"), 422, "Too many wrong codes. Ask us to unlock the certificate."),
        (errors.OtpNotSent("x"), 422, "the account has no phone number"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_why_none_was_sent(
    reader: Reader, fresh: StageServer, path: str, refusal: errors.Refused, status: int, words: str
) -> None:
    """In words, on the same page; who has a code already can still type it."""
    first = reader.get(f"{path}?request=sms")
    fresh.codes.refusal = refusal
    refused = press_send(reader, path, first)
    assert (refused.status, words in refused.text) == (status, True)
    assert "Code from the SMS" not in refused.text
    second = reader.get(f"{path}?request=sms&sent=1")
    refused = press_send(reader, path, second)
    assert (refused.status, words in refused.text) == (status, True)
    assert "Code from the SMS to" in refused.text


@BOTH_PAGES
def test_a_refused_page_still_leads_to_the_program(
    reader: Reader, fresh: StageServer, path: str
) -> None:
    """Its forms may redirect to where the answer goes, as those of the page before."""
    first = reader.get(f"{path}?request=sms")
    fresh.codes.refusal = errors.RateLimited("x")
    refused = press_send(reader, path, first)
    policies = [
        next(
            part.strip()
            for part in str(one.headers["Content-Security-Policy"]).split(";")
            if "form-action" in part
        )
        for one in (first, refused)
    ]
    assert policies[0] == policies[1]


def test_a_wrong_code_can_be_read(page: Page, fresh: StageServer) -> None:
    """What to do, beside the field, which is still there."""
    fresh.approvals.refusal = errors.OtpWrong("x")
    page.goto("/approval?request=sms&sent=1")
    page.get_by_label("Code from the SMS").fill("123456")
    press(page, "Approve and sign 2")
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator(".summary")).to_contain_text(
        "or is too old. Check it, or ask for a new one."
    )


@pytest.fixture
def customer(site: Service, mailbox: Mailbox) -> Customer:
    """Somebody who has read everything, and has no authenticator."""
    made = customers.register(site, mailbox, "Vlad")
    customers.settle(Reader(site.base_url), made)
    return made


def test_a_code_by_sms_approves(
    context: BrowserContext, site: Service, customer: Customer, mailbox: Mailbox, tmp_path: Path
) -> None:
    """A program asks, the phone gets a code, PIN and code approve; the same code never again."""
    certificate = tmp_path / "certificate.der"
    credential_id = issue(site, customer, certificate, "--pin", "--sms")
    page = context.new_page()
    digest = service.digest_of("a contract")
    wish = {
        "scope": "credential",
        "credentialID": credential_id,
        "numSignatures": "1",
        "hash": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }
    ask(page, version=1, **wish)
    sign_in(page, customer.email, customer.password)
    heading(page, "Approve one signature")
    press(page, "Send the SMS code")
    code = mailbox.code("signing_code", customer.phone)
    page.get_by_label("PIN of the certificate").fill(PIN)
    page.get_by_label("Code from the SMS").fill(f"{(int(code) + 1) % 10**6:06}")
    press(page, "Approve and sign one")
    page.get_by_label("PIN of the certificate").fill(PIN)
    page.get_by_label("Code from the SMS").fill(code)
    assert told(page, lambda: press(page, "Approve and sign one"))["code"]
    page = context.new_page()
    ask(page, version=1, **wish)
    heading(page, "Approve one signature")
    page.goto(f"{page.url}&sent=1")
    page.get_by_label("PIN of the certificate").fill(PIN)
    page.get_by_label("Code from the SMS").fill(code)
    press(page, "Approve and sign one")
    expect(page.locator(".summary")).to_contain_text("The code is wrong, was used")
    assert told(page, lambda: press(page, "Refuse"))["error"] == ["access_denied"]
