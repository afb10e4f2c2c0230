"""OCSP: what the register says of a certificate, signed. (RFC 6960, 9654, 9919)

1. whose certificates: one of our authorities, or nobody answers
2. register: each certificate, in one read each
3. an answer made before, if it still says what the register says and is young; else a new one

Every answer is held against the register, so a revocation shows in the next one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from csc_server.ports import Clock
from pki.ocsp import responses
from pki.ocsp.requests import Request
from pki.ocsp.responders import Answer, Question, Responder, Responders
from pki.ports import Register, serial
from policies import status
from policies.revocation import CertificateState
from policies.status import CertificateStatus, Standing, Window

KEPT: Final = 20_000
"""Answers kept at most, about 1.5 kB each; the one asked for longest ago goes first."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and how long it may be kept."""

    body: bytes
    """OCSPResponse, DER."""
    window: Window
    cacheable: bool
    """It fits others who ask the same: no nonce, and about a certificate of ours."""


@dataclass(frozen=True, slots=True)
class _Kept:
    told: Told
    status: CertificateStatus
    responder: bytes
    """The certificate it was signed under: another one makes another answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellStatus:
    """Answers questions about certificates."""

    register: Register
    responders: Callable[[], Responders]
    """The present ones: their certificates are rolled while we run."""
    issuer_ids: Callable[[Responder], str]
    """The authority's name in the register."""
    clock: Clock
    kept: OrderedDict[bytes, _Kept] = field(default_factory=OrderedDict)

    async def __call__(self, request: Request) -> Told:
        """The answer.

        Raises:
            StatusRefused: UNAUTHORIZED: not about certificates of ours.
            HsmError, StorageUnavailable: Try again later.
        """
        responder, questions = self.responders().route(request)
        answers = tuple([await self._answer(responder, one) for one in questions])
        now = self.clock.now()
        alone = request.nonce is None and len(answers) == 1
        cacheable = alone and answers[0].status is not Standing.UNKNOWN
        if cacheable and (told := self._made_before(responder, answers[0], now)):
            return told
        window = status.ocsp_window(now)
        draft = responses.Draft(answers, window, now, request.nonce)
        told = Told(await responses.respond(responder, draft), window, cacheable)
        if cacheable:
            self._keep(responder, answers[0], told)
        return told

    async def _answer(self, responder: Responder, question: Question) -> Answer:
        cert_id = question.cert_id
        if not question.ours:
            return Answer(cert_id.whole, Standing.UNKNOWN)
        line = await self.register.find(serial(cert_id.serial)) if cert_id.serial > 0 else None
        # Reserved is not issued yet; abandoned may exist, and counts as revoked.
        ours = (
            line is not None
            and line.issuer_id == self.issuer_ids(responder)
            and line.state is not CertificateState.RESERVED
        )
        revocation = line.revocation if line is not None else None
        return Answer(cert_id.whole, status.standing(issued=ours, revocation=revocation))

    def _made_before(self, responder: Responder, answer: Answer, now: datetime) -> Told | None:
        found = self.kept.get(answer.cert_id)
        if found is None or status.ocsp_due(found.told.window, now):
            return None
        if found.status != answer.status or found.responder != responder.certificate:
            return None
        self.kept.move_to_end(answer.cert_id)
        return found.told

    def _keep(self, responder: Responder, answer: Answer, told: Told) -> None:
        self.kept[answer.cert_id] = _Kept(told, answer.status, responder.certificate)
        self.kept.move_to_end(answer.cert_id)
        if len(self.kept) > KEPT:
            self.kept.popitem(last=False)
