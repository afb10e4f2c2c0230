"""Every flow in a real browser that runs no script. (ui 1, principle 3; J1, J4, J5, J6, J8.1, J9)

On the way the numbers that pages tell are held against the rules that they come from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from policies import authorize, codes, links, registration, second_factor, sessions, totp
from policies.codes import CodePurpose
from policies.links import LinkPurpose
from policies.passwords import SHORTEST, SHORTEST_ALONE
from policies.secret import Otp
from tests.csc_server.pages import customers, programs, stage
from tests.csc_server.pages.conftest import SETTINGS
from tests.csc_server.pages.customers import PASSWORD, Customer, Phone
from tests.csc_server.pages.mailbox import Mailbox
from tests.csc_server.pages.reader import Reader
from tests.csc_server.pages.stage import StageServer
from tests.csc_server.pages.test_consent import ask, told
from tests.csc_server.pages.test_journey import heading, press
from tests.csc_server.pages.test_settings import (
    OTHER,
    change,
    forget_the_proof,
    sign_in,
)
from tests.service import Service

LOOKED_AT: Final = timedelta(minutes=1)
"""A page is looked at so soon after it was made, on the slowest machine."""
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
NEW_PHONE: Final = "+40744123654"


@pytest.fixture
def page(browser: Browser, site: Service) -> Iterator[Page]:
    """A browser without memory and without script."""
    context = plain(browser, site.base_url)
    yield context.new_page()
    context.close()


def plain(browser: Browser, base_url: str) -> BrowserContext:
    """A browser that runs no script."""
    opened = browser.new_context(base_url=base_url, locale="en-GB", java_script_enabled=False)
    opened.set_default_timeout(30_000)
    return opened


def test_a_customer_without_script(page: Page, site: Service, mailbox: Mailbox) -> None:
    """From the registration to the lost authenticator, everything that an account can do."""
    customer = Customer("maria.fara@example.ro", "+40722123654")
    register(page, mailbox, customer)
    first_login(page, customer)
    end_sessions(page, site, customer)
    change_phone(page, site, mailbox, customer)
    forget_password(page, mailbox, customer)
    lose_authenticator(page, site, mailbox, customer)


def limits(page: Page, *ends: timedelta) -> None:
    """What the page counts down to: the end of the code, then when the next one may go."""
    lines = page.locator("[data-countdown]").all()
    left = [timedelta(seconds=int(line.get_attribute("data-countdown") or 0)) for line in lines]
    assert len(left) == len(ends)
    for shown, end in zip(left, ends, strict=True):
        assert end - LOOKED_AT < shown <= end


def code_page(page: Page, purpose: CodePurpose) -> None:
    """The end of the code, and when another may go, are on the page before they bite."""
    limits(page, codes.LIFE[purpose], codes.RESEND_AFTER)


def register(page: Page, mailbox: Mailbox, customer: Customer) -> None:
    """J1.1, J1.2; the other number typed first."""
    page.goto("/login")
    page.get_by_role("link", name="Create one").click()
    press(page, "Create the account")
    assert page.title().startswith("Error:")
    page.get_by_label("First name").fill("M" * (registration.NAME_CHARACTERS + 1))
    press(page, "Create the account")
    too_long = f"The first name is longer than {registration.NAME_CHARACTERS} letters."
    expect(page.locator(".summary")).to_contain_text(too_long)
    page.get_by_label("First name").fill("Maria")
    page.get_by_label("Last name").fill("Fără")
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Phone number").fill(NEW_PHONE)
    page.get_by_label("I have read the privacy notice").check()
    press(page, "Create the account")
    heading(page, "Look in your mailbox")
    hours = links.LIFE[LinkPurpose.INVITATION] // HOUR
    expect(page.get_by_text(f"The link in it works once, for {hours} hours.")).to_be_visible()
    page.goto(mailbox.link("invitation", customer.email))
    page.get_by_label("Phone number").fill(NEW_PHONE)
    press(page, "Validate phone number")
    press(page, "Send a new code")
    expect(page.get_by_text("A code is already under way.")).to_be_visible()
    press(page, "Change phone number")
    page.get_by_label("Phone number").fill(customer.phone)
    press(page, "Validate phone number")
    code_page(page, CodePurpose.REGISTRATION)
    page.get_by_label("Code from the SMS").fill("000 000")
    press(page, "Confirm the code")
    expect(page.locator(".summary")).to_contain_text(f"{codes.TRIES - 1} tries left.")
    page.get_by_label("Code from the SMS").fill(mailbox.code("phone_code", customer.phone))
    press(page, "Confirm the code")
    expect(page.get_by_text(f"At least {SHORTEST_ALONE} characters.")).to_be_visible()
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    press(page, "Create the account")
    expect(page.get_by_text("Your account is ready.")).to_be_visible()


def first_login(page: Page, customer: Customer) -> None:
    """J1.3, J1.4 begun, J1.6; the notice asks again at the next login."""
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    heading(page, "Protect your sign\u2011in with a code")
    assert page.get_by_role("radio").count() == len(second_factor.Deferral) - 1
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    expect(page.get_by_label("Date", exact=True)).to_have_attribute("min", str(tomorrow))
    deadline = str(SETTINGS["people.second_factor_from"])
    expect(page.get_by_label("Date", exact=True)).to_have_attribute("max", deadline)
    expect(page.get_by_text("From 31 December 2099 the code is required.")).to_be_visible()
    page.get_by_text("Never", exact=True).click()
    press(page, "Save my choice")
    heading(page, "Read the privacy notice")
    press(page, "I have read it")
    heading(page, "Settings")


def end_sessions(page: Page, site: Service, customer: Customer) -> None:
    """All but this one end."""
    elsewhere = Reader(site.base_url)
    customers.settle(elsewhere, customer)
    page.get_by_role("link", name="See Sessions").click()
    press(page, "End the others")
    expect(page.get_by_text("All other sessions have ended.")).to_be_visible()
    assert elsewhere.get("/settings").status == 303


def change_phone(page: Page, site: Service, mailbox: Mailbox, customer: Customer) -> None:
    """J5, behind a fresh proof."""
    forget_the_proof(site)
    page.get_by_role("link", name="Change Phone").click()
    heading(page, "Confirm that it is you")
    minutes = sessions.STEP_UP // MINUTE
    expect(page.get_by_text(f"The proof counts for {minutes} minutes.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Confirm")
    press(page, "Send the e-mail code")
    code_page(page, CodePurpose.EMAIL)
    page.get_by_label("Code from the e-mail").fill(mailbox.code("email_code", customer.email))
    press(page, "Confirm the code")
    page.get_by_label("New phone number").fill(NEW_PHONE)
    press(page, "Send the SMS code")
    press(page, "Type another number")
    page.get_by_label("New phone number").fill(NEW_PHONE)
    press(page, "Send the SMS code")
    code_page(page, CodePurpose.NEW_PHONE)
    page.get_by_label("Code from the SMS").fill(mailbox.code("new_phone_code", NEW_PHONE))
    press(page, "Change the number")
    customer.phone = NEW_PHONE
    expect(page.get_by_text("Your phone number is changed.")).to_be_visible()


def forget_password(page: Page, mailbox: Mailbox, customer: Customer) -> None:
    """J4.2: mail, SMS, new password."""
    page.get_by_role("link", name="Forgot password?").click()
    page.get_by_label("E-mail address").fill(customer.email)
    press(page, "Send the e-mail")
    assert links.LIFE[LinkPurpose.PASSWORD] == HOUR
    expect(page.get_by_text("The link in it works once, for one hour.")).to_be_visible()
    page.goto(mailbox.link("password_link", customer.email))
    press(page, "Send the SMS code")
    code_page(page, CodePurpose.PASSWORD)
    page.get_by_label("Code from the SMS").fill(mailbox.code("password_code", customer.phone))
    page.get_by_label("New password").fill(OTHER)
    page.get_by_label("The same password again").fill(OTHER)
    press(page, "Set the new password")
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    customer.password = OTHER
    sign_in(page, customer)


def lose_authenticator(page: Page, site: Service, mailbox: Mailbox, customer: Customer) -> None:
    """J1.4, J1.11, then J6 on the login's code page, and a shorter password with it (J4.1)."""
    page.get_by_role("link", name="Pair Authenticator").click()
    customer.app = pair(page, mailbox, customer)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Sign in")
    page.get_by_role("link", name="Reset the authenticator").click()
    heading(page, "Replace your authenticator")
    # The next SMS may go 30 minutes after the one before; as if that were now.
    change(site, "UPDATE codes SET sent_at = 0")
    customer.app = pair(page, mailbox, customer)
    expect(page.get_by_text("It approves signatures from")).to_be_visible()
    sign_in(page, customer)
    page.get_by_role("link", name="Change Password").click()
    expect(page.get_by_text(f"At least {SHORTEST} characters.")).to_be_visible()


