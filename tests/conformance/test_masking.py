"""No secret in any output: a server that babbles, under a suite that sends it every secret.

The babbler gives back what it got, in each way that servers have: as JSON, quoted in JSON, in a
page of HTML, as a form, in headers, in redirects, in a body too long to be shown whole.
"""

from __future__ import annotations

import base64
import html
import io
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus, urlencode

import pytest
from aiohttp import web
from rich.console import Console

from conformance import runner
from conformance.approval import totp
from conformance.errors import Violation
from conformance.masking import Masker
from conformance.model import Check, Level, Report, Version
from conformance.profile import Approval, Limits, OAuth, Profile, Service, Step
from conformance.recording import note
from conformance.report import html as page
from conformance.report import json_file, junit, terminal
from conformance.target import Target
from tests.conformance.measured import Silent

PASSWORD: Final = 'pass"word\\with & <odd> signs/ăé'
OTHER_PASSWORD: Final = "the-other-password"
BEARER: Final = "bearer-of-the-profile-0123"
CLIENT_SECRET: Final = "client+secret/with=signs"
OTHER_CLIENT_SECRET: Final = "other-client-secret"
PIN: Final = "4711-pin"
TOTP: Final = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
OTP: Final = "913570"
FILLED: Final = "filled-into-a-form"
ACCESS: Final = "access-token-of-the-server"
REFRESH: Final = "refresh-token-of-the-server"
SAD: Final = "sad-of-the-server-0123456789"
CODE: Final = "code-of-the-server"
ID_TOKEN: Final = "header.payload.signature-of-the-id-token"
SECRETS: Final = {
    *(PASSWORD, OTHER_PASSWORD, BEARER, CLIENT_SECRET, OTHER_CLIENT_SECRET, PIN, TOTP, OTP),
    *(FILLED, ACCESS, REFRESH, SAD, CODE, ID_TOKEN, totp(TOTP, 1)),
}
GRANTED: Final = {
    "access_token": ACCESS,
    "refresh_token": REFRESH,
    "SAD": SAD,
    "id_token": ID_TOKEN,
    "code": CODE,
}


def _babble(name: str, got: str) -> web.Response:
    """An answer with everything in it, as ``name`` says."""
    match name:
        case "json":
            return web.json_response({**GRANTED, "got": got, "nested": [{"PIN": PIN}]}, status=400)
        case "quoted":
            return web.json_response({"error": json.dumps({**GRANTED, "got": got})}, status=400)
        case "page":
            return web.Response(
                text=f"<p>{html.escape(got)} {html.escape(json.dumps(GRANTED))}</p>",
                content_type="text/html",
            )
        case "form":
            return web.Response(text=urlencode({**GRANTED, "got": got}))
        case "long":
            return web.json_response({**GRANTED, "got": got, "rest": "x" * 100_000})
        case "broken":
            return web.Response(text=json.dumps({**GRANTED, "got": got}) + "}{")
        case "moved":
            query = urlencode(GRANTED)
            response = web.Response(status=302)
            response.headers["Location"] = f"https://app.example/?{query}#{query}"
            response.headers["Refresh"] = f"0; url=/?{query}"
            response.headers["X-Got"] = quote(got)
            response.headers["Set-Cookie"] = f"session={ACCESS}"
            response.headers["WWW-Authenticate"] = f'Bearer error_description="{ACCESS}"'
            return response
        case _:
            return web.json_response({"specs": "2.1.0.1", "methods": ["info"]})


BABBLES: Final = ("json", "quoted", "page", "form", "long", "broken", "moved")


async def _answer(request: web.Request) -> web.Response:
    got = await request.text()
    said = f"{got} {json.dumps(dict(request.headers))} {request.rel_url.raw_query_string}"
    return _babble(request.match_info["name"], said)


