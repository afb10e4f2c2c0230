"""The HTTP gateway adapter: four gateways by configuration, and everything that goes wrong.

(providers 3.2, 3.4)
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from csc_server.adapters.sms.http import Encoding, Gateway, HttpSms, PlainToStrangers
from csc_server.ports.messages import Attempt, NewMessage, SmsText
from policies.delivery import Outcome
from policies.messages import Language, MessageKind
from policies.secret import Secret
from tests import mail
from tests.build import HOUR, T0

TEXT = 'canary-482913 - "code" & 100% {to}\n@sign.example #482913'
WORDS = SmsText(TEXT)
SECRET = "gateway-secret+/=&"
JSON_BODY = '{"to": "{to}", "text": "{text}", "ref": "{message_id}", "key": "{secret}"}'


def message(recipient: str = "+40721234567") -> NewMessage:
    """A code."""
    return NewMessage(
        message_id="0123456789abcdef0123456789abcdef",
        kind=MessageKind.PHONE_CODE,
        recipient=recipient,
        language=Language.RO,
        facts={"code": "482913"},
        account_id=None,
        created_at=T0,
        expires_at=T0 + HOUR,
    )


@dataclass
class Stub:
    """A gateway that answers as told."""

    status: int = 200
    body: str = '{"ok": true}'
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[[web.Request], Awaitable[None]] | None = None
    """Done before the answer."""
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    """Method, path, headers and body."""
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Take note, then answer."""
        text = await request.text()
        self.asked.append((request.method, request.path, dict(request.headers), text))
        if self.act is not None:
            await self.act(request)
        return web.Response(status=self.status, text=self.body, headers=self.headers)


@asynccontextmanager
async def stub(**answers: Any) -> AsyncIterator[Stub]:
    """On a loopback port."""
    made, application = Stub(**answers), web.Application()
    application.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(application) as server:
        made.url = str(server.make_url("/send"))
        yield made


def gateway(url: str, **changes: Any) -> Gateway:
    """JSON with ``ok`` unless said otherwise."""
    values: dict[str, Any] = {
        "encoding": Encoding.JSON,
        "headers": {},
        "body": JSON_BODY,
        "success": re.compile(r'"ok":\s*true'),
        "throttled": None,
        "reference": None,
        "limit_s": 5.0,
        "secret": Secret(SECRET),
    }
    return Gateway(url=url, **{**values, **changes})


async def send(url: str, recipient: str = "+40721234567", **changes: Any) -> Attempt:
    """One attempt."""
    async with HttpSms(gateway(url, **changes)) as sms:
        return await sms.send(message(recipient), WORDS)


async def test_json_is_escaped() -> None:
    """Quotation marks and line breaks arrive as they were; a text is no template."""
    async with stub() as gate:
        assert (await send(gate.url)).outcome is Outcome.ACCEPTED
    [(method, path, headers, body)] = gate.asked
    assert (method, path, headers["Content-Type"]) == ("POST", "/send", "application/json")
    assert json.loads(body) == {
        "to": "+40721234567",
        "text": TEXT,
        "ref": "0123456789abcdef0123456789abcdef",
        "key": SECRET,
    }


async def test_a_form_is_escaped() -> None:
    """Ampersands and plus signs arrive as they were."""
    async with stub() as gate:
        form = {"encoding": Encoding.FORM, "body": "to=00{to_digits}&m={text}&key={secret}"}
        await send(gate.url, **form)
    [(_, _, headers, body)] = gate.asked
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body) == {"to": ["0040721234567"], "m": [TEXT], "key": [SECRET]}


