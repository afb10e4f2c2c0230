"""A program asks for real: consent, another account, withdrawal, an approved signature. (J1.5)"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests import service
from tests.csc_server.pages import customers
from tests.csc_server.pages.customers import Customer
from tests.csc_server.pages.mailbox import Mailbox
from tests.csc_server.pages.reader import Reader
from tests.csc_server.pages.test_journey import heading, press
from tests.csc_server.pages.test_settings import pair_with_the_code
from tests.service import PASSWORD, Person, Service

CALLBACK = "https://contab.example/callback"
REQUEST = {
    "response_type": "code",
    "client_id": "contab",
    "redirect_uri": CALLBACK,
    "state": "s-1",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A browser; the program's own site does not exist, only the way there does."""
    return context.new_page()


def ask(page: Page, version: int = 2, **more: str) -> None:
    """The program sends the browser to us."""
    page.goto(f"/csc/v{version}/oauth2/authorize?{urlencode(REQUEST | more)}")


def told(page: Page, act: Callable[[], None]) -> dict[str, list[str]]:
    """What the program is told when the person does this; the page is of no use afterwards."""
    leaves = page.expect_request(lambda request: request.url.startswith(CALLBACK))
    # Nobody answers there: the navigation fails after it has said everything.
    with leaves as leaving, contextlib.suppress(Error):
        act()
    return parse_qs(urlsplit(leaving.value.url).query)


def sign_in(page: Page, name: str, password: str) -> None:
    """With the password."""
    expect(page.get_by_text("To go on to Contab Pro.")).to_be_visible()
    page.get_by_label("E-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Sign in")


@pytest.fixture
def customer(site: Service, mailbox: Mailbox) -> Customer:
    """Somebody who has read everything."""
    made = customers.register(site, mailbox, "Ioana")
    customers.settle(Reader(site.base_url), made)
    return made


def test_consent_is_asked_once(page: Page, site: Service, customer: Customer) -> None:
    """J1.5: login, *Allow*, back; the next time straight back, until it is withdrawn."""
    ask(page, scope="service")
    sign_in(page, customer.email, customer.password)
    heading(page, "Contab Pro wants to use your account")
    press(page, "Use another account")
    sign_in(page, customer.email, customer.password)
    answer = told(page, lambda: press(page, "Allow"))
    assert answer["state"] == ["s-1"]
    assert answer["iss"] == [site.base_url]
    page = page.context.new_page()
    again = told(page, lambda: ask(page, scope="service"))
    assert again["code"] != answer["code"]
    page = page.context.new_page()
    page.goto("/settings/programs")
    press(page, "Withdraw Contab Pro")
    expect(page.get_by_text("The program is disconnected.")).to_be_visible()
    ask(page, scope="service")
    heading(page, "Contab Pro wants to use your account")
    assert told(page, lambda: press(page, "Refuse"))["error"] == ["access_denied"]


def test_a_program_waits_for_the_pairing(page: Page, site: Service, mailbox: Mailbox) -> None:
    """J1.3 to J1.6 on the way: notice, new authenticator, second login, privacy, and the question
    is still there."""
    newcomer = customers.register(site, mailbox, "Dan")
    ask(page, scope="service")
    sign_in(page, newcomer.email, newcomer.password)
    press(page, "Set up now")
    half = Reader(site.base_url)
    half.cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    app = pair_with_the_code(page, mailbox, newcomer)
    # Everybody is signed out, this browser too.
    assert half.get("/authenticator").location.startswith("/login")
    page.goto("/settings")
    heading(page, "Sign in")
    page.goto("/authenticator/done")
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, newcomer.email, newcomer.password)
    page.get_by_label("Code from your authenticator app").fill(app.code())
    press(page, "Sign in")
    page.locator("#notice").evaluate("text => text.scrollTo(0, text.scrollHeight)")
    press(page, "I have read it")
    heading(page, "Contab Pro wants to use your account")
    assert told(page, lambda: press(page, "Allow"))["code"]


def test_a_code_approves_these_hashes(page: Page, people: dict[str, Person]) -> None:
    """J9: the page shows what is asked, takes the code there, and goes back with the answer."""
    carol = people["carol"]
    digest = service.digest_of("contract")
    ask(
        page,
        version=1,
        scope="credential",
        credentialID=carol.credentials["otp-p256"],
        numSignatures="1",
        hash=base64.urlsafe_b64encode(digest).decode().rstrip("="),
        lang="fr",
    )
    page.get_by_role("link", name="English").click()
    sign_in(page, "carol", PASSWORD)
    heading(page, "Approve one signature")
    asked = page.url
    short = f"{digest.hex()[:4]} {digest.hex()[4:8]}"
    expect(page.locator(".digest").first).to_contain_text(short)
    page.get_by_label("Code from your authenticator app").fill("000000")
    press(page, "Approve and sign one")
    page.get_by_label("Code from your authenticator app").fill(carol.code())
    assert told(page, lambda: press(page, "Approve and sign one"))["code"]
    page = page.context.new_page()
    page.goto(asked)
    heading(page, "This request is over")


def test_an_unknown_program_leads_nowhere(page: Page) -> None:
    """Neither does a return address that nobody registered: said here, told to nobody."""
    page.goto(f"/csc/v2/oauth2/authorize?{urlencode(REQUEST | {'client_id': 'rogue'})}")
    heading(page, "We do not know this program")
    page.goto(
        f"/csc/v2/oauth2/authorize?{urlencode(REQUEST | {'redirect_uri': 'https://evil.example'})}"
    )
    heading(page, "We do not know this program")


def test_a_request_belongs_to_its_browser(page: Page, site: Service, customer: Customer) -> None:
    """Its identifier in another browser, signed in or not, opens nothing."""
    ask(page, scope="service")
    request_id = parse_qs(urlsplit(parse_qs(urlsplit(page.url).query)["next"][0]).query)["request"]
    elsewhere = Reader(site.base_url)
    customers.settle(elsewhere, customer)
    answer = elsewhere.get(f"/approve?request={request_id[0]}")
    assert answer.status == 410
    assert "This request is over" in answer.text
