"""What a person sees of the reference's authorization server: login, consent, PIN.

Forms without any guard: nothing here is worth stealing. (v1 8.3.2; v2 8.4.2)
"""

from __future__ import annotations

import html
import time
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from tests.conformance.reference import accounts
from tests.conformance.reference.oauth_state import CODE_S, Code, Request, state
from tests.conformance.reference.server import Server, new

_COOKIE: Final = "sid"
_LOGIN: Final = """<form method="post" action="/as/login">
<input type="hidden" name="request" value="{request}">
<input name="username"><input type="password" name="password"><button>Log in</button></form>"""
_CONSENT: Final = """<form method="post" action="/as/decide">
<input type="hidden" name="request" value="{request}">{pin}
<button name="do" value="deny">Refuse</button><button name="do" value="allow">Allow</button>
</form>"""


def routes(server: Server) -> list[web.RouteDef]:
    """Where its forms go."""

    async def login(request: web.Request) -> web.StreamResponse:
        return _logged_in(server, await _form(request))

    async def consent(request: web.Request) -> web.StreamResponse:
        return _shown(server, request, request.query.get("request", ""))

    async def decide(request: web.Request) -> web.StreamResponse:
        return _decided(server, request, await _form(request))

    return [
        web.post("/as/login", login),
        web.get("/as/consent", consent),
        web.post("/as/decide", decide),
    ]


def asked(server: Server, request: web.Request, wanted: Request) -> web.Response:
    """The first page of a good request."""
    name = new("request")
    state(server).waiting[name] = wanted
    return _shown(server, request, name)


def told(server: Server, uri: str, answer: dict[str, str], *, issuer: str = "") -> web.Response:
    """The redirect that tells the client; with the issuer in v2 (RFC 9207)."""
    if issuer and not server.wrong("iss-missing"):
        answer = {**answer, "iss": issuer}
    joint = "&" if "?" in uri else "?"
    status = 307 if server.wrong("redirect-307") else 302
    return web.Response(status=status, headers={"Location": f"{uri}{joint}{urlencode(answer)}"})


def refused(text: str) -> web.Response:
    """A page: nobody is redirected."""
    return _page("Refused", f"<p>{html.escape(text)}</p>", 400)


def _shown(server: Server, request: web.Request, name: str) -> web.Response:
    wanted = state(server).waiting.get(name)
    if wanted is None:
        return refused("There is no such request.")
    if request.cookies.get(_COOKIE) not in state(server).sessions:
        return _page("Log in", _LOGIN.format(request=html.escape(name)))
    pin = '<input name="pin" type="password">' if wanted.scope == "credential" else ""
    return _page("Allow", _CONSENT.format(request=html.escape(name), pin=pin))


def _logged_in(server: Server, form: dict[str, str]) -> web.Response:
    name, user = form.get("request", ""), form.get("username", "")
    if accounts.USERS.get(user) != form.get("password"):
        return _page("Log in", _LOGIN.format(request=html.escape(name)))
    cookie = new(_COOKIE)
    state(server).sessions[cookie] = user
    location = f"/as/consent?{urlencode({'request': name})}"
    headers = {"Location": location, "Set-Cookie": f"{_COOKIE}={cookie}; Path=/as; HttpOnly"}
    return web.Response(status=303, headers=headers)


def _decided(server: Server, request: web.Request, form: dict[str, str]) -> web.Response:
    found = state(server)
    user = found.sessions.get(request.cookies.get(_COOKIE, ""))
    wanted = found.waiting.get(form.get("request", ""))
    if user is None or wanted is None:
        return refused("There is no such request.")
    if wanted.scope == "credential" and form.get("pin") != accounts.PIN:
        return _shown(server, request, form["request"])
    del found.waiting[form["request"]]
    mine = wanted.credential is None or wanted.credential.owner == user
    if form.get("do") != "allow" or not mine:
        return _answered(server, wanted, {"error": "access_denied"})
    text = f"code-{len(found.codes):08}" if server.wrong("code-counted") else new("code")
    found.codes[text] = Code(wanted, user, new("grant"), time.monotonic() + CODE_S)
    return _answered(server, wanted, {"code": text})


def _answered(server: Server, wanted: Request, answer: dict[str, str]) -> web.Response:
    if wanted.state is not None and not server.wrong("state-lost"):
        answer["state"] = wanted.state
    if wanted.state is None and server.wrong("state-made-up"):
        answer["state"] = ""
    issuer = f"{server.base}/as/v2" if wanted.major == 2 else ""
    return told(server, wanted.redirect_uri, answer, issuer=issuer)


def _page(title: str, markup: str, status: int = 200) -> web.Response:
    text = f"<!doctype html><title>{title}</title>{markup}"
    return web.Response(text=text, content_type="text/html", status=status)


async def _form(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}
