"""signDoc with our own authorities: time-stamps and evidence from the status process."""

from __future__ import annotations

import asyncio
import base64
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asn1crypto import cms, x509

from ades.levels import pades as pades_levels
from ades.levels.ports import Evidence
from ades.validation import validator
from ades.validation.trust import of
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
    digests,
    pades,
    prepared_by_client,
    sha256,
    sign_doc,
    validate,
)
from tests.csc_server.commands import cli
from tests.csc_server.status.conftest import TrustService
from tests.service import Client

ARCHIVE = "0.4.0.1733.2.4"
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


@pytest.mark.parametrize("level", ["AdES-B-LT", "AdES-B-LTA"])
async def test_evidence_is_our_own(
    trust: TrustService, horia: Client, credential: str, level: str
) -> None:
    """PDFs reach B-LT and B-LTA, and say so to a validator that knows only the root."""
    assert level in (await horia.post("info", {})).body["conformance_levels"]
    raised: dict[str, Any] = {"conformance_level": level}
    revision: dict[str, Any] = {"signed_envelope_property": "Revision"}
    sad = await approved(horia, credential, sha256(PDF), sha256(PDF))
    documents = [pades(**raised), pades(**raised, **revision)]
    reply = await sign_doc(horia, credential, sad, documents=documents)
    assert "validationInfo" not in reply.body
    for signed in decoded(reply, "DocumentWithSignature"):
        assert await level_of(trust, signed) == level.removeprefix("AdES-")


@pytest.mark.parametrize("level", ["AdES-B-LT", "AdES-B-LTA"])
async def test_evidence_in_a_signature(
    trust: TrustService, horia: Client, credential: str, level: str
) -> None:
    """CAdES reaches both around its document, beside it, and by digest."""
    raised: dict[str, Any] = {"conformance_level": level}
    sad = await approved(horia, credential, *[sha256(TEXT)] * 2)
    documents = [cades(TEXT, **raised), cades(TEXT, **raised, signed_envelope_property="Detached")]
    reply = await sign_doc(horia, credential, sad, documents=documents)
    (attached,) = decoded(reply, "DocumentWithSignature")
    (detached,) = decoded(reply, "SignatureObject")
    sad = await approved(horia, credential, sha256(TEXT))
    element = digests(sha256(TEXT), **raised)
    reply = await sign_doc(horia, credential, sad, documentDigests=[element])
    (by_digest,) = decoded(reply, "SignatureObject")
    for signature, original in ((attached, None), (detached, TEXT), (by_digest, TEXT)):
        assert await level_of(trust, signature, original) == level.removeprefix("AdES-")


async def test_evidence_beside_a_pdf_that_the_client_has(
    trust: TrustService, horia: Client, credential: str
) -> None:
    """B-LT by digest: the client puts into its PDF what validationInfo has, and reaches B-LT."""
    output, prepared = prepared_by_client(PDF)
    wanted = {"signature_format": "P", "conformance_level": "AdES-B-LT"}
    element = digests(prepared.document_digest, **wanted)
    sad = await approved(horia, credential, prepared.document_digest)
    for body in ({}, {"returnValidationInfo": False}):
        refused = await sign_doc(horia, credential, sad, documentDigests=[element], **body)
        assert refused.error == (400, "invalid_request", "Invalid parameter conformance_level")
    archive = element | {"conformance_level": "AdES-B-LTA"}
    refused = await sign_doc(
        horia, credential, sad, documentDigests=[archive], returnValidationInfo=True
    )
    assert refused.error == (400, "invalid_request", "Invalid parameter conformance_level")
    reply = await sign_doc(
        horia, credential, sad, documentDigests=[element], returnValidationInfo=True
    )
    (signature,) = decoded(reply, "SignatureObject")
    found = {
        name: tuple(map(base64.b64decode, values))
        for name, values in reply.body["validationInfo"].items()
    }
    prepared.fill_with_cms(output, signature)
    assert await level_of(trust, output.getvalue()) != "B-LT"
    evidence = Evidence(found["certificates"], found["ocsp"], found["crl"])
    output.seek(0)
    whole = output.getvalue() + pades_levels.add_evidence(output, evidence)
    assert await level_of(trust, whole) == "B-LT"


