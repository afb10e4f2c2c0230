"""The edges of the pages: https, and everything that goes wrong behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from csc_server.ports import StorageUnavailable
from csc_server.web.pages.onward import HOME, inward
from policies import codes, errors
from tests.csc_server.pages import programs, stage
from tests.csc_server.pages.reader import Reader
from tests.csc_server.pages.stage import StageServer

PUBLIC = "https://sign.paraph.example"
KNOWN = frozenset({"/settings", "/approve"})


@pytest.fixture(scope="module")
def server() -> Iterator[StageServer]:
    """The stage behind a proxy that speaks https."""
    with StageServer(programs.credential(), PUBLIC).running() as running:
        yield running


def test_over_https_the_cookies_have_the_prefix(server: StageServer) -> None:
    """``__Host-``: Secure, whole site, no domain; and HSTS on every answer, of APIs too."""
    reader = Reader(server.url)
    answer = reader.get("/login?lang=fr")
    cookies = answer.headers.get_all("Set-Cookie", [])
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "; Secure" in cookie
        assert "; HttpOnly" in cookie
        assert "; Path=/" in cookie
        assert "Domain" not in cookie
    for path in ("/login", "/nothing", "/csc/v2/nothing"):
        hsts = Reader(server.url).get(path).headers["Strict-Transport-Security"]
        assert hsts == "max-age=63072000; includeSubDomains"


def test_a_cookie_without_the_prefix_counts_for_nothing(server: StageServer) -> None:
    """A neighbour under the same domain could have planted it."""
    planted = Reader(server.url)
    planted.cookies["sid"] = stage.KEY.value
    assert planted.get("/settings").status == 303
    own = Reader(server.url)
    own.cookies["__Host-sid"] = stage.KEY.value
    assert own.get("/two-factor").status == 200


def test_the_origin_is_the_public_one(server: StageServer) -> None:
    """A form from the address behind the proxy is not ours."""
    reader = Reader(server.url)
    fields = reader.get("/login").form("/login").fields
    assert reader.post("/login", fields).status == 403


@pytest.mark.parametrize(
    ("reason", "status", "words"),
    [
        (RuntimeError("the detail that only operators see"), 500, "tell us this number"),
        (StorageUnavailable("gone"), 503, "Nothing was changed."),
        (errors.RateLimited("x"), 429, "Wait a minute"),
        (errors.CredentialUnknown("x"), 400, "Nothing was changed."),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_goes_wrong_behind_a_page_is_a_page(
    server: StageServer, reason: Exception, status: int, words: str
) -> None:
    """In words and in the right status; a bug is a number, and nothing of its text."""
    reader = Reader(server.url)
    reader.cookies["__Host-sid"] = stage.HALF.value
    server.people.outcomes["check_login_code"] = reason
    fields = reader.get("/login/code").form("/login/code").fields
    answer = reader.post("/login/code", fields | {"code": "123456"}, Origin=PUBLIC)
    assert answer.status == status
    assert words in answer.text
    assert "operators" not in answer.text
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    assert "default-src 'none'" in str(answer.headers["Content-Security-Policy"])


@pytest.mark.parametrize(
    ("reason", "status", "words"),
    [
        (errors.RateLimited("x"), 429, f"a moment ago, or {codes.SMS_PER_DAY} did today"),
        (errors.SmsBudgetSpent("x"), 503, "Nothing is lost. Try again in an hour."),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_sms_that_may_not_go_out_is_told(reason: Exception, status: int, words: str) -> None:
    """On the page that was to send it, with its form as it was."""
    with StageServer(programs.credential()).running() as server:
        reader = Reader(server.url)
        reader.cookies["sid"] = stage.HALF.value
        server.people.outcomes["start_pairing"] = reason
        token = reader.get("/login/code").form("/login/code").fields["csrf"]
        answer = reader.post("/authenticator/send", {"csrf": token})
        assert answer.status == status
        assert words in answer.text
        assert answer.form("/authenticator/send")


@pytest.mark.parametrize(
    ("address", "goal"),
    [
        ("/settings", "/settings"),
        ("/approve?request=1&lang=fr", "/approve?request=1&lang=fr"),
        ("/unknown", HOME),
        ("", HOME),
        ("settings", HOME),
        ("//evil.example/settings", HOME),
        ("/\\evil.example", HOME),
        ("https://evil.example/settings", HOME),
        ("https:/settings", HOME),
        ("javascript:alert(1)", HOME),
        ("/settings#fragment", HOME),
        ("/settings\n", HOME),
        ("\t/settings", HOME),
        ("/settings?" + "x" * 1000, HOME),
        ("//[", HOME),
    ],
)
def test_where_a_login_may_lead(address: str, goal: str) -> None:
    """To a page of ours by its path, whatever a browser would make of the rest."""
    assert inward(address, KNOWN) == goal
