"""Around every page: headers, cookies, forged forms, languages, and GET without effects. (5.3)"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from csc_server.web.pages.table import PAGES
from csc_server.web.routes import ROUTES
from tests import service
from tests.csc_server.pages import customers
from tests.csc_server.pages.customers import Customer
from tests.csc_server.pages.mailbox import Mailbox
from tests.csc_server.pages.reader import Reader
from tests.service import Service

GETS = [page.path.replace("*", "x" * 43) for page in PAGES if page.get is not None]
POSTS = [page.path.replace("*", "x" * 43) for page in PAGES if page.post is not None]
_DELIVERY = ('INSERT INTO "messages"', 'INSERT INTO "outbox"')
PUBLIC = ["/login", "/register", "/register/sent", "/password", "/privacy", "/help"]


@pytest.fixture(scope="module")
def customer(site: Service, mailbox: Mailbox) -> Customer:
    """Somebody who is known."""
    return customers.register(site, mailbox)


@pytest.fixture
def reader(site: Service) -> Reader:
    """A browser that was never here."""
    return Reader(site.base_url)


@pytest.fixture
def signed_in(reader: Reader, customer: Customer) -> Reader:
    """A browser in which the customer is signed in."""
    customers.settle(reader, customer)
    return reader


@pytest.mark.parametrize("path", [*GETS, "/nothing/here"])
def test_every_page_has_the_headers(signed_in: Reader, path: str) -> None:
    """Of 5.3, on pages, redirects and errors alike; HSTS only over https."""
    answer = signed_in.get(path)
    policy = str(answer.headers["Content-Security-Policy"])
    assert answer.status in (200, 303, 400, 404, 410)
    for part in (
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
        "'strict-dynamic'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "camera=()" in str(answer.headers["Permissions-Policy"])
    assert "Strict-Transport-Security" not in answer.headers
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", answer.text)
    for tag in re.findall(r"<script[^>]*>", answer.text):
        nonce = re.search(r'nonce="([^"]+)"', tag)
        assert nonce is not None
        assert f"'nonce-{nonce.group(1)}'" in policy


def test_a_nonce_is_good_for_one_answer(reader: Reader) -> None:
    """Two answers, two nonces."""
    first, second = (str(reader.get("/login").headers["Content-Security-Policy"]) for _ in "ab")
    assert first != second


def test_assets_may_be_kept(reader: Reader) -> None:
    """Their names change with their bytes; another name is unknown."""
    page = reader.get("/login").text
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = reader.get(address)
        assert answer.status == 200
        assert "immutable" in str(answer.headers["Cache-Control"])
        assert "Set-Cookie" not in answer.headers
        assert reader.get(address.replace("paraph.", "paraph.0")).status == 404


def test_the_session_cookie_is_for_the_server_alone(reader: Reader) -> None:
    """HttpOnly, Lax, whole site, no domain, gone with the browser; a second visit keeps it."""
    cookie = str(reader.get("/login").headers["Set-Cookie"])
    assert re.fullmatch(r"sid=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", cookie)
    assert "Set-Cookie" not in reader.get("/login").headers


@pytest.mark.parametrize("path", POSTS)
def test_no_form_works_from_elsewhere(signed_in: Reader, path: str) -> None:
    """Wrong or missing Origin, wrong Sec-Fetch-Site, wrong or missing token: 403, in words."""
    token = signed_in.get("/settings").form("/logout").fields["csrf"]
    good = {"csrf": token}
    for fields, headers in (
        ({}, {}),
        ({"csrf": "x" * 43}, {}),
        (good, {"Origin": "https://evil.example"}),
        (good, {"Origin": f"{signed_in.origin}.evil.example"}),
        (good, {"Origin": ""}),
        (good, {"Origin": "null", "Sec_Fetch_Site": ""}),
        (good, {"Origin": "null", "Sec_Fetch_Site": "cross-site"}),
        (good, {"Sec_Fetch_Site": "cross-site"}),
        (good, {"Sec_Fetch_Site": "same-site"}),
    ):
        answer = signed_in.post(path, fields, **headers)
        assert answer.status == 403, (path, fields, headers)
        assert "This form is out of date" in answer.text
    assert signed_in.get("/settings").status == 200


def test_a_form_without_a_referrer_works(reader: Reader) -> None:
    """Under no-referrer browsers write Origin: null, and say themselves that it is ours."""
    page = reader.get("/password")
    fields = page.form("/password").fields | {"email": "nobody@example.ro"}
    assert reader.post("/password", fields, Origin="null").location == "/password/sent"


def test_the_token_of_another_session_is_worth_nothing(site: Service, reader: Reader) -> None:
    """A stranger's token with our cookie."""
    stranger = Reader(site.base_url)
    token = stranger.get("/login").form("/login").fields["csrf"]
    reader.get("/login")
    assert reader.post("/login", {"csrf": token, "email": "a", "password": "b"}).status == 403


def test_signing_in_changes_the_cookie(site: Service, reader: Reader, customer: Customer) -> None:
    """What was known before the login is worth nothing after it, and the token with it."""
    page = reader.get("/login")
    before = reader.cookies["sid"]
    old = page.form("/login").fields["csrf"]
    customers.settle(reader, customer)
    assert reader.cookies["sid"] != before
    assert reader.post("/logout", {"csrf": old}).status == 403
    thief = Reader(site.base_url)
    thief.cookies["sid"] = before
    assert thief.get("/settings").location.startswith("/login?")


def test_signing_out_ends_the_session(site: Service, signed_in: Reader) -> None:
    """On the server: a copy of the cookie is worth nothing."""
    copy = Reader(site.base_url)
    copy.cookies = dict(signed_in.cookies)
    assert copy.get("/settings").status == 200
    page = signed_in.get("/settings")
    assert signed_in.submit(page, "/logout").location == "/login?signed_out=1"
    assert copy.get("/settings").location == "/login?next=%2Fsettings"