async def test_archives_are_renewed(
    trust: TrustService, horia: Client, credential: str, tmp_path: Path
) -> None:
    """Not before it is due, unless asked; what cannot be renewed stays as it was, and is named."""
    found: dict[str, bytes] = {}
    for level in ("AdES-B-LT", "AdES-B-LTA"):
        sad = await approved(horia, credential, sha256(PDF))
        element = pades(conformance_level=level)
        [found[level]] = decoded(
            await sign_doc(horia, credential, sad, documents=[element]), "DocumentWithSignature"
        )
    archive = found["AdES-B-LTA"]
    spoilt = archive.replace(b"/Page", b"/Pagf", 1)
    files = {"lta": archive, "lt": found["AdES-B-LT"], "spoilt": spoilt, "text": b"no document"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    async def renew(*words: str) -> tuple[int, str]:
        paths = [str(tmp_path / word) if word in files else word for word in words]
        instance = trust.service.settings.instance
        return await asyncio.to_thread(cli.run, instance, "renew", *paths)

    code, said = await renew("lta")
    assert (code, "not due yet, good until" in said) == (0, True), said
    assert (tmp_path / "lta").read_bytes() == archive
    code, said = await renew("--early", "lt", "text", "spoilt", "none", "lta")
    assert code == 1
    for words in (
        "lt: has no archive time-stamp",
        "text: not a signed document",
        "spoilt: does not pass the check",
        "none: No such file",
        "lta: renewed, good until",
    ):
        assert words in said
    renewed = (tmp_path / "lta").read_bytes()
    assert renewed.startswith(archive)
    assert len(renewed) > len(archive)
    assert await level_of(trust, renewed) == "B-LTA"
    assert {path.name for path in tmp_path.iterdir()} == files.keys()
    for name in ("lt", "spoilt", "text"):
        assert (tmp_path / name).read_bytes() == files[name]


@pytest.mark.parametrize("detached", [False, True], ids=["attached", "detached"])
async def test_archives_in_cms_are_renewed(
    trust: TrustService, horia: Client, credential: str, tmp_path: Path, detached: bool
) -> None:
    """A `.p7s` gets a further archive time-stamp, and both commands agree that it is at B-LTA."""
    element = cades(
        TEXT,
        conformance_level="AdES-B-LTA",
        **({"signed_envelope_property": "Detached"} if detached else {}),
    )
    sad = await approved(horia, credential, sha256(TEXT))
    reply = await sign_doc(horia, credential, sad, documents=[element])
    member = "SignatureObject" if detached else "DocumentWithSignature"
    [made] = decoded(reply, member)
    file, original, other = (tmp_path / name for name in ("a.p7s", "a.txt", "other.txt"))
    file.write_bytes(made)
    original.write_bytes(TEXT)
    other.write_bytes(b"another text")

    async def run(*words: str, over: Path = original) -> tuple[int, str]:
        given = ["--original", str(over)] if detached else []
        instance = trust.service.settings.instance
        return await asyncio.to_thread(cli.run, instance, *words, str(file), *given)

    code, said = await run("renew")
    assert (code, "not due yet" in said, file.read_bytes()) == (0, True, made)
    if detached:
        code, said = await run("renew", "--early", over=other)
        assert (code, "does not pass the check" in said, file.read_bytes()) == (1, True, made)
    code, said = await run("renew", "--early")
    assert (code, "renewed, good until" in said) == (0, True), said
    assert archives(file.read_bytes()) == archives(made) + 1 == 2
    code, said = await run("validate")
    assert (code, "CAdES B-LTA" in said) == (0, True), said


def archives(p7s: bytes) -> int:
    """Archive time-stamps of its one signer. (ETSI EN 319 122-1 5.5.3)"""
    [signer] = cms.ContentInfo.load(p7s)["content"]["signer_infos"]
    return [one["type"].dotted for one in signer["unsigned_attrs"]].count(ARCHIVE)


async def level_of(trust: TrustService, signed: bytes, original: bytes | None = None) -> str:
    """What our validator says of the last signature, knowing the root alone."""
    anchors = of((trust.service.settings.path(app.CA_ROOT).read_bytes(),), ())
    now = datetime.now(UTC)
    report = await asyncio.to_thread(validator.validate, signed, original, anchors, now)
    made = [one for one in report.signatures if one.kind == "signature"][-1]
    return made.level or " ".join(made.reasons)


def test_only_the_service_reaches_the_socket(trust: TrustService) -> None:
    """It belongs to its user alone, so that its limits are not those of strangers."""
    found = trust.service.settings.path(SOCKET).stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
