"""A signing client on the command line: log in, then sign with pyHanko's CSC client.

Speaks HTTP to any CSC v1 service like any other client would; nothing here reaches into the
service.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCCredentialInfo,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)

from ades import cms
from ades.pdf import preparing
from csc_server.adapters.clock import SystemClock
from csc_server.commands.basics import CommandFailed
from csc_server.wire.unfit import UNFIT
from policies import errors
from policies.algorithms import HashAlgorithm
from policies.appearance import Appearance
from policies.documents import Document, PdfPlan
from policies.pdf_signing import Place
from policies.secret import Otp, Password, Pin

AskFactors = Callable[[dict[str, Any], list[str]], Awaitable[tuple[Pin | None, Otp | None]]]
"""From credentials/info (with authInfo) and the base64 hashes to the factors."""

_DIGEST: Final = "sha256"
_CONTENTS_BYTES: Final = 16 * 1024
"""Room for the signature and its certificates."""


class ServiceRefused(CommandFailed):
    """The service answered with an error."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"the service refuses ({status}): {description or error}")
        self.error = error


class Client:
    """A logged-in person."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, token: str) -> None:
        self._http, self._base_url, self._token = http, base_url, token

    async def post(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of a CSC method.

        Raises:
            ServiceRefused: An error answer, in the service's words.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        return await _post(self._http, f"{self._base_url}/csc/v1/{method}", headers, body)

    async def credential_ids(self) -> list[str]:
        """The person's credentials."""
        return list((await self.post("credentials/list", {}))["credentialIDs"])

    async def signer(self, credential_id: str, ask: AskFactors) -> CSCSigner:
        """pyHanko's signer for a credential."""
        session = CSCServiceSessionInfo(self._base_url, credential_id, self._token)
        try:
            credential = await fetch_certs_in_csc_credential(self._http, session)
        except SigningError as reason:
            raise CommandFailed(f"credential {credential_id} cannot be used: {reason}") from reason
        return CSCSigner(self._http, _Authorizer(self, session, credential, ask))


class _Authorizer(CSCAuthorizationManager):
    """Gets a SAD for hashes by asking the person for the factors."""

    def __init__(
        self,
        client: Client,
        session: CSCServiceSessionInfo,
        credential: CSCCredentialInfo,
        ask: AskFactors,
    ) -> None:
        super().__init__(session, credential)
        self._client, self._ask = client, ask

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        """credentials/authorize for exactly these hashes."""
        question = {"credentialID": self.csc_session_info.credential_id, "authInfo": True}
        about = await self._client.post("credentials/info", question)
        if about["OTP"].get("type") == "online":
            named = {"credentialID": self.csc_session_info.credential_id}
            await self._client.post("credentials/sendOTP", named)
        pin, otp = await self._ask(about, hash_b64s)
        body = self.format_csc_auth_request(
            hash_b64s=hash_b64s,
            pin=pin.value if pin else None,
            otp=otp.value if otp else None,
        )
        answer = await self._client.post("credentials/authorize", body)
        return self.parse_csc_auth_response(answer)


@asynccontextmanager
async def log_in(base_url: str, username: str, password: Password) -> AsyncIterator[Client]:
    """A client with an access token, revoked again at the end.

    Raises:
        CommandFailed: The service refuses or cannot be reached.
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        basic = aiohttp.encode_basic_auth(username, password.value)
        url = f"{base_url}/csc/v1/auth/login"
        answer = await _post(http, url, {"Authorization": basic}, {})
        client = Client(http, base_url, answer["access_token"])
        yield client
        await client.post("auth/revoke", {"token": answer["access_token"]})


async def sign_file(
    signer: CSCSigner, source: Path, target: Path, appearance: Appearance | None = None
) -> None:
    """A PDF is signed inside (PAdES B-B); any other file gets a detached CAdES ``.p7s``.

    Args:
        signer: Whose signature it is.
        source: The file.
        target: What is written.
        appearance: What is seen of it; for a PDF.

    Raises:
        CommandFailed: The file cannot be signed, or the service refuses.
    """
    content = source.read_bytes()
    if not content:
        raise CommandFailed(f"{source} is empty")
    try:
        if content.startswith(b"%PDF-"):
            signed = await _signed_pdf(signer, source, content, appearance)
        else:
            signed = await _detached(signer, content)
    except errors.DocumentUnfit as reason:
        raise CommandFailed(f"{source} was not signed: {UNFIT[reason.why]}") from reason
    except SigningError as reason:
        raise CommandFailed(f"{source} was not signed: {reason}") from reason
    target.write_bytes(signed)


async def _signed_pdf(
    signer: CSCSigner, source: Path, content: bytes, appearance: Appearance | None
) -> bytes:
    certificate = signer.signing_cert
    assert certificate is not None  # noqa: S101 - fetched with the credential
    holder = certificate.subject.native.get("common_name")
    plan = PdfPlan(
        document=Document(source, len(content)),
        place=Place(None, None),
        reason=None,
        location=None,
        name=None,
        contact_info=None,
        contents_bytes=_CONTENTS_BYTES,
        appearance=appearance,
    )
    now = SystemClock().now()
    prepared = preparing.prepare(io.BytesIO(content), plan, HashAlgorithm.SHA256, now, holder)
    made = await signer.async_sign(prepared.digest, _DIGEST, use_pades=True)
    return content + cms.filled(prepared.pdf, len(content), made.dump())


async def _detached(signer: CSCSigner, content: bytes) -> bytes:
    made = await signer.async_sign_general_data(content, _DIGEST, detached=True, use_cades=True)
    return bytes(made.dump())


async def _post(
    http: aiohttp.ClientSession, url: str, headers: dict[str, str], body: dict[str, Any]
) -> dict[str, Any]:
    try:
        async with http.post(url, headers=headers, json=body) as response:
            if response.status == 204:
                return {}
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as reason:
        raise CommandFailed(f"{url}: {reason}") from reason
    if response.status >= 400:
        error, description = answer.get("error", ""), answer.get("error_description", "")
        raise ServiceRefused(response.status, error, description)
    return dict(answer)