def test_a_login_leads_back_inside_only(reader: Reader, customer: Customer) -> None:
    """To one of our pages; another host, or a path that is none of ours, leads home."""
    for wanted in (
        "https://evil.example/settings",
        "//evil.example/settings",
        "/\\evil.example",
        "/settings\t//evil",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/login",
        "/csc/v2/info",
        "/settings#x",
    ):
        page = reader.get("/login?next=" + wanted.replace("\t", "%09").replace("#", "%23"))
        assert page.form("/login").fields["next"] == "/settings", wanted
    page = reader.get("/login?next=/settings/sessions")
    assert page.form("/login").fields["next"] == "/settings/sessions"


@pytest.mark.parametrize(
    "path", [page.path for page in PAGES if page.access.name == "SIGNED_IN" and page.get]
)
def test_own_pages_ask_for_the_login(reader: Reader, path: str) -> None:
    """303 to the login page and nothing else; a form that comes too late likewise."""
    answer = reader.get(path)
    assert answer.location.startswith("/login?next=")
    assert answer.text == ""


def test_unknown_and_known_addresses_look_alike(
    site: Service, mailbox: Mailbox, customer: Customer
) -> None:
    """Login, registration and forgotten password: same status, headers and bytes."""
    for path, fields in (
        ("/login", {"password": "wrong password, whoever"}),
        ("/password", {}),
        (
            "/register",
            {"first_name": "A", "last_name": "B", "phone": "0722000111", "privacy_read": "1"},
        ),
    ):
        told = []
        for email in (customer.email, "x" * len(customer.email.partition("@")[0]) + "@example.ro"):
            reader = Reader(site.base_url)
            answer = reader.submit(reader.get(path), path, email=email, **fields)
            told.append(_comparable(answer.text.replace(email, "EMAIL"), answer.headers))
            if answer.status == 303:
                told[-1] += _comparable(reader.follow(answer).text, {})
        assert told[0] == told[1], path
    assert mailbox.count("already_registered", customer.email) == 1


def test_unknown_links_look_alike(reader: Reader) -> None:
    """No link of any kind tells more than that it does not work."""
    for path in ("/password/", "/unlock/"):
        page = reader.get(path + "y" * 43)
        answer = reader.submit(page, path + "y" * 43)
        assert answer.status == 404
        assert "This link does not work" in answer.text
    assert reader.get("/register/" + "y" * 43).status == 404


def test_looking_changes_nothing(site: Service, signed_in: Reader) -> None:
    """Every GET of the route table: the database is the same afterwards."""
    before = _rows(site)
    for path in [*GETS, *(path for path, route in ROUTES.items() if "GET" in route.http_methods)]:
        signed_in.get(path)
    assert _rows(site) == before


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("language", ["ro", "en", "fr"])
def test_the_language_is_chosen_and_remembered(site: Service, path: str, language: str) -> None:
    """By link, then by cookie, whatever the browser prefers; links keep the page."""
    reader = Reader(site.base_url, "de")
    assert '<html lang="en">' in reader.get(path).text
    answer = reader.get(f"{path}?lang={language}")
    assert f'<html lang="{language}">' in answer.text
    assert f'<html lang="{language}">' in reader.get(path).text
    assert f'href="{path}?lang=fr"' in answer.text
    assert '<html lang="fr">' in Reader(site.base_url, "fr-CH,en;q=0.8").get(path).text


def test_refusals_are_pages(signed_in: Reader) -> None:
    """Each in words, with the status that machines want."""
    token = signed_in.get("/settings").form("/logout").fields["csrf"]
    assert signed_in.get("/nothing").status == 404
    assert signed_in.get("/logout").status == 405
    assert signed_in.get("/logout").headers["Allow"] == "POST"
    big = {"csrf": token, "x": "x" * 70_000}
    assert signed_in.post("/settings/language", big).status == 413
    assert signed_in.post("/logout", {}, Content_Type="application/json").status == 415
    twice = signed_in.post("/logout?x", {"csrf": token}, Content_Type="multipart/form-data")
    assert twice.status == 415
    assert "<h1>" in twice.text


def test_an_account_from_the_command_line(
    reader: Reader, people: dict[str, service.Person]
) -> None:
    """Without e-mail and phone: settings show what there is, and factors are an operator's work."""
    carol = Customer("carol", "", service.PASSWORD)
    assert customers.sign_in(reader, carol).location == "/settings"
    for path in (*GETS, "/settings/programs"):
        assert reader.get(path).status < 500, path
    for path in ("/settings/phone", "/authenticator"):
        assert "This account has no phone number" in reader.get(path).text


def test_an_api_never_takes_a_cookie(signed_in: Reader) -> None:
    """A session opens pages, and nothing else; unknown API paths answer JSON."""
    answer = signed_in.post("/csc/v2/credentials/list", {}, Content_Type="application/json")
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    answer = signed_in.get("/csc/v2/nothing")
    assert answer.headers["Content-Type"].startswith("application/json")


def _comparable(text: str, headers: object) -> str:
    told = re.sub(r'(name="csrf" value|nonce)="[^"]+"', "TOKEN", text)
    if not headers:
        return told
    kept = [
        (name, re.sub(r"nonce-[\w-]+|sid=[\w-]+", "X", value))
        for name, value in headers.items()  # type: ignore[attr-defined]
        if name not in ("Date", "Content-Length")
    ]
    return told + str(kept)


def _rows(site: Service) -> list[str]:
    path = site.settings.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        # Mails that are on their way go on being delivered.
        return [line for line in connection.iterdump() if not line.startswith(_DELIVERY)]
