"""What settings change, and the ways back in: J4, J5, J6, J1.9, in a real browser."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from policies import throttle
from tests.csc_server.pages import customers
from tests.csc_server.pages.customers import Customer, Phone
from tests.csc_server.pages.mailbox import Mailbox
from tests.csc_server.pages.reader import Reader
from tests.csc_server.pages.test_journey import heading, press
from tests.service import Service

OTHER = "nine slow herons counting lamps"


@pytest.fixture
def customer(site: Service, mailbox: Mailbox) -> Customer:
    """Somebody new, with every notice answered."""
    made = customers.register(site, mailbox, "Ana")
    customers.settle(Reader(site.base_url), made)
    return made


@pytest.fixture
def page(context: BrowserContext, customer: Customer) -> Page:
    """Their settings."""
    opened = context.new_page()
    sign_in(opened, customer)
    return opened


def sign_in(page: Page, customer: Customer) -> None:
    """With the password, and the code where it is due."""
    page.goto("/login")
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Sign in")
    if customer.app is not None:
        page.get_by_label("Code from your authenticator app").fill(customer.app.code())
        press(page, "Sign in")
    heading(page, "Settings")


def pair(page: Page, mailbox: Mailbox, customer: Customer) -> Phone:
    """The three steps of ``/authenticator``, where the page is."""
    press(page, "Send the SMS code")
    return pair_with_the_code(page, mailbox, customer)


def pair_with_the_code(page: Page, mailbox: Mailbox, customer: Customer) -> Phone:
    """From the SMS that is on its way to the paired app."""
    page.get_by_label("Code from the SMS").fill(mailbox.code("pairing_code", customer.phone))
    page.get_by_label("I have installed an authenticator app").check()
    press(page, "Show the QR code")
    page.get_by_text("Type the key instead").click()
    page.get_by_text("Show the key").click()
    app = Phone(page.locator("#pairing-key").inner_text().replace(" ", ""))
    page.get_by_label("6-digit code").fill(app.code())
    press(page, "Finish pairing")
    heading(page, "Your authenticator is paired")
    return app


def forget_the_proof(site: Service) -> None:
    """As if every login had been more than five minutes ago."""
    change(site, "UPDATE sessions SET proved_at = 0")


def change(site: Service, statement: str, *values: object) -> None:
    """Change the database behind the service's back."""
    path = site.settings.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute(statement, values)


def test_the_password(page: Page, site: Service, customer: Customer, mailbox: Mailbox) -> None:
    """J4.1: the other sessions end, this one stays."""
    elsewhere = Reader(site.base_url)
    customers.settle(elsewhere, customer)
    page.goto("/settings/password")
    page.get_by_label("Present password").fill("not it, by far")
    page.get_by_label("New password").fill(OTHER)
    page.get_by_label("The same password again").fill(OTHER)
    press(page, "Change the password")
    page.get_by_label("Present password").fill(customer.password)
    page.get_by_label("New password").fill(OTHER)
    page.get_by_label("The same password again").fill(OTHER)
    press(page, "Change the password")
    heading(page, "Settings")
    expect(page.get_by_role("status").first).to_contain_text("Your password is changed.")
    assert mailbox.count("password_changed", customer.email) == 1
    answer = elsewhere.get("/settings")
    assert "You were signed out for security." in elsewhere.follow(answer).text


def test_the_forgotten_password(
    context: BrowserContext, customer: Customer, mailbox: Mailbox
) -> None:
    """J4.2: mail, SMS, new password, and the link is used up."""
    page = context.new_page()
    page.goto("/password")
    press(page, "Send the e-mail")
    page.get_by_label("E-mail address").fill(customer.email)
    press(page, "Send the e-mail")
    heading(page, "Look in your mailbox")
    link = mailbox.link("password_link", customer.email)
    page.goto(link)
    press(page, "Send the SMS code")
    page.get_by_label("Code from the SMS").fill("000000")
    page.get_by_label("New password").fill("short")
    page.get_by_label("The same password again").fill("short")
    press(page, "Set the new password")
    page.get_by_label("Code from the SMS").fill(mailbox.code("password_code", customer.phone))
    page.get_by_label("New password").fill(OTHER)
    page.get_by_label("The same password again").fill(OTHER)
    press(page, "Set the new password")
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    page.goto(link)
    press(page, "Send the SMS code")
    heading(page, "This link does not work")
    customer.password = OTHER
    sign_in(page, customer)


