"""Defects of the authorization server: requests, codes, tokens, clients, metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from conformance.model import Version
from tests.conformance.reference.defects import ALL, V1, V2, V20, V21, Defect
from tests.conformance.reference.replies import Reply, having, refusing, without

_TOKEN: Final = "oauth2/token"
_REVOKE: Final = "oauth2/revoke"
_PUSH: Final = "oauth2/pushed_authorize"


def _is(
    name: str, checks: str | tuple[str, ...], versions: tuple[Version, ...], what: str
) -> Defect:
    """A switch in the server."""
    return Defect(name, (checks,) if isinstance(checks, str) else checks, versions, what)


def _says(
    name: str,
    check: str,
    versions: tuple[Version, ...],
    what: str,
    method: str,
    change: Callable[[Reply], Reply],
) -> Defect:
    """A change of what one endpoint answers."""
    return Defect(name, (check,), versions, what, method, change)


def _headers(**headers: str) -> Callable[[Reply], Reply]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: replace(reply, headers={**reply.headers, **named})


def _where(kind: str, **members: Any) -> Callable[[Reply], Reply]:
    """Answers of this ``token_type`` hold ``members``."""

    def change(reply: Reply) -> Reply:
        if (reply.members or {}).get("token_type") != kind:
            return reply
        return having(**members)(reply)

    return change


def _typed_by_life(reply: Reply) -> Reply:
    """Credential tokens of v2, which live shorter than the others, are called SAD."""
    members = reply.members or {}
    return having(token_type="SAD")(reply) if members.get("expires_in") == 300 else reply


_REQUESTS: Final = (
    _is("state-lost", "oauth.state", ALL, "The code comes back without state."),
    _is("error-state-lost", "oauth.error-state", ALL, "Errors come back without state."),
    _is("state-made-up", "oauth.state-absent", ALL, "An empty state comes back unasked."),
    _is("redirect-307", "oauth.redirect-status", ALL, "The consent form is sent to the client."),
    _is("implicit-grant", "oauth.implicit", ALL, "response_type token is granted."),
    _is("scope-any", "oauth.scope-unknown", ALL, "An unknown scope is taken for service."),
    _is("scopes-together", "oauth.scopes-together", ALL, "Both scopes at once are granted."),
    _is("client-unknown-redirected", "oauth.client-unknown", ALL, "Any client's URI is used."),
    _is(
        "redirect-any",
        ("oauth.redirect-unknown", "oauth.redirect-exact"),
        ALL,
        "Redirect URIs are not compared.",
    ),
    _is("redirect-prefix", "oauth.redirect-exact", ALL, "Redirect URIs are compared by prefix."),
    _is("parameter-twice", "oauth.parameter-twice", ALL, "The last of two parameters counts."),
    _is("pkce-optional", ("oauth.pkce-missing", "par.pkce-missing"), V2, "PKCE is not required."),
    _is("pkce-method-any", "oauth.pkce-method", V2, "Unknown challenge methods are taken."),
    _is("account-forged", "oauth.account-forged", ALL, "Account tokens are not verified."),
    _is(
        "number-optional",
        "oauth.credential-number-missing",
        ALL,
        "A missing numSignatures is taken for 1.",
    ),
    _is(
        "credential-any",
        "oauth.credential-id-unknown",
        (*V1, *V20),
        "An unknown credential is taken for another one.",
    ),
    _is("number-any", "oauth.credential-number-high", ALL, "numSignatures has no upper bound."),
    _is(
        "hashes-optional",
        "oauth.credential-hashes-missing",
        ALL,
        "An approval under SCAL 2 needs no hashes.",
    ),
)
_CODES: Final = (
    _is("code-twice", "oauth.code-once", ALL, "A code is redeemed again and again."),
    _is("code-replay-harmless", "oauth.code-replay", ALL, "A replayed code has no consequence."),
    _is("code-any-client", "oauth.code-client", ALL, "Any client redeems a code."),
    _is("code-any-redirect", "oauth.code-redirect", ALL, "The redirect URI is not compared."),
    _is(
        "code-redirect-optional",
        "oauth.code-redirect-missing",
        ALL,
        "The redirect URI may be left out.",
    ),
    _is("pkce-verifier-any", "oauth.pkce-verifier", V2, "The verifier is not compared."),
    _is("pkce-verifier-optional", "oauth.pkce-verifier-missing", V2, "It may be left out."),
)
_TOKENS: Final = (
    _is(
        "token-parameter-twice",
        "oauth.token-parameter-twice",
        ALL,
        "The last of two parameters of a form counts.",
    ),
    _says(
        "tokens-cached",
        "oauth.token-cache",
        ALL,
        "Tokens may be kept by caches.",
        _TOKEN,
        _headers(Cache_Control="max-age=60", Pragma="x"),
    ),
    _says(
        "token-seconds-text",
        "oauth.token-fields",
        V1,
        "expires_in is a text.",
        _TOKEN,
        _where("Bearer", expires_in="3600"),
    ),
    _says(
        "sad-bearer",
        "oauth.credential-token",
        V1,
        "A SAD is called Bearer.",
        _TOKEN,
        _where("SAD", token_type="Bearer"),
    ),
    _says(
        "bearer-sad",
        "oauth.credential-token",
        V2,
        "A credential token of v2 is called SAD.",
        _TOKEN,
        _typed_by_life,
    ),
    _says(
        "grant-type-500",
        "oauth.grant-type-missing",
        ALL,
        "A missing grant_type is an internal error.",
        _TOKEN,
        refusing("Missing parameter grant_type", status=500, error="server_error"),
    ),
    _says(
        "code-missing-grant",
        "oauth.code-missing",
        ALL,
        "A missing code is called invalid_grant.",
        _TOKEN,
        refusing("Missing parameter code", error="invalid_grant"),
    ),
    _says(
        "client-403",
        "oauth.client-id-unknown",
        ALL,
        "An unknown client is forbidden.",
        _TOKEN,
        refusing("Invalid parameter client_id", status=403),
    ),
    _is(
        "oauth-secret-ignored",
        ("oauth.secret-wrong", "oauth.revoke-secret-wrong", "par.secret-wrong"),
        V2,
        "Any secret is right.",
    ),
    _is("refresh-dead", "oauth.refresh", ALL, "Access tokens of a refresh do not work."),
    _is("refresh-old-lives", "oauth.refresh-rotation", ALL, "The old refresh token lives on."),
    _is("refresh-any-client", "oauth.refresh-client", ALL, "Any client refreshes."),
    _is("own-refresh", "oauth.client-credentials-refresh", ALL, "Clients get refresh tokens."),
    _is("credential-refresh", "oauth.credential-refresh", ALL, "SADs come with a refresh token."),
    _is(
        "credential-token-serves",
        "oauth.credential-token-lists-not",
        ALL,
        "A token of scope credential is good for everything.",
    ),
    _is(
        "approval-any-hash",
        ("oauth.sign-other-hash",),
        (*V1, *V20),
        "The hashes of the authorization do not bind.",
    ),
)
_CLIENTS: Final = (
    _is(
        "assertion-unsigned",
        "oauth.assertion-key",
        ALL,
        "Signatures of assertions are not verified.",
    ),
    _is("assertion-any-audience", "oauth.assertion-audience", ALL, "aud does not count."),
    _is("assertion-expired", "oauth.assertion-expired", ALL, "exp is not compared."),
    _is("assertion-replay", "oauth.assertion-replay", ALL, "jti is forgotten."),
)
_REVOCATIONS: Final = (
    _is(
        "oauth-revoke-lazy",
        ("oauth.revoke-access", "oauth.revoke-hint-wrong"),
        ALL,
        "Revoked access tokens live on.",
    ),
    _is("oauth-revoke-refresh-lazy", "oauth.revoke-refresh", ALL, "Refresh tokens live on."),
    _is("oauth-revoke-no-cascade", "oauth.revoke-cascade", V1, "Access tokens of it live on."),
    _is("oauth-revoke-any-client", "oauth.revoke-client", ALL, "Any client revokes."),
    _is("oauth-revoke-any-hint", "oauth.revoke-hint-unknown", ALL, "Unknown hints are taken."),
    _is("oauth-revoke-hint-binds", "oauth.revoke-hint-wrong", ALL, "A wrong hint finds nothing."),
    _says(
        "oauth-revoke-200",
        "oauth.revoke",
        ALL,
        "Revocation is answered with 200 and an object.",
        _REVOKE,
        lambda reply: Reply({}, 200) if reply.status == 204 else reply,
    ),
    _says(
        "oauth-revoke-header-400",
        "oauth.revoke-header",
        ALL,
        "A broken header is an invalid request.",
        _REVOKE,
        refusing("Invalid authorization header", status=400, error="invalid_request"),
    ),
)
_PUSHED: Final = (
    _says(
        "par-200",
        "par.created",
        V2,
        "A pushed request is answered with 200.",
        _PUSH,
        lambda reply: replace(reply, status=200) if reply.status == 201 else reply,
    ),
    _says(
        "par-cached", "par.cache", V2, "It may be kept.", _PUSH, _headers(Cache_Control="no-cache")
    ),
    _is("par-twice", "par.once", V2, "A request_uri is good again and again."),
    _is("par-any-client", "par.client", V2, "A request_uri is good for any client."),
    _is(
        "par-unauthenticated",
        ("par.unproved", "par.secret-wrong"),
        V2,
        "Anybody may push in the name of a client.",
    ),
    _is("par-redirect-any", "par.redirect-unknown", V2, "Pushed redirect URIs are not compared."),
    _is("par-request-uri", "par.request-uri", V2, "A pushed request may name another one."),
)
_DETAILS: Final = (
    _is(
        "rar-details-lost",
        ("rar.details", "rar.details-hashes"),
        V21,
        "Approved details do not come back.",
    ),
    _is("rar-type-any", "rar.type-unknown", V21, "The type of details is not looked at."),
    _is("rar-algorithm-optional", "rar.algorithm-missing", V21, "SHA-256 is the default."),
)
_METADATA: Final = (
    _says(
        "issuer-slash",
        "oauth.metadata-issuer",
        V21,
        "The issuer has one more slash.",
        "metadata",
        lambda reply: having(issuer=f"{(reply.members or {})['issuer']}/")(reply),
    ),
    _says(
        "metadata-no-s256",
        "oauth.metadata-pkce",
        V21,
        "S256 is not announced.",
        "metadata",
        having(code_challenge_methods_supported=["plain"]),
    ),
    _says(
        "metadata-implicit",
        "oauth.metadata-response-types",
        V21,
        "The implicit grant is announced.",
        "metadata",
        having(response_types_supported=["code", "token"]),
    ),
    _says(
        "metadata-no-types",
        "oauth.metadata-details",
        V21,
        "Types of details are not announced.",
        "metadata",
        without("authorization_details_types_supported"),
    ),
    _is("iss-missing", "oauth.issuer-in-answer", V21, "The announced iss does not come."),
)
DEFECTS: Final = (
    *_REQUESTS,
    *_CODES,
    *_TOKENS,
    *_CLIENTS,
    *_REVOCATIONS,
    *_PUSHED,
    *_DETAILS,
    *_METADATA,
)
