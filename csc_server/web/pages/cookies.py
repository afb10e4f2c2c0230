"""The cookies of the pages: session, language, remembered address. (security-and-pki 5.3)

Over https all three have the prefix ``__Host-``, which takes ``Secure``, ``Path=/`` and no domain,
so that no neighbour under the same domain can plant one (RFC 6265bis 4.1.3.2). Browsers refuse the
prefix over plain http, which only development uses: there the names go without it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aiohttp import web

from csc_server.ports.sessions import SessionKey
from policies import sessions
from webui.languages import Language

SESSION: Final = "sid"
LANGUAGE: Final = "lang"
REMEMBERED: Final = "remembered"
LANGUAGE_LIFE: Final = timedelta(days=365)
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_ADDRESS: Final = 254


def name_of(plain: str, *, secure: bool) -> str:
    """How the cookie is called here."""
    return f"__Host-{plain}" if secure else plain


def session_key(request: web.Request, *, secure: bool) -> SessionKey | None:
    """The session cookie's value, if it has the form of one of ours."""
    value = request.cookies.get(name_of(SESSION, secure=secure), "")
    return SessionKey(value) if _KEY.fullmatch(value) else None


def remembered_address(request: web.Request, *, secure: bool) -> str:
    """The e-mail address that the login page fills in, or nothing."""
    return request.cookies.get(name_of(REMEMBERED, secure=secure), "")[:_LONGEST_ADDRESS]


def remembered_language(request: web.Request, *, secure: bool) -> str | None:
    """The language chosen before."""
    return request.cookies.get(name_of(LANGUAGE, secure=secure))


def set_session(response: web.StreamResponse, key: SessionKey, *, secure: bool) -> None:
    """Give the browser its session; it forgets it when it is closed."""
    _set(response, SESSION, key.value, None, secure=secure)


def set_language(response: web.StreamResponse, language: Language, *, secure: bool) -> None:
    """Remember the language."""
    _set(response, LANGUAGE, language.value, LANGUAGE_LIFE, secure=secure)


def set_remembered(response: web.StreamResponse, address: str | None, *, secure: bool) -> None:
    """Remember the e-mail address, or forget it."""
    if address is None:
        response.del_cookie(
            name_of(REMEMBERED, secure=secure), path="/", secure=secure, httponly=True
        )
        return
    _set(response, REMEMBERED, address[:_LONGEST_ADDRESS], sessions.REMEMBERED, secure=secure)


def _set(
    response: web.StreamResponse, plain: str, value: str, life: timedelta | None, *, secure: bool
) -> None:
    response.set_cookie(
        name_of(plain, secure=secure),
        value,
        max_age=int(life.total_seconds()) if life else None,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