def test_the_phone(page: Page, site: Service, customer: Customer, mailbox: Mailbox) -> None:
    """J5: behind a fresh proof; code by mail, code by SMS, signed out, told by mail."""
    forget_the_proof(site)
    page.goto("/settings/phone")
    heading(page, "Confirm that it is you")
    page.get_by_label("Password", exact=True).fill("not it, by far")
    press(page, "Confirm")
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Confirm")
    heading(page, "Change your phone number")
    press(page, "Send the e-mail code")
    page.get_by_label("Code from the e-mail").fill(mailbox.code("email_code", customer.email))
    press(page, "Confirm the code")
    page.get_by_label("New phone number").fill("+1 202 555 0100")
    press(page, "Send the SMS code")
    number = customer.phone.replace("+40733", "+40744")
    page.get_by_label("New phone number").fill(number)
    press(page, "Send the SMS code")
    page.get_by_label("Code from the SMS").fill(mailbox.code("new_phone_code", number))
    press(page, "Change the number")
    expect(page.get_by_text("Your phone number is changed.")).to_be_visible()
    assert mailbox.count("phone_changed", customer.email) == 1
    page.goto("/settings")
    heading(page, "Sign in")


def test_the_authenticator(page: Page, site: Service, customer: Customer, mailbox: Mailbox) -> None:
    """J1.11, J6: paired from settings, then lost at the code page and replaced."""
    page.goto("/authenticator")
    customer.app = pair(page, mailbox, customer)
    page.goto("/login")
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


def test_the_rest(page: Page, site: Service, customer: Customer) -> None:
    """Sessions, language, data, help, notice, and signing out."""
    elsewhere = Reader(site.base_url)
    customers.settle(elsewhere, customer)
    page.goto("/settings/sessions")
    press(page, "End the others")
    expect(page.get_by_text("All other sessions have ended.")).to_be_visible()
    assert elsewhere.get("/settings").status == 303
    page.goto("/settings/language")
    page.get_by_label("Română").check()
    press(page, "Save the language")
    heading(page, "Setări")
    page.get_by_role("link", name="English").click()
    press(page, "Sign out")
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_the_stop(
    context: BrowserContext, site: Service, customer: Customer, mailbox: Mailbox
) -> None:
    """The owner lifts it with mailed link and password; the password alone does nothing."""
    reader = Reader(site.base_url)
    for _ in range(throttle.STOP_AFTER):
        # Between two locks a quarter of an hour and more passes; as if it had.
        change(site, "UPDATE throttles SET locked_until = 0")
        answer = customers.sign_in(reader, Customer(customer.email, "", "wrong, and wrong again"))
        assert answer.status == 422
    assert customers.sign_in(reader, customer).status == 422
    page = context.new_page()
    page.goto(mailbox.link("login_locked", customer.email))
    page.get_by_label("Password", exact=True).fill("not it, by far")
    press(page, "Unlock the account")
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Unlock the account")
    expect(page.get_by_text("Your account is open again.")).to_be_visible()
    sign_in(page, customer)


def test_the_number_used_elsewhere(
    context: BrowserContext, site: Service, customer: Customer, mailbox: Mailbox
) -> None:
    """J1.9: asked at the next login; confirmed, it is the number, and the owner is told."""
    change(
        site, "UPDATE profiles SET proposed_phone = '+40755000111' WHERE email = ?", customer.email
    )
    page = context.new_page()
    page.goto("/login?next=/settings/data")
    page.get_by_label("E-mail address").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    press(page, "Sign in")
    heading(page, "Is this your new phone number?")
    press(page, "Confirm the new number")
    heading(page, "Your data")
    expect(page.get_by_text("+40 7•• ••• 111")).to_be_visible()
    assert mailbox.count("phone_changed", customer.email) == 1
