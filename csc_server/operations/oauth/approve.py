"""The approval page's verbs: look at a request, allow it, approve signatures, refuse.

A request belongs to the browser session that brought it, and is answered once. Whoever answers
is signed in: the account comes from the session, never from the request.
(RFC 6749 4.1.1, 4.1.2; CSC v2 8.4.2; security-and-pki 4.1)
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.authorize import Authorize
from csc_server.operations.oauth.views import (
    AuthorizationView,
    Redirect,
    Signatures,
    Waiting,
)
from csc_server.operations.records import event
from csc_server.ports import Call, Clock, Credentials, Entropy
from csc_server.ports.oauth import Clients, NewCode, Requests
from policies import errors
from policies.audit import EventType
from policies.authorize import AuthorizeRequest
from policies.oauth import answers, clients, grants, redirects
from policies.oauth.clients import Client
from policies.oauth.values import Consent, SignatureWish, StoredRequest
from policies.secret import AuthorizationCode, Otp, Pin
from policies.values import AccountId, CredentialId, GrantId, Principal


@dataclass(frozen=True, slots=True)
class Pending:
    """Finds open requests; what the verbs below share."""

    clients: Clients
    requests: Requests
    clock: Clock

    async def __call__(
        self, request_id: str, session_id: str, account_id: AccountId | None, now: datetime
    ) -> tuple[StoredRequest, Client]:
        """The open request of this session and its client.

        Raises:
            AuthorizationRequestGone: See ``policies.oauth.answers.answerable``.
            OtherAccountWanted: ``account_id`` is not the one that the client asked for.
        """
        stored = answers.answerable(await self.requests.find(request_id), session_id, now)
        if account_id is not None:
            answers.right_account(stored.request, account_id)
        return stored, clients.known(await self.clients.find(stored.request.client_id))


@dataclass(frozen=True, slots=True)
class PeekAuthorization:
    """For the login page: which program waits."""

    pending: Pending

    async def __call__(self, request_id: str, session_id: str) -> Waiting:
        """Who waits for the login.

        Raises:
            AuthorizationRequestGone: Unknown, answered, over, or another session's.
        """
        now = self.pending.clock.now()
        stored, client = await self.pending(request_id, session_id, None, now)
        return _waiting(stored, client)


@dataclass(frozen=True, slots=True)
class ViewAuthorization:
    """For the approval page: everything it shows."""

    pending: Pending
    credentials: Credentials

    async def __call__(
        self, request_id: str, session_id: str, account_id: AccountId
    ) -> AuthorizationView:
        """The open request, as this account sees it.

        Raises:
            AuthorizationRequestGone: Unknown, answered, over, or another session's.
        """
        now = self.pending.clock.now()
        stored, client = await self.pending(request_id, session_id, None, now)
        request = stored.request
        consent = await self.pending.requests.consent(account_id, request.client_id)
        new = request.scopes - (consent.scopes if consent else frozenset())
        return AuthorizationView(
            waiting=_waiting(stored, client),
            consent_given=not answers.must_ask(client, request, consent),
            new_scopes=tuple(sorted(new)),
            other_account=request.account_id not in (None, account_id),
            signatures=await self._signatures(request.signatures, account_id, now),
        )

    async def _signatures(
        self, wish: SignatureWish | None, account_id: AccountId, now: datetime
    ) -> Signatures | None:
        if wish is None:
            return None
        owned = await self.credentials.of_account(account_id)
        usable = answers.candidates(owned, wish, now)
        return Signatures(wish.documents, wish.hash_algorithm, wish.description, usable)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowAuthorization:
    """The person lets the program in: scopes ``service`` and ``account``."""

    pending: Pending
    entropy: Entropy
    issuer: str

    async def __call__(
        self,
        call: Call,
        request_id: str,
        session_id: str,
        account_id: AccountId,
        *,
        asked: bool,
    ) -> Redirect:
        """The way back to the client, with code, state and iss.

        Args:
            asked: True when the person pressed *Allow* on the consent page just now; False to
                go on without asking, where an earlier consent covers it.

        Raises:
            AuthorizationRequestGone, OtherAccountWanted: See ``Pending``.
            ConsentNeeded: Not asked, and the person has to be; or it is about signatures, which
                only ``ApproveSignatures`` approves.
        """
        now = self.pending.clock.now()
        stored, client = await self.pending(request_id, session_id, account_id, now)
        request = stored.request
        if request.signatures is not None:
            raise errors.ConsentNeeded("signatures")
        if not asked:
            earlier = await self.pending.requests.consent(account_id, request.client_id)
            if answers.must_ask(client, request, earlier):
                raise errors.ConsentNeeded(request.client_id)
        code = _new_code(self.entropy, stored, account_id, now)
        consent = Consent(account_id, request.client_id, request.scopes, now)
        record = event(
            EventType.CONSENT_GIVEN if asked else EventType.AUTHORIZATION_GRANTED,
            account_id,
            call,
            now,
            client_id=request.client_id,
            grant_id=code.principal.grant_id,
            scopes=sorted(request.scopes),
        )
        await self.pending.requests.grant(request_id, code, consent, now, [record])
        return Redirect(answers.success(request, code.code, self.issuer))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveSignatures:
    """The person approves signatures with PIN and code: scope ``credential``.

    The factor check and the SAD are those of ``credentials/authorize``. The SAD is stored under a
    handle that nobody knows; redeeming the code gives it the one that the client gets.
    """

    pending: Pending
    authorize: Authorize
    entropy: Entropy
    issuer: str

    async def __call__(
        self,
        call: Call,
        request_id: str,
        session_id: str,
        account_id: AccountId,
        *,
        credential_id: CredentialId | None = None,
        pin: Pin | None = None,
        otp: Otp | None = None,
    ) -> Redirect:
        """The way back to the client, with code, state and iss.

        Args:
            credential_id: What the person chose; needed only where the view offered several.

        Raises:
            AuthorizationRequestGone, OtherAccountWanted: See ``Pending``; the first also when
                the request asks for no signatures.
            Refused: As of ``credentials/authorize``. The request stays open after a wrong code.
            HsmError, StorageUnavailable: Nothing was approved.
        """
        now = self.pending.clock.now()
        stored, _ = await self.pending(request_id, session_id, account_id, now)
        wish = stored.request.signatures
        if wish is None:
            raise errors.AuthorizationRequestGone("asks for no signatures")
        code = _new_code(self.entropy, stored, account_id, now)
        wanted = AuthorizeRequest(
            credential_id=answers.chosen(wish, credential_id),
            num_signatures=len(wish.documents),
            hashes=tuple(document.digest for document in wish.documents),
            hash_algo=wish.hash_algorithm.oid,
            pin=pin,
            otp=otp,
        )
        keep = functools.partial(self.pending.requests.approve, request_id, code)
        await self.authorize.mint(call, code.principal, wanted, keep)
        return Redirect(answers.success(stored.request, code.code, self.issuer))


@dataclass(frozen=True, slots=True)
class RefuseAuthorization:
    """The person says no."""

    pending: Pending
    issuer: str

    async def __call__(
        self, call: Call, request_id: str, session_id: str, account_id: AccountId
    ) -> Redirect:
        """The way back to the client, with ``access_denied``.

        Raises:
            AuthorizationRequestGone: See ``Pending``.
        """
        now = self.pending.clock.now()
        stored, _ = await self.pending(request_id, session_id, None, now)
        request = stored.request
        record = event(
            EventType.AUTHORIZATION_DENIED, account_id, call, now, client_id=request.client_id
        )
        await self.pending.requests.deny(request_id, now, [record])
        return Redirect(answers.denied(request, self.issuer))


def _waiting(stored: StoredRequest, client: Client) -> Waiting:
    return Waiting(
        request_id=stored.request_id,
        client_name=client.name,
        client_host=client.host,
        native=client.native,
        scopes=tuple(sorted(stored.request.scopes)),
        lang=stored.request.lang,
        expires_at=stored.expires_at,
        answers_to=redirects.target(stored.request.redirect_uri),
    )


def _new_code(
    entropy: Entropy, stored: StoredRequest, account_id: AccountId, now: datetime
) -> NewCode:
    principal = Principal(account_id, stored.request.client_id, GrantId(entropy.identifier()))
    return NewCode(AuthorizationCode(entropy.token()), principal, now + grants.CODE_LIFETIME)
