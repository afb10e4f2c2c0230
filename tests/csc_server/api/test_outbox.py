"""`/outbox` of a running service: what was written is delivered and shown."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from csc_server.ports.messages import NewMessage
from policies.messages import Language, MessageKind
from tests.contracts import stores
from tests.csc_server.api.conftest import World

LINK = "https://sign.example/register/outbox?a=1&b=<2>"


@pytest.fixture
async def http(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser without memory."""
    async with aiohttp.ClientSession(world.service.base_url) as session:
        yield session


async def write(world: World, directory: Path, kind: MessageKind, **facts: str) -> str:
    """Another process writes a message; its identifier."""
    now = datetime.now(UTC)
    recipient = "+40721234567" if kind is MessageKind.PHONE_CODE else "ana@example.org"
    new = NewMessage(
        message_id=uuid4().hex,
        kind=kind,
        recipient=recipient,
        language=Language.EN,
        facts=facts,
        account_id=None,
        created_at=now,
        expires_at=now + timedelta(minutes=10),
    )
    async with stores.opened(world.service.settings.database, directory, node="test") as store:
        await store.database.write(lambda sql: stores.insert_messages(sql, [new]))
    return new.message_id


async def delivered(http: aiohttp.ClientSession, message_id: str) -> dict[str, Any]:
    """The message, when it is there."""
    async with asyncio.timeout(10):
        while True:
            async with http.get("/outbox.json") as answer:
                assert answer.status == 200
                for one in (await answer.json())["messages"]:
                    if one["message_id"] == message_id:
                        return dict(one)
            await asyncio.sleep(0.02)


async def test_a_mail_is_shown(world: World, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """As JSON, as text on a page of its own, as HTML in a frame that may do nothing."""
    name = await write(world, tmp_path, MessageKind.INVITATION, name="Ana", link=LINK)
    shown = await delivered(http, name)
    assert shown["subject"] == "Create your Paraph account"
    assert LINK in shown["text"]
    async with http.get("/outbox") as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert f'src="/outbox/{name}"' in page
    assert "Create your Paraph account" in page
    assert "unsafe" not in policy
    async with http.get(f"/outbox/{name}") as answer:
        mail, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert mail == shown["html"]
    assert "sandbox" in policy.split("; ")
    assert "default-src 'none'" in policy
    for markup in (page, mail):
        assert "<2>" not in markup
        assert not re.search("<script", markup)


async def test_an_sms_is_shown_before_older_mails(
    world: World, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """The newest first; an SMS has no HTML."""
    older = await write(world, tmp_path, MessageKind.PASSWORD_CHANGED, name="Ana")
    await delivered(http, older)
    name = await write(world, tmp_path, MessageKind.PHONE_CODE, code="482913")
    shown = await delivered(http, name)
    assert (shown["to"], shown["text"].splitlines()[1]) == ("+40721234567", "@127.0.0.1 #482913")
    async with http.get("/outbox") as answer:
        page = await answer.text()
    assert page.index(name) < page.index(older)
    async with http.get(f"/outbox/{name}") as answer:
        assert answer.status == 404


async def test_no_such_mail(http: aiohttp.ClientSession) -> None:
    """404 like any unknown path."""
    async with http.get("/outbox/0123") as answer:
        assert answer.status == 404


async def test_the_service_says_that_nobody_gets_anything(world: World) -> None:
    """A warning at the start."""
    assert '"outbox_in_use"' in world.service.log.read_text()
