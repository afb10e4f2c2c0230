"""The ports of the authorization server: clients, requests, codes, grants, used identifiers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from csc_server.ports import NewToken
from csc_server.ports.oauth import ClientTaken, NewCode
from csc_server.storage import Storage
from policies import errors
from policies.algorithms import HashAlgorithm
from policies.audit import Event, EventType, Outcome
from policies.oauth.clients import Client
from policies.oauth.values import (
    AuthorizationRequest,
    Consent,
    Document,
    RequestState,
    SignatureWish,
    StoredRequest,
)
from policies.secret import AuthorizationCode, RequestUri, Sad, Token
from policies.tokens import Scope, TokenKind, TokenType
from policies.values import (
    AccountId,
    ClientId,
    ClientPrincipal,
    CredentialId,
    GrantId,
    Principal,
    SadId,
)
from tests.build import ALICE, DIGEST_A, HOUR, SECOND, T0
from tests.contracts import stores
from tests.csc_server.oauth import clients

DESKTOP = ClientId("desktop")
CODE = AuthorizationCode("code-1")
URI = RequestUri("urn:ietf:params:oauth:request_uri:one")
GRANT = GrantId("grant-oauth")
SIXTY = timedelta(seconds=60)
EVENT = stores.event(EventType.TOKEN_ISSUED)
ACCESS = NewToken(Token("access-1"), TokenKind.ACCESS, T0 + HOUR)
REFRESH = NewToken(Token("refresh-1"), TokenKind.REFRESH, T0 + 24 * HOUR)


def _request(**changes: Any) -> AuthorizationRequest:
    standard = AuthorizationRequest(
        version=2,
        client_id=DESKTOP,
        redirect_uri="https://contab.example/callback?x=1",
        redirect_uri_given=True,
        scopes=frozenset({Scope.SERVICE, Scope.ACCOUNT}),
        state='stäte "1"',
        code_challenge="c" * 43,
        dpop_jkt="j" * 43,
        account_id=AccountId("alice"),
        lang="ro",
        signatures=None,
    )
    return replace(standard, **changes)


def _wish(**changes: Any) -> SignatureWish:
    standard = SignatureWish(
        credential_id=CredentialId("cred-alice"),
        signature_qualifier=None,
        documents=(Document(DIGEST_A, "Ofertă.pdf"), Document(DIGEST_A, None)),
        hash_algorithm=HashAlgorithm.SHA256,
        description="two",
        details_type="credential",
    )
    return replace(standard, **changes)


def _stored(request_id: str = "request-1", **changes: Any) -> StoredRequest:
    standard = StoredRequest(request_id, _request(), RequestState.OPEN, "session-1", T0 + HOUR)
    return replace(standard, **changes)


def _principal(**changes: Any) -> Principal:
    return replace(Principal(ALICE.account_id, DESKTOP, GRANT), **changes)


def _code(code: AuthorizationCode = CODE) -> NewCode:
    return NewCode(code, _principal(), T0 + SIXTY)


def _consent(*scopes: Scope, **changes: Any) -> Consent:
    given = frozenset(scopes) or frozenset({Scope.SERVICE})
    return replace(Consent(ALICE.account_id, DESKTOP, given, T0), **changes)


async def _granted(storage: Storage) -> None:
    await storage.oauth_requests.open(_stored())
    await storage.oauth_requests.grant("request-1", _code(), _consent(), T0, [EVENT])


async def _approved(storage: Storage, step: int = 1) -> None:
    stored = _stored(request=_request(scopes=frozenset({Scope.CREDENTIAL}), signatures=_wish()))
    await storage.oauth_requests.open(stored)
    new = stores.new_sad("sad-1", DIGEST_A, step=step, grant_id=GRANT, client_id=DESKTOP)
    await storage.oauth_requests.approve("request-1", _code(), new, T0, [EVENT])


async def _all(calls: Any) -> Sequence[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def _is_dead(storage: Storage, token: NewToken) -> bool:
    found = await storage.tokens.find(token.token.digest())
    assert found is not None
    return found.revoked


# Clients


@pytest.mark.parametrize("index", range(len(clients.everybody(AccountId("alice")))))
async def test_a_client_is_found_as_it_was_registered(storage: Storage, index: int) -> None:
    """Every field of every kind; under exactly its id."""
    client = clients.everybody(AccountId("alice"))[index]
    await storage.oauth_clients.add(client, T0, [stores.event(EventType.CLIENT_ADDED)])
    assert await storage.oauth_clients.find(client.client_id) == client
    assert await storage.oauth_clients.find(client.client_id.upper()) is None
    assert await storage.oauth_clients.find("a\0b") is None
    assert await storage.oauth_clients.all() == [client]


async def test_a_client_id_is_given_once(storage: Storage) -> None:
    """The first registration stays."""
    first = clients.client("contab")
    await storage.oauth_clients.add(first, T0, [])
    with pytest.raises(ClientTaken):
        await storage.oauth_clients.add(clients.client("contab", require_par=True), T0, [])
    assert await storage.oauth_clients.find("contab") == first


async def test_a_removed_client_takes_its_tokens_along(storage: Storage) -> None:
    """Grants, tokens and open SADs of this client and no other."""
    other = NewToken(Token("other"), TokenKind.ACCESS, T0 + HOUR)
    mine = _principal(client_id=ClientId("contab"))
    elsewhere = _principal(client_id=ClientId("rival"), grant_id=GrantId("grant-rival"))
    await storage.oauth_clients.add(clients.client("contab"), T0, [])
    await storage.oauth_grants.open(mine, ACCESS, T0, [])
    await storage.oauth_grants.open(elsewhere, other, T0, [])
    await stores.issue(storage, "sad-1", DIGEST_A, grant_id=GRANT)
    removed = [stores.event(EventType.CLIENT_REMOVED)]
    assert await storage.oauth_clients.remove(ClientId("contab"), T0, removed)
    assert not await storage.oauth_clients.remove(ClientId("contab"), T0, removed)
    assert await storage.oauth_clients.find("contab") is None
    assert await _is_dead(storage, ACCESS)
    assert not await _is_dead(storage, other)
    assert await stores.states(storage, "sad-1") == ("revoked", ["expired"])


async def test_the_file_of_clients_is_loaded_whole(storage: Storage) -> None:
    """New ones come, changed ones change, absent ones go; what is as before writes nothing."""
    said: list[tuple[str, bool]] = []

    def event(client: Client, added: bool) -> Event:
        said.append((client.client_id, added))
        return Event(EventType.CLIENT_ADDED, Outcome.SUCCESS, T0, "operator:test")

    store = storage.oauth_clients
    one, two = clients.client("one"), clients.client("two")
    await store.load([one, two], T0, event)
    await store.load([one, two], T0, event)
    assert said == [("one", True), ("two", True)]
    changed = clients.client("two", require_par=True)
    await store.load([changed], T0, event)
    assert said[2:] == [("two", True), ("one", False)]
    assert await store.all() == [changed]


async def test_the_file_does_not_take_an_operators_client(storage: Storage) -> None:
    """Nor does an operator's command remove one of the file's; nothing is half done."""

    def event(client: Client, added: bool) -> Event:
        return Event(EventType.CLIENT_ADDED, Outcome.SUCCESS, T0, f"{client.client_id}{added}")

    store = storage.oauth_clients
    await store.add(clients.client("mine"), T0, [])
    with pytest.raises(ClientTaken):
        await store.load([clients.client("file"), clients.client("mine")], T0, event)
    assert await store.find("file") is None
    await store.load([clients.client("file")], T0, event)
    assert not await store.remove(ClientId("file"), T0, [])
    assert [one.client_id for one in await store.all()] == ["file", "mine"]


# Requests


@pytest.mark.parametrize(
    "request_",
    [
        _request(),
        _request(version=1, state=None, code_challenge=None, dpop_jkt=None, lang=None),
        _request(scopes=frozenset({Scope.CREDENTIAL}), signatures=_wish()),
        _request(
            scopes=frozenset({Scope.CREDENTIAL}),
            signatures=_wish(
                credential_id=None,
                signature_qualifier="eu_eidas_aes",
                hash_algorithm=HashAlgorithm.SHA512,
                description=None,
                details_type=None,
            ),
        ),
    ],
)
async def test_a_request_is_found_as_it_was_checked(
    storage: Storage, request_: AuthorizationRequest
) -> None:
    """Every field, in order, names with diacritics."""
    stored = _stored(request=request_)
    await storage.oauth_requests.open(stored)
    assert await storage.oauth_requests.find("request-1") == stored
    assert await storage.oauth_requests.find("request-2") is None
    assert await storage.oauth_requests.find("a\0b") is None


async def test_a_request_uri_is_used_once(storage: Storage) -> None:
    """Of 32 at once one session gets it; its time starts anew."""
    pushed = _stored(state=RequestState.PUSHED, session_id=None, expires_at=T0 + SIXTY)
    await storage.oauth_requests.push(pushed, URI)
    results = await _all(
        storage.oauth_requests.open_pushed(URI, DESKTOP, f"session-{n}", T0) for n in range(32)
    )
    [opened] = [one for one in results if one is not None]
    assert opened.state is RequestState.OPEN
    assert opened.expires_at == T0 + HOUR
    assert await storage.oauth_requests.find("request-1") == opened


async def test_a_request_uri_can_be_looked_for(storage: Storage) -> None:
    """As often as wanted; used, over, or another client's, it is not there."""
    look, over = storage.oauth_requests.is_pushed, T0 + SIXTY
    pushed = _stored(state=RequestState.PUSHED, session_id=None, expires_at=over)
    await storage.oauth_requests.push(pushed, URI)
    for _ in range(2):
        assert await look(URI, DESKTOP, over - SECOND)
    assert not await look(URI, DESKTOP, over)
    assert not await look(URI, ClientId("other"), T0)
    assert not await look(RequestUri("other"), DESKTOP, T0)
    assert await storage.oauth_requests.open_pushed(URI, DESKTOP, "session", T0)
    assert not await look(URI, DESKTOP, T0)


