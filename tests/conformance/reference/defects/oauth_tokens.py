"""Defects of tokens, of the clients that get them, and of their revocation."""

from __future__ import annotations

from typing import Final

from tests.conformance.reference.defects import ALL, V1, V2, V20
from tests.conformance.reference.flaws import (
    REVOKE,
    TOKEN,
    headers,
    says,
    switch,
    typed_by_life,
    where,
)
from tests.conformance.reference.replies import Reply, refusing

_TOKENS: Final = (
    says(
        "tokens-mac",
        ("oauth.token", "oauth.refresh"),
        ALL,
        "Tokens for the service are of type MAC.",
        TOKEN,
        lambda reply: (
            where("Bearer", token_type="MAC")(reply)
            if "refresh_token" in (reply.members or {})
            else reply
        ),
    ),
    says(
        "tokens-html",
        "oauth.token-json",
        ALL,
        "Errors of the token endpoint are text/html.",
        TOKEN,
        lambda reply: headers(Content_Type="text/html")(reply) if reply.status >= 400 else reply,
    ),
    says(
        "sad-seconds-text",
        "oauth.credential-token-fields",
        V1,
        "expires_in of a SAD is a text.",
        TOKEN,
        where("SAD", expires_in="300"),
    ),
    says(
        "refresh-missing-500",
        "oauth.refresh-missing",
        ALL,
        "A missing refresh token is an internal error.",
        TOKEN,
        refusing("Missing parameter refresh_token", status=500, error="server_error"),
    ),
    says(
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
        TOKEN,
        refusing("Invalid parameter refresh_token", error="invalid_request"),
    ),
    says(
        "grant-type-unknown-500",
        ("oauth.grant-type-unknown",),
        ALL,
        "An unknown grant is an internal error.",
        TOKEN,
        refusing("Invalid parameter grant_type", status=500, error="server_error"),
    ),
    says(
        "client-missing-403",
        "oauth.client-id-missing",
        ALL,
        "A form without client is forbidden.",
        TOKEN,
        refusing("Missing parameter client_id", status=403),
    ),
    says(
        "client-unproved-access",
        "oauth.client-unproved",
        ALL,
        "A client without proof is denied access.",
        TOKEN,
        refusing("Client authorization required", error="access_denied"),
    ),
    switch("token-get", "oauth.token-get", ALL, "The token endpoint answers GET."),
    switch("password-grant", "oauth.password-grant", ALL, "Passwords become tokens."),
    switch("refresh-token-serves", "oauth.refresh-token-serves-not", ALL, "They call the API."),
    switch(
        "credential-refreshable",
        "oauth.credential-refreshed",
        ALL,
        "A credential token becomes tokens for the service.",
    ),
    switch(
        "credential-token-informs-not",
        "oauth.credential-token-informs",
        V2,
        "credentials/info does not take credential tokens.",
    ),
    switch(
        "credential-token-any",
        "oauth.sign-other-credential",
        V20,
        "A credential token signs with any credential.",
    ),
    switch(
        "approval-useless", "oauth.sign", V1, "An authorization is for other hashes than asked."
    ),
    switch("approval-endless", "oauth.sign-once", ALL, "An authorization signs twice as often."),
    switch("token-no-sad", "oauth.sign-as-sad", V2, "A credential token is not taken as SAD."),
    switch(
        "token-parameter-twice",
        "oauth.token-parameter-twice",
        ALL,
        "The last of two parameters of a form counts.",
    ),
    says(
        "tokens-cached",
        "oauth.token-cache",
        ALL,
        "Tokens may be kept by caches.",
        TOKEN,
        headers(Cache_Control="max-age=60", Pragma="x"),
    ),
    says(
        "token-seconds-text",
        "oauth.token-fields",
        V1,
        "expires_in is a text.",
        TOKEN,
        where("Bearer", expires_in="3600"),
    ),
    says(
        "sad-bearer",
        "oauth.credential-token",
        V1,
        "A SAD is called Bearer.",
        TOKEN,
        where("SAD", token_type="Bearer"),
    ),
    says(
        "bearer-sad",
        "oauth.credential-token",
        V2,
        "A credential token of v2 is called SAD.",
        TOKEN,
        typed_by_life,
    ),
    says(
        "grant-type-500",
        "oauth.grant-type-missing",
        ALL,
        "A missing grant_type is an internal error.",
        TOKEN,
        refusing("Missing parameter grant_type", status=500, error="server_error"),
    ),
    says(
        "code-missing-grant",
        "oauth.code-missing",
        ALL,
        "A missing code is called invalid_grant.",
        TOKEN,
        refusing("Missing parameter code", error="invalid_grant"),
    ),
    says(
        "client-403",
        "oauth.client-id-unknown",
        ALL,
        "An unknown client is forbidden.",
        TOKEN,
        refusing("Invalid parameter client_id", status=403),
    ),
    switch(
        "oauth-secret-ignored",
        ("oauth.secret-wrong", "oauth.revoke-secret-wrong", "par.secret-wrong"),
        V2,
        "Any secret is right.",
    ),
    switch("refresh-dead", "oauth.refresh", ALL, "Access tokens of a refresh do not work."),
    switch("refresh-old-lives", "oauth.refresh-rotation", ALL, "The old refresh token lives on."),
    switch("refresh-any-client", "oauth.refresh-client", ALL, "Any client refreshes."),
    switch("own-refresh", "oauth.client-credentials-refresh", ALL, "Clients get refresh tokens."),
    switch(
        "credential-refresh", "oauth.credential-refresh", ALL, "SADs come with a refresh token."
    ),
    switch(
        "credential-token-serves",
        "oauth.credential-token-lists-not",
        ALL,
        "A token of scope credential is good for everything.",
    ),
    switch(
        "approval-any-hash",
        ("oauth.sign-other-hash",),
        (*V1, *V20),
        "The hashes of the authorization do not bind.",
    ),
)

