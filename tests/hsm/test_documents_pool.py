"""signDoc through the pool: the whole way, and what it means when the process dies on it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hsm import errors
from hsm.pool import PoolSettings, Role, SignerPool
from policies import documents
from policies import errors as reasons
from policies.documents import Document, DocumentPermit, Format, Level, Part, SignDocRequest
from policies.secret import Sad
from policies.sign import SigningFacts
from policies.values import GrantId, MintedSad, Principal
from tests.hsm.test_documents import APPROVED, PDF, SAMPLE, TEXT, chain, verified
from tests.hsm.world import ECDSA_WITH_SHA256, PORTAL, Person, authorization, enrol, mint
from tests.softhsm import make_tokens
from tests.spooled import spooled


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> PoolSettings:
    """Initialised tokens of this module; one process with every role."""
    settings = make_tokens(tmp_path_factory.mktemp("pool"), roles=frozenset(Role))

    async def initialise() -> None:
        async with SignerPool(replace(settings, processes=1)) as pool:
            await pool.initialise()

    asyncio.run(initialise())
    return replace(settings, processes=1)


@pytest.fixture
async def pool(ready: PoolSettings) -> AsyncIterator[SignerPool]:
    """The pool."""
    async with SignerPool(ready) as pool:
        yield pool


def part(digest: bytes, document: Document, form: Format) -> Part:
    """A document to be signed with ECDSA."""
    return Part(digest, document, form, Level.B_B, None, ECDSA_WITH_SHA256, None, None)


def permit(
    person: Person, minted: MintedSad, hashes: tuple[bytes, ...], *parts: Part
) -> DocumentPermit:
    """A permit of the rules."""
    auth = authorization(person, minted, "sad-1", hashes)
    credential = replace(person.credential(), certificates=chain(person))
    request = SignDocRequest(person.claim.credential_id, Sad("handle"), parts)
    principal = Principal(person.claim.account_id, PORTAL, GrantId("grant"))
    return documents.permit(SigningFacts(auth, credential), principal, request, datetime.now(UTC))


BOTH = (
    # Nobody in the signer reads what is signed by its digest.
    part(APPROVED[0], Document(Path("/none"), len(TEXT)), Format.CADES),
    part(APPROVED[1], Document(SAMPLE, len(PDF)), Format.PADES),
)


async def test_the_whole_way(pool: SignerPool) -> None:
    """Authorise two documents, sign both in another process; a permit is good once."""
    alice = await enrol(pool)
    minted = await mint(pool, alice, "sad-1", APPROVED)
    allowed = permit(alice, minted, APPROVED, *BOTH)
    text, pdf = await pool.sign_documents(allowed)
    assert verified(alice, text)
    assert verified(alice, pdf)
    assert text.pdf is None
    assert pdf.pdf is not None
    with pytest.raises(RuntimeError, match="already redeemed"):
        await pool.sign_documents(allowed)


async def test_a_reason_of_the_signer_arrives_as_itself(pool: SignerPool, tmp_path: Path) -> None:
    """What is no PDF is refused by the signer process, and nothing is spent."""
    alice = await enrol(pool)
    minted = await mint(pool, alice, "sad-1", APPROVED)
    text = part(APPROVED[0], spooled(tmp_path, TEXT), Format.PADES)
    with pytest.raises(reasons.DocumentUnfit):
        await pool.sign_documents(permit(alice, minted, APPROVED, text))
    assert await pool.sign_documents(permit(alice, minted, APPROVED, BOTH[0]))


@pytest.mark.parametrize("parts", [BOTH[:1], BOTH[1:]], ids=["digest", "pdf"])
async def test_a_death_on_the_way_is_ambiguous(pool: SignerPool, parts: tuple[Part, ...]) -> None:
    """A signature may exist: the caller is told so, and not that nothing happened."""
    alice = await enrol(pool)
    minted = await mint(pool, alice, "sad-1", APPROVED)
    allowed = permit(alice, minted, APPROVED, *parts)
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)
    call = asyncio.ensure_future(pool.sign_documents(allowed))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(errors.Ambiguous):
        await call
