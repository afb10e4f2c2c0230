"""account/v1: what a person's own programs may see and end. Scope ``account``, never a cookie.

A token of auth/login does not open this: it comes without the code of the authenticator, and is
for signing (``policies.tokens``). Whatever an identifier names is looked for among the things of
the token's account, so that another person's looks like none (security-and-pki 5.4).
"""

from __future__ import annotations

from aiohttp import web

from csc_server.web.requests import LINK, body, call, person, respond, services
from csc_server.wire import account, registration
from policies.sessions import SessionId
from policies.tokens import Scope
from policies.values import AccountId


async def profile(request: web.Request) -> web.Response:
    """Who the account belongs to."""
    owner = await _owner(request)
    return respond(account.render_profile(await services(request).people.show_person(owner)))


async def authenticators(request: web.Request) -> web.Response:
    """What authorises signatures."""
    found = await services(request).people.show_person(await _owner(request))
    return respond(account.render_authenticators(found.authenticator))


async def sessions(request: web.Request) -> web.Response:
    """Where the person is signed in."""
    owner = await _owner(request)
    return respond(account.render_sessions(await services(request).sessions.open_of(owner)))


async def end_session(request: web.Request) -> web.Response:
    """End one of them."""
    owner = await _owner(request)
    session_id = SessionId(request[LINK])
    await services(request).apis.end_session(call(request), owner, session_id)
    return web.Response(status=204)


async def end_other_sessions(request: web.Request) -> web.Response:
    """End all but one, or all."""
    owner = await _owner(request)
    keep = account.parse_end_others(await body(request))
    await services(request).apis.end_other_sessions(call(request), owner, keep)
    return web.Response(status=204)


async def grants(request: web.Request) -> web.Response:
    """The applications that were allowed."""
    owner = await _owner(request)
    return respond(
        account.render_applications(await services(request).apis.applications.of_account(owner))
    )


async def withdraw(request: web.Request) -> web.Response:
    """Take back what an application was allowed."""
    owner = await _owner(request)
    client_id = account.client_id(request[LINK])
    await services(request).apis.withdraw_consent(call(request), owner, client_id)
    return web.Response(status=204)


async def transactions(request: web.Request) -> web.Response:
    """What is left of the package."""
    owner = await _owner(request)
    return respond(registration.render_balance(await services(request).apis.ledger.balance(owner)))


async def signatures(request: web.Request) -> web.Response:
    """What was signed."""
    owner = await _owner(request)
    wish = account.parse_history(request.query)
    page = await services(request).apis.signature_history(owner, wish.after, wish.size)
    return respond(account.render_history(page))


async def _owner(request: web.Request) -> AccountId:
    return (await person(request, Scope.ACCOUNT)).account_id
