"""The held client: pyHanko's CSCSigner signs PDFs, and two independent readers agree.

RSA PKCS#1, RSA-PSS and P-256 with three digests, in batches of one and five. Each result is
validated by pyHanko with its difference analysis and by poppler's pdfsig.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, fields
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator.context import ValidationContext

from csc_server import app
from csc_server.commands.demo import SAMPLE
from tests.csc_server.api.conftest import World
from tests.service import PIN, Client, Person


class Authorizer(CSCAuthorizationManager):
    """Authorises by PIN, or by a code when one is given."""

    def __init__(self, client: Client, *arguments: Any, otp: str | None = None) -> None:
        super().__init__(*arguments)
        self._client, self._otp = client, otp

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        """credentials/authorize as pyHanko formats it."""
        pin = None if self._otp else PIN
        body = self.format_csc_auth_request(hash_b64s=hash_b64s, pin=pin, otp=self._otp)
        reply = await self._client.post("credentials/authorize", body)
        assert reply.status == 200, reply.body
        return self.parse_csc_auth_response(reply.body)


async def signer_for(
    client: Client, credential: str, otp: str | None = None, **options: Any
) -> CSCSigner:
    """pyHanko's signer over our API, v1 on the wire."""
    session = CSCServiceSessionInfo(client.base_url, credential, client.token)
    info = await fetch_certs_in_csc_credential(client.http, session)
    return CSCSigner(client.http, Authorizer(client, session, info, otp=otp), **options)


async def sign(signer: CSCSigner, digest: str) -> bytes:
    """The sample document, signed."""
    writer = IncrementalPdfFileWriter(io.BytesIO(SAMPLE.read_bytes()))
    metadata = PdfSignatureMetadata(
        field_name="Signature1", md_algorithm=digest, subfilter=fields.SigSeedSubFilter.PADES
    )
    output = await PdfSigner(metadata, signer).async_sign_pdf(writer)
    return bytes(output.getvalue())


async def assert_valid(signed: bytes, root: Path, directory: Path, digest: str) -> None:
    """pyHanko: intact, trusted, covers everything, nothing added. pdfsig: valid."""
    anchor = x509.Certificate.load(root.read_bytes())
    context = ValidationContext(trust_roots=[anchor], allow_fetching=False)
    signature = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures[0]
    status = await async_validate_pdf_signature(signature, context)
    assert status.bottom_line, status.summary()
    assert status.md_algorithm == digest
    assert status.coverage is not None
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.modification_level is not None
    assert status.modification_level.name == "NONE"
    pdf = directory / "signed.pdf"
    pdf.write_bytes(signed)
    said = subprocess.run(["pdfsig", "-nocert", pdf], capture_output=True, text=True, check=True)
    assert "Signature Validation: Signature is Valid." in said.stdout


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize(
    ("name", "pss"), [("pin-rsa", False), ("pin-rsa", True), ("pin-p256", False)]
)
async def test_csc_signer_signs(
    alice: Client, world: World, tmp_path: Path, name: str, pss: bool, digest: str, batch: int
) -> None:
    """Every combination gives PDFs that validate twice."""
    credential = world.people["alice"].credentials[name]
    signer = await signer_for(alice, credential, prefer_pss=pss, batch_size=batch)
    signed = await asyncio.gather(*(sign(signer, digest) for _ in range(batch)))
    root = world.service.settings.path(app.CA_ROOT)
    for one in signed:
        await assert_valid(one, root, tmp_path, digest)


async def test_csc_signer_signs_by_code(client: Client, world: World, tmp_path: Path) -> None:
    """The same with a TOTP code in place of the PIN: one code, five documents."""
    person: Person = world.with_code()
    await client.log_in(person)
    credential = person.credentials["otp-p256"]
    signer = await signer_for(client, credential, person.code(), batch_size=5)
    signed = await asyncio.gather(*(sign(signer, "sha256") for _ in range(5)))
    for one in signed:
        root = world.service.settings.path(app.CA_ROOT)
        await assert_valid(one, root, tmp_path, "sha256")
