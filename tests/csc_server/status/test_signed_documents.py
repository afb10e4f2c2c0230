"""signDoc with our own authorities: time-stamps and evidence from the status process."""

from __future__ import annotations

import asyncio
import stat
from typing import Any

import aiohttp
import pytest
from asn1crypto import x509

from csc_server import app
from csc_server.adapters.status_socket import SOCKET
from tests.csc_server.api.documents import (
    PDF,
    SHA256,
    TEXT,
    approved,
    b64,
    cades,
    decoded,
    pades,
    sha256,
    sign_doc,
    validate,
)
from tests.csc_server.status.conftest import TrustService
from tests.service import Client

WISH = {"hash": b64(sha256(TEXT)), "hashAlgo": SHA256}


@pytest.fixture
async def horia(trust: TrustService, http: aiohttp.ClientSession) -> Client:
    """Horia, logged in to v2, at an authority that has its certificates."""
    client = Client(http, trust.service.base_url, version=2)
    assert (await client.log_in(trust.people["horia"])).status == 200
    for _ in range(75):
        if (await client.post("signatures/timestamp", WISH)).status == 200:
            return client
        await asyncio.sleep(0.2)
    raise AssertionError("no time-stamp")


@pytest.fixture
def credential(trust: TrustService) -> str:
    """His."""
    [credential_id] = trust.people["horia"].credentials.values()
    return credential_id


async def test_time_stamps_are_our_own(trust: TrustService, horia: Client, credential: str) -> None:
    """Without configuration B-T is offered, and its time-stamp comes from our unit."""
    info = (await horia.post("info", {})).body
    assert "signatures/timestamp" in info["methods"]
    sad = await approved(horia, credential, sha256(PDF), sha256(TEXT))
    stamped: dict[str, Any] = {"conformance_level": "AdES-B-T"}
    reply = await sign_doc(
        horia, credential, sad, documents=[pades(**stamped), cades(TEXT, **stamped)]
    )
    signed, _ = decoded(reply, "DocumentWithSignature")
    status = await validate(signed, trust.service.settings.path(app.CA_ROOT))
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.valid
    unit = status.timestamp_validity.signing_cert
    assert isinstance(unit, x509.Certificate)
    issuing = trust.service.settings.path(app.CA_ISSUING).read_bytes()
    assert unit.issuer == x509.Certificate.load(issuing).subject


def test_only_the_service_reaches_the_socket(trust: TrustService) -> None:
    """It belongs to its user alone, so that its limits are not those of strangers."""
    found = trust.service.settings.path(SOCKET).stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
