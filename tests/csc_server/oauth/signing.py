"""pyHanko as a program that signs PDFs: its CSC signer, v1 as it is and taught v2, and a judge."""

from __future__ import annotations

import base64
import io
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms
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
from pyhanko.sign.timestamps import TimeStamper

from tests.csc_server.api import documents
from tests.csc_server.oauth import jwt
from tests.csc_server.oauth.driver import Program

Approve = Callable[[list[str]], Awaitable[str]]
"""From hashes (base64) to the SAD for them."""


@dataclass(frozen=True)
class Session(CSCServiceSessionInfo):
    """Where to sign, with which token, and the key it is bound to."""

    key: Any = None

    def headers(self, method: str, token: str | None) -> dict[str, str]:
        """Of one call with this token."""
        if self.key is None:
            return {"Authorization": f"Bearer {token}"}
        url = f"{self.service_url}/csc/{self.api_ver}/{method}"
        proof = jwt.proof(self.key, url, token=token)
        return {"Authorization": f"DPoP {token}", "DPoP": proof}

    @property
    def auth_headers(self) -> dict[str, str]:
        """Of the one call that pyHanko makes with them."""
        return self.headers("credentials/info", self.oauth_token)


class Approval(CSCAuthorizationManager):
    """Has hashes approved when they are there, each batch anew."""

    def __init__(self, session: Session, info: Any, approve: Approve, *, alone: bool) -> None:
        super().__init__(session, info)
        self._session, self._approve, self.alone = session, approve, alone
        self._sad: str | None = None

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        """However the program gets it."""
        self._sad = await self._approve(hash_b64s)
        return CSCAuthorizationInfo(self._sad)

    @property
    def auth_headers(self) -> dict[str, str]:
        """Of signHash: the service's token, or what was approved, alone."""
        token = self._sad if self.alone else self._session.oauth_token
        return self._session.headers("signatures/signHash", token)


class Signer(CSCSigner):
    """pyHanko's signer; for v2 it says the same in v2's words."""

    async def format_csc_signing_req(
        self, tbs_hashes: list[str], digest_algorithm: str
    ) -> dict[str, Any]:
        """The body of signHash."""
        body: dict[str, Any] = await super().format_csc_signing_req(tbs_hashes, digest_algorithm)
        manager = self.auth_manager
        if manager.csc_session_info.api_ver == "v2":
            body["hashes"], body["hashAlgorithmOID"] = body.pop("hash"), body.pop("hashAlgo")
        if isinstance(manager, Approval) and manager.alone:
            del body["SAD"]
        return body


class Stamps(TimeStamper):
    """signatures/timestamp."""

    def __init__(self, program: Program, token: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko
        self._program, self._token = program, token

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """One token of the service's authority."""
        body = {
            "hash": documents.b64(message_digest),
            "hashAlgo": algos.DigestAlgorithmId(md_algorithm).dotted,
        }
        reply = await self._program.call("signatures/timestamp", body, self._token)
        assert reply.status == 200, reply.body
        return cms.ContentInfo.load(base64.b64decode(reply.body["timestamp"]))


async def signer(
    program: Program, credential_id: str, token: str, approve: Approve, *, alone: bool = False
) -> Signer:
    """pyHanko's signer in the hands of this program.

    Args:
        token: Opens the service.
        alone: What was approved comes as the access token of signHash, without a SAD.
    """
    session = Session(
        program.base_url, credential_id, token, f"v{program.version}", key=program.key
    )
    info = await fetch_certs_in_csc_credential(program.http, session)
    assert info.hash_pinning_required
    assert len(info.chain) == 2
    return Signer(program.http, Approval(session, info, approve, alone=alone))


async def sign(
    document: bytes, by: CSCSigner, name: str, stamps: TimeStamper | None = None
) -> bytes:
    """The document with one more PAdES signature, in a field of this name."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    metadata = PdfSignatureMetadata(
        field_name=name, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    output = await PdfSigner(metadata, by, timestamper=stamps).async_sign_pdf(writer)
    return bytes(output.getvalue())


async def judge(signed: bytes, root: Path, directory: Path, *, stamped: bool) -> None:
    """Each signature is valid for pyHanko, its difference analysis, and pdfsig."""
    count = len(PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures)
    for number in range(count):
        last = number == count - 1
        coverage = "ENTIRE_FILE" if last else "ENTIRE_REVISION"
        status = await documents.validate(signed, root, number, coverage)
        assert status.docmdp_ok
        assert status.modification_level is not None
        assert status.modification_level.name == ("NONE" if last else "FORM_FILLING")
        assert (status.timestamp_validity is not None) is stamped
        if status.timestamp_validity is not None:
            assert status.timestamp_validity.valid
    pdf = directory / "signed.pdf"
    pdf.write_bytes(signed)
    said = subprocess.run(["pdfsig", "-nocert", pdf], capture_output=True, text=True, check=True)
    assert said.stdout.count("Signature Validation: Signature is Valid.") == count