async def test_a_request_uri_is_bound_and_ends(storage: Storage) -> None:
    """Another client's, another value, and the first instant after its time."""
    pushed = _stored(state=RequestState.PUSHED, session_id=None, expires_at=T0 + SIXTY)
    await storage.oauth_requests.push(pushed, URI)
    store = storage.oauth_requests
    other = RequestUri(URI.value + "x")
    assert await store.open_pushed(URI, ClientId("rival"), "s", T0) is None
    assert await store.open_pushed(other, DESKTOP, "s", T0) is None
    assert await store.open_pushed(URI, DESKTOP, "s", T0 + SIXTY) is None
    assert await store.open_pushed(URI, DESKTOP, "s", T0 + SIXTY - SECOND) is not None


async def test_a_request_is_answered_once(storage: Storage) -> None:
    """Of 32 answers of all kinds at once one counts."""
    await storage.oauth_requests.open(_stored())
    calls = [
        storage.oauth_requests.grant(
            "request-1", _code(AuthorizationCode(f"code-{n}")), _consent(), T0, []
        )
        if n % 2
        else storage.oauth_requests.deny("request-1", T0, [])
        for n in range(32)
    ]
    results = await _all(calls)
    gone = [one for one in results if isinstance(one, errors.AuthorizationRequestGone)]
    assert len(gone) == 31


