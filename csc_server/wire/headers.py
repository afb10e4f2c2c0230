"""The Authorization header: Bearer or DPoP for the API, Basic for auth/login and for clients.

(RFC 6750 2.1, RFC 9449 7.1, RFC 7617, RFC 6749 2.3.1)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_plus

from csc_server.wire import errors, fields
from policies import errors as reasons
from policies.secret import ClientSecret, Password, Token

# RFC 6750 2.1: b64token. Schemes compare without case (RFC 9110 11.1).
_TOKEN: Final = re.compile(r"(bearer|dpop) +([A-Za-z0-9\-._~+/]{1,512}=*)", re.IGNORECASE)
_BASIC: Final = re.compile(r"basic +([A-Za-z0-9+/]{1,2048}={0,2})", re.IGNORECASE)


def access_token(given: Sequence[str]) -> tuple[Token, bool]:
    """The access token, and whether a proof of its key has to come with it.

    Args:
        given: Every Authorization header of the request.

    Raises:
        HeaderMissing: None.
        HeaderMalformed: More than one, another scheme, or no token.
    """
    if not given:
        raise errors.HeaderMissing
    match = _TOKEN.fullmatch(given[0]) if len(given) == 1 else None
    if match is None:
        raise errors.HeaderMalformed
    return Token(match[2]), match[1].lower() == "dpop"


def basic(header: str | None) -> tuple[str, Password]:
    """User name and password.

    Raises:
        LoginHeaderMalformed: Missing, or not ``Basic`` and base64 (LOGIN-1).
        LoginPairMalformed: The base64 does not hold ``username:password`` in UTF-8 (LOGIN-2).
    """
    match = _BASIC.fullmatch(header or "")
    if match is None:
        raise errors.LoginHeaderMalformed
    try:
        username, colon, password = fields.decode_base64(match[1]).decode("utf-8").partition(":")
    except ValueError as reason:
        raise errors.LoginPairMalformed from reason
    if not colon or not username:
        raise errors.LoginPairMalformed
    return username, Password(password)


def client_basic(header: str) -> tuple[str, ClientSecret]:
    """Id and secret of a client, each form-encoded before the base64. (RFC 6749 2.3.1)

    Raises:
        ClientHeaderInvalid: Not ``Basic`` with both (OREV-9).
    """
    try:
        client_id, secret = basic(header)
        return unquote_plus(client_id, errors="strict"), ClientSecret(
            unquote_plus(secret.value, errors="strict")
        )
    except (errors.LoginHeaderMalformed, errors.LoginPairMalformed, ValueError) as reason:
        raise reasons.ClientHeaderInvalid("not Basic with id and secret") from reason
