"""oauth2/token and oauth2/revoke (v1 8.3.3, 8.3.4; v2 8.4.4, 8.4.5)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from tests.conformance.reference.oauth_state import CODE, OWN, REFRESH, Client, Code, state
from tests.conformance.reference.replies import Refused, Reply
from tests.conformance.reference.server import TOKEN_S, Server, Token

PRIVATE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
REVOKED: Final = "Invalid string parameter token"

Form = Mapping[str, str]


def token(server: Server, client: Client, form: Form) -> Reply:
    """Tokens for a code, a refresh token or the client itself."""
    kind = form.get("grant_type")
    if kind is None:
        raise Refused("Missing parameter grant_type")
    if kind == "password" and server.wrong("password-grant"):
        kind = OWN
    if kind not in (CODE, REFRESH, OWN):
        raise Refused("Invalid parameter grant_type")
    if kind not in client.grants:
        raise Refused("The client may not do that.", error="unauthorized_client")
    if kind == CODE:
        members = _redeemed(server, client, form)
    elif kind == REFRESH:
        members = _refreshed(server, client, form)
    else:
        members = _own(server, client)
    return Reply({"expires_in": TOKEN_S, **members}, headers=PRIVATE)


def _redeemed(server: Server, client: Client, form: Form) -> dict[str, Any]:
    text = form.get("code")
    if text is None:
        raise Refused("Missing parameter code")
    code = state(server).codes.get(text)
    any_client = server.wrong("code-any-client")
    if code is None or (code.request.client != client and not any_client):
        raise _grant("Invalid parameter code")
    if not code.live and not server.wrong("code-twice"):
        _replayed(server, code)
        raise _grant("Authorization code is invalid or expired")
    request = code.request
    given = form.get("redirect_uri")
    if given is None and server.wrong("code-redirect-optional"):
        given = request.redirect_uri
    same = given == request.redirect_uri or (given is None and not request.redirect_given)
    if not same and (given is None or not server.wrong("code-any-redirect")):
        raise _grant(
            "redirect_uri parameter does not match redirect_uri parameter of authorization request"
        )
    if not _proved(server, code, form.get("code_verifier")):
        raise _grant("Invalid parameter code_verifier")
    code.used = True
    if request.scope == "credential":
        return _credential(server, code)
    return _pair(server, code.user, client.id, code.grant)


def _proved(server: Server, code: Code, verifier: str | None) -> bool:
    """Whether the verifier belongs to the challenge (RFC 7636 4.6)."""
    request = code.request
    if request.major == 1 and server.wrong("pkce-ignored-in-v1"):
        return True
    if not request.challenge:
        return verifier is None or request.major == 1
    if verifier is None:
        return server.wrong("pkce-verifier-optional")
    if server.wrong("pkce-verifier-any"):
        return True
    if request.method == "plain":
        return verifier == request.challenge
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == request.challenge


def _replayed(server: Server, code: Code) -> None:
    """Who used the code before loses what was got for it (RFC 6749 4.1.2)."""
    if code.used and not server.wrong("code-replay-harmless"):
        _end(server, code.grant)


def _pair(server: Server, user: str, client: str, grant: str) -> dict[str, Any]:
    access = server.issue("access", user=user, client=client, grant=grant)
    access.revoked = server.wrong("refresh-dead") and any(
        one.grant == grant and one is not access for one in server.tokens.values()
    )
    refresh = server.issue("refresh", user=user, client=client, grant=grant)
    return {
        "access_token": access.text,
        "refresh_token": refresh.text,
        "token_type": "Bearer",
    }


def _credential(server: Server, code: Code) -> dict[str, Any]:
    """A token that allows signatures: v1 calls it SAD, and has it exchanged like one."""
    request, credential = code.request, code.request.credential
    if credential is None:
        raise RuntimeError("a request of scope credential names one")
    hashes, count = request.hashes, request.count
    if server.wrong("approval-any-hash"):
        hashes = None
    if server.wrong("approval-useless"):
        hashes = (bytes(32),)
    if server.wrong("approval-endless"):
        hashes, count = (hashes or ()) * 2, count * 2
    sad = server.authorize(
        credential,
        f"user {code.user}",
        count,
        hashes,
        algorithm=request.algorithm,
        exchange=request.major == 1 and not server.wrong("approval-endless"),
    )
    kind = "access" if server.wrong("credential-token-serves") else "credential"
    life = credential.lifetime_s
    issued = server.issue(
        kind, user=code.user, client=request.client.id, grant=code.grant, lifetime_s=life, sad=sad
    )
    members: dict[str, Any] = {
        "access_token": issued.text,
        "token_type": "SAD" if request.major == 1 else "Bearer",
        "expires_in": life,
    }
    if request.details is not None and not server.wrong("rar-details-lost"):
        members["authorization_details"] = request.details
    if server.wrong("credential-refresh"):
        named = _pair(server, code.user, request.client.id, code.grant)
        members["refresh_token"] = named["refresh_token"]
    return members


def _refreshed(server: Server, client: Client, form: Form) -> dict[str, Any]:
    text = form.get("refresh_token")
    if text is None:
        raise Refused("Missing parameter refresh_token")
    found = server.tokens.get(text)
    any_client = server.wrong("refresh-any-client") and found is not None and found.client
    mine = found is not None and (found.client == client.id or any_client)
    kinds = {"refresh", "credential" if server.wrong("credential-refreshable") else "refresh"}
    if found is None or not mine or found.kind not in kinds:
        raise _grant("Invalid parameter refresh_token")
    if not found.live:
        _end(server, found.grant)
        raise _grant("Invalid parameter refresh_token")
    if not server.wrong("refresh-old-lives"):
        found.revoked = True
    return _pair(server, found.user, found.client, found.grant)


def _own(server: Server, client: Client) -> dict[str, Any]:
    if server.wrong("own-refused"):
        raise Refused("The client may not do that.", error="unauthorized_client")
    members: dict[str, Any] = {
        "access_token": server.issue("access", client=client.id).text,
        "token_type": "Bearer",
    }
    if server.wrong("own-refresh"):
        members["refresh_token"] = server.issue("refresh", client=client.id).text
    return members


def revoke(server: Server, client: Client, form: Form) -> Reply:
    """The token is dead, with what hangs on it."""
    text = form.get("token")
    if text is None:
        raise Refused("Missing parameter token")
    hints = ("access_token", "refresh_token")
    hinted = form.get("token_type_hint", hints[0])
    if hinted not in hints and not server.wrong("oauth-revoke-any-hint"):
        raise Refused("Invalid parameter token_type_hint")
    found = server.tokens.get(text)
    if found is None or (found.client != client.id and not server.wrong("oauth-revoke-any-client")):
        raise Refused(REVOKED)
    misled = "token_type_hint" in form and (found.kind == "refresh") != (hinted == hints[1])
    if misled and server.wrong("oauth-revoke-hint-binds"):
        raise Refused(REVOKED)
    _revoked(server, found)
    return Reply(None, 204, PRIVATE)


def _revoked(server: Server, found: Token) -> None:
    if found.kind != "refresh":
        found.revoked = not server.wrong("oauth-revoke-lazy")
        if found.sad is not None:
            server.kill(found.sad)
        return
    found.revoked = not server.wrong("oauth-revoke-refresh-lazy")
    lazy = server.wrong("oauth-revoke-no-cascade") or server.wrong("oauth-revoke-no-cascade-v2")
    if not lazy:
        _end(server, found.grant, ("access", "credential"))


def _end(
    server: Server, grant: str, kinds: tuple[str, ...] = ("access", "credential", "refresh")
) -> None:
    for other in server.tokens.values():
        if other.grant == grant and other.kind in kinds:
            other.revoked = True


def _grant(text: str) -> Refused:
    return Refused(text, error="invalid_grant")