async def test_a_request_that_is_over_is_not_answered(storage: Storage) -> None:
    """From its last instant on."""
    await storage.oauth_requests.open(_stored())
    for answer in (
        storage.oauth_requests.deny("request-1", T0 + HOUR, []),
        storage.oauth_requests.grant("request-1", _code(), _consent(), T0 + HOUR, []),
    ):
        with pytest.raises(errors.AuthorizationRequestGone):
            await answer
    await storage.oauth_requests.deny("request-1", T0 + HOUR - SECOND, [])


async def test_an_approval_that_fails_leaves_the_request_open(storage: Storage) -> None:
    """A replayed code: no SAD, no code, and the person may try again."""
    await stores.issue(storage, "earlier", DIGEST_A, step=1)
    with pytest.raises(errors.OtpReplayed):
        await _approved(storage)
    assert (await storage.oauth_grants.code(CODE)) is None
    found = await storage.oauth_requests.find("request-1")
    assert found is not None
    assert found.state is RequestState.OPEN


async def test_consents_add_up_and_can_be_withdrawn(storage: Storage) -> None:
    """A wider one keeps what was; a narrower one changes nothing; withdrawn, all is gone."""
    store = storage.oauth_requests
    await storage.oauth_clients.add(clients.client("desktop"), T0, [])
    for n, scopes in enumerate(([Scope.SERVICE], [Scope.ACCOUNT], [Scope.SERVICE])):
        await store.open(_stored(f"request-{n}"))
        given = _consent(*scopes, given_at=T0 + n * SECOND)
        code = _code(AuthorizationCode(f"code-{n}"))
        await store.grant(f"request-{n}", code, given, T0, [])
    both = await store.consent(ALICE.account_id, DESKTOP)
    assert both == _consent(Scope.SERVICE, Scope.ACCOUNT, given_at=T0 + SECOND)
    assert await store.consent(AccountId("mallory"), DESKTOP) is None
    assert await storage.applications.withdraw(ALICE.account_id, DESKTOP, T0, [])
    assert await store.consent(ALICE.account_id, DESKTOP) is None
    await store.open(_stored("request-9"))
    again = _code(AuthorizationCode("code-9"))
    await store.grant("request-9", again, _consent(Scope.ACCOUNT), T0, [])
    assert await store.consent(ALICE.account_id, DESKTOP) == _consent(Scope.ACCOUNT)


