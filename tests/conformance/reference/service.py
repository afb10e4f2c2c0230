"""info, auth/login, auth/revoke (v1 11.1 to 11.3; v2 11.1 to 11.3)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Any, Final

from tests.conformance.reference import accounts, documents, oauth
from tests.conformance.reference.call import METHODS, Call, method
from tests.conformance.reference.replies import Refused, Reply, invalid
from tests.conformance.reference.server import TOKEN_S, Server, Token, new

_DESCRIPTIONS: Final = {"en-US": "Remote signing for tests", "de-DE": "Fernsignatur zum Prüfen"}
_PSS_SHA256: Final = "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg"


@method("info", 1, 2)
async def info(call: Call) -> Reply:
    """What this service is and can do."""
    server = call.server
    if server.wrong("info-wants-token") and call.authorization:
        call.admit()
    if server.wrong("info-language-refused") and call.members.get("lang", "en")[:2] not in "ende":
        raise invalid("lang")
    members: dict[str, Any] = {
        "specs": "1.0.4.0" if call.major == 1 else server.specs,
        "name": "Reference",
        "logo": f"{server.base}/logo.png",
        "region": "BE",
        "lang": call.lang,
        "description": _DESCRIPTIONS[call.lang],
        "authType": ["basic", "oauth2code", "oauth2client"],
        "methods": _methods(server, call.major),
        **oauth.announced(server, call.major),
    }
    if call.major == 2:
        algos = (*accounts.RSA_ALGOS, *accounts.EC_ALGOS)
        params = [_PSS_SHA256 if algo == accounts.PSS else "" for algo in algos]
        members |= {
            "asynchronousOperationMode": True,
            "validationInfo": True,
            "signAlgorithms": {"algos": list(algos), "algoParams": params},
            **documents.announced(server),
        }
    return Reply(members)


def _methods(server: Server, major: int) -> list[str]:
    return sorted(name for of, name in METHODS if of == major and not server.leaves_out(name))


@method("auth/login", 1, 2)
async def login(call: Call) -> Reply:
    """An access token for a name and a password, or for a refresh token."""
    call.client_data()
    remember = call.flag("rememberMe") or call.server.wrong("login-refresh-always")
    if "refresh_token" in call.members:
        before = _refreshed(call)
        user, grant = before.user, before.grant
    else:
        user, grant = _user(call.server, call.authorization), new("grant")
    token = call.server.issue("access", user=user, grant=grant)
    members: dict[str, Any] = {"access_token": token.text, "expires_in": TOKEN_S}
    if remember:
        members["refresh_token"] = call.server.issue("refresh", user=user, grant=grant).text
    return Reply(members, headers={"Cache-Control": "no-store"})


def _refreshed(call: Call) -> Token:
    text = call.members["refresh_token"]
    if not isinstance(text, str):
        raise Refused("Invalid string parameter: refresh_token")
    token = call.server.tokens.get(text)
    if token is None or token.kind != "refresh" or not token.live or token.client:
        raise Refused("Invalid refresh_token")
    return token


def _user(server: Server, authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic" or not encoded.strip():
            raise ValueError(scheme)
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        challenge = {"WWW-Authenticate": 'Basic realm="csc"'}
        text = "Malformed authentication parameter."
        status = 403 if server.wrong("login-missing-403") and not authorization else 401
        raise Refused(text, status=status, headers=challenge) from None
    user, colon, password = pair.partition(":")
    if not colon:
        raise Refused("Malformed username-password.")
    if accounts.USERS.get(user) != password:
        text = "An error occurred during authentication process"
        refusal = Refused(text, error="authentication_error")
        if server.wrong("login-oracle") and user in accounts.USERS:
            refusal.reply = replace(
                refusal.reply, members={**(refusal.reply.members or {}), "tries_left": 2}
            )
        raise refusal
    return user


@method("auth/revoke", 1, 2)
async def revoke(call: Call) -> Reply:
    """The token is dead from now on."""
    call.admit()
    call.client_data()
    text = call.text("token")
    hint = call.members.get("token_type_hint", "access_token")
    if hint not in ("access_token", "refresh_token"):
        raise Refused("Invalid string parameter token_type_hint")
    token = call.server.tokens.get(text)
    if token is None or token.subject != call.token.subject:
        if call.server.wrong("revoke-unknown-204"):
            return Reply(None, 204)
        raise Refused("Invalid string parameter token")
    unhinted = token.kind == "access" and "token_type_hint" not in call.members
    if not (call.server.wrong("revoke-nothing") and unhinted):
        call.server.revoke(token)
    return Reply(None, 204)
