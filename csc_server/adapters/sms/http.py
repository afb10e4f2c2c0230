"""SMS over any HTTP gateway: the port ``SmsSender``, by configuration alone. (providers 3.2)

Address, headers and body are templates; a regular expression says which answers mean "taken". A
request goes out once: no redirects, no retries, no proxy of the environment, an answer of bounded
size in bounded time. What cannot be known is called unknown, for no SMS is sent twice.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote_plus, urlsplit

import aiohttp

from csc_server.ports.messages import Attempt, NewMessage, SmsText
from policies.delivery import Outcome
from policies.secret import Secret

LONGEST_ANSWER: Final = 64 * 1024
PLACEHOLDERS: Final = ("to", "to_digits", "text", "message_id", "secret")
"""``{to}``: number in E.164; ``{to_digits}``: the same without ``+``; ``{text}``;
``{message_id}``: our own reference, the same on every attempt; ``{secret}``: the secret file."""
_PLACEHOLDER: Final = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_REFERENCE: Final = 64


class Encoding(StrEnum):
    """What the body is, and so how values are written into it."""

    FORM = "application/x-www-form-urlencoded"
    JSON = "application/json"


_ESCAPE: Final[dict[Encoding, Callable[[str], str]]] = {
    Encoding.FORM: quote_plus,
    # Placeholders stand inside the template's own quotation marks.
    Encoding.JSON: lambda value: json.dumps(value)[1:-1],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """How one gateway wants to be spoken to."""

    url: str
    encoding: Encoding
    headers: Mapping[str, str]
    """Templates; of the placeholders ``{secret}`` and ``{message_id}`` make sense."""
    body: str
    """Template."""
    success: re.Pattern[str]
    """Found in the body of a 2xx answer exactly when the message was taken."""
    throttled: re.Pattern[str] | None
    """Found in a 2xx answer that means: not taken, too fast."""
    reference: re.Pattern[str] | None
    """Its first group is the gateway's name for the message."""
    limit_s: float
    """Longest that one attempt may take."""
    secret: Secret | None


class PlainToStrangers(ValueError):
    """A gateway elsewhere, without TLS."""


class HttpSms:
    """``async with``: one gateway; its connections are closed at the end."""

    def __init__(self, gateway: Gateway) -> None:
        """Not connected.

        Raises:
            PlainToStrangers: Without TLS, to another machine.
        """
        if urlsplit(gateway.url).scheme != "https" and not _is_here(gateway.url):
            raise PlainToStrangers(gateway.url)
        self._gateway = gateway
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HttpSms:
        """Ready to send."""
        limit_s = self._gateway.limit_s
        self._http = aiohttp.ClientSession(
            # A kept connection may be dead: a request lost on it would count as unknown.
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=limit_s, connect=limit_s / 2),
            trust_env=False,
        )
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Hang up."""
        if self._http is not None:
            await self._http.close()

    async def send(self, message: NewMessage, words: SmsText) -> Attempt:
        """Try once; see ``SmsSender``."""
        if self._http is None:
            return Attempt(Outcome.TRANSIENT, "closed")
        if not _E164.fullmatch(message.recipient):
            return Attempt(Outcome.REFUSED, "not a number in E.164")
        gateway, values = self._gateway, self._values(message, words)
        body = _filled(gateway.body, values, _ESCAPE[gateway.encoding]).encode()
        headers = {name: _filled(text, values, str) for name, text in gateway.headers.items()}
        try:
            # Only POST: the client sends other methods a second time when the connection breaks
            # (RFC 9110 9.2.2 lets it), and GET would write codes into logs.
            async with self._http.post(
                gateway.url,
                data=body,
                headers={"Content-Type": gateway.encoding.value, **headers},
                allow_redirects=False,
            ) as response:
                return self._meaning(response.status, await _bounded(response.content))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return _failure(error)

    def _values(self, message: NewMessage, words: SmsText) -> dict[str, str]:
        secret = self._gateway.secret
        return {
            "to": message.recipient,
            "to_digits": message.recipient.removeprefix("+"),
            "text": words.text,
            "message_id": message.message_id,
            "secret": secret.value if secret is not None else "",
        }

    def _meaning(self, status: int, answer: str) -> Attempt:
        """What an answer says. Its text may repeat ours: only its number is kept."""
        reason = str(status)
        match status:
            case 200 | 201 | 202:
                return self._taken(reason, answer)
            # RFC 6585 4; RFC 9110 15.6.4: refused before anything was done.
            case 429 | 503:
                return Attempt(Outcome.TRANSIENT, reason)
            # 402: no credit left. A redirect: the configured address is not the gateway's.
            case 401 | 402 | 403 | 404 | 405 | 407:
                return Attempt(Outcome.MISCONFIGURED, reason)
            case _ if 300 <= status < 400:
                return Attempt(Outcome.MISCONFIGURED, reason)
            case _ if 400 <= status < 500:
                return Attempt(Outcome.REFUSED, reason)
        return Attempt(Outcome.UNKNOWN, reason)

    def _taken(self, reason: str, answer: str) -> Attempt:
        gateway = self._gateway
        if gateway.success.search(answer):
            found = gateway.reference.search(answer) if gateway.reference else None
            return Attempt(Outcome.ACCEPTED, reason, _reference(found))
        if gateway.throttled is not None and gateway.throttled.search(answer):
            return Attempt(Outcome.TRANSIENT, f"{reason} throttled")
        return Attempt(Outcome.UNKNOWN, f"{reason} without the words of success")


def _filled(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """The template with its placeholders replaced, all in one pass."""
    return _PLACEHOLDER.sub(lambda found: escape(values[found[1]]), template)


def _failure(error: Exception) -> Attempt:
    """What a broken conversation says: before the request was written, nothing was taken."""
    reason = type(error).__name__
    match error:
        # Certificate and TLS errors are connection errors too: they come first.
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return Attempt(Outcome.MISCONFIGURED, reason)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Attempt(Outcome.TRANSIENT, reason)
        case aiohttp.InvalidURL():
            return Attempt(Outcome.MISCONFIGURED, reason)
    return Attempt(Outcome.UNKNOWN, reason)


def _reference(found: re.Match[str] | None) -> str | None:
    if found is None or not found.groups():
        return None
    reference: str | None = found[1]
    return reference[:_LONGEST_REFERENCE] if reference and reference.isprintable() else None


async def _bounded(content: aiohttp.StreamReader) -> str:
    """The start of the answer; what a gateway says beyond is not read."""
    answer = bytearray()
    async for chunk in content.iter_chunked(LONGEST_ANSWER):
        answer += chunk
        if len(answer) >= LONGEST_ANSWER:
            break
    return answer.decode("utf-8", "replace")


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