async def test_what_is_over_for_a_day_is_forgotten(storage: Storage) -> None:
    """Request and code; a code is known for a day, so that a copy is noticed."""
    await _granted(storage)
    day = timedelta(days=1)
    assert await storage.oauth_requests.purge(T0 + HOUR + day - SECOND, 10) == 0
    assert await storage.oauth_grants.code(CODE) is not None
    assert await storage.oauth_requests.purge(T0 + HOUR + day, 10) == 1
    assert await storage.oauth_grants.code(CODE) is None
    assert await storage.oauth_requests.find("request-1") is None


# Codes and tokens


async def test_a_code_is_redeemed_once(storage: Storage) -> None:
    """Of 32 at once one succeeds, and only its tokens exist."""
    await _granted(storage)
    tokens = [NewToken(Token(f"access-{n}"), TokenKind.ACCESS, T0 + HOUR) for n in range(32)]
    results = await _all(
        storage.oauth_grants.redeem(CODE, _principal(), [one], T0, [EVENT]) for one in tokens
    )
    assert sorted(map(repr, results)) == ["False"] * 31 + ["True"]
    found = [await storage.tokens.find(one.token.digest()) for one in tokens]
    assert [one is not None for one in found] == results
    facts = await storage.oauth_grants.code(CODE)
    assert facts is not None
    assert facts.redeemed


async def test_a_code_ends(storage: Storage) -> None:
    """From its last instant on it is not redeemed."""
    await _granted(storage)
    redeem = storage.oauth_grants.redeem
    assert not await redeem(CODE, _principal(), [ACCESS], T0 + SIXTY, [])
    assert await redeem(CODE, _principal(), [ACCESS], T0 + SIXTY - SECOND, [])