_TWILIO = {
    "encoding": Encoding.FORM,
    "headers": {"Authorization": "Basic {secret}"},
    "body": "To={to}&From=Paraph&Body={text}",
    "success": re.compile(r'"status":\s*"(queued|accepted)"'),
    "reference": re.compile(r'"sid":\s*"([^"]+)"'),
}
_VONAGE = {
    "body": '{"api_secret": "{secret}", "to": "{to_digits}", "from": "Paraph", "text": "{text}", '
    '"client-ref": "{message_id}"}',
    "success": re.compile(r'"status":\s*"0"'),
    "throttled": re.compile(r'"status":\s*"1"'),
    "reference": re.compile(r'"message-id":\s*"([^"]+)"'),
}
_SMSAPI = {
    "encoding": Encoding.FORM,
    "headers": {"Authorization": "Bearer {secret}"},
    "body": "to={to_digits}&message={text}&format=json&idx={message_id}&check_idx=1",
    "success": re.compile(r'"list":\s*\['),
    "reference": re.compile(r'"id":\s*"([^"]+)"'),
}
_SMSLINK = {
    "encoding": Encoding.FORM,
    "body": "connection_id=paraph&password={secret}&to=00{to_digits}&message={text}",
    "success": re.compile(r"^MESSAGE;"),
    "reference": re.compile(r"^MESSAGE;[^;]*;[^;]*;([^,;]+)"),
}


@pytest.mark.parametrize(
    ("configured", "status", "answer", "attempt"),
    [
        (
            _TWILIO,
            201,
            '{"sid": "SM1", "status": "queued"}',
            Attempt(Outcome.ACCEPTED, "201", "SM1"),
        ),
        (_TWILIO, 400, '{"code": 21211}', Attempt(Outcome.REFUSED, "400")),
        (
            _VONAGE,
            200,
            '{"messages": [{"status": "0", "message-id": "0A"}]}',
            Attempt(Outcome.ACCEPTED, "200", "0A"),
        ),
        (
            _VONAGE,
            200,
            '{"messages": [{"status": "1"}]}',
            Attempt(Outcome.TRANSIENT, "200 throttled"),
        ),
        (
            _VONAGE,
            200,
            '{"messages": [{"status": "4"}]}',
            Attempt(Outcome.UNKNOWN, "200 without the words of success"),
        ),
        (
            _SMSAPI,
            200,
            '{"count": 1, "list": [{"id": "5F", "status": "QUEUE"}]}',
            Attempt(Outcome.ACCEPTED, "200", "5F"),
        ),
        (
            _SMSAPI,
            200,
            '{"error": 103}',
            Attempt(Outcome.UNKNOWN, "200 without the words of success"),
        ),
        (_SMSLINK, 200, "MESSAGE;1;Sent;77,x", Attempt(Outcome.ACCEPTED, "200", "77")),
        (
            _SMSLINK,
            200,
            "ERROR;3;Bad number",
            Attempt(Outcome.UNKNOWN, "200 without the words of success"),
        ),
    ],
)
async def test_gateways_by_configuration(
    configured: dict[str, Any], status: int, answer: str, attempt: Attempt
) -> None:
    """Twilio, Vonage, SMSAPI and SMSLink: taken, throttled, refused, and who knows."""
    async with stub(status=status, body=answer) as gate:
        assert await send(gate.url, **configured) == attempt


async def test_a_secret_in_a_header() -> None:
    """As the gateway wants it."""
    async with stub() as gate:
        await send(gate.url, headers={"Authorization": "Bearer {secret}", "Idem": "{message_id}"})
    headers = gate.asked[0][2]
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["Idem"] == "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, Outcome.MISCONFIGURED),
        (401, Outcome.MISCONFIGURED),
        (402, Outcome.MISCONFIGURED),
        (403, Outcome.MISCONFIGURED),
        (404, Outcome.MISCONFIGURED),
        (400, Outcome.REFUSED),
        (422, Outcome.REFUSED),
        (429, Outcome.TRANSIENT),
        (503, Outcome.TRANSIENT),
        (500, Outcome.UNKNOWN),
        (502, Outcome.UNKNOWN),
        (504, Outcome.UNKNOWN),
    ],
)
async def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    """Whatever the body says: only a 2xx can be a success."""
    async with stub(status=status) as gate:
        assert await send(gate.url) == Attempt(outcome, str(status))


