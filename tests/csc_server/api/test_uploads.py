"""Documents on their way through files and processes that die: nothing leaks, nothing is signed
twice, and others are answered.

Real processes, killed at moments that are waited for. (docs/adr/0012; security-and-pki 5.5)
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from csc_server import app
from tests.csc_server.api.conftest import World
from tests.csc_server.api.documents import (
    PDF,
    TEXT,
    approved,
    b64,
    cades,
    decoded,
    openssl_verifies,
    pades,
    sha256,
    sign_doc,
    validate,
)
from tests.service import Client

generic: Any = untyped_generic
MIB = 1024 * 1024
BAD = "invalid_request"


@pytest.fixture
def spool(world: World) -> Path:
    """Where the service has its documents."""
    return world.service.settings.path(world.service.settings.documents.spool)


@pytest.fixture
def credential(world: World) -> str:
    """Alice's."""
    return world.people["alice"].credentials["pin-p256"]


def large_pdf(size: int) -> bytes:
    """The sample with a stream of random bytes that no page shows."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(PDF))
    stream = writer.add_object(generic.StreamObject(stream_data=os.urandom(size)))
    writer.root[generic.NameObject("/Attached")] = stream
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


async def until(happened: Callable[[], bool]) -> None:
    """Return when it did."""
    for _ in range(3000):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def rooms(spool: Path) -> list[Path]:
    """Directories of requests."""
    return list(spool.glob("requests/*/*"))


def names(spool: Path) -> set[str]:
    """Of the files in them."""
    return {path.name for path in spool.glob("requests/*/*/*")}


@asynccontextmanager
async def half_an_upload(client: Client, length: int) -> AsyncIterator[None]:
    """signDoc whose body has been announced and half sent."""
    parts = urlsplit(client.base_url)
    assert parts.hostname is not None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    del reader
    head = (
        f"POST /csc/v2/signatures/signDoc HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {client.token}\r\nContent-Length: {length}\r\n\r\n"
    )
    writer.write(head.encode() + b'{"documents": "' + b"A" * (length // 2))
    await writer.drain()
    try:
        yield
    finally:
        writer.close()


def desk(world: World) -> psutil.Process:
    """The process that starts those that work on documents."""
    [web] = world.service.web_processes()
    [found] = [one for one in web.children() if "ades.desk.parent" in one.cmdline()]
    return found


def failures(world: World) -> list[dict[str, Any]]:
    """Signatures on record that were made and left nobody."""
    with sqlite3.connect(world.service.settings.path(Path("paraph.sqlite"))) as database:
        query = "SELECT body FROM audit WHERE type = 'document.failed' ORDER BY seq"
        return [json.loads(body) for [body] in database.execute(query)]


async def test_large_documents(
    world: World, alice_v2: Client, credential: str, spool: Path, tmp_path: Path
) -> None:
    """Many times what a request may hold elsewhere: signed whole, with nothing left behind."""
    pdf, text = large_pdf(6 * MIB), TEXT * (4 * MIB // len(TEXT))
    sad = await approved(alice_v2, credential, sha256(pdf), sha256(text))
    reply = await sign_doc(alice_v2, credential, sad, documents=[pades(pdf), cades(text)])
    signed, attached = decoded(reply, "DocumentWithSignature")
    assert signed.startswith(pdf)
    root = world.service.settings.path(app.CA_ROOT)
    await validate(signed, root)
    assert openssl_verifies(attached, root, tmp_path)
    assert (tmp_path / "out").read_bytes() == text
    await until(lambda: not rooms(spool))


async def test_a_large_result_is_fetched_again_and_again(
    world: World, alice_v2: Client, credential: str, spool: Path
) -> None:
    """Two polls at once get all of it, made ready by children; without a desk too."""
    pdf = large_pdf(4 * MIB)
    sad = await approved(alice_v2, credential, sha256(pdf))
    accepted = await sign_doc(
        alice_v2, credential, sad, documents=[pades(pdf)], operationMode="A", validity_period=60_000
    )
    question = {"requestID": accepted.body["responseID"]}
    while (first := await alice_v2.post("signatures/signPolling", question)).status != 200:
        assert first.body["error"] == "accepted_request", first.body
        await asyncio.sleep(0.05)
    polls = [alice_v2.post("signatures/signPolling", question) for _ in range(2)]
    for reply in await asyncio.gather(*polls):
        assert reply.body == first.body
    [signed] = decoded(first, "DocumentWithSignature")
    await validate(signed, world.service.settings.path(app.CA_ROOT))
    await until(lambda: not rooms(spool))
    dying = desk(world)
    dying.suspend()
    poll = asyncio.create_task(alice_v2.post("signatures/signPolling", question))
    # It waits for a child.
    await until(lambda: bool(rooms(spool)))
    dying.kill()
    assert (await poll).body == first.body
    await until(lambda: not rooms(spool))


async def test_a_client_that_hangs_up_takes_its_files_along(
    alice_v2: Client, credential: str, spool: Path
) -> None:
    """Half a body lies in the spool as long as its connection lives; others are served."""
    async with half_an_upload(alice_v2, 2 * MIB):
        await until(lambda: any(path.stat().st_size >= MIB for path in spool.glob("**/body")))
        sad = await approved(alice_v2, credential, sha256(TEXT))
        assert (await sign_doc(alice_v2, credential, sad, documents=[cades(TEXT)])).status == 200
    await until(lambda: not rooms(spool))


async def test_a_client_that_hangs_up_during_the_work(
    world: World, alice_v2: Client, credential: str, spool: Path
) -> None:
    """What was begun is finished, and its files go then."""
    sad = await approved(alice_v2, credential, sha256(TEXT))
    signers = world.service.signer_processes()
    for signer in signers:
        signer.suspend()
    call = asyncio.create_task(sign_doc(alice_v2, credential, sad, documents=[cades(TEXT)]))
    await until(lambda: "document-0" in names(spool) and "body" not in names(spool))
    call.cancel()
    await asyncio.wait([call])
    assert rooms(spool)
    for signer in signers:
        signer.resume()
    await until(lambda: not rooms(spool))
    again = await sign_doc(alice_v2, credential, sad, documents=[cades(TEXT)])
    assert again.error == (400, BAD, "Invalid parameter SAD")


async def test_a_desk_that_dies_before_the_signature(
    world: World, alice_v2: Client, credential: str, spool: Path
) -> None:
    """503, nothing is spent, and the next desk works."""
    pdf = large_pdf(MIB)
    sad = await approved(alice_v2, credential, sha256(pdf))
    dying = desk(world)
    dying.suspend()
    call = asyncio.create_task(sign_doc(alice_v2, credential, sad, documents=[pades(pdf)]))
    # All of it is there, and the desk is waited for.
    await until(lambda: any(path.stat().st_size > len(b64(pdf)) for path in spool.glob("**/body")))
    assert (await alice_v2.post("info", {})).status == 200
    dying.kill()
    reply = await call
    assert (reply.status, reply.body["error"]) == (503, "temporarily_unavailable")
    again = await sign_doc(alice_v2, credential, sad, documents=[pades(pdf)])
    assert again.status == 200
    assert desk(world).pid != dying.pid
    await until(lambda: not rooms(spool))


async def test_a_desk_that_dies_after_the_signature(
    world: World, alice_v2: Client, credential: str, spool: Path
) -> None:
    """503, on record, and the approval is spent: a second signature would be one too many."""
    before = len(failures(world))
    sad = await approved(alice_v2, credential, sha256(PDF))
    signers, dying = world.service.signer_processes(), desk(world)
    for signer in signers:
        signer.suspend()
    call = asyncio.create_task(sign_doc(alice_v2, credential, sad, documents=[pades()]))
    await until(lambda: "document-0" in names(spool) and "body" not in names(spool))
    dying.suspend()
    for signer in signers:
        signer.resume()
    await until(lambda: _signed(world))
    dying.kill()
    reply = await call
    assert (reply.status, reply.body["error"]) == (503, "temporarily_unavailable")
    [failed] = failures(world)[before:]
    assert failed["details"]["reason"] == "Lost"
    again = await sign_doc(alice_v2, credential, sad, documents=[pades()])
    assert again.error == (400, BAD, "Invalid parameter SAD")
    await until(lambda: not rooms(spool))


async def test_a_web_process_that_dies_in_the_middle_of_an_upload(
    world: World, alice_v2: Client, credential: str, spool: Path
) -> None:
    """Its successor finds the spool empty, and signs."""
    [web] = world.service.web_processes()
    children = web.children(recursive=True)
    async with half_an_upload(alice_v2, 2 * MIB):
        await until(lambda: any(path.stat().st_size >= MIB for path in spool.glob("**/body")))
        web.kill()
        await asyncio.to_thread(world.service.wait_ready)
        assert not rooms(spool)
    _, left = await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert not [one for one in left if one.status() != psutil.STATUS_ZOMBIE]
    sad = await approved(alice_v2, credential, sha256(TEXT))
    assert (await sign_doc(alice_v2, credential, sad, documents=[cades(TEXT)])).status == 200


def _signed(world: World) -> bool:
    """The last thing on record is the end of a signature."""
    with sqlite3.connect(world.service.settings.path(Path("paraph.sqlite"))) as database:
        [[kind]] = database.execute("SELECT type FROM audit ORDER BY seq DESC LIMIT 1")
        return bool(kind == "sign.done")
