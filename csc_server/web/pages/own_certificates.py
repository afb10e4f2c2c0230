"""A person's certificates: how they stand, their files, suspend, revoke. (journeys J7.8; ui 5.10)

What ends a certificate is asked on a page of its own, after a fresh proof of who asks
(``step_up``), and is done by the verb that the APIs use, so there is one rule of who may.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from csc_server.operations.certificates.ending import Actor
from csc_server.web.pages import certificates, step_up
from csc_server.web.pages.page import Visit
from csc_server.web.requests import LINK
from pki.ports import Registered, Serial
from policies import errors, standing
from policies.revocation import Reason
from policies.standing import Shown

LIST: Final = "/certificates"
END: Final = "/certificates/end"
REASONS: Final = (
    Reason.KEY_COMPROMISE,
    Reason.SUPERSEDED,
    Reason.AFFILIATION_CHANGED,
    Reason.CESSATION_OF_OPERATION,
    Reason.UNSPECIFIED,
)
"""What a person can know; that a privilege was withdrawn is the provider's to say."""
_DONE: Final = ("suspended", "revoked")
_SERIAL: Final = re.compile("[0-9a-f]{1,40}")
_TYPE: Final = "application/pkix-cert"
"""RFC 2585 4.1."""


@dataclass(frozen=True, slots=True)
class Own:
    """One certificate as its owner sees it."""

    line: Registered
    facts: certificates.Shown
    standing: Shown

    @property
    def may_suspend(self) -> bool:
        """See ``policies.standing``."""
        return standing.may_suspend(self.standing)

    @property
    def may_revoke(self) -> bool:
        """See ``policies.standing``."""
        return standing.may_revoke(self.standing)


async def show_list(visit: Visit) -> web.StreamResponse:
    """All of them, the newest first."""
    done = next((word for word in _DONE if word in visit.request.query), None)
    return visit.render("certificates.html", found=(await of_person(visit))[::-1], done=done)


async def show(visit: Visit) -> web.StreamResponse:
    """One of them, and whether its renewal is ordered."""
    one = await _asked(visit, visit.request[LINK])
    renewals = await visit.services.apis.certificates.renewals(visit.account_id)
    due_at = renewals.get(one.line.serial)
    return visit.render("certificate.html", one=one, renewal_due_at=due_at)


async def download(visit: Visit) -> web.StreamResponse:
    """Its file."""
    one = await _asked(visit, visit.request[LINK])
    name = f'attachment; filename="certificate-{one.line.serial}.cer"'
    return web.Response(
        body=one.line.certificate, content_type=_TYPE, headers={"Content-Disposition": name}
    )


async def show_question(visit: Visit) -> web.StreamResponse:
    """Whether it is meant, after a fresh proof."""
    query = visit.request.query
    one, how = await _asked(visit, query.get("serial", "")), query.get("how", "")
    if step_up.needed(visit):
        return step_up.first(visit, _address(one, how))
    return _question(visit, one, how)


async def end(visit: Visit) -> web.StreamResponse:
    """Afterwards it is suspended or revoked, and its key disabled."""
    one, how = await _asked(visit, visit.form.text("serial")), visit.form.text("how")
    if step_up.needed(visit):
        return step_up.first(visit, _address(one, how))
    verb, serial, actor = visit.services.apis.certificates.end, one.line.serial, _actor(visit)
    reason = visit.form.text("reason")
    if how == "revoke" and reason not in set(REASONS):
        return _question(visit, one, how, problem=True)
    try:
        if how == "revoke":
            await verb.revoke(actor, serial, Reason(reason))
            return visit.go(f"{LIST}?revoked=1")
        await verb.suspend(actor, serial)
    except errors.CertificateNotSo:
        # In another window, or by the provider, a moment ago: the page says how it stands now.
        return visit.go(f"{LIST}/{serial}")
    return visit.go(f"{LIST}?suspended=1")


def valid(found: list[Own]) -> int:
    """How many can be used now."""
    return sum(one.standing in (Shown.VALID, Shown.ENDS_SOON) for one in found)


def _question(visit: Visit, one: Own, how: str, *, problem: bool = False) -> web.Response:
    allowed = one.may_revoke if how == "revoke" else one.may_suspend
    if how not in ("suspend", "revoke") or not allowed:
        return visit.go(f"{LIST}/{one.line.serial}")
    return visit.render(
        "end_certificate.html",
        status=422 if problem else 200,
        failed=problem,
        one=one,
        how=how,
        reasons=REASONS,
        problem=problem,
    )


async def of_person(visit: Visit) -> list[Own]:
    """All of them, the oldest first."""
    lines = await visit.services.apis.certificates.find(visit.account_id)
    now = visit.services.clock.now()
    return [
        Own(
            line,
            certificates.shown(line.certificate, _public_key(line.certificate)),
            standing.shown(line.state, line.not_before, line.not_after, now),
        )
        for line in lines
        if line.certificate is not None
    ]


def _address(one: Own, how: str) -> str:
    return f"{END}?{urlencode({'serial': one.line.serial, 'how': how})}"


async def _asked(visit: Visit, serial: str) -> Own:
    """The certificate whose serial number was asked for.

    Raises:
        CertificateUnknown: None of the person's.
    """
    if _SERIAL.fullmatch(serial):
        for one in await of_person(visit):
            if one.line.serial == Serial(serial):
                return one
    raise errors.CertificateUnknown("none of the person's")


def _actor(visit: Visit) -> Actor:
    call, owner = visit.call, visit.account_id
    return Actor(f"account:{owner}", owner, source=call.source, correlation_id=call.correlation_id)


def _public_key(der: bytes) -> bytes:
    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
