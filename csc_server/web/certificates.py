"""Certificates in registration/v1 (what the portal asks for people) and in account/v1 (their own).

Handlers are three lines: parse, call, render.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from csc_server.operations.certificates.ending import Actor
from csc_server.web.requests import (
    LINK,
    body,
    call,
    client_principal,
    person,
    respond,
    services,
)
from csc_server.wire import orders, registration
from csc_server.wire.fields import Body
from policies.tokens import Scope
from policies.values import ClientPrincipal

Answer = tuple[int, dict[str, Any]]


async def order(request: web.Request, caller: ClientPrincipal, parsed: Body) -> Answer:
    """Order a certificate for a person who was proofed (J1.12), or its renewal (J2.5)."""
    verbs, actor = services(request).apis.certificates, _client(request, caller)
    return 202, orders.render_order(await verbs.order(actor, orders.parse_order(parsed)))


async def show_order(request: web.Request) -> web.Response:
    """Where an order stands."""
    caller = await client_principal(request, Scope.REGISTRATION)
    show, wanted = services(request).apis.certificates.show_order, orders.order_id(request[LINK])
    return respond(orders.render_order(await show(_client(request, caller), wanted)))


async def cancel(request: web.Request, caller: ClientPrincipal, parsed: Body) -> Answer:
    """Call an order off."""
    cancel_order = services(request).apis.certificates.cancel_order
    order_id = orders.parse_order_id(parsed)
    return 200, orders.render_order(await cancel_order(_client(request, caller), order_id))


async def of_account(request: web.Request) -> web.Response:
    """All certificates of an account."""
    await client_principal(request, Scope.REGISTRATION)
    find, owner = services(request).apis.certificates.find, registration.account_id(request[LINK])
    return respond(orders.render_certificates(await find(owner)))


async def suspend(request: web.Request, caller: ClientPrincipal, parsed: Body) -> Answer:
    """Put a certificate on hold; its key signs nothing meanwhile."""
    end, actor = services(request).apis.certificates.end, _client(request, caller)
    line = await end.suspend(actor, orders.parse_serial(parsed))
    return 200, orders.render_certificate(line)


async def resume(request: web.Request, caller: ClientPrincipal, parsed: Body) -> Answer:
    """Lift the hold."""
    end, actor = services(request).apis.certificates.end, _client(request, caller)
    line = await end.resume(actor, orders.parse_serial(parsed))
    return 200, orders.render_certificate(line)


async def revoke(request: web.Request, caller: ClientPrincipal, parsed: Body) -> Answer:
    """Revoke a certificate for good."""
    end, actor = services(request).apis.certificates.end, _client(request, caller)
    serial, reason = orders.parse_serial(parsed), orders.parse_reason(parsed)
    return 200, orders.render_certificate(await end.revoke(actor, serial, reason))


async def own(request: web.Request) -> web.Response:
    """A person's certificates (J7.8)."""
    owner = await person(request, Scope.ACCOUNT)
    find = services(request).apis.certificates.find
    return respond(orders.render_certificates(await find(owner.account_id)))


async def suspend_own(request: web.Request) -> web.Response:
    """Put one of them on hold."""
    actor, end = await _owner(request), services(request).apis.certificates.end
    line = await end.suspend(actor, orders.parse_serial(await body(request)))
    return respond(orders.render_certificate(line))


async def revoke_own(request: web.Request) -> web.Response:
    """Revoke one of them for good."""
    actor, end = await _owner(request), services(request).apis.certificates.end
    parsed = await body(request)
    serial, reason = orders.parse_serial(parsed), orders.parse_reason(parsed)
    return respond(orders.render_certificate(await end.revoke(actor, serial, reason)))


def _client(request: web.Request, caller: ClientPrincipal) -> Actor:
    about, name = call(request), f"client:{caller.client_id}"
    return Actor(name, ordered_by=name, source=about.source, correlation_id=about.correlation_id)


async def _owner(request: web.Request) -> Actor:
    account_id = (await person(request, Scope.ACCOUNT)).account_id
    about = call(request)
    name = f"account:{account_id}"
    return Actor(name, account_id, source=about.source, correlation_id=about.correlation_id)
