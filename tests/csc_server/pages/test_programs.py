"""What a program asks and what the person answers, on the stage: J1.5, J7.5, J8.1. (ui 5.4, 5.5)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from policies import errors
from policies.secret import Otp, Pin
from tests.csc_server.pages import programs, stage
from tests.csc_server.pages.reader import Reader
from tests.csc_server.pages.stage import StageServer
from tests.csc_server.pages.test_journey import heading, press


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
        ("consent", "Contab Pro <b>evil</b> wants to use your account"),
        ("more", "Contab Pro <b>evil</b> wants to use your account"),
        ("native", "Activate Contab Pro <b>evil</b>"),
        ("approve", "Approve 2 signatures"),
        ("hashes", "Approve 2 signatures"),
        ("many", "Approve 100 signatures"),
        ("pin", "Approve 2 signatures"),
        ("choose", "Choose a certificate"),
        ("none", "No certificate can sign this"),
        ("other", "This is for another account"),
        ("gone", "This request is over"),
    ],
)
def test_every_question_can_be_read(page: Page, request_id: str, title: str) -> None:
    """Says who asks what, in words of ours: a client's text is text, cut and without tricks."""
    page.goto(f"/approve?request={request_id}")
    heading(page, title)


def test_a_code_signs_exactly_this(reader: Reader, server: StageServer) -> None:
    """PIN and code go to the verb with the certificate shown; the answer leaves to the client."""
    page = reader.get("/approve?request=choose&credential=second")
    policy = str(page.headers["Content-Security-Policy"])
    assert "form-action 'self' https://contabpro.example;" in policy
    form = page.form("/approve")
    answer = reader.post(
        "/approve", form.fields | {"do": "approve", "pin": "1234", "code": "123 456"}
    )
    assert answer.location == programs.CALLBACK
    [(verb, given)] = server.programs.answers
    assert verb == "approve"
    assert given == {"credential_id": "second", "pin": Pin("1234"), "otp": Otp("123456")}


def test_allow_and_refuse(reader: Reader, server: StageServer) -> None:
    """Each leaves to the client, whose origin the form may redirect to; nobody else's."""
    page = reader.get("/approve?request=consent")
    assert reader.post("/approve", page.form("/approve", do="allow").fields).status == 303
    refused = reader.post("/approve", page.form("/approve", do="refuse").fields)
    assert refused.location.endswith("error=access_denied")
    assert server.programs.answers == [("allow", {"asked": True}), ("refuse", {})]


def test_a_given_consent_is_not_asked_again(reader: Reader, server: StageServer) -> None:
    """Straight back to the client. (J1.5)"""
    assert reader.get("/approve?request=given").location == programs.CALLBACK
    assert server.programs.answers == [("allow", {"asked": False})]


def test_a_program_beside_the_browser_is_called(page: Page) -> None:
    """It comes to the front or is called by the button; the page says what happened. (J8.1)"""
    page.goto("/approve?request=native")
    press(page, "Activate")
    heading(page, "Sign-in succeeded")
    link = page.get_by_role("link", name="Go on to Contab Pro <b>evil</b>")
    expect(link).to_have_attribute("href", programs.OWN_SCHEME)
    page.goto("/signed-in")
    heading(page, "Sign-in succeeded")


def test_another_account_cannot_answer(reader: Reader, server: StageServer) -> None:
    """A forged *Allow* shows the page again; signing in with another leads back here."""
    page = reader.get("/approve?request=other")
    token = page.form("/logout").fields["csrf"]
    forged = {"csrf": token, "request": "other", "do": "allow"}
    assert "This is for another account" in reader.post("/approve", forged).text
    assert server.programs.answers == []


WRONG: list[tuple[errors.Refused, str]] = [
    (errors.OtpWrong("x"), "The code is wrong or was already used. Wait for the next one."),
    (errors.OtpLocked("x"), "Too many wrong codes. Open the link that we sent you by e-mail"),
    (errors.ClockSkewed(180), "off by 3 minutes"),
    (errors.AuthenticatorCooling("x"), "signs after a waiting time"),
    (errors.AuthenticatorNotReady("x"), "No authenticator is paired"),
    (errors.PinWrong("x"), "The PIN is wrong."),
    (errors.PinLocked("x"), "Too many wrong PINs."),
    (errors.CertificateExpired("O", "CN"), "This certificate cannot sign this."),
]


@pytest.mark.parametrize(("refusal", "words"), WRONG, ids=lambda one: type(one).__name__)
def test_a_refused_code_keeps_the_list(
    reader: Reader, server: StageServer, refusal: errors.Refused, words: str
) -> None:
    """422, why in words, and what was to be approved still stands there."""
    page = reader.get("/approve?request=pin")
    server.programs.refusal = refusal
    answer = reader.post("/approve", page.form("/approve").fields | {"do": "approve"})
    assert answer.status == 422
    assert words in answer.text
    assert "Loan agreement 4471.pdf" in answer.text
    assert "<title>Error:" in answer.text


def test_a_refused_code_can_be_read(page: Page, server: StageServer) -> None:
    """The summary takes the focus and leads to the field."""
    server.programs.refusal = errors.OtpWrong("x")
    page.goto("/approve?request=approve")
    page.get_by_label("Code from your authenticator app").fill("123456")
    press(page, "Approve and sign 2")
    expect(page.locator(".summary")).to_be_focused()


def test_the_programs(page: Page, server: StageServer) -> None:
    """Listed with a way out; an empty list says so."""
    page.goto("/settings/programs")
    page.get_by_role("button", name="Withdraw Contab Pro").click()
    page.wait_for_url("**/settings?programs=1")
    assert server.programs.answers == [("withdraw", {"client_id": "contab"})]
    server.programs.applications_of.clear()
    page.goto("/settings/programs")
    expect(page.get_by_text("No program is connected.")).to_be_visible()


def test_a_login_says_where_it_leads(reader: Reader) -> None:
    """The program's name, before anybody is signed in."""
    reader.cookies["sid"] = stage.HALF.value
    page = reader.get("/login?next=/approve?request=consent")
    assert "To go on to Contab Pro &lt;b&gt;evil&lt;/b&gt;." in page.text


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (errors.LoginCodeLocked(datetime.now(UTC) + timedelta(minutes=15)), "Try again at "),
        (errors.LoginCodeLocked(None), "Open the link that we sent you by e-mail"),
        (errors.ClockSkewed(-120), "off by 2 minutes"),
    ],
    ids=["locked", "stopped", "skewed"],
)
def test_a_login_code_that_is_not_taken(
    reader: Reader, server: StageServer, refusal: errors.Refused, words: str
) -> None:
    """Until when, and the other way in."""
    reader.cookies["sid"] = stage.HALF.value
    server.people.outcomes["check_login_code"] = refusal
    answer = reader.submit(reader.get("/login/code"), "/login/code", code="123456")
    assert answer.status == 422
    assert words in answer.text
    assert 'href="/authenticator"' in answer.text


def test_the_notice_after_the_deadline(reader: Reader, server: StageServer) -> None:
    """The deferrals are gone, and a sentence says why. (J1.3)"""
    people = server.people
    people.rules = replace(people.rules, mandatory_from=datetime.now(UTC).date())
    page = reader.get("/two-factor")
    assert "so it cannot be put off any more" in page.text
    assert 'type="radio"' not in page.text