_CLIENTS: Final = (
    switch("assertion-endless", "oauth.assertion-endless", ALL, "Assertions need no end."),
    switch("assertion-any-subject", "oauth.assertion-subject", ALL, "sub is not compared."),
    switch(
        "assertion-refused",
        ("oauth.assertion", "oauth.assertion-replay"),
        ALL,
        "Assertions are never good.",
    ),
    switch(
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
    switch(
        "assertion-unsigned",
        "oauth.assertion-key",
        ALL,
        "Signatures of assertions are not verified.",
    ),
    switch("assertion-any-audience", "oauth.assertion-audience", ALL, "aud does not count."),
    switch("assertion-expired", "oauth.assertion-expired", ALL, "exp is not compared."),
    switch("assertion-replay", "oauth.assertion-replay", ALL, "jti is forgotten."),
)

_REVOCATIONS: Final = (
    switch(
        "oauth-revoke-no-cascade-v2",
        "oauth.revoke-cascade-v2",
        V2,
        "Access tokens of a revoked refresh token live on.",
    ),
    says(
        "oauth-revoke-missing-500",
        "oauth.revoke-token-missing",
        ALL,
        "A missing token is an internal error.",
        REVOKE,
        refusing("Missing parameter token", status=500, error="server_error"),
    ),
    says(
        "oauth-revoke-unknown-204",
        "oauth.revoke-unknown",
        ALL,
        "Unknown tokens are revoked, as RFC 7009 has it.",
        REVOKE,
        lambda reply: (
            Reply(None, 204)
            if (reply.members or {}).get("error_description") == "Invalid string parameter token"
            else reply
        ),
    ),
    says(
        "oauth-revoke-client-missing-403",
        "oauth.revoke-client-missing",
        ALL,
        "A form without client is forbidden.",
        REVOKE,
        refusing("Missing parameter client_id", status=403),
    ),
    says(
        "oauth-revoke-client-403",
        "oauth.revoke-client-unknown",
        ALL,
        "An unknown client is forbidden.",
        REVOKE,
        refusing("Invalid parameter client_id", status=403),
    ),
    says(
        "oauth-revoke-unproved-access",
        "oauth.revoke-unproved",
        ALL,
        "A client without proof is denied access.",
        REVOKE,
        refusing("Client authorization required", error="access_denied"),
    ),
    switch(
        "oauth-revoke-lazy",
        ("oauth.revoke-access", "oauth.revoke-hint-wrong"),
        ALL,
        "Revoked access tokens live on.",
    ),
    switch("oauth-revoke-refresh-lazy", "oauth.revoke-refresh", ALL, "Refresh tokens live on."),
    switch("oauth-revoke-no-cascade", "oauth.revoke-cascade", V1, "Access tokens of it live on."),
    switch("oauth-revoke-any-client", "oauth.revoke-client", ALL, "Any client revokes."),
    switch("oauth-revoke-any-hint", "oauth.revoke-hint-unknown", ALL, "Unknown hints are taken."),
    switch(
        "oauth-revoke-hint-binds", "oauth.revoke-hint-wrong", ALL, "A wrong hint finds nothing."
    ),
    says(
        "oauth-revoke-200",
        "oauth.revoke",
        ALL,
        "Revocation is answered with 200 and an object.",
        REVOKE,
        lambda reply: Reply({}, 200) if reply.status == 204 else reply,
    ),
    says(
        "oauth-revoke-header-400",
        "oauth.revoke-header",
        ALL,
        "A broken header is an invalid request.",
        REVOKE,
        refusing("Invalid authorization header", status=400, error="invalid_request"),
    ),
)
DEFECTS: Final = (*_TOKENS, *_CLIENTS, *_REVOCATIONS)