@pytest.fixture
async def babbler() -> AsyncIterator[str]:
    """Its base URL."""
    application = web.Application()
    application.router.add_route("*", "/csc/v2/{name}", _answer)
    server = web.AppRunner(application, access_log=None)
    await server.setup()
    site = web.TCPSite(server, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{server.addresses[0][1]}/csc/v2"
    await server.cleanup()


def _profile(url: str) -> Profile:
    return Profile(
        name="Babbler",
        urls=(url,),
        service=Service(
            kind="basic",
            username="alice",
            password=PASSWORD,
            other_username="bob",
            other_password=OTHER_PASSWORD,
            token=BEARER,
        ),
        oauth=OAuth(
            client_id="app",
            client_secret=CLIENT_SECRET,
            other_client_secret=OTHER_CLIENT_SECRET,
            steps=(Step(fill={"login": "alice", "field_7": FILLED}),),
        ),
        approval=Approval(pin=PIN, totp_secret=TOTP, values={"OTP": OTP}),
        limits=Limits(bytes_per_second=1 << 30),
    )


def _leak(name: str, level: Level) -> Check:
    """A check that sends every secret to ``name`` and tells what came back."""

    async def run(target: Target) -> None:
        pairs = {f"field{at}": secret for at, secret in enumerate(sorted(SECRETS))}
        url = f"{target.url}/{name}?{urlencode({**GRANTED, **pairs})}"
        basic = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
        for secret in (ACCESS, REFRESH, SAD, CODE, ID_TOKEN, totp(TOTP, 1)):
            target.client.masker.learn(secret)
        headers = {"Authorization": f"Basic {basic}", "Cookie": f"session={ACCESS}"}
        await target.client.post(url, {"PIN": PIN, "SAD": SAD, "deep": [pairs]}, headers)
        form = urlencode({"client_secret": CLIENT_SECRET, **pairs}).encode()
        answer = await target.client.request("POST", url, headers=headers, body=form)
        note(f"a note says {answer.body.decode()[:5000]}")
        raise Violation(f"found {answer.headers} and {answer.body.decode()[:5000]}")

    return _check(f"leak.{name}", level, run)


def _unlearned(name: str) -> Check:
    """A check that sees the server's secrets before anybody has learned them."""

    async def run(target: Target) -> None:
        await target.client.request("POST", f"{target.url}/{name}", headers={}, body=b"")
        raise Violation("found what is in the exchange")

    return _check(f"unlearned.{name}", Level.SHALL, run)


def _check(name: str, level: Level, run: Callable[[Target], Awaitable[None]]) -> Check:
    return Check(name, "babble", {Version.V21: "11.1"}, level, "Expected.", "Mend.", (), run)


def _outputs(report: Report, directory: Path) -> dict[str, str]:
    """Everything that the suite can write about ``report``."""
    log, screen = io.StringIO(), io.StringIO()
    terminal.show(report, terminal.console(log))
    terminal.show(report, Console(file=screen, force_terminal=True, width=1000, markup=False))
    json_file.write(report, directory / "report.json")
    json_file.write(json_file.read(directory / "report.json"), directory / "again.json")
    junit.write(report, directory / "report.xml")
    page.write(report, directory / "report.html")
    files = {file.name: file.read_text() for file in directory.iterdir()}
    return {"log": log.getvalue(), "screen": screen.getvalue(), **files}


def _forms(secret: str) -> set[str]:
    """``secret`` as it may stand in an output, also encoded once more by the output itself."""
    plain = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        base64.b64encode(f"alice:{secret}".encode()).decode(),
        base64.b64encode(f"app:{secret}".encode()).decode(),
    }
    return plain | {json.dumps(one)[1:-1] for one in plain} | {html.escape(one) for one in plain}


async def test_no_output_has_a_secret(babbler: str, tmp_path: Path) -> None:
    """Neither what the profile has nor what the server handed out, in whichever spelling."""
    checks = [_leak(name, level) for name in BABBLES for level in (Level.SHALL, Level.MAY)]
    report = await runner.run(_profile(babbler), checks, Silent())
    outputs = _outputs(report, tmp_path)
    assert {len(result.exchanges) for result in report.runs[0].results} == {2}
    found = {
        f"{form} in {name}"
        for secret in SECRETS
        for form in _forms(secret)
        for name, text in outputs.items()
        if form in text
    }
    assert found == set()


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


@pytest.mark.parametrize(
    "writers",
    [
        *itertools.product((_json, html.escape, quote, quote_plus), repeat=2),
        (_json, _json, _json),
        (html.escape, _json, quote_plus),
        (quote, quote, quote),
    ],
)
@pytest.mark.parametrize("secret", [PASSWORD, "two\\\\slashes 'n' \U0001f511 key", CLIENT_SECRET])
def test_spellings_within_each_other(
    secret: str, writers: tuple[Callable[[str], str], ...]
) -> None:
    """JSON in a page in an address, and so on: it is the same secret, and never shown."""
    written = secret
    for writer in writers:
        written = writer(written)
    masker = Masker([secret])
    assert written not in masker.text(f"before {written} after")
    assert "•••" in masker.text(f"before {written} after")


@pytest.mark.parametrize("writer", [str, _json, html.escape, quote, quote_plus])
def test_usual_spellings_leave_the_rest_readable(writer: Callable[[str], str]) -> None:
    """Only where a secret is written in a strange way the whole text goes."""
    masker = Masker([PASSWORD])
    assert masker.text(f"before {writer(PASSWORD)} after") == "before ••• after"
    assert masker.text(f"before {quote(_json(_json(PASSWORD)))} after") == "•••"


def test_slashes_as_php_writes_them() -> None:
    """JSON may escape a slash."""
    escaped = CLIENT_SECRET.replace("/", r"\/")
    assert Masker([CLIENT_SECRET]).text(f'"{escaped}"') == '"•••"'


def test_short_and_empty_secrets_hide_no_page() -> None:
    """A value of three characters is masked by the name of its member alone."""
    masker = Masker(["", "abc"])
    assert masker.text("abc") == "abc"
    assert masker.body(b'{"PIN": "abc"}') == '{\n "PIN": "•••"\n}'


async def test_what_nobody_has_learned_is_known_by_its_name(babbler: str, tmp_path: Path) -> None:
    """A token in the very answer that hands it out, and in one that is cut or no JSON."""
    report = await runner.run(_profile(babbler), [_unlearned(one) for one in BABBLES], Silent())
    outputs = _outputs(report, tmp_path)
    granted = {ACCESS, REFRESH, SAD, CODE, ID_TOKEN}
    found = {
        f"{secret} in {name}"
        for secret in granted
        for name, text in outputs.items()
        if secret in text
    }
    assert found == set()


async def test_the_rest_stays_readable(babbler: str, tmp_path: Path) -> None:
    """Masks take the place of secrets and of nothing else."""
    report = await runner.run(_profile(babbler), [_leak("json", Level.SHALL)], Silent())
    text = _outputs(report, tmp_path)["report.html"]
    assert "•••" in text
    for plain in ("access_token", "nested", "POST", "field7", "Content-Type"):
        assert plain in text