def pair(page: Page, mailbox: Mailbox, customer: Customer) -> Phone:
    """The page says how often the app shows a code, and how long the QR code works."""
    every = f"a new {totp.DIGITS}-digit code every {totp.STEP_S} seconds."
    expect(page.get_by_text(every)).to_be_visible()
    press(page, "Send the SMS code")
    code_page(page, CodePurpose.PAIRING)
    page.get_by_label("Code from the SMS").fill(mailbox.code("pairing_code", customer.phone))
    page.get_by_label("I have installed an authenticator app").check()
    press(page, "Show the QR code")
    limits(page, second_factor.PENDING_LIFE)
    page.get_by_text("Type the key instead").click()
    page.get_by_text("Show the key").click()
    app = Phone(page.locator("#pairing-key").inner_text().replace(" ", ""))
    page.get_by_label(f"{totp.DIGITS}-digit code").fill(app.code())
    press(page, "Finish pairing")
    heading(page, "Your authenticator is paired")
    return app


def test_consent_without_script(page: Page, site: Service, mailbox: Mailbox) -> None:
    """J1.5: *Allow*, back to the program, and withdrawn."""
    customer = customers.register(site, mailbox, "Radu")
    customers.settle(Reader(site.base_url), customer)
    ask(page, scope="service")
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Sign in")
    heading(page, "Contab Pro wants to use your account")
    assert told(page, lambda: press(page, "Allow"))["code"]
    page = page.context.new_page()
    page.goto("/settings/programs")
    press(page, "Withdraw Contab Pro")
    expect(page.get_by_text("The program is disconnected.")).to_be_visible()


