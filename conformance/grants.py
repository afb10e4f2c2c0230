"""What checks of OAuth need of a target: requests that are right, codes, tokens.

One login serves all: the browser keeps its session, and tokens that a check does not spoil are
shared. A check changes one parameter of a good request and looks at the ``Outcome``.
(v1 8.3; v2 8.4)
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from conformance import identity as identities
from conformance.answer import Answer, Members
from conformance.browser import Arrival, Local, Recipe
from conformance.codes import ODD_STATE, Changes, Code, challenge, given, good
from conformance.endpoints import discover, host_of
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.identity import Identity
from conformance.oauth import AuthorizationServer, Parameters
from conformance.outcome import Outcome
from conformance.profile import OAuth, Step

if TYPE_CHECKING:
    from conformance.target import Target

FIRST: Final = "an authorization for the service"
TOKENS: Final = "tokens of an authorization"
_NAME: Final = "the authorization server"
_Found = TypeVar("_Found")


@dataclass(slots=True)
class Grants:
    """The authorization server of a target, and a client registered there."""

    target: Target
    server: AuthorizationServer

    @property
    def _oauth(self) -> OAuth:
        return self.target.profile.oauth

    @property
    def _by_hand(self) -> bool:
        return self._oauth.browser == "local"

    @property
    def redirect_uri(self) -> str:
        """The registered one."""
        return self._oauth.redirect_uri

    @property
    def proves_codes(self) -> bool:
        """PKCE is due: v2 requires it of all, in v1 a server may of public and other clients."""
        public = self.server.identity.method == "none"
        return self.target.names.major == 2 or public or self._oauth.pkce

    def needs(self, grant: str) -> None:
        """Raises:
        NotRun: The client is not registered for ``grant``.
        """
        if grant not in self._oauth.grants:
            raise NotRun(f"the profile's client does not use {grant}")

    def other(self) -> Identity:
        """The second client.

        Raises:
            NotRun: The profile names none.
        """
        if not self._oauth.other_client_id:
            raise NotRun("the profile names no second client (other_client_id)")
        return identities.other(self._oauth)

    def wrong_secret(self) -> Identity:
        """The client with a secret that is not its own.

        Raises:
            NotApplicable: It proves itself otherwise.
        """
        if not self.server.identity.method.startswith("client_secret"):
            raise NotApplicable("the profile's client has no secret")
        return replace(self.server.identity, secret="conformance-no-secret")  # noqa: S106 - no secret

    # --- authorization requests -----------------------------------------------------------------

    def request(self, verifier: str = "", changes: Changes | None = None) -> dict[str, str]:
        """A good authorization request for the service, with ``changes``."""
        good: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.server.identity.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "service",
            "state": secrets.token_urlsafe(16),
        }
        if not verifier and self.proves_codes:
            verifier = secrets.token_urlsafe(32)
        if verifier:
            good |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        if self._oauth.account:
            token = identities.account_token(self.server.identity, self._oauth.account)
            good["account_token"] = token
        return given(good | dict(changes or {}))

    async def attempt(self, parameters: Parameters, also: Sequence[str] = ()) -> Outcome:
        """How the server ends this request. Redirects to ``also`` are seen as well.

        Requests for credentials are pushed where the profile says so: servers need not take them
        from the query.

        Raises:
            NotRun: A person would have to look at a page, or the profile is read-only.
        """
        named = dict(parameters)
        if not _for_credential(named):
            return await self._visit(parameters, also, self._oauth.steps)
        if self.target.profile.read_only:
            raise NotRun("the profile is read-only")
        steps = self._oauth.credential_steps or self._oauth.steps
        if not self._oauth.push or self.target.names.major == 1:
            return await self._visit(parameters, also, steps)
        answer = await self.server.push(named)
        if answer.status >= 400:
            return Outcome(Arrival("", status=answer.status), answer)
        uri = str(answer.succeeded(201, 200).member("request_uri", str))
        return await self.pushed(uri, steps)

    async def pushed(self, request_uri: str, steps: Sequence[Step] = ()) -> Outcome:
        """How the server ends a request that was pushed."""
        named = {"client_id": self.server.identity.client_id, "request_uri": request_uri}
        return await self._visit(named, (), steps or self._oauth.steps)

    async def look(self, parameters: Parameters, also: Sequence[str] = ()) -> Outcome:
        """How the server ends this request without a person: no step is taken."""
        recipe = Recipe(self.target.client, self.target.codes, _hosts(self.target, self.server))
        uris = (self.redirect_uri, *also)
        return Outcome(await self.server.authorize(parameters, uris, (), recipe))

    async def _visit(
        self, parameters: Parameters, also: Sequence[str], steps: Sequence[Step]
    ) -> Outcome:
        if self._by_hand:
            outcome = await self.look(parameters, also)
            if not outcome.arrival.uri and outcome.arrival.status < 400:
                raise NotRun("a person would have to look; give the profile a recipe")
            return outcome
        uris = (self.redirect_uri, *also)
        return Outcome(await self.server.authorize(parameters, uris, steps))

    # --- codes ----------------------------------------------------------------------------------

    async def first(self) -> Code:
        """The first authorization for the service; without it no other is asked for.

        Raises:
            NotRun: It did not work.
        """
        self.needs("authorization_code")

        async def make() -> Code:
            return await self._code({"state": ODD_STATE}, pkce=self.proves_codes)

        found: Code = await self.target.once.get(FIRST, make)
        return found

    async def code(self, changes: Changes | None = None, *, pkce: bool | None = None) -> Code:
        """A code for the service, or for what ``changes`` ask for.

        Raises:
            NotRun: The recipe does not fit the pages, the grant is not the client's, or the code
                would cost a person yet another visit.
            Violation: The server refuses.
        """
        await self.first()
        if self._by_hand and not _for_credential(given(changes or {})):
            raise NotRun("this takes one more authorization by hand; give the profile a recipe")
        return await self._code(changes, pkce=self.proves_codes if pkce is None else pkce)

    async def _code(self, changes: Changes | None, *, pkce: bool) -> Code:
        verifier = secrets.token_urlsafe(32) if pkce else ""
        parameters = self.request(verifier, changes)
        if self._by_hand:
            uris = (self.redirect_uri,)
            outcome = Outcome(await self.server.authorize(parameters, uris, ()))
        else:
            outcome = await self.attempt(parameters)
        return good(outcome, verifier, parameters.get("redirect_uri", ""))

    # --- tokens ---------------------------------------------------------------------------------

    def redemption(self, code: Code, **changes: str | None) -> dict[str, str]:
        """The form that turns ``code`` into tokens."""
        good: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code.text,
            "redirect_uri": code.redirect_uri or None,
            "code_verifier": code.verifier or None,
        }
        return given(good | changes)

    async def redeem(
        self, code: Code, identity: Identity | None = None, **changes: str | None
    ) -> Answer:
        """The answer to ``code`` at the token endpoint."""
        return await self.server.token(self.redemption(code, **changes), identity)

    async def tokens(self) -> Members:
        """Tokens for the service that no check spoils."""

        async def make() -> Members:
            return (await self.redeem(await self.first())).succeeded()

        found: Members = await self.target.once.get(TOKENS, make)
        return found

    async def fresh_tokens(self) -> Members:
        """Tokens for the service that the caller may spoil."""
        await self.tokens()
        return (await self.redeem(await self.code())).succeeded()

    async def refreshable(self) -> tuple[str, Members]:
        """A refresh token that the caller may spoil, and the answer it came with.

        Raises:
            NotApplicable: The server gives none.
        """
        self.needs("refresh_token")
        if (await self.tokens()).get("refresh_token") is None:
            raise NotApplicable("the server gives no refresh token")
        members = await self.fresh_tokens()
        return str(members.member("refresh_token", str)), members

    async def refresh(self, token: str, identity: Identity | None = None) -> Answer:
        """The answer to a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return await self.server.token(form, identity)

    async def own_token(self, identity: Identity | None = None) -> Answer:
        """The answer to client credentials."""
        return await self.server.token({"grant_type": "client_credentials"}, identity)


