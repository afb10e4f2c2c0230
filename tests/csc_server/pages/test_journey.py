"""A new customer in a real browser: J1.1 to J1.6, then everything that settings can change."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.csc_server.pages.customers import PASSWORD, Phone
from tests.csc_server.pages.mailbox import Mailbox

EMAIL = "andreea.ionescu@example.ro"
PHONE = "+40722123321"


def press(page: Page, label: str) -> None:
    """Press a button and wait for the answer."""
    page.get_by_role("button", name=label, exact=True).click()
    page.wait_for_load_state()


def heading(page: Page, text: str) -> None:
    """The page is the one with this heading, and its title says the same."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)
    assert text in page.title()


def test_a_new_customer(context: BrowserContext, mailbox: Mailbox) -> None:
    """From the registration form to the page that was wanted, each state looked at."""
    page = context.new_page()
    page.goto("/login")
    page.get_by_role("link", name="Create one").click()
    register(page, mailbox)
    open_invitation(page, mailbox)
    first_login(page)
    phone = pair(page, mailbox)
    sign_in_with_code(page, phone)
    read_the_notice(page)
    heading(page, "Settings")


def register(page: Page, mailbox: Mailbox) -> None:
    """J1.1."""
    press(page, "Create the account")
    heading(page, "Create an account")
    assert page.title().startswith("Error:")
    page.get_by_label("First name").fill("Andreea")
    page.get_by_label("Last name").fill("Ionescu")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Phone number").fill("0722 123 321")
    page.get_by_label("I have read the privacy notice").check()
    press(page, "Create the account")
    heading(page, "Look in your mailbox")


def open_invitation(page: Page, mailbox: Mailbox) -> None:
    """J1.2."""
    page.goto(mailbox.link("invitation", EMAIL))
    heading(page, "Confirm your phone")
    page.get_by_label("Phone number").fill("0722123321")
    press(page, "Validate phone number")
    page.get_by_label("Code from the SMS").fill("000 000")
    press(page, "Confirm the code")
    page.get_by_label("Code from the SMS").fill(mailbox.code("phone_code", PHONE))
    press(page, "Confirm the code")
    heading(page, "Choose a password")
    page.get_by_label("New password").fill("andreea ionescu")
    expect(page.locator("#password-strength")).to_contain_text("little more than your name")
    page.get_by_label("New password").fill(PASSWORD)
    expect(page.locator("#password-strength")).to_have_text("Strong enough.")
    page.get_by_label("The same password again").fill("another one, typed wrong")
    press(page, "Create the account")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    press(page, "Create the account")
    heading(page, "Sign in")


def first_login(page: Page) -> None:
    """J1.3."""
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill("not the password at all")
    press(page, "Sign in")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Remember me").check()
    press(page, "Sign in")
    heading(page, "Protect your sign\u2011in with a code")
    page.get_by_label("On a date").check()
    press(page, "Save my choice")


def pair(page: Page, mailbox: Mailbox) -> Phone:
    """J1.4."""
    press(page, "Set up now")
    heading(page, "Pair your authenticator app")
    page.get_by_label("Code from the SMS").fill(mailbox.code("pairing_code", PHONE))
    press(page, "Show the QR code")
    page.get_by_label("Code from the SMS").fill(mailbox.code("pairing_code", PHONE))
    page.get_by_label("I have installed an authenticator app").check()
    press(page, "Show the QR code")
    page.get_by_text("Type the key instead").click()
    page.get_by_text("Show the key").click()
    phone = Phone(page.locator("#pairing-key").inner_text().replace(" ", ""))
    page.get_by_label("6-digit code").fill("000000")
    press(page, "Finish pairing")
    page.get_by_label("6-digit code").fill(phone.ahead(5))
    press(page, "Finish pairing")
    expect(page.locator(".summary")).to_contain_text("clock is off by 5 minutes.")
    page.get_by_label("6-digit code").fill(phone.code())
    press(page, "Finish pairing")
    heading(page, "Your authenticator is paired")
    return phone


def sign_in_with_code(page: Page, phone: Phone) -> None:
    """J1.4: again, with password and code."""
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_label("E-mail address")).to_have_value(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    heading(page, "Type the code from your app")
    page.get_by_label("Code from your authenticator app").fill("000000")
    press(page, "Sign in")
    page.get_by_label("Code from your authenticator app").fill(phone.code())
    press(page, "Sign in")


def read_the_notice(page: Page) -> None:
    """J1.6: not before its end."""
    heading(page, "Read the privacy notice")
    press(page, "I have read it")
    expect(page.get_by_role("alert")).to_have_text("Scroll to the end first.")
    page.locator("#notice").press("End")
    page.wait_for_function(
        "() => { const n = document.getElementById('notice');"
        " return n.scrollTop + n.clientHeight >= n.scrollHeight - 2; }"
    )
    press(page, "I have read it")
