"""May this authorization request be put in front of a person? (RFC 6749 4.1.1; RFC 9700)

``Asked`` is what ``wire`` understood; a shape that it could not take travels along as
``problem``, because it may be told to the client only once the redirect URI is known to be good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from policies import authorize, errors
from policies.oauth import clients, pkce, redirects
from policies.oauth.clients import Client, GrantType, Profile
from policies.oauth.values import AuthorizationRequest, Document, SignatureWish
from policies.tokens import Scope
from policies.values import CredentialId

PUSHED_LIFETIME: Final = timedelta(seconds=90)
"""RFC 9126 2.2: 5 to 600 s; security-and-pki 4.1: 90 s."""
CONSENT_LIFETIME: Final = timedelta(hours=1)
"""A person may first have to log in and pair an authenticator (journeys J1.3, J1.4)."""
APPROVAL_LIFETIME: Final = timedelta(minutes=10)
"""For signatures: as long as an approval may live at most (security-and-pki 1.3)."""
STATE_BYTES: Final = 255
"""CSC v1 8.4.2."""
DESCRIPTION_CHARACTERS: Final = 500
"""CSC v1 8.4.2."""
LABEL_CHARACTERS: Final = 255
"""Of a document's name; what file systems allow."""
MOST_HASHES: Final = 1000
"""security-and-pki 5.5: hashes per request."""
QUALIFIERS: Final = frozenset({"eu_eidas_aes"})
"""CSC v2 3.12.3: an advanced signature is what every credential here makes; that one is
qualified we do not claim."""
TOGETHER: Final = (
    frozenset({Scope.SERVICE}),
    frozenset({Scope.ACCOUNT}),
    frozenset({Scope.SERVICE, Scope.ACCOUNT}),
    frozenset({Scope.CREDENTIAL}),
)
"""Scopes that one request of a person may have: ``credential`` stands alone (CSC v1 8.4.1)."""
RESPONSE_MODE: Final = "query"
"""How answers travel. Another wish is refused, not overlooked: who asks for a signed or posted
answer must not get a plain one in the address (OAuth 2.0 Multiple Response Types 2.1)."""


@dataclass(frozen=True, slots=True)
class AskedSignatures:
    """The parameters of scope ``credential``, decoded."""

    credential_id: CredentialId | None
    signature_qualifier: str | None
    count: int
    documents: tuple[Document, ...]
    hash_algo: str | None
    """Digest OID; ``None`` in v1, where the length tells."""
    description: str | None
    details_type: str | None
    """Set when they came as authorization details."""
    locations: tuple[str, ...] = ()
    """Where the token is to be used; empty: wherever we say (RFC 9396 2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The parameters of an authorization request, as ``wire`` understood them."""

    version: int
    client_id: str | None = None
    redirect_uri: str | None = None
    request_uri: str | None = None
    response_type: str | None = None
    response_mode: str | None = None
    scope: str | None = None
    state: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    dpop_jkt: str | None = None
    lang: str | None = None
    account_token: str | None = None
    signatures: AskedSignatures | None = None
    problem: errors.Refused | None = None
    """The first parameter that could not be understood."""


def bound(asked: Asked, jkt: str) -> Asked:
    """The same request, its code bound to this key."""
    return replace(asked, dpop_jkt=jkt)


def safe_state(state: str | None) -> str | None:
    """The state to send back with a refusal; one that is too long is not sent back."""
    if state is None or len(state.encode("utf-8", "replace")) > STATE_BYTES:
        return None
    return state


def lifetime(request: AuthorizationRequest) -> timedelta:
    """How long a person may take to answer."""
    return CONSENT_LIFETIME if request.signatures is None else APPROVAL_LIFETIME


