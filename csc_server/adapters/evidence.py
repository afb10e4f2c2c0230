"""Evidence for signatures: what our own status process says of certificates of our authority.

Answers with a nonce, so that they are of now, and the root's list for the issuing authority.
Nothing else is asked: no address out of a certificate is ever followed (security-and-pki 5.6).
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import aiohttp
from asn1crypto import x509

from ades.levels.ports import Evidence
from csc_server.adapters.status_socket import ORIGIN, SocketAddress
from csc_server.ports import Entropy
from csc_server.ports.documents import EvidenceUnavailable
from pki.ocsp import asking
from pki.ocsp.asking import NoAnswer
from policies.status import Standing

LONGEST_ANSWER: Final = 64 * 1024
TIMEOUT_S: Final = 5.0


class StatusEvidence:
    """``async with``: the port ``EvidenceSource`` over the status process."""

    def __init__(
        self, *, socket: Path, issuing: bytes, root: bytes, root_list: Path, entropy: Entropy
    ) -> None:
        """Not connected yet.

        Args:
            socket: Of the status process.
            issuing: Certificate of the issuing authority, DER.
            root: Of the root, DER.
            root_list: File with the root's revocation list; made anew once a year.
            entropy: Makes nonces.
        """
        self._socket, self._issuing, self._root = socket, issuing, root
        self._root_list, self._entropy = root_list, entropy
        self._open = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> StatusEvidence:
        """Ready to ask."""
        address = SocketAddress(self._socket)
        self._open.callback(address.close)
        self._http = await self._open.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(address.name),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                trust_env=False,
            )
        )
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Hang up."""
        await self._open.aclose()

    def covers(self, certificate: bytes) -> bool:
        """True for certificates of our issuing authority."""
        issuing = x509.Certificate.load(self._issuing)
        found = x509.Certificate.load(certificate)
        same_key = found.authority_key_identifier == issuing.key_identifier
        return bool(found.issuer == issuing.subject and same_key)

    async def evidence(self, certificates: tuple[bytes, ...]) -> Evidence:
        """See the port."""
        try:
            root_list = self._root_list.read_bytes()
        except OSError as error:
            raise EvidenceUnavailable(f"the root's list: {error.strerror}") from error
        answers = [await self._answer(one) for one in certificates]
        return Evidence((self._issuing, self._root), tuple(answers), (root_list,))

    async def _answer(self, certificate: bytes) -> bytes:
        if not self.covers(certificate):
            raise EvidenceUnavailable("a certificate of another authority")
        nonce = bytes.fromhex(self._entropy.identifier())
        answer = await self._ask(asking.question(self._issuing, certificate, nonce))
        try:
            status = asking.answered(answer, self._issuing, certificate, nonce)
        except NoAnswer as error:
            raise EvidenceUnavailable(str(error)) from error
        if status is not Standing.GOOD:
            raise EvidenceUnavailable("a certificate that is not good any more")
        return answer

    async def _ask(self, question: bytes) -> bytes:
        if self._http is None:
            raise EvidenceUnavailable("closed")
        headers = {"Content-Type": asking.MEDIA_TYPE}
        try:
            async with self._http.post(
                f"{ORIGIN}/ocsp", data=question, headers=headers
            ) as response:
                if response.status != 200:
                    raise EvidenceUnavailable(f"status {response.status}")
                return await response.content.read(LONGEST_ANSWER)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise EvidenceUnavailable(type(error).__name__) from error
