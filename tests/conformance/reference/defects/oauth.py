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
    checks: str | tuple[str, ...],
    versions: tuple[Version, ...],
    what: str,
    method: str,
    change: Callable[[Reply], Reply],
) -> Defect:
    """A change of what one endpoint answers."""
    named = (checks,) if isinstance(checks, str) else checks
    return Defect(name, named, versions, what, method, change)


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
    _is("client-default", "oauth.client-missing", ALL, "A missing client is taken for another."),
    _is(
        "parameter-unknown-refused",
        "oauth.unknown-parameter",
        ALL,
        "Parameters of extensions are refused.",
    ),
    _is(
        "response-type-optional",
        "oauth.response-type-missing",
        ALL,
        "A missing response_type is taken for code.",
    ),
    _is(
        "response-type-any",
        ("oauth.response-type-unknown", "oauth.error-state", "par.checked"),
        V2,
        "Any response_type but token is taken for code.",
    ),
    _is("scope-required", "oauth.scope-default", ALL, "There is no default scope."),
    _is(
        "credential-default",
        "oauth.credential-id-missing",
        ALL,
        "A missing credentialID is taken for the only one.",
    ),
    _is(
        "algorithm-optional",
        "oauth.credential-algorithm-missing",
        V2,
        "Hashes without algorithm are taken for SHA-256.",
    ),
    _is("hash-garbage", "oauth.credential-hash-malformed", ALL, "A broken hash is taken for 0."),
    _is(
        "account-any-client", "oauth.account-client", ALL, "azp of account tokens is not compared."
    ),
    _is("account-old", "oauth.account-old", ALL, "Account tokens do not grow old."),
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
    _is("code-counted", "oauth.code-guessable", ALL, "Codes are numbers that are counted up."),
    _is("pkce-ignored-in-v1", "oauth.pkce-v1", V1, "A challenge that v1 does not ask for is lost."),
    _says(
        "code-unknown-request",
        ("oauth.code-unknown", "oauth.code-client"),
        ALL,
        "An unknown code is called invalid_request.",
        _TOKEN,
        refusing("Invalid parameter code", error="invalid_request"),
    ),
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
    _says(
        "tokens-mac",
        ("oauth.token", "oauth.refresh"),
        ALL,
        "Tokens for the service are of type MAC.",
        _TOKEN,
        lambda reply: (
            _where("Bearer", token_type="MAC")(reply)
            if "refresh_token" in (reply.members or {})
            else reply
        ),
    ),
    _says(
        "tokens-html",
        "oauth.token-json",
        ALL,
        "Errors of the token endpoint are text/html.",
        _TOKEN,
        lambda reply: _headers(Content_Type="text/html")(reply) if reply.status >= 400 else reply,
    ),
    _says(
        "sad-seconds-text",
        "oauth.credential-token-fields",
        V1,
        "expires_in of a SAD is a text.",
        _TOKEN,
        _where("SAD", expires_in="300"),
    ),
    _says(
        "refresh-missing-500",
        "oauth.refresh-missing",
        ALL,
        "A missing refresh token is an internal error.",
        _TOKEN,
        refusing("Missing parameter refresh_token", status=500, error="server_error"),
    ),
    _says(
        "refresh-unknown-request",
        (
            "oauth.refresh-unknown",
            "oauth.refresh-access-token",
            "oauth.refresh-rotation",
            "oauth.refresh-client",
            "oauth.revoke-refresh",
            "oauth.credential-refreshed",
        ),
        ALL,
        "A bad refresh token is called invalid_request.",
        _TOKEN,
        refusing("Invalid parameter refresh_token", error="invalid_request"),
    ),
    _says(
        "grant-type-unknown-500",
        ("oauth.grant-type-unknown",),
        ALL,
        "An unknown grant is an internal error.",
        _TOKEN,
        refusing("Invalid parameter grant_type", status=500, error="server_error"),
    ),
    _says(
        "client-missing-403",
        "oauth.client-id-missing",
        ALL,
        "A form without client is forbidden.",
        _TOKEN,
        refusing("Missing parameter client_id", status=403),
    ),
    _says(
        "client-unproved-access",
        "oauth.client-unproved",
        ALL,
        "A client without proof is denied access.",
        _TOKEN,
        refusing("Client authorization required", error="access_denied"),
    ),
    _is("token-get", "oauth.token-get", ALL, "The token endpoint answers GET."),
    _is("password-grant", "oauth.password-grant", ALL, "Passwords become tokens."),
    _is("refresh-token-serves", "oauth.refresh-token-serves-not", ALL, "They call the API."),
    _is(
        "credential-refreshable",
        "oauth.credential-refreshed",
        ALL,
        "A credential token becomes tokens for the service.",
    ),
    _is(
        "credential-token-informs-not",
        "oauth.credential-token-informs",
        V2,
        "credentials/info does not take credential tokens.",
    ),
    _is(
        "credential-token-any",
        "oauth.sign-other-credential",
        V20,
        "A credential token signs with any credential.",
    ),
    _is("approval-useless", "oauth.sign", V1, "An authorization is for other hashes than asked."),
    _is("approval-endless", "oauth.sign-once", ALL, "An authorization signs twice as often."),
    _is("token-no-sad", "oauth.sign-as-sad", V2, "A credential token is not taken as SAD."),
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
    _is("assertion-endless", "oauth.assertion-endless", ALL, "Assertions need no end."),
    _is("assertion-any-subject", "oauth.assertion-subject", ALL, "sub is not compared."),
    _is(
        "assertion-refused",
        ("oauth.assertion", "oauth.assertion-replay"),
        ALL,
        "Assertions are never good.",
    ),
    _is(
        "own-refused",
        (
            "oauth.client-credentials",
            "oauth.client-credentials-refresh",
            "oauth.assertion",
            "oauth.assertion-replay",
        ),
        ALL,
        "Client credentials are announced and refused.",
    ),
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
        "oauth-revoke-no-cascade-v2",
        "oauth.revoke-cascade-v2",
        V2,
        "Access tokens of a revoked refresh token live on.",
    ),
    _says(
        "oauth-revoke-missing-500",
        "oauth.revoke-token-missing",
        ALL,
        "A missing token is an internal error.",
        _REVOKE,
        refusing("Missing parameter token", status=500, error="server_error"),
    ),
    _says(
        "oauth-revoke-unknown-204",
        "oauth.revoke-unknown",
        ALL,
        "Unknown tokens are revoked, as RFC 7009 has it.",
        _REVOKE,
        lambda reply: (
            Reply(None, 204)
            if (reply.members or {}).get("error_description") == "Invalid string parameter token"
            else reply
        ),
    ),
    _says(
        "oauth-revoke-client-missing-403",
        "oauth.revoke-client-missing",
        ALL,
        "A form without client is forbidden.",
        _REVOKE,
        refusing("Missing parameter client_id", status=403),
    ),
    _says(
        "oauth-revoke-client-403",
        "oauth.revoke-client-unknown",
        ALL,
        "An unknown client is forbidden.",
        _REVOKE,
        refusing("Invalid parameter client_id", status=403),
    ),
    _says(
        "oauth-revoke-unproved-access",
        "oauth.revoke-unproved",
        ALL,
        "A client without proof is denied access.",
        _REVOKE,
        refusing("Client authorization required", error="access_denied"),
    ),
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
    _is("par-lost", "par.works", V20, "Pushed requests are lost."),
    _is("par-any-uri", ("par.unknown", "par.once"), V2, "Any request_uri is taken."),
    _is("par-query-counts", "par.query-ignored", V2, "The query changes a pushed request."),
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
        "rar-malformed-error",
        ("rar.malformed", "rar.digests-missing"),
        V21,
        "Details that cannot be read are an internal error.",
    ),
    _is("rar-credential-any", "rar.credential-unknown", V21, "Any credential is taken."),
    _is("rar-any-hash", "rar.other-hash", V21, "The digests of details do not bind."),
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
    _is("metadata-elsewhere", "oauth.metadata-place", V21, "They are behind the issuer's path."),
    _says(
        "metadata-text",
        "oauth.metadata-json",
        V21,
        "They are plain text.",
        "metadata",
        _headers(Content_Type="text/plain"),
    ),
    _says(
        "metadata-no-token",
        "oauth.metadata-endpoints",
        V21,
        "There is no token endpoint.",
        "metadata",
        without("token_endpoint"),
    ),
    _says(
        "metadata-password",
        "oauth.metadata-grant-types",
        V21,
        "The password grant is announced.",
        "metadata",
        having(grant_types_supported=["authorization_code", "password"]),
    ),
    _says(
        "metadata-none",
        "oauth.metadata-signing",
        V21,
        "Unsigned assertions are announced.",
        "metadata",
        having(token_endpoint_auth_signing_alg_values_supported=["none", "ES256"]),
    ),
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