@pytest.mark.parametrize("body", ["", "<html>", '{"ok": ', '{"ok": "true"}', "\x00\xff"])
async def test_an_answer_that_nobody_understands(body: str) -> None:
    """May have been taken: never sent again."""
    async with stub(body=body) as gate:
        assert (await send(gate.url)).outcome is Outcome.UNKNOWN


async def test_a_redirect_is_not_followed() -> None:
    """The code goes to the configured address alone."""
    async with stub() as elsewhere, stub(status=307, headers={"Location": elsewhere.url}) as gate:
        assert (await send(gate.url)).outcome is Outcome.MISCONFIGURED
    assert (len(gate.asked), len(elsewhere.asked)) == (1, 0)


async def test_silence_after_the_request() -> None:
    """Given up after the limit, and nobody knows."""

    async def stall(request: web.Request) -> None:
        await asyncio.Event().wait()

    async with stub(act=stall) as gate:
        attempt = await send(gate.url, limit_s=0.2)
    assert attempt.outcome is Outcome.UNKNOWN
    assert len(gate.asked) == 1


async def test_hanging_up_after_the_request() -> None:
    """Nobody knows; and it is not sent a second time behind our back."""

    async def hang_up(request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()

    async with stub(act=hang_up) as gate:
        assert (await send(gate.url)).outcome is Outcome.UNKNOWN
    assert len(gate.asked) == 1


async def test_nobody_listens() -> None:
    """Certainly not taken."""
    async with stub() as gate:
        url = gate.url
    assert (await send(url)).outcome is Outcome.TRANSIENT


async def test_an_endless_answer_is_not_read() -> None:
    """The first 64 KiB decide; the rest is not waited for."""

    async def babble(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"ok": true}')
        with contextlib.suppress(ConnectionResetError):
            while True:
                await response.write(b"x" * 10_000)
        return response

    application = web.Application()
    application.router.add_post("/send", babble)
    async with TestServer(application) as server:
        attempt = await send(str(server.make_url("/send")), limit_s=2)
    assert attempt.outcome is Outcome.ACCEPTED


async def test_a_bad_certificate_gets_nothing(tmp_path: Path) -> None:
    """Our fault or an attack: neither number nor code is sent."""
    made, application = Stub(), web.Application()
    application.router.add_route("*", "/{path:.*}", made.handle)
    context = mail.certificates(tmp_path).context_for("127.0.0.1")
    server = TestServer(application, scheme="https")
    await server.start_server(ssl=context)
    attempt = await send(f"https://127.0.0.1:{server.port}/send")
    await server.close()
    assert attempt == Attempt(Outcome.MISCONFIGURED, "ClientConnectorCertificateError")
    assert made.asked == []


@pytest.mark.parametrize(
    "number", ["", "0721234567", "+40 721", "+40721234567\r\nX: y", "+0721234567"]
)
async def test_only_e164_is_sent(number: str) -> None:
    """Anything else is refused before the gateway hears of it."""
    async with stub() as gate:
        assert (await send(gate.url, number)).outcome is Outcome.REFUSED
    assert gate.asked == []


@pytest.mark.parametrize("url", ["http://gateway.example/", "http://127.0.0.1.evil.example/"])
def test_plain_goes_to_this_machine_alone(url: str) -> None:
    """Anything else refuses to start."""
    with pytest.raises(PlainToStrangers):
        HttpSms(gateway(url))


async def test_nothing_shows_itself() -> None:
    """Neither secret nor code in what is kept of an attempt, whatever the gateway repeats."""
    async with stub(status=400, body=f"bad: {TEXT} {base64.b64encode(SECRET.encode())!r}") as gate:
        attempt = await send(gate.url)
        shown = repr((attempt, gateway(gate.url), WORDS, message()))
    assert "canary" not in shown
    assert SECRET not in shown
