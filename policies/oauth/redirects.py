"""Where answers may go: exactly what was registered. (RFC 6749 3.1.2; RFC 8252 7; RFC 9700 4.1)

Strings are compared, never normalised. The one freedom is the port of a loopback address, which
a program on the person's own machine cannot know in advance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from policies import errors

_LOOPBACK: Final = re.compile(
    r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?(/[!-\"$-\[\]-~]*)?"
)
"""RFC 8252 7.3: an address, not ``localhost``, whose name others could claim."""
_HTTPS: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[!-\"$-\[\]-~]*)?")
"""No user information, no fragment, no white space."""
_PRIVATE: Final = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:/[!-\"$-\[\]-~]*")
"""RFC 8252 7.1: a scheme of one's own is a domain name in reverse, so it has a dot."""
LONGEST: Final = 2083
"""CSC v1 8.4.2: most characters of a URI in this protocol."""
ANSWERS: Final = frozenset({"code", "state", "iss", "error", "error_description"})
"""Parameters of ours; an address that had one already would give the client two of them, and
the wrong ``iss`` first (RFC 6749 3.1; RFC 9207 2.4)."""


def registrable(uri: str, *, public: bool) -> bool:
    """May this redirect URI be registered?

    Args:
        public: The client is a program on people's machines; only such ones may have loopback
            addresses and schemes of their own.
    """
    if len(uri) > LONGEST or _answers_itself(uri):
        return False
    if _HTTPS.fullmatch(uri):
        return True
    loopback = _loopback(uri)
    return public and (loopback is not None or _PRIVATE.fullmatch(uri) is not None)


def matched(registered: tuple[str, ...], asked: str | None) -> str:
    """The redirect URI to answer to.

    Args:
        registered: Those of the client, at least one.
        asked: The one of the request; ``None`` takes the only registered one (CSC v1 8.4.2).

    Raises:
        RedirectUriRefused: Not registered, or absent where there is a choice. Never redirect.
    """
    if asked is None:
        if len(registered) != 1:
            raise errors.RedirectUriRefused("absent, and no default")
        return registered[0]
    if asked in registered or _loopback_matches(registered, asked):
        return asked
    raise errors.RedirectUriRefused("not registered")


def with_parameters(uri: str, parameters: Mapping[str, str | None]) -> str:
    """The URI with these query parameters added, absent ones left out. (RFC 6749 4.1.2)"""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(given)}"


def target(uri: str) -> str:
    """What ``form-action`` has to allow for an answer that goes there: origin, or scheme.

    Content-Security-Policy has no word for an IPv6 address (CSP 3 2.3.1), so such a loopback
    needs its scheme.
    """
    scheme, separator, rest = uri.partition("://")
    host = re.split("[/?]", rest)[0]
    if not separator or host.startswith("["):
        return f"{uri.partition(':')[0]}:"
    return f"{scheme}://{host}"


def for_a_browser(uri: str) -> bool:
    """False when a browser hands the URI to another program, and stays where it is."""
    return uri.startswith(("https://", "http://"))


def _answers_itself(uri: str) -> bool:
    try:
        query = parse_qsl(urlsplit(uri).query, keep_blank_values=True)
    except ValueError:
        return True
    return any(name in ANSWERS for name, _ in query)


def _loopback(uri: str) -> tuple[str, str] | None:
    """Scheme with host, and path with query, of a loopback URI."""
    match = _LOOPBACK.fullmatch(uri)
    if match is None or int(match[2] or 1) > 65535:
        return None
    return match[1], match[3] or ""


def _loopback_matches(registered: Iterable[str], asked: str) -> bool:
    # RFC 8252 7.3: any port, everything else exact.
    wanted = _loopback(asked)
    return wanted is not None and any(_loopback(one) == wanted for one in registered)