async def grants(target: Target) -> Grants:
    """The authorization server of ``target``, found once.

    Raises:
        NotApplicable: ``info`` names none.
        NotRun: The profile names no client, or the server's metadata are of no use.
    """

    async def make() -> Grants:
        info, oauth = target.described(), target.profile.oauth
        endpoints = await discover(target.client, info, target.names.major)
        if not oauth.client_id:
            raise NotRun("the profile names no client ([oauth] client_id)")
        identity = identities.identified(oauth, endpoints.signing_algorithms)
        server = AuthorizationServer(target.client, endpoints, identity, Local())
        if oauth.browser == "recipe":
            server.browser = Recipe(target.client, target.codes, _hosts(target, server))
        return Grants(target, server)

    found: Grants = await target.once.get(_NAME, make)
    return found


async def service_token(target: Target) -> str:
    """A fresh token for the service, as ``[service] kind`` says.

    Raises:
        NotRun: It says neither ``authorization_code`` nor ``client_credentials``.
        Violation: The server refuses.
    """
    found, kind = await grants(target), target.profile.service.kind
    if kind == "authorization_code":
        members = await found.fresh_tokens()
    elif kind == "client_credentials":
        members = (await found.own_token()).succeeded()
    else:
        raise NotRun(f"[service] kind {kind} is not known")
    return str(members.member("access_token", str))


async def blamed(target: Target, name: str, fixture: Awaitable[_Found]) -> _Found:
    """What the fixture ``name`` gives, for the check that is about it.

    Raises:
        Violation: What the server did that kept it from being made; not what kept another one
            from being made that it needs.
    """
    try:
        return await fixture
    except NotRun:
        found = target.once.done.get(name)
        if isinstance(found, Violation):
            raise found from None
        raise


def _for_credential(named: Mapping[str, str]) -> bool:
    asked = "credentialID" in named or "authorization_details" in named
    return asked or "credential" in named.get("scope", "").split()


def _hosts(target: Target, server: AuthorizationServer) -> frozenset[str]:
    further = target.profile.oauth.hosts
    addresses = [f"{scheme}://{one}" for one in further for scheme in ("http", "https")]
    return server.endpoints.hosts | {host_of(one) for one in addresses}