def test_approvals_without_script(browser: Browser) -> None:
    """J8.1, J9: a certificate chosen, code and PIN typed, a request answered out of band."""
    with StageServer(programs.credential()).running() as server:
        context = plain(browser, server.url)
        context.add_cookies([server.cookie(stage.KEY)])  # type: ignore[list-item]  # a plain dict
        page = context.new_page()
        page.goto("/approve?request=choose")
        page.get_by_role("link", name="Use this one").last.click()
        page.get_by_label("PIN of the certificate").fill("493817")
        page.get_by_label("Code from your authenticator app").fill("123 456")
        with page.expect_request(programs.CALLBACK):
            page.get_by_role("button", name="Approve and sign 2").click()
        assert server.programs.answers[-1][1]["otp"] == Otp("123456")
        page = context.new_page()
        page.goto("/approvals")
        page.get_by_role("link", name="Look at it").last.click()
        press(page, "Refuse")
        expect(page.get_by_text("Nothing was signed.")).to_be_visible()
        page.goto("/approval?request=sms")
        press(page, "Send the SMS code")
        page.get_by_label("PIN of the certificate").fill("493817")
        page.get_by_label("Code from the SMS").fill("123456")
        press(page, "Approve and sign 2")
        minutes = authorize.LIFETIME // MINUTE
        expect(page.get_by_text(f"For {minutes} minutes the program can")).to_be_visible()
        page.goto("/help")
        minutes = codes.RESEND_AFTER // MINUTE
        expect(page.get_by_text(f"{minutes} minutes after the one before.")).to_be_visible()
        context.close()
