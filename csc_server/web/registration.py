"""registration/v1: what the portal tells about people, and asks. Scope ``registration``.

The portal acts in its own name (``client_credentials``). Each POST may carry an
``Idempotency-Key``: sent again with the same key it gets the same answer and does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web

from csc_server.web.middleware import Handler
from csc_server.web.requests import LINK, body, call, client_principal, respond, services
from csc_server.wire import registration
from csc_server.wire.fields import Body
from policies import errors
from policies.tokens import Scope
from policies.values import AccountState, ClientPrincipal

Work = Callable[[web.Request, ClientPrincipal, Body], Awaitable[tuple[int, dict[str, Any]]]]
"""A POST: from client and body to status and answer."""


async def show_account(request: web.Request) -> web.Response:
    """How far an account is."""
    await client_principal(request, Scope.REGISTRATION)
    account_id = registration.account_id(request[LINK])
    person = await services(request).apis.people.find(account_id)
    if person is None:
        raise errors.LinkInvalid("no such account")
    return respond(registration.render_account(person))


def once(work: Work, scope: Scope = Scope.REGISTRATION) -> Handler:
    """The handler of a POST that is done once for each ``Idempotency-Key``.

    Args:
        scope: What the client's token has to open.
    """

    async def handler(request: web.Request) -> web.Response:
        caller = await client_principal(request, scope)
        key = registration.parse_key(request.headers.get("Idempotency-Key"))
        parsed = await body(request)

        async def answer() -> tuple[int, bytes]:
            status, content = await work(request, caller, parsed)
            return status, orjson.dumps(content)

        if key is None:
            status, content = await answer()
        else:
            # One spelling; not orjson, which refuses numbers that our parser takes.
            asked = f"{request.path}\n{json.dumps(parsed, sort_keys=True)}".encode()
            remember = services(request).apis.once
            status, content = await remember(caller.client_id, key, asked, answer)
        return respond(orjson.loads(content), status)

    return handler


async def register(
    request: web.Request, caller: ClientPrincipal, parsed: Body
) -> tuple[int, dict[str, Any]]:
    """Start a registration; the answer is the same whether the address is known or not (J1.1)."""
    del caller
    wish = registration.parse_registration(parsed)
    source = replace(call(request), source=wish.address)
    await services(request).people.start_registration(source, wish.form)
    return 202, registration.render_accepted()


async def propose_phone(
    request: web.Request, caller: ClientPrincipal, parsed: Body
) -> tuple[int, dict[str, Any]]:
    """Ask the person at the next login whether this is to be the number (J1.9)."""
    del caller
    wish = registration.parse_proposal(parsed)
    await services(request).people.propose_phone(call(request), wish.account_id, wish.phone)
    return 202, registration.render_accepted()


async def suspend(
    request: web.Request, caller: ClientPrincipal, parsed: Body
) -> tuple[int, dict[str, Any]]:
    """Afterwards nobody logs in or signs with the account."""
    return await _set_state(request, caller, parsed, AccountState.SUSPENDED)


async def resume(
    request: web.Request, caller: ClientPrincipal, parsed: Body
) -> tuple[int, dict[str, Any]]:
    """Afterwards the account may be used again."""
    return await _set_state(request, caller, parsed, AccountState.ACTIVE)


async def invite_to_pair(
    request: web.Request, caller: ClientPrincipal, parsed: Body
) -> tuple[int, dict[str, Any]]:
    """Mail the way to the pairing page (J1.11)."""
    del caller
    account_id = registration.parse_account(parsed)
    await services(request).people.send_pairing_invitation(account_id)
    return 202, registration.render_accepted()


async def add_credit(
    request: web.Request, caller: ClientPrincipal, parsed: Body
) -> tuple[int, dict[str, Any]]:
    """Transactions for an account (J7.7)."""
    credit = registration.parse_credit(parsed, caller.client_id)
    balance = await services(request).apis.add_credit(call(request), credit)
    return 200, registration.render_balance(balance)


async def _set_state(
    request: web.Request, caller: ClientPrincipal, parsed: Body, state: AccountState
) -> tuple[int, dict[str, Any]]:
    account_id, actor = registration.parse_account(parsed), f"client:{caller.client_id}"
    await services(request).people.set_account_state(call(request), actor, account_id, state)
    return 200, registration.render_state(account_id, state)
