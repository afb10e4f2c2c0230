"""EJBCA over its REST API: the port ``CaClient``. (providers 6; EJBCA Community 8 and later)

TLS with a client certificate, whose role should reach one authority and one pair of profiles, and
nothing else. Talks to the one URL of the configuration: no redirects, no proxy of the environment,
answers of bounded size within a bounded time.

What is asked for is the key of the request and a subject of ours (``subject_dn``); what EJBCA made
of it is judged by the caller. Whether an answer was lost is for the caller, too: everything that is
no clear word of EJBCA is ``CaUnavailable``.
"""

from __future__ import annotations

import json
import ssl
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from yarl import URL

from csc_server.ports.ca import Asked, CaUnavailable
from pki.ports import Serial
from policies import errors
from policies.identity import Identity
from policies.revocation import Reason

LONGEST_ANSWER: Final = 1024 * 1024
"""A search with ten certificates has 50 KB."""
FOUND_AT_MOST: Final = 10
"""Certificates of one end entity; there should be one."""
_REFUSED: Final = frozenset({400, 413, 422})
"""Definite: the request, the profile's rules. 403 and 404 are configuration: mended, it works."""
_REASONS: Final = {
    Reason.UNSPECIFIED: "UNSPECIFIED",
    Reason.KEY_COMPROMISE: "KEY_COMPROMISE",
    Reason.AFFILIATION_CHANGED: "AFFILIATION_CHANGED",
    Reason.SUPERSEDED: "SUPERSEDED",
    Reason.CESSATION_OF_OPERATION: "CESSATION_OF_OPERATION",
    Reason.PRIVILEGE_WITHDRAWN: "PRIVILEGES_WITHDRAWN",
    Reason.CERTIFICATE_HOLD: "CERTIFICATE_HOLD",
}
_RESUME: Final = "NOT_REVOKED"
_ESCAPED: Final = frozenset('\\,+"<>;=#')

_log = structlog.get_logger("csc_server.ejbca")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The authority, and what is asked of it."""

    url: str
    """Up to and with ``ejbca-rest-api``."""
    ca_name: str
    certificate_profiles: Mapping[str, str]
    """Ours to EJBCA's."""
    end_entity_profile: str
    timeout_s: float
    """From question to answer."""


