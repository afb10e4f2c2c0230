"""Real processes, a real relay and a real gateway: killed in the middle of handing over.

A mail is lost by nobody; an SMS is sent twice by nobody; what was sent leaves no trace.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from csc_server.config import Settings
from csc_server.ports.messages import NewMessage
from policies.messages import Language, MessageKind
from tests import mail, service
from tests.contracts import stores
from tests.csc_server.api.test_canary import written_files
from tests.service import Service

LINK = "https://sign.example/register/link-canary-51c7"
SECRET = "gateway-secret-canary"


class Gateway:
    """An SMS gateway that takes note, and says nothing until it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.heard = asyncio.Event()
        self.answers = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        """Taken, as far as the gateway is concerned."""
        self.asked.append(await request.text())
        self.heard.set()
        await self.answers.wait()
        return web.json_response({"ok": True, "id": "77"})


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    """Its behaviour and its address."""
    made, application = Gateway(), web.Application()
    application.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(application) as server:
        yield made, str(server.make_url("/send"))
        made.answers.set()


def instance(directory: Path, relay_port: int, gateway_url: str) -> Settings:
    """Sends for real."""
    settings = {
        "mail.kind": "smtp",
        "mail.host": "127.0.0.1",
        "mail.port": relay_port,
        "mail.tls": "none",
        "sms.kind": "http",
        "sms.url": gateway_url,
        "sms.body": "to={to}&text={text}&key={secret}",
        "sms.success": '"ok": true',
        "sms.reference": '"id": "([^"]+)"',
        "sms.secret_file": "secrets/sms",
    }
    (directory / "secrets").mkdir(parents=True)
    (directory / "secrets" / "sms").write_text(f"{SECRET}\n")
    return service.create_instance(directory, **settings)


def message(name: str, kind: MessageKind) -> NewMessage:
    """Of now, for ten minutes."""
    now, by_sms = datetime.now(UTC), kind is MessageKind.PHONE_CODE
    return NewMessage(
        message_id=name,
        kind=kind,
        recipient="+40721234567" if by_sms else "ana@example.org",
        language=Language.EN,
        facts={"code": "code-canary"} if by_sms else {"name": "Ana", "link": LINK},
        account_id=None,
        created_at=now,
        expires_at=now + timedelta(minutes=10),
    )


async def test_a_kill_in_the_middle(tmp_path: Path, gateway: tuple[Gateway, str]) -> None:
    """Both are being handed over when SIGKILL comes: the mail comes again, the SMS does not."""
    gate, url = gateway
    async with mail.relay({"DATA": ["stall"]}) as relay:
        settings = await asyncio.to_thread(instance, tmp_path / "instance", relay.port, url)
        running = Service(settings)
        await asyncio.to_thread(running.start)
        try:
            async with stores.opened(settings.database, tmp_path, node="test") as store:
                new = [message("m", MessageKind.INVITATION), message("s", MessageKind.PHONE_CODE)]
                await store.database.write(lambda sql: stores.insert_messages(sql, new))
            async with asyncio.timeout(10):
                await gate.heard.wait()
                await relay.stalled.wait()
            [process] = running.web_processes()
            os.kill(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait, 10)
            gate.answers.set()
            leases_run_out(settings)
            await asyncio.to_thread(wait_for, settings, {"m": "sent", "s": "unknown"})
            await there_is_no_outbox(settings.base_url)
        finally:
            assert await asyncio.to_thread(running.stop) == 0
    first, second = relay.taken
    assert first["Message-ID"] == second["Message-ID"] == "<m.invitation@paraph.example>"
    assert len(gate.asked) == 1
    for path in written_files(settings.instance):
        for canary in (LINK, "code-canary", SECRET):
            assert canary.encode() not in path.read_bytes(), (path, canary)


async def there_is_no_outbox(base_url: str) -> None:
    """Nor a hint that there could be one."""
    async with aiohttp.ClientSession(base_url) as http:
        for path in ("/outbox", "/outbox.json", "/outbox/m"):
            async with http.get(path) as answer:
                assert answer.status == 404


def leases_run_out(settings: Settings) -> None:
    """As time would have it."""
    with closing(sqlite3.connect(_file(settings))) as connection, connection:
        changed = connection.execute(
            "UPDATE messages SET next_at = created_at WHERE state = 'sending'"
        )
        assert changed.rowcount == 2


def wait_for(settings: Settings, wanted: dict[str, str]) -> None:
    """Return when the messages are in these states."""
    deadline = time.monotonic() + 20
    while (found := states(settings)) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def states(settings: Settings) -> dict[str, str]:
    """By message."""
    with closing(sqlite3.connect(_file(settings))) as connection:
        return dict(connection.execute("SELECT message_id, state FROM messages"))


def _file(settings: Settings) -> str:
    return settings.database.removeprefix("sqlite:///")
