"""Is this a good authorization request? The rules of oauth2/authorize, the same when pushed.

What is wrong with the client or its redirect URI nobody is told by redirect (RFC 6749 4.1.2.1).
(v1 8.3.2; v2 8.4.2, 8.4.3; RFC 7636 4.3; RFC 9396 5)
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.conformance.reference import accounts, algorithms, oauth_clients
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.oauth_state import CLIENTS, Client, Request
from tests.conformance.reference.server import Server

SCOPES: Final = ("service", "credential")
CREDENTIAL: Final = ("credentialID", "numSignatures", "hash", "hashes", "hashAlgorithmOID")
"""Parameters of scope ``credential``."""
LONGEST_TEXT: Final = 500
_BAD_DETAILS: Final = "invalid_authorization_details"

Parameters = Mapping[str, str]


class Unsafe(Exception):
    """Client or redirect URI are not known: a page says so."""


class Told(Exception):
    """The client is told ``error``."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error, self.text = error, text


def known(server: Server, parameters: Parameters, *, pushed: bool = False) -> tuple[Client, str]:
    """The client, and where its answer goes."""
    usual = "app" if server.wrong("client-default") else ""
    client = CLIENTS.get(parameters.get("client_id", usual))
    if client is None or not client.redirect_uris:
        raise Unsafe("There is no such client.")
    given = parameters.get("redirect_uri", client.redirect_uris[0])
    prefix = server.wrong("redirect-prefix") and given.startswith(client.redirect_uris[0])
    lax = server.wrong("par-redirect-any") if pushed else prefix or server.wrong("redirect-any")
    if given not in client.redirect_uris and not lax:
        raise Unsafe("The redirect URI is not registered.")
    return client, given


def checked(
    server: Server, major: int, client: Client, uri: str, pairs: Sequence[tuple[str, str]]
) -> Request:
    """The request that the parameters make."""
    parameters = dict(pairs)
    if len(parameters) != len(pairs) and not server.wrong("parameter-twice"):
        raise Told("invalid_request", "A parameter stands twice.")
    if server.wrong("parameter-unknown-refused") and "conformance_parameter" in parameters:
        raise Told("invalid_request", "A parameter is not known.")
    kind = parameters.get(
        "response_type", "code" if server.wrong("response-type-optional") else None
    )
    if kind is None:
        raise Told("invalid_request", "Missing parameter response_type")
    implicit = kind == "token" and server.wrong("implicit-grant")
    strange = kind not in ("code", "token") and server.wrong("response-type-any")
    if kind != "code" and not implicit and not strange:
        raise Told("unsupported_response_type", "Only codes are given.")
    if len(parameters.get("description", "")) > LONGEST_TEXT:
        raise Told("invalid_request", "The description is too long.")
    wanted: dict[str, Any] = {}
    if "authorization_details" in parameters and major == 2:
        wanted = _details(server, parameters)
    elif _scope(server, parameters) == "credential":
        wanted = _credential(server, major, parameters)
    challenge, method = _challenge(server, major, parameters)
    account = parameters.get("account_token")
    if account is not None and not oauth_clients.account(server, client, account):
        raise Told("access_denied", "The account token is not good.")
    return Request(
        major=major,
        client=client,
        redirect_uri=uri,
        redirect_given="redirect_uri" in parameters,
        state=parameters.get("state"),
        scope="credential" if wanted else "service",
        challenge=challenge,
        method=method,
        **wanted,
    )


def _scope(server: Server, parameters: Parameters) -> str:
    usual = "" if server.wrong("scope-required") else "service"
    scopes = set(parameters.get("scope", usual).split())
    if len(scopes) == 2 and scopes == set(SCOPES) and server.wrong("scopes-together"):
        return "service"
    if len(scopes) != 1 or not scopes <= set(SCOPES):
        if server.wrong("scope-any") and len(scopes) == 1:
            return "service"
        raise Told("invalid_scope", "The scope is service or credential.")
    return scopes.pop()


def _challenge(server: Server, major: int, parameters: Parameters) -> tuple[str, str]:
    challenge = parameters.get("code_challenge", "")
    method = parameters.get("code_challenge_method", "plain")
    if major == 2 and not challenge and not server.wrong("pkce-optional"):
        raise Told("invalid_request", "Missing parameter code_challenge")
    if method not in ("plain", "S256") and not server.wrong("pkce-method-any"):
        raise Told("invalid_request", "Invalid parameter code_challenge_method")
    return challenge, method


