"""OAuth parameters: forms and queries to requests, results to JSON. (RFC 6749; CSC v1 8.4, v2 8.4)

A parameter without a value counts as absent, an unknown one is ignored, one given twice is refused
(RFC 6749 3.1). What a client asks of ``oauth2/authorize`` stands in ``wire.authorization``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from csc_server.wire import authorization, headers
from csc_server.wire.authorization import Parameters
from csc_server.wire.fields import Malformed
from policies import errors
from policies.oauth import pkce, proofs, requests
from policies.oauth.authentication import Presented
from policies.oauth.clients import ClientAuth, GrantType
from policies.oauth.values import Issued, TokenRequest
from policies.secret import AuthorizationCode, ClientSecret, Token
from policies.tokens import Scope

FORM: Final = "application/x-www-form-urlencoded"
MOST_PARAMETERS: Final = 64
"""More than any request of the standards has."""


def parse_form(raw: bytes) -> Parameters:
    """The parameters of a form or a query.

    Raises:
        Malformed: Not UTF-8, too many, or one given twice.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError as reason:
        raise Malformed from reason
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise Malformed
    return {name: value for name, value in parameters.items() if value}


def parse_client(parameters: Parameters, authorization: Sequence[str]) -> Presented:
    """What the request says about its client.

    Args:
        authorization: Every Authorization header of the request.

    Raises:
        ClientHeaderInvalid: One that is not Basic with id and secret (OREV-9), or two.
    """
    if len(authorization) > 1:
        raise errors.ClientHeaderInvalid("two headers")
    secret = parameters.get("client_secret")
    return Presented(
        client_id=parameters.get("client_id"),
        basic=headers.client_basic(authorization[0]) if authorization else None,
        secret=None if secret is None else ClientSecret(secret),
        assertion=parameters.get("client_assertion"),
        assertion_type=parameters.get("client_assertion_type"),
    )


def parse_token(parameters: Parameters) -> TokenRequest:
    """oauth2/token. ``authorization_details``, which some clients repeat, is an output member.

    Raises:
        ParameterMissing: No ``grant_type`` (TOK-2).
        GrantTypeInvalid: None that we have (TOK-3).
    """
    name = parameters.get("grant_type")
    if name is None:
        raise errors.ParameterMissing("grant_type")
    try:
        grant_type = GrantType(name)
    except ValueError as reason:
        raise errors.GrantTypeInvalid("unknown") from reason
    code = parameters.get("code")
    # The sample of CSC v1 8.4.3 spells it ``refreshToken``.
    refresh = parameters.get("refresh_token") or parameters.get("refreshToken")
    return TokenRequest(
        grant_type=grant_type,
        code=None if code is None else AuthorizationCode(code),
        redirect_uri=parameters.get("redirect_uri"),
        verifier=parameters.get("code_verifier"),
        refresh_token=None if refresh is None else Token(refresh),
        scope=parameters.get("scope"),
    )


def parse_revocation(parameters: Parameters) -> Token:
    """oauth2/revoke. The hint is checked and not needed: a digest finds every kind at once.

    Raises:
        ParameterMissing: No ``token`` (OREV-1).
        ParameterInvalid: Another ``token_type_hint`` (OREV-2).
    """
    token = parameters.get("token")
    if token is None:
        raise errors.ParameterMissing("token")
    if parameters.get("token_type_hint") not in (None, "access_token", "refresh_token"):
        raise errors.ParameterInvalid("token_type_hint")
    return Token(token)


def render_tokens(issued: Issued) -> dict[str, Any]:
    """The token response. (RFC 6749 5.1; CSC v1 8.4.3, v2 8.4.4; RFC 9396 7)"""
    body: dict[str, Any] = {
        "access_token": issued.access_token.value,
        "token_type": issued.token_type.value,
        "expires_in": issued.expires_in_s,
        "scope": " ".join(sorted(issued.scopes)),
    }
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token.value
    wish = issued.signatures
    if wish is not None and issued.credential_id is not None:
        if wish.credential_id is None:
            # CSC v2 8.4.4: the person chose one that fits the signature qualifier.
            body["credentialID"] = issued.credential_id
        if wish.details_type is not None:
            body["authorization_details"] = authorization.render_details(wish, issued.credential_id)
    return body


def render_pushed(request_uri: str, expires_in_s: int) -> dict[str, Any]:
    """The answer to a pushed request. (RFC 9126 2.2)"""
    return {"request_uri": request_uri, "expires_in": expires_in_s}


def metadata(issuer: str) -> dict[str, Any]:
    """The metadata document of the authorization server. (RFC 8414 2)"""
    base = f"{issuer}/csc/v2/oauth2"
    methods, algorithms = [method.value for method in ClientAuth], list(proofs.ALGORITHMS)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "revocation_endpoint": f"{base}/revoke",
        "pushed_authorization_request_endpoint": f"{base}/pushed_authorize",
        "require_pushed_authorization_requests": False,
        "response_types_supported": ["code"],
        "response_modes_supported": [requests.RESPONSE_MODE],
        "grant_types_supported": [grant.value for grant in GrantType],
        "scopes_supported": [scope.value for scope in Scope],
        "code_challenge_methods_supported": [pkce.METHOD],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": algorithms,
        "authorization_details_types_supported": list(authorization.DETAIL_TYPES),
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["en", "fr", "ro"],
    }
