"""An authorization server, as the client that the suite plays there meets it.

Sends what it is told to, right or wrong; follows no redirect itself, that is ``browser``'s part.
Judges nothing. (v1 8.3; v2 8.4)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from conformance.answer import Answer
from conformance.browser import Arrival, Browser
from conformance.endpoints import Endpoints
from conformance.errors import NotApplicable, Violation
from conformance.http import FORM, Client
from conformance.identity import Identity
from conformance.profile import Step

Parameters = Mapping[str, str] | Sequence[tuple[str, str]]
_SECRET: tuple[str, ...] = ("access_token", "refresh_token", "request_uri", "code")


@dataclass(slots=True)
class AuthorizationServer:
    """Its endpoints, and who calls them."""

    client: Client
    endpoints: Endpoints
    identity: Identity
    browser: Browser

    def address(self, parameters: Parameters) -> str:
        """Where a browser goes with this authorization request."""
        endpoint = self.endpoints.authorize
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    async def authorize(
        self,
        parameters: Parameters,
        redirect_uris: Sequence[str],
        steps: Sequence[Step],
        browser: Browser | None = None,
    ) -> Arrival:
        """Where the browser arrives; at none of ``redirect_uris`` if it stays at a page.

        Raises:
            Unreachable: The way leads elsewhere or does not end.
        """
        chosen = browser or self.browser
        arrival = await chosen.visit(self.address(parameters), redirect_uris, steps)
        self.client.masker.learn(arrival.query.get("code"))
        return arrival

    async def push(self, form: Mapping[str, str], identity: Identity | None = None) -> Answer:
        """The answer to a pushed authorization request.

        Raises:
            NotApplicable: The server announces no such endpoint.
        """
        if not self.endpoints.pushed:
            raise NotApplicable("no endpoint for pushed requests is announced")
        return await self._proved(self.endpoints.pushed, form, identity)

    async def token(self, form: Mapping[str, str], identity: Identity | None = None) -> Answer:
        """The answer of the token endpoint to ``form`` and what proves the client."""
        return await self._proved(self.endpoints.token, form, identity)

    async def revoke(self, form: Mapping[str, str], identity: Identity | None = None) -> Answer:
        """The answer of the revocation endpoint to ``form`` and what proves the client.

        Raises:
            NotApplicable: The server announces no such endpoint.
        """
        if not self.endpoints.revoke:
            raise NotApplicable("no endpoint for revocation is announced")
        return await self._proved(self.endpoints.revoke, form, identity)

    async def post(
        self, url: str, form: Parameters, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to exactly this form: nothing proves the client but what is in it."""
        sent = {FORM[0]: FORM[1], "Accept": "application/json", **(headers or {})}
        answer = await self.client.request("POST", url, headers=sent, body=urlencode(form).encode())
        self._learn(answer)
        return answer

    async def _proved(self, url: str, form: Mapping[str, str], identity: Identity | None) -> Answer:
        whole, headers = (identity or self.identity).prove(form, self.endpoints.audience)
        return await self.post(url, whole, headers)

    def _learn(self, answer: Answer) -> None:
        try:
            members = answer.members
        except Violation:  # no tokens in it
            return
        for name in _SECRET:
            self.client.masker.learn(members.get(name))