async def test_a_code_knows_its_request(storage: Storage) -> None:
    """Everything that its judge needs, in one read."""
    await _granted(storage)
    facts = await storage.oauth_grants.code(CODE)
    assert facts is not None
    assert (facts.request, facts.account_id, facts.grant_id) == (
        _request(),
        ALICE.account_id,
        GRANT,
    )
    assert (facts.sad_id, facts.credential_id, facts.redeemed) == (None, None, False)
    assert facts.expires_at == T0 + SIXTY


async def test_redeeming_gives_the_sad_its_handle(storage: Storage) -> None:
    """Before nobody can use the SAD; then its handle is the token, bound to the client's key."""
    await _approved(storage)
    facts = await storage.oauth_grants.code(CODE)
    assert facts is not None
    assert (facts.sad_id, facts.credential_id) == ("sad-1", "cred-alice")
    token = replace(ACCESS, sad_id=SadId("sad-1"), credential_id=CredentialId("cred-alice"))
    principal = _principal(jkt="k" * 43)
    assert await storage.oauth_grants.redeem(CODE, principal, [token], T0, [EVENT])
    handle = Sad(token.token.value)
    found = await storage.authorizations.facts(handle, CredentialId("cred-alice"))
    assert found.authorization is not None
    assert found.authorization.sad_id == "sad-1"
    assert (found.authorization.jkt, found.authorization.grant_id) == ("k" * 43, GRANT)
    old = await storage.authorizations.facts(Sad("handle-sad-1"), CredentialId("cred-alice"))
    assert old.authorization is None


async def test_a_sad_that_is_over_gets_no_handle(storage: Storage) -> None:
    """Then the code is not used either, and no grant exists."""
    await _approved(storage)
    await storage.tokens.revoke_grant(GRANT, T0, [])
    token = replace(ACCESS, sad_id=SadId("sad-1"))
    # The grant of a code exists from its redemption on; its SAD dies with it all the same.
    with pytest.raises(errors.CodeInvalid):
        await storage.oauth_grants.redeem(CODE, _principal(), [token], T0, [EVENT])
    assert await storage.tokens.find(token.token.digest()) is None


async def test_a_token_is_found_with_what_it_opens(storage: Storage) -> None:
    """Scopes, type, credential, key; a client in its own name has no account."""
    token = NewToken(
        Token("bound"),
        TokenKind.ACCESS,
        T0 + HOUR,
        scopes=frozenset({Scope.SERVICE, Scope.ACCOUNT}),
        token_type=TokenType.DPOP,
        jkt="k" * 43,
    )
    await storage.oauth_grants.open(_principal(jkt="k" * 43), token, T0, [])
    found = await storage.tokens.find(token.token.digest())
    assert found is not None
    assert found.principal == _principal(jkt="k" * 43)
    assert (found.scopes, found.token_type) == (token.scopes, TokenType.DPOP)
    alone = ClientPrincipal(ClientId("portal"), GrantId("grant-portal"))
    own = replace(ACCESS, scopes=frozenset({Scope.REGISTRATION}))
    await storage.oauth_grants.open(alone, own, T0, [])
    found = await storage.tokens.find(own.token.digest())
    assert found is not None
    assert (found.principal, found.account_state) == (alone, None)
    assert found.scopes == frozenset({Scope.REGISTRATION})


async def test_a_refresh_token_is_exchanged_once(storage: Storage) -> None:
    """Of 32 at once one succeeds; the old one is known as exchanged."""
    await storage.tokens.open(_principal(), [REFRESH], "login:x", T0, [])
    new = [[NewToken(Token(f"r-{n}"), TokenKind.REFRESH, REFRESH.expires_at)] for n in range(32)]
    results = await _all(
        storage.oauth_grants.rotate(REFRESH.token.digest(), GRANT, one, T0, []) for one in new
    )
    assert sorted(map(repr, results)) == ["False"] * 31 + ["True"]
    old = await storage.tokens.find(REFRESH.token.digest())
    assert old is not None
    assert old.rotated
    assert not old.revoked


