"""oauth2/authorize: a browser brings a program's request, and goes on to the approval page.

What is wrong with the program or its return address is shown here; everything else is told to the
program by a 303, never a 307 (RFC 6749 4.1.2.1; RFC 9700 4.11, 4.12). Storing the request is the
one thing that a GET does: RFC 6749 3.1 has it so, and nobody is bound by it.
"""

from __future__ import annotations

from aiohttp import web

from csc_server.operations.oauth.begin import Redirectable
from csc_server.web.pages import authorization as approval
from csc_server.web.pages.page import Visit
from csc_server.web.requests import CORRELATION
from csc_server.wire import authorization, errors, oauth
from policies import errors as reasons
from policies.oauth import answers

_UNSAFE = (
    reasons.ClientUnknown,
    reasons.ParameterMissing,
    reasons.RedirectUriRefused,
    reasons.ClientNotAllowed,
)


async def begin_v1(visit: Visit) -> web.StreamResponse:
    """oauth2/authorize under the rules of v1. (CSC v1 8.4.2)"""
    return await _begin(visit, 1)


async def begin_v2(visit: Visit) -> web.StreamResponse:
    """oauth2/authorize under the rules of v2. (CSC v2 8.4.2)"""
    return await _begin(visit, 2)


async def _begin(visit: Visit, version: int) -> web.StreamResponse:
    parameters = oauth.parse_form(visit.request.rel_url.raw_query_string.encode())
    asked = authorization.parse(version, parameters)
    operation = visit.services.oauth.begin
    try:
        begun = await operation(asked, visit.bind)
    except _UNSAFE:
        return approval.unknown_program(visit)
    except reasons.RequestUriInvalid:
        return approval.ended(visit)
    except Redirectable as refusal:
        return _tell(visit, refusal, version)
    return approval.begun(visit, begun)


def _tell(visit: Visit, refusal: Redirectable, version: int) -> web.StreamResponse:
    assert isinstance(refusal.__cause__, Exception)  # noqa: S101 - raised from its reason
    answer = errors.answer(refusal.__cause__, version, visit.request[CORRELATION])
    issuer = visit.services.issuer
    return visit.go(
        answers.failure(
            refusal.redirect_uri, refusal.state, issuer, answer.error, answer.description
        )
    )
