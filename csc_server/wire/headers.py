"""The Authorization header: Bearer for the API, Basic for auth/login. (RFC 6750 2.1, RFC 7617)"""

from __future__ import annotations

import re
from typing import Final

from csc_server.wire import errors, fields
from policies.secret import Password, Token

# RFC 6750 2.1: b64token. Schemes compare without case (RFC 9110 11.1).
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9\-._~+/]{1,512}=*)", re.IGNORECASE)
_BASIC: Final = re.compile(r"basic +([A-Za-z0-9+/]{1,2048}={0,2})", re.IGNORECASE)


def bearer(header: str | None) -> Token:
    """The access token.

    Raises:
        HeaderMalformed: Missing, another scheme, or no token.
    """
    match = _BEARER.fullmatch(header or "")
    if match is None:
        raise errors.HeaderMalformed
    return Token(match[1])


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