async def test_neither_access_nor_dead_tokens_are_exchanged(storage: Storage) -> None:
    """Only a living refresh token goes."""
    await storage.tokens.open(_principal(), [ACCESS, REFRESH], "login:x", T0, [])
    rotate = storage.oauth_grants.rotate
    assert not await rotate(ACCESS.token.digest(), GRANT, [], T0, [])
    await storage.tokens.revoke_token(REFRESH.token.digest(), T0, [])
    assert not await rotate(REFRESH.token.digest(), GRANT, [], T0, [])


async def test_ending_a_grant_ends_its_sads(storage: Storage) -> None:
    """Open ones of this grant; their hashes cannot be signed; others live."""
    await storage.oauth_grants.open(_principal(), ACCESS, T0, [])
    await stores.issue(storage, "sad-1", DIGEST_A, grant_id=GRANT)
    await stores.issue(storage, "sad-2", DIGEST_A, grant_id=GrantId("other"))
    permit = await stores.permit(storage, "sad-2", DIGEST_A)
    await storage.tokens.revoke_grant(GRANT, T0, [])
    assert await stores.states(storage, "sad-1") == ("revoked", ["expired"])
    await stores.reserve(storage, permit, "operation-1")
    assert await stores.states(storage, "sad-2") == ("consuming", ["reserved"])


async def test_revoking_a_handle_revokes_its_sad(storage: Storage) -> None:
    """And a service token revokes no SAD."""
    await _approved(storage)
    token = replace(ACCESS, sad_id=SadId("sad-1"))
    other = replace(ACCESS, token=Token("other"))
    await storage.oauth_grants.redeem(CODE, _principal(), [token, other], T0, [])
    await storage.tokens.revoke_token(other.token.digest(), T0, [])
    handle = Sad(token.token.value)
    alive = await storage.authorizations.facts(handle, CredentialId("cred-alice"))
    assert alive.authorization is not None
    assert alive.authorization.state == "issued"
    await storage.tokens.revoke_token(token.token.digest(), T0, [])
    dead = await storage.authorizations.facts(handle, CredentialId("cred-alice"))
    assert dead.authorization is not None
    assert dead.authorization.state == "revoked"


# Used identifiers


async def test_an_identifier_is_used_once(storage: Storage) -> None:
    """Of 32 at once one is the first; another kind or owner has its own."""
    first = storage.oauth_replays.first
    results = await _all(first("dpop", "key-1", "jti-1", T0 + SIXTY) for _ in range(32))
    assert sorted(map(repr, results)) == ["False"] * 31 + ["True"]
    assert await first("dpop", "key-2", "jti-1", T0 + SIXTY)
    assert await first("assertion", "key-1", "jti-1", T0 + SIXTY)
    assert await first("dpop", "key-1", "jti-2\0\ud800", T0 + SIXTY)


async def test_identifiers_are_forgotten_when_they_cannot_come_again(storage: Storage) -> None:
    """Not a second earlier."""
    first = storage.oauth_replays.first
    assert await first("dpop", "key", "jti", T0 + SIXTY)
    await storage.oauth_requests.purge(T0 + SIXTY - SECOND, 10)
    assert not await first("dpop", "key", "jti", T0 + SIXTY)
    await storage.oauth_requests.purge(T0 + SIXTY, 10)
    assert await first("dpop", "key", "jti", T0 + SIXTY)


async def test_no_code_nor_reference_is_written_anywhere(storage: Storage, url: str) -> None:
    """Digests only."""
    await _granted(storage)
    pushed = _stored("request-2", state=RequestState.PUSHED, session_id=None)
    await storage.oauth_requests.push(pushed, URI)
    await storage.oauth_grants.redeem(CODE, _principal(), [ACCESS, REFRESH], T0, [EVENT])
    dump = stores.dump(url).upper()
    assert CODE.digest().hex().upper() in dump
    for secret in (CODE, URI, ACCESS.token, REFRESH.token):
        assert secret.value.upper() not in dump
        assert secret.value.encode().hex().upper() not in dump
