"""People who register through the pages, without script."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

import pyotp

from tests.csc_server.pages.mailbox import Mailbox
from tests.csc_server.pages.reader import Answer, Reader
from tests.service import Service

PASSWORD = "seven quiet otters painting fences"
_numbers = itertools.count(100)


class Phone:
    """An authenticator app: never shows a code twice."""

    def __init__(self, seed: str) -> None:
        self._totp, self._last = pyotp.TOTP(seed), -1

    def code(self) -> str:
        """The oldest code that counts and that nobody has used; rarely waits for the next."""
        now = int(time.time())
        # Not one that is too old by the time it is sent, on a busy machine.
        oldest = now // 30 - (now % 30 < 15)
        step = max(oldest, self._last + 1)
        while int(time.time()) // 30 < step:
            time.sleep(0.2)
        self._last = step
        return str(self._totp.at(step * 30))

    def ahead(self, minutes: int) -> str:
        """What it would show if its clock were so far ahead."""
        return str(self._totp.at(int(time.time()) + 60 * minutes))


@dataclass
class Customer:
    """Somebody with an account and a profile."""

    email: str
    phone: str
    """E.164."""
    password: str = PASSWORD
    app: Phone | None = None


def register(site: Service, mailbox: Mailbox, name: str = "Vlad") -> Customer:
    """J1.1 and J1.2, as plain forms."""
    number = next(_numbers)
    customer = Customer(f"{name.lower()}.{number}@example.ro", f"+40733000{number}")
    reader = Reader(site.base_url)
    form = {
        "first_name": name,
        "last_name": "Popescu",
        "email": customer.email,
        "phone": customer.phone,
        "privacy_read": "1",
    }
    assert reader.submit(reader.get("/register"), "/register", **form).location == "/register/sent"
    path = mailbox.link("invitation", customer.email)
    here = reader.get(path)
    here = reader.follow(reader.submit(here, path, "phone", phone=customer.phone))
    code = mailbox.code("phone_code", customer.phone)
    here = reader.follow(reader.submit(here, path, "code", code=code))
    done = reader.submit(here, path, "password", password=PASSWORD, repeated=PASSWORD)
    assert done.location == "/login?created=1"
    return customer


def sign_in(reader: Reader, customer: Customer) -> Answer:
    """J1.3: what the login leads to."""
    page = reader.get("/login")
    typed = {"email": customer.email, "password": customer.password}
    answer = reader.submit(page, "/login", **typed)
    if answer.status == 303 and answer.location == "/login/code":
        assert customer.app is not None
        page = reader.get("/login/code")
        answer = reader.submit(page, "/login/code", code=customer.app.code())
    return answer


def settle(reader: Reader, customer: Customer) -> None:
    """Signed in, with every notice answered; ends on the settings."""
    here = reader.follow(sign_in(reader, customer))
    if "/two-factor" in [form.action for form in here.forms]:
        here = reader.follow(reader.submit(here, "/two-factor", deferral="never"))
    if "/privacy/read" in [form.action for form in here.forms]:
        here = reader.follow(reader.submit(here, "/privacy/read"))
    assert here.status == 200
    assert "<h1>Settings</h1>" in here.text