def _credential(server: Server, major: int, parameters: Parameters) -> dict[str, Any]:
    name = "hash" if major == 1 else "hashes"
    usual = "CRED-OAUTH" if server.wrong("credential-default") else None
    named = parameters.get("credentialID", usual)
    credential = _named(named, any_other=server.wrong("credential-any"))
    number = parameters.get("numSignatures", "1" if server.wrong("number-optional") else "")
    if not number.isdecimal() or int(number) < 1:
        raise Told("invalid_request", "Missing or invalid parameter numSignatures")
    if int(number) > credential.multisign and not server.wrong("number-any"):
        raise Told("invalid_request", "Invalid parameter numSignatures")
    hashes = None
    algorithm = parameters.get("hashAlgorithmOID", "") if major == 2 else ""
    if "hashAlgorithmOID" not in parameters and server.wrong("algorithm-optional"):
        algorithm = algorithms.SHA256
    if name in parameters:
        hashes = _measured(server, parameters[name].split(","), int(number))
        if major == 2 and algorithm not in algorithms.DIGESTS:
            raise Told("invalid_request", "Missing or invalid parameter hashAlgorithmOID")
    elif credential.scal == "2" and not server.wrong("hashes-optional"):
        raise Told("invalid_request", f"Missing parameter {name}")
    return {
        "credential": credential,
        "count": int(number),
        "hashes": hashes,
        "algorithm": algorithm,
    }


def _details(server: Server, parameters: Parameters) -> dict[str, Any]:
    """What one detail of type ``credential`` asks for."""
    if "scope" in parameters or any(name in parameters for name in CREDENTIAL):
        raise Told("invalid_request", "Authorization details stand alone.")
    try:
        details = json.loads(parameters["authorization_details"])
        (detail,) = details
        kind, digests = detail["type"], [one["hash"] for one in detail["documentDigests"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        error = "server_error" if server.wrong("rar-malformed-error") else _BAD_DETAILS
        raise Told(error, "They cannot be read.") from None
    if kind != "credential" and not server.wrong("rar-type-any"):
        raise Told(_BAD_DETAILS, "Their type is not known.")
    algorithm = detail.get("hashAlgorithmOID")
    if algorithm is None and server.wrong("rar-algorithm-optional"):
        algorithm = algorithms.SHA256
    if algorithm not in algorithms.DIGESTS or not digests:
        raise Told(_BAD_DETAILS, "They need hashes and their algorithm.")
    any_other = server.wrong("rar-credential-any")
    credential = _named(detail.get("credentialID"), any_other=any_other)
    hashes = _measured(server, digests, credential.multisign)
    return {
        "credential": credential,
        "count": len(hashes),
        "hashes": None if server.wrong("rar-any-hash") else hashes,
        "algorithm": algorithm,
        "details": details,
    }


def _named(name: object, *, any_other: bool) -> Credential:
    if name is None:
        raise Told("invalid_request", "Missing parameter credentialID")
    found = accounts.CREDENTIALS.get(str(name))
    if found is None and any_other:
        found = accounts.CREDENTIALS["CRED-OAUTH"]
    if found is None or found.mode != "oauth2code" or not found.enabled:
        raise Told("invalid_request", "Invalid parameter credentialID")
    return found


def _measured(server: Server, texts: Sequence[str], most: int) -> tuple[bytes, ...]:
    """The digests, of either alphabet, padded or not (csc-api 6.3)."""
    try:
        found = tuple(
            base64.b64decode(one.translate(_URL) + "=" * (-len(one) % 4), b"-_", validate=True)
            for one in (text.rstrip("=") for text in texts)
        )
    except (binascii.Error, ValueError):
        if server.wrong("hash-garbage"):
            return (bytes(32),)
        raise Told("invalid_request", "A hash is not base64.") from None
    if len(found) > most or not all(len(one) in (32, 48, 64) for one in found):
        raise Told("invalid_request", "Hashes are too many or of the wrong length.")
    return found


_URL: Final = str.maketrans({"+": "-", "/": "_", " ": "-"})
