"""Is this form ours? Origin, Sec-Fetch-Site and the token of the session. (security-and-pki 5.3)

The token is derived from the session cookie, which no script and no other site can read; so it is
bound to the session without being stored, and dies with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from csc_server.ports.sessions import SessionKey
from policies import errors

FIELD: Final = "csrf"
_PURPOSE: Final = b"paraph form token/1\0"
_TRUSTED_SITES: Final = frozenset({"same-origin", "none"})


def token(key: SessionKey) -> str:
    """The token that the forms of this session carry, 43 characters."""
    digest = hashlib.sha256(_PURPOSE + key.value.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def demand_same_site(headers: Mapping[str, str], origin: str) -> None:
    """Return when the request comes from a page of ``origin``.

    Under ``Referrer-Policy: no-referrer``, which our pages have, browsers write ``null`` for the
    origin of a form (Fetch 3.1); such a request counts only when the browser itself says that it
    is of the same origin.

    Raises:
        FormForged: It comes from elsewhere, or does not say where from.
    """
    site, given = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None and site not in _TRUSTED_SITES:
        raise errors.FormForged(f"Sec-Fetch-Site {site}")
    if given == "null" and site == "same-origin":
        return
    if given != origin:
        raise errors.FormForged("Origin")


def from_our_form(headers: Mapping[str, str]) -> bool:
    """Does the browser come from a page of ours, without a detour over another site?

    Also true for a GET that answers a form of ours by redirect. (Fetch Metadata 2.3)
    """
    return headers.get("Sec-Fetch-Site") == "same-origin"


def demand_token(given: str, key: SessionKey | None) -> None:
    """Return when the form carries the token of this session.

    Raises:
        FormForged: It does not, or there is no session.
    """
    if key is None or not hmac.compare_digest(given.encode(), token(key).encode()):
        raise errors.FormForged("token")
