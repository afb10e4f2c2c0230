"""Defects of authorization requests and codes, pushed requests, details and metadata."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.conformance.reference.defects import ALL, V1, V2, V20, V21
from tests.conformance.reference.flaws import PUSH, TOKEN, headers, says, switch
from tests.conformance.reference.replies import having, refusing, without

_REQUESTS: Final = (
    switch("client-default", "oauth.client-missing", ALL, "A missing client is taken for another."),
    switch(
        "parameter-unknown-refused",
        "oauth.unknown-parameter",
        ALL,
        "Parameters of extensions are refused.",
    ),
    switch(
        "response-type-optional",
        "oauth.response-type-missing",
        ALL,
        "A missing response_type is taken for code.",
    ),
    switch(
        "response-type-any",
        ("oauth.response-type-unknown", "oauth.error-state", "par.checked"),
        V2,
        "Any response_type but token is taken for code.",
    ),
    switch("scope-required", "oauth.scope-default", ALL, "There is no default scope."),
    switch(
        "credential-default",
        "oauth.credential-id-missing",
        ALL,
        "A missing credentialID is taken for the only one.",
    ),
    switch(
        "algorithm-optional",
        "oauth.credential-algorithm-missing",
        V2,
        "Hashes without algorithm are taken for SHA-256.",
    ),
    switch("hash-garbage", "oauth.credential-hash-malformed", ALL, "A broken hash is taken for 0."),
    switch(
        "account-any-client", "oauth.account-client", ALL, "azp of account tokens is not compared."
    ),
    switch("account-old", "oauth.account-old", ALL, "Account tokens do not grow old."),
    switch("state-lost", "oauth.state", ALL, "The code comes back without state."),
    switch("error-state-lost", "oauth.error-state", ALL, "Errors come back without state."),
    switch("state-made-up", "oauth.state-absent", ALL, "An empty state comes back unasked."),
    switch("redirect-307", "oauth.redirect-status", ALL, "The consent form is sent to the client."),
    switch("implicit-grant", "oauth.implicit", ALL, "response_type token is granted."),
    switch("scope-any", "oauth.scope-unknown", ALL, "An unknown scope is taken for service."),
    switch("scopes-together", "oauth.scopes-together", ALL, "Both scopes at once are granted."),
    switch("client-unknown-redirected", "oauth.client-unknown", ALL, "Any client's URI is used."),
    switch(
        "redirect-any",
        ("oauth.redirect-unknown", "oauth.redirect-exact"),
        ALL,
        "Redirect URIs are not compared.",
    ),
    switch("redirect-prefix", "oauth.redirect-exact", ALL, "Redirect URIs are compared by prefix."),
    switch("parameter-twice", "oauth.parameter-twice", ALL, "The last of two parameters counts."),
    switch(
        "pkce-optional", ("oauth.pkce-missing", "par.pkce-missing"), V2, "PKCE is not required."
    ),
    switch("pkce-method-any", "oauth.pkce-method", V2, "Unknown challenge methods are taken."),
    switch("account-forged", "oauth.account-forged", ALL, "Account tokens are not verified."),
    switch(
        "number-optional",
        "oauth.credential-number-missing",
        ALL,
        "A missing numSignatures is taken for 1.",
    ),
    switch(
        "credential-any",
        "oauth.credential-id-unknown",
        (*V1, *V20),
        "An unknown credential is taken for another one.",
    ),
    switch("number-any", "oauth.credential-number-high", ALL, "numSignatures has no upper bound."),
    switch(
        "hashes-optional",
        "oauth.credential-hashes-missing",
        ALL,
        "An approval under SCAL 2 needs no hashes.",
    ),
)

_CODES: Final = (
    switch("code-counted", "oauth.code-guessable", ALL, "Codes are numbers that are counted up."),
    switch(
        "pkce-ignored-in-v1", "oauth.pkce-v1", V1, "A challenge that v1 does not ask for is lost."
    ),
    says(
        "code-unknown-request",
        ("oauth.code-unknown", "oauth.code-client"),
        ALL,
        "An unknown code is called invalid_request.",
        TOKEN,
        refusing("Invalid parameter code", error="invalid_request"),
    ),
    switch("code-twice", "oauth.code-once", ALL, "A code is redeemed again and again."),
    switch("code-replay-harmless", "oauth.code-replay", ALL, "A replayed code has no consequence."),
    switch("code-any-client", "oauth.code-client", ALL, "Any client redeems a code."),
    switch("code-any-redirect", "oauth.code-redirect", ALL, "The redirect URI is not compared."),
    switch(
        "code-redirect-optional",
        "oauth.code-redirect-missing",
        ALL,
        "The redirect URI may be left out.",
    ),
    switch("pkce-verifier-any", "oauth.pkce-verifier", V2, "The verifier is not compared."),
    switch("pkce-verifier-optional", "oauth.pkce-verifier-missing", V2, "It may be left out."),
)

_PUSHED: Final = (
    switch("par-lost", "par.works", V20, "Pushed requests are lost."),
    switch("par-any-uri", ("par.unknown", "par.once"), V2, "Any request_uri is taken."),
    switch("par-query-counts", "par.query-ignored", V2, "The query changes a pushed request."),
    says(
        "par-200",
        "par.created",
        V2,
        "A pushed request is answered with 200.",
        PUSH,
        lambda reply: replace(reply, status=200) if reply.status == 201 else reply,
    ),
    says("par-cached", "par.cache", V2, "It may be kept.", PUSH, headers(Cache_Control="no-cache")),
    switch("par-twice", "par.once", V2, "A request_uri is good again and again."),
    switch("par-any-client", "par.client", V2, "A request_uri is good for any client."),
    switch(
        "par-unauthenticated",
        ("par.unproved", "par.secret-wrong"),
        V2,
        "Anybody may push in the name of a client.",
    ),
    switch(
        "par-redirect-any", "par.redirect-unknown", V2, "Pushed redirect URIs are not compared."
    ),
    switch("par-request-uri", "par.request-uri", V2, "A pushed request may name another one."),
)

_DETAILS: Final = (
    switch(
        "rar-malformed-error",
        ("rar.malformed", "rar.digests-missing"),
        V21,
        "Details that cannot be read are an internal error.",
    ),
    switch("rar-credential-any", "rar.credential-unknown", V21, "Any credential is taken."),
    switch("rar-any-hash", "rar.other-hash", V21, "The digests of details do not bind."),
    switch(
        "rar-details-lost",
        ("rar.details", "rar.details-hashes"),
        V21,
        "Approved details do not come back.",
    ),
    switch("rar-type-any", "rar.type-unknown", V21, "The type of details is not looked at."),
    switch("rar-algorithm-optional", "rar.algorithm-missing", V21, "SHA-256 is the default."),
)

_METADATA: Final = (
    switch("metadata-elsewhere", "oauth.metadata-place", V21, "They are behind the issuer's path."),
    says(
        "metadata-text",
        "oauth.metadata-json",
        V21,
        "They are plain text.",
        "metadata",
        headers(Content_Type="text/plain"),
    ),
    says(
        "metadata-no-token",
        "oauth.metadata-endpoints",
        V21,
        "There is no token endpoint.",
        "metadata",
        without("token_endpoint"),
    ),
    says(
        "metadata-password",
        "oauth.metadata-grant-types",
        V21,
        "The password grant is announced.",
        "metadata",
        having(grant_types_supported=["authorization_code", "password"]),
    ),
    says(
        "metadata-none",
        "oauth.metadata-signing",
        V21,
        "Unsigned assertions are announced.",
        "metadata",
        having(token_endpoint_auth_signing_alg_values_supported=["none", "ES256"]),
    ),
    says(
        "issuer-slash",
        "oauth.metadata-issuer",
        V21,
        "The issuer has one more slash.",
        "metadata",
        lambda reply: having(issuer=f"{(reply.members or {})['issuer']}/")(reply),
    ),
    says(
        "metadata-no-s256",
        "oauth.metadata-pkce",
        V21,
        "S256 is not announced.",
        "metadata",
        having(code_challenge_methods_supported=["plain"]),
    ),
    says(
        "metadata-implicit",
        "oauth.metadata-response-types",
        V21,
        "The implicit grant is announced.",
        "metadata",
        having(response_types_supported=["code", "token"]),
    ),
    says(
        "metadata-no-types",
        "oauth.metadata-details",
        V21,
        "Types of details are not announced.",
        "metadata",
        without("authorization_details_types_supported"),
    ),
    switch("iss-missing", "oauth.issuer-in-answer", V21, "The announced iss does not come."),
)
DEFECTS: Final = (*_REQUESTS, *_CODES, *_PUSHED, *_DETAILS, *_METADATA)
