"""One service, one browser, one mailbox for all tests of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from csc_server.config import Settings
from tests import service
from tests.csc_server.pages.mailbox import Mailbox
from tests.service import Person, Service

# Waited for, not slept: a busy machine is no failure.
expect.set_options(timeout=30_000)

PEOPLE = {"carol": service.OTP_P256}


SETTINGS = {
    # Several journeys share one phone number, one address and one minute.
    "people.sms_gap_s": 0,
    "people.registrations_per_hour": 1000,
    "limits.failed_logins_per_minute": 1000,
    # Deferrals are there as long as these tests are.
    "people.second_factor_from": "2099-12-31",
    "oauth.clients_file": "clients.toml",
}


CLIENTS = """
[[client]]
client_id = "contab"
name = "Contab Pro"
host = "contab.example"
redirect_uris = ["https://contab.example/callback"]
grant_types = ["authorization_code"]
auth_method = "client_secret_basic"
secret_file = "contab.secret"
scopes = ["service", "credential", "account"]
"""


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The instance of all page tests."""
    directory = tmp_path_factory.mktemp("pages") / "instance"
    directory.mkdir()
    (directory / "clients.toml").write_text(CLIENTS)
    (directory / "contab.secret").write_text("kyYwRy8vNOwnfrqCUhAm0DGc0eVfB4TQ6tLkHjNfOoM")
    return service.create_instance(directory, **SETTINGS)


@pytest.fixture(scope="session")
def people(settings: Settings) -> dict[str, Person]:
    """Who has an account from the command line."""
    return asyncio.run(service.enrol(settings, PEOPLE))


@pytest.fixture(scope="session")
def site(settings: Settings, people: dict[str, Person]) -> Iterator[Service]:
    """The running service."""
    running = Service(settings)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def mailbox(site: Service) -> Mailbox:
    """Every mail and SMS that went out."""
    return Mailbox(site)


@pytest.fixture(scope="module")
def browser(site: Service) -> Iterator[Browser]:
    """Debian's Chromium; not for longer than a module, since its loop would be in the way of
    asynchronous tests. After the service, which is made on a loop of its own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser, site: Service) -> Iterator[BrowserContext]:
    """A browser without memory that speaks English."""
    opened = browser.new_context(base_url=site.base_url, locale="en-GB")
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()
