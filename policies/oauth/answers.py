"""Who may answer an authorization request, and the redirects that carry the answer.

(RFC 6749 4.1.2; RFC 9207: ``iss`` in every answer; RFC 8252 8.6; journeys J1.5)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from policies import access, errors
from policies.oauth import redirects
from policies.oauth.clients import Client
from policies.oauth.values import (
    AuthorizationRequest,
    Consent,
    RequestState,
    SignatureWish,
    StoredRequest,
)
from policies.secret import AuthorizationCode
from policies.values import AccountId, Credential, CredentialId

DENIED: Final = (
    "access_denied",
    "The user, authorization server or remote service denied the request.",
)
"""Code and sentence of a refusal by the person (CSC v1 10.1)."""


def answerable(stored: StoredRequest | None, session_id: str, now: datetime) -> StoredRequest:
    """The request, if this browser session may answer it at ``now``.

    Raises:
        AuthorizationRequestGone: Unknown, answered, over, or of another session: one reason on
            purpose.
    """
    if stored is None or stored.state is not RequestState.OPEN or stored.session_id != session_id:
        raise errors.AuthorizationRequestGone("not open in this session")
    if now >= stored.expires_at:
        raise errors.AuthorizationRequestGone("over")
    return stored


def right_account(request: AuthorizationRequest, account_id: AccountId) -> None:
    """Return when this account may answer.

    Raises:
        OtherAccountWanted: The client named another one (CSC v1 8.4.1 ``account_token``).
    """
    if request.account_id not in (None, account_id):
        raise errors.OtherAccountWanted(account_id)


def must_ask(client: Client, request: AuthorizationRequest, consent: Consent | None) -> bool:
    """Has the person to be asked?

    Signatures always are. A program on the person's own machine always asks too: anybody can
    pretend to be it (RFC 8252 8.6).
    """
    if request.signatures is not None or client.native:
        return True
    if not client.require_consent:
        return False
    return consent is None or not request.scopes <= consent.scopes


def candidates(
    owned: Iterable[Credential], wish: SignatureWish, now: datetime
) -> tuple[Credential, ...]:
    """The account's credentials that can sign this: the one named, or all that fit."""
    return tuple(
        one
        for one in owned
        if wish.credential_id in (None, one.credential_id)
        and _usable(one, now)
        and len(wish.documents) <= one.multisign
    )


def chosen(wish: SignatureWish, choice: CredentialId | None) -> CredentialId:
    """The credential to sign with: the client's, or else the person's choice.

    Raises:
        CredentialUnknown: Neither chose, or the person chose against the client.
    """
    if wish.credential_id is not None and choice in (None, wish.credential_id):
        return wish.credential_id
    if wish.credential_id is None and choice is not None:
        return choice
    raise errors.CredentialUnknown("not what was asked for")


def success(request: AuthorizationRequest, code: AuthorizationCode, issuer: str) -> str:
    """The redirect with a code. (RFC 6749 4.1.2)"""
    return redirects.with_parameters(
        request.redirect_uri, {"code": code.value, "state": request.state, "iss": issuer}
    )


def denied(request: AuthorizationRequest, issuer: str) -> str:
    """The redirect after a person's refusal. (RFC 6749 4.1.2.1)"""
    return failure(request.redirect_uri, request.state, issuer, *DENIED)


def failure(redirect_uri: str, state: str | None, issuer: str, error: str, description: str) -> str:
    """The redirect with an error. (RFC 6749 4.1.2.1)"""
    return redirects.with_parameters(
        redirect_uri,
        {"error": error, "error_description": description, "state": state, "iss": issuer},
    )


def _usable(credential: Credential, now: datetime) -> bool:
    try:
        access.usable(credential, now)
    except errors.Refused:
        return False
    return True