def check(asked: Asked, client: Client, *, issuer: str, pushed: bool) -> AuthorizationRequest:
    """The request, if it keeps every rule; whose ``account_token`` it is, the caller finds out.

    Args:
        issuer: Our public URL: what ``locations`` may name.
        pushed: It came from the client itself (RFC 9126), not through a browser.

    Raises:
        RedirectUriRefused: First of all; the caller may not redirect.
        ClientNotAllowed: No authorization code for this client.
        PushedRequestRequired: Its policy, FAPI 2.0, or signatures of a confidential client.
        ResponseTypeUnsupported, ParameterMissing, ParameterInvalid, ScopeInvalid,
        AuthorizationDetailsInvalid, HashAlgoInvalid, DigestLengthInvalid, HashCountDiffers,
        NumSignaturesTooLow: What the name says.
    """
    redirect_uri = redirects.matched(client.redirect_uris, asked.redirect_uri)
    clients.may(client, GrantType.AUTHORIZATION_CODE)
    if asked.problem is not None:
        raise asked.problem
    _shape(asked, client)
    scopes = _scopes(asked.scope)
    clients.may_have(client, scopes)
    if not pushed and _must_push(asked, client):
        raise errors.PushedRequestRequired(client.client_id)
    required = asked.version == 2 or client.public or client.require_pkce
    challenge = pkce.challenge(asked.code_challenge, asked.code_challenge_method, required=required)
    return AuthorizationRequest(
        version=asked.version,
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        redirect_uri_given=asked.redirect_uri is not None,
        scopes=scopes,
        state=asked.state,
        code_challenge=challenge,
        dpop_jkt=asked.dpop_jkt,
        account_id=None,
        lang=asked.lang,
        signatures=_wish(asked.signatures, issuer) if asked.signatures else None,
    )


def _shape(asked: Asked, client: Client) -> None:
    if asked.response_type is None:
        raise errors.ParameterMissing("response_type")
    if asked.response_type != "code":
        raise errors.ResponseTypeUnsupported(asked.response_type)
    if asked.response_mode not in (None, RESPONSE_MODE):
        raise errors.ParameterInvalid("response_mode")
    if asked.state != safe_state(asked.state):
        raise errors.ParameterInvalid("state")
    if client.profile is Profile.FAPI2 and asked.redirect_uri is None:
        # FAPI 2.0 5.3.2.2: named in every pushed request.
        raise errors.ParameterMissing("redirect_uri")


def _scopes(scope: str | None) -> frozenset[Scope]:
    words = (scope or Scope.SERVICE).split(" ")
    try:
        scopes = frozenset(Scope(word) for word in words)
    except ValueError as reason:
        raise errors.ScopeInvalid("unknown") from reason
    if scopes not in TOGETHER:
        raise errors.ScopeInvalid("cannot be combined, or not for people")
    return scopes


def _must_push(asked: Asked, client: Client) -> bool:
    if client.require_par or client.profile is Profile.FAPI2:
        return True
    # ASVS 10.4.15, security-and-pki 4.3: what is to be signed must not pass through a browser
    # when the client has a back end. v1 has no PAR, and Adobe's flow sends hashes in the query.
    return asked.version == 2 and asked.signatures is not None and not client.public


def _wish(asked: AskedSignatures, issuer: str) -> SignatureWish:
    if not all(one == issuer or one.startswith(f"{issuer}/") for one in asked.locations):
        raise errors.AuthorizationDetailsInvalid("locations")
    digests = tuple(document.digest for document in asked.documents)
    if asked.count < 1:
        raise errors.NumSignaturesTooLow(str(asked.count))
    if asked.count != len(digests):
        raise errors.HashCountDiffers(f"{len(digests)} hashes")
    if asked.description is not None and len(asked.description) > DESCRIPTION_CHARACTERS:
        raise errors.ParameterInvalid("description")
    if asked.credential_id is None and asked.signature_qualifier not in QUALIFIERS:
        raise errors.QualifierInvalid(str(asked.signature_qualifier))
    return SignatureWish(
        credential_id=asked.credential_id,
        signature_qualifier=asked.signature_qualifier,
        documents=asked.documents,
        hash_algorithm=authorize.hash_algorithm(digests, asked.hash_algo),
        description=asked.description,
        details_type=asked.details_type,
    )