class EjbcaClient:
    """``async with``: one EJBCA; its connections are closed at the end."""

    def __init__(self, where: Where, tls: ssl.SSLContext) -> None:
        """Not connected yet.

        Args:
            tls: With the client certificate, and who vouches for the server.
        """
        self._where, self._tls = where, tls
        self._http: aiohttp.ClientSession | None = None
        self._issuer_dn: str | None = None

    async def __aenter__(self) -> EjbcaClient:
        """Ready to ask."""
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._where.timeout_s),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        if self._http is not None:
            await self._http.close()

    async def enrol(self, asked: Asked, username: str, password: str) -> bytes:
        """See ``CaClient``."""
        where, request = self._where, x509.load_der_x509_csr(asked.request)
        profile = where.certificate_profiles.get(asked.profile.name)
        if profile is None:
            raise errors.AuthorityRefused(f"no certificate profile for {asked.profile.name}")
        body = {
            "certificate_request": request.public_bytes(Encoding.PEM).decode(),
            "certificate_profile_name": profile,
            "end_entity_profile_name": where.end_entity_profile,
            "certificate_authority_name": where.ca_name,
            "username": username,
            "password": password,
            "subject_dn": subject_dn(asked.person),
            "include_chain": False,
            "response_format": "DER",
        }
        status, answer = await self._ask("POST", "v1/certificate/pkcs10enroll", body)
        if status == 202:
            # Approvals are not for this profile: nobody here would fetch the certificate later.
            raise errors.AuthorityRefused("it waits for an approval there")
        if status != 201:
            raise self._failed(status, answer)
        return _certificate(answer)

    async def find(self, username: str) -> list[bytes]:
        """See ``CaClient``."""
        criterion = {"property": "QUERY", "value": username, "operation": "EQUAL"}
        body = {"max_number_of_results": FOUND_AT_MOST, "criteria": [criterion]}
        status, answer = await self._ask("POST", "v1/certificate/search", body)
        found = answer.get("certificates") if isinstance(answer, dict) else None
        if status != 200 or not isinstance(found, list):
            raise self._failed(status, answer)
        return [_certificate(one) for one in found]

    async def revoke(self, serial: Serial, reason: Reason, at: datetime) -> None:
        """See ``CaClient``.

        ``at`` is not sent: EJBCA takes the past only where a profile allows it; it differs by the
        seconds that the message takes.
        """
        del at
        await self._set_status(serial, _REASONS[reason])

    async def resume(self, serial: Serial) -> None:
        """See ``CaClient``."""
        await self._set_status(serial, _RESUME)

    async def _set_status(self, serial: Serial, word: str) -> None:
        path = f"v1/certificate/{quote(await self._issuer(), safe='')}/{serial}"
        status, answer = await self._ask("PUT", f"{path}/revoke?reason={word}")
        # 409: it is so already, or stronger. What counts is how it stands now.
        if status not in (200, 409):
            raise self._failed(status, answer)
        status, answer = await self._ask("GET", f"{path}/revocationstatus")
        if status != 200 or not isinstance(answer, dict):
            raise self._failed(status, answer)
        revoked, reason = answer.get("revoked"), answer.get("revocation_reason")
        if revoked is not (word != _RESUME) or (
            revoked and "HOLD" in str(reason) and word != _REASONS[Reason.CERTIFICATE_HOLD]
        ):
            raise errors.AuthorityRefused(f"{serial} does not become {word}: it is {reason}")

    async def _issuer(self) -> str:
        """The authority's DN as EJBCA spells it: paths want it to the letter."""
        if self._issuer_dn is None:
            status, answer = await self._ask("GET", "v1/ca")
            found = answer.get("certificate_authorities") if isinstance(answer, dict) else None
            if status != 200 or not isinstance(found, list):
                raise self._failed(status, answer)
            names = {one["name"]: one["subject_dn"] for one in found if isinstance(one, dict)}
            if self._where.ca_name not in names:
                raise CaUnavailable(f"no authority {self._where.ca_name} there")
            self._issuer_dn = str(names[self._where.ca_name])
        return self._issuer_dn

    async def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        if self._http is None:
            raise CaUnavailable("closed")
        url = f"{self._where.url}/{path}"
        try:
            async with self._http.request(
                method, _verbatim(url), json=body, allow_redirects=False
            ) as response:
                content = await _bounded(response.content)
                return response.status, json.loads(content) if content else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CaUnavailable(type(error).__name__) from error
        except ValueError as error:
            # A switched-off protocol answers in HTML.
            raise CaUnavailable("no JSON") from error

    def _failed(self, status: int, answer: Any) -> Exception:
        text = str(answer.get("error_message", "")) if isinstance(answer, dict) else ""
        _log.error("ejbca_refused", status=status, message=text[:200])
        kind = errors.AuthorityRefused if status in _REFUSED else CaUnavailable
        return kind(f"{status} {text[:200]}".strip())


def subject_dn(person: Identity) -> str:
    """The subject as EJBCA reads it (RFC 4514 with its own words for some attributes)."""
    attributes = (
        ("CN", person.common_name),
        ("SN", person.identifier.text),
        ("pseudonym", person.pseudonym),
        ("GIVENNAME", person.given_name),
        ("SURNAME", person.surname),
        ("C", person.country),
    )
    return ",".join(f"{kind}={_escaped(text)}" for kind, text in attributes if text is not None)


def _escaped(text: str) -> str:
    # Blanks at the ends would need it too: a tidy name has none (``policies.identity``).
    return "".join(f"\\{one}" if one in _ESCAPED else one for one in text)


def _certificate(answer: Any) -> bytes:
    """DER out of an answer: base64 of DER, or of what some versions put around it."""
    try:
        content = b64decode(answer["certificate"], validate=True)
        if not content.startswith(b"\x30"):
            content = b64decode(b"".join(content.split(b"-----")[2:3] or [content]))
        return x509.load_der_x509_certificate(content).public_bytes(Encoding.DER)
    except (KeyError, TypeError, ValueError, NotBase64) as error:
        raise CaUnavailable("no certificate in the answer") from error


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    answer = bytearray()
    async for chunk in content.iter_chunked(LONGEST_ANSWER):
        answer += chunk
        if len(answer) > LONGEST_ANSWER:
            raise CaUnavailable("an answer too long")
    return bytes(answer)


def _verbatim(url: str) -> URL:
    # The DN in the path was quoted whole; nothing is to be read into it.
    return URL(url, encoded=True)
