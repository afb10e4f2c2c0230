"""The privacy notice, for all and for whoever has to read it; and the help page. (journeys J1.6)"""

from __future__ import annotations

from aiohttp import web

from csc_server.web.pages import after
from csc_server.web.pages.onward import HOME
from csc_server.web.pages.page import Visit


async def show(visit: Visit) -> web.StreamResponse:
    """The notice."""
    return visit.render("privacy.html", version=visit.services.people.rules.privacy_version)


async def show_to_read(visit: Visit) -> web.StreamResponse:
    """The notice with *I have read it*."""
    return visit.render("privacy_read.html", version=visit.services.people.rules.privacy_version)


async def accept(visit: Visit) -> web.StreamResponse:
    """Version and time are on record."""
    await visit.services.people.accept_privacy_notice(visit.call, visit.account_id)
    return await after.onward(visit, after.PRIVACY, HOME)


async def show_help(visit: Visit) -> web.StreamResponse:
    """What people ask most."""
    return visit.render("help.html")
