"""What the tests of signDoc share: documents, requests, and judges of the results."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
from pathlib import Path
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest, SignatureObject
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator.context import ValidationContext

from csc_server.commands.demo import SAMPLE
from tests import tsa
from tests.service import Client, Reply

PDF = SAMPLE.read_bytes()
TEXT = b"The price is 100 lei.\n"
SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA = "1.2.840.10045.4.3.2"


def b64(data: bytes) -> str:
    """As the wire has it."""
    return base64.b64encode(data).decode()


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


async def approved(client: Client, credential_id: str, *digests: bytes, **changes: Any) -> str:
    """The SAD for these digests."""
    reply = await client.authorize(credential_id, *digests, **changes)
    assert reply.status == 200, reply.body
    sad: str = reply.body["SAD"]
    return sad


def cades(content: bytes, **changes: Any) -> dict[str, Any]:
    """An element of ``documents``: CAdES with ECDSA unless said otherwise."""
    return {"document": b64(content), "signature_format": "C", "signAlgo": ECDSA} | changes


def pades(content: bytes = PDF, **changes: Any) -> dict[str, Any]:
    """An element of ``documents``: PAdES with ECDSA unless said otherwise."""
    return cades(content) | {"signature_format": "P"} | changes


def digests(*values: bytes, **changes: Any) -> dict[str, Any]:
    """An element of ``documentDigests``."""
    element = {"hashes": [b64(one) for one in values], "signature_format": "C", "signAlgo": ECDSA}
    return element | changes


async def sign_doc(client: Client, credential_id: str, sad: str, **body: Any) -> Reply:
    """signatures/signDoc."""
    return await client.post(
        "signatures/signDoc", {"credentialID": credential_id, "SAD": sad} | body
    )


def decoded(reply: Reply, name: str) -> list[bytes]:
    """The results under a name, and nothing else in the answer but what is expected."""
    assert reply.status == 200, reply.body
    return [base64.b64decode(one) for one in reply.body[name]]


def openssl_verifies(
    signature: bytes, root: Path, directory: Path, content: bytes | None = None
) -> bool:
    """`openssl cms -verify -cades` says yes."""
    (directory / "signature").write_bytes(signature)
    command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER"]
    command += ["-in", "signature", "-CAfile", "root.pem", "-purpose", "any", "-out", "out"]
    certificate = root.read_bytes()
    if not certificate.startswith(b"-----"):
        certificate = subprocess.run(
            ["openssl", "x509", "-inform", "DER"],
            input=certificate,
            capture_output=True,
            check=True,
        ).stdout
    (directory / "root.pem").write_bytes(certificate)
    if content is not None:
        (directory / "content").write_bytes(content)
        command += ["-content", "content"]
    return subprocess.run(command, cwd=directory, capture_output=True).returncode == 0


async def validate(
    signed: bytes, root: Path, number: int = 0, coverage: str = "ENTIRE_FILE"
) -> PdfSignatureStatus:
    """pyHanko's verdict on a signature of a PDF: valid, trusted, and it covers that much."""
    anchors = [x509.Certificate.load(one) for one in (root.read_bytes(), tsa.identity()[0])]
    context = ValidationContext(trust_roots=anchors, allow_fetching=False)
    signature = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures[number]
    status = await async_validate_pdf_signature(signature, context, ts_validation_context=context)
    assert status.bottom_line, status.summary()
    assert status.coverage is not None
    assert status.coverage.name == coverage
    return status


def prepared_by_client(document: bytes) -> tuple[io.BytesIO, PreparedByteRangeDigest]:
    """A PDF whose signature field the client has put in itself, and its digest."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    steps = PdfCMSEmbedder(SigFieldSpec("Mine")).write_cms("Mine", writer)
    next(steps)
    placeholder = SignatureObject(subfilter=SigSeedSubFilter.PADES, bytes_reserved=32768)
    steps.send(SigObjSetup(sig_placeholder=placeholder))
    output = io.BytesIO()
    prepared, _ = steps.send(SigIOSetup(md_algorithm="sha256", output=output))
    return output, prepared
