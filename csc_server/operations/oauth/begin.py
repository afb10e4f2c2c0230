"""oauth2/pushed_authorize and oauth2/authorize: check a request in full, store it, or refuse it.

1. client and redirect URI: while they are not known to be good, nobody is redirected
2. everything else: a refusal goes back to the client, by redirect or as JSON
3. store: bound to the client, or to the browser session that brought it

(RFC 6749 4.1.1, 4.1.2.1; RFC 9126; CSC v1 8.4.2, v2 8.4.2)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from csc_server.operations.oauth.clients import AuthenticateClient, CheckProof, Proof
from csc_server.operations.oauth.views import Begun
from csc_server.ports import Accounts, Call, Clock, Entropy, Paces
from csc_server.ports.oauth import Clients, JwtInvalid, Jwts, Replays, Requests
from policies import errors
from policies.oauth import clients, proofs, redirects, requests
from policies.oauth.authentication import Presented
from policies.oauth.clients import Client
from policies.oauth.requests import Asked
from policies.oauth.values import AuthorizationRequest, RequestState, StoredRequest
from policies.secret import RequestUri
from policies.values import AccountId

URN: Final = "urn:ietf:params:oauth:request_uri:"
"""RFC 9126 2.2."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The answer to a pushed request."""

    request_uri: RequestUri
    expires_in_s: int


class Redirectable(Exception):
    """A refusal that the client may be told by redirect; ``__cause__`` is the reason."""

    def __init__(self, redirect_uri: str, state: str | None) -> None:
        super().__init__("to the client")
        self.redirect_uri = redirect_uri
        """Registered, and the one of this request."""
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """What pushed and direct requests have in common."""

    accounts: Accounts
    jwts: Jwts
    replays: Replays
    issuer: str

    async def __call__(
        self, asked: Asked, client: Client, now: datetime, *, pushed: bool
    ) -> AuthorizationRequest:
        """The request, if it keeps every rule.

        Raises:
            Refused: See ``policies.oauth.requests.check``.
            AccountTokenInvalid: Or replayed, or for an account that is not here.
        """
        request = requests.check(asked, client, issuer=self.issuer, pushed=pushed)
        if asked.account_token is None:
            return request
        account_id = await self._account(asked.account_token, client, now)
        return replace(request, account_id=account_id)

    async def _account(self, text: str, client: Client, now: datetime) -> AccountId:
        if client.secret_digest is None:
            raise errors.AccountTokenInvalid("the client has no secret")
        try:
            # CSC v1 8.4.1: the key is the SHA-256 of the secret, which is what we keep.
            signed = self.jwts.account_token(text, client.secret_digest)
        except JwtInvalid as reason:
            raise errors.AccountTokenInvalid(str(reason)) from reason
        subject, one_time = proofs.account_token(signed.header, signed.claims, client, now)
        account = await self.accounts.find(subject)
        if account is None:
            raise errors.AccountTokenInvalid("sub")
        if not await self.replays.first(
            "account_token", client.client_id, one_time.jti, one_time.until
        ):
            raise errors.AccountTokenInvalid("replayed")
        return account.account_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PushAuthorizationRequest:
    """oauth2/pushed_authorize. (RFC 9126 2)"""

    authenticate: AuthenticateClient
    check: CheckRequest
    proof: CheckProof
    requests: Requests
    paces: Paces
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, call: Call, presented: Presented, asked: Asked, proof: Proof
    ) -> Pushed:
        """A reference to the checked request, for one use within 90 seconds.

        Raises:
            RateLimited: The client pushes too fast.
            Refused: Of ``AuthenticateClient`` and ``CheckRequest``; ProofInvalid.
            ParameterInvalid: The request names another ``request_uri`` (RFC 9126 2.1), or
                another key than it proves (RFC 9449 10.1).
        """
        now = self.clock.now()
        client = await self.authenticate(call, presented, now)
        await self.paces.take(clients.pushes(client), now)
        if asked.request_uri is not None:
            raise errors.ParameterInvalid("request_uri")
        request = await self.check(
            _bound(asked, await self.proof(proof, now)), client, now, pushed=True
        )
        uri = RequestUri(URN + self.entropy.token())
        stored = StoredRequest(
            self.entropy.identifier(),
            request,
            RequestState.PUSHED,
            None,
            now + requests.PUSHED_LIFETIME,
        )
        await self.requests.push(stored, uri)
        return Pushed(uri, int(requests.PUSHED_LIFETIME.total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginAuthorization:
    """oauth2/authorize: a browser brings a request, or the reference to one."""

    clients: Clients
    check: CheckRequest
    requests: Requests
    paces: Paces
    clock: Clock
    entropy: Entropy

    async def __call__(self, asked: Asked, bind: Callable[[], Awaitable[str]]) -> Begun:
        """The request waits for the person in this browser session.

        Args:
            bind: Gives the session's identifier; asked only when the request is good, so that
                refused ones leave nothing behind.

        Raises:
            RateLimited, ClientUnknown, ParameterMissing, RedirectUriRefused, RequestUriInvalid:
                To be shown to the person; nobody is redirected.
            Redirectable: Everything else, to be told to the client.
        """
        now = self.clock.now()
        if asked.client_id is None:
            raise errors.ParameterMissing("client_id")
        client = clients.known(await self.clients.find(asked.client_id))
        await self.paces.take(clients.requests(client), now)
        if asked.request_uri is not None:
            return await self._pushed(RequestUri(asked.request_uri), client, bind, now)
        redirect_uri = redirects.matched(client.redirect_uris, asked.redirect_uri)
        try:
            request = await self.check(asked, client, now, pushed=False)
        except errors.Refused as reason:
            raise Redirectable(redirect_uri, requests.safe_state(asked.state)) from reason
        until = now + requests.lifetime(request)
        stored = StoredRequest(
            self.entropy.identifier(), request, RequestState.OPEN, await bind(), until
        )
        await self.requests.open(stored)
        return Begun(stored.request_id, request.lang)

    async def _pushed(
        self,
        uri: RequestUri,
        client: Client,
        bind: Callable[[], Awaitable[str]],
        now: datetime,
    ) -> Begun:
        stored = None
        if await self.requests.is_pushed(uri, client.client_id, now):
            stored = await self.requests.open_pushed(uri, client.client_id, await bind(), now)
        if stored is None:
            raise errors.RequestUriInvalid(client.client_id)
        return Begun(stored.request_id, stored.request.lang)


def _bound(asked: Asked, proved: str | None) -> Asked:
    """The request, bound to the key that its push proved. (RFC 9449 10.1)"""
    if proved is None:
        return asked
    if asked.dpop_jkt not in (None, proved):
        raise errors.ParameterInvalid("dpop_jkt")
    return requests.bound(asked, proved)
