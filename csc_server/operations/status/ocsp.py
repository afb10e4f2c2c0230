"""OCSP: what the register says of a certificate, signed. (RFC 6960, 9654, 9919)

One certificate and no nonce: the answer made in advance, if it says what the register says. While
the register is silent it is given out until its end; so status survives database and HSM.
Everything else is signed on the spot: with a nonce, about several, about what is unknown. Who
wants too much of that, or comes when there is too much of it, gets what was made in advance.

1. whose certificates: one of our authorities, or nobody answers
2. register: each certificate, in one read each; so a revocation shows in the next answer
3. an answer made before, or a new one
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from csc_server.operations.status.lookup import Lookup
from csc_server.ports import Clock, StorageUnavailable
from csc_server.ports.pki import KeptAnswers, SourcePacing
from hsm.errors import Busy
from pki.ocsp import kept, responses
from pki.ocsp.kept import Kept
from pki.ocsp.requests import Request
from pki.ocsp.responders import Answer, Question, Responder, Responders
from policies import status
from policies.errors import ClientTooFast
from policies.status import Window

KEPT: Final = 4_000
"""Answers in memory, about 2 kB each; the one asked for longest ago goes first."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and how long it may be kept."""

    body: bytes
    """OCSPResponse, DER."""
    window: Window
    cacheable: bool
    """It fits others who ask the same: no nonce, and about a certificate of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellStatus:
    """Answers questions about certificates."""

    lookup: Lookup
    responders: Callable[[], Responders]
    """The present ones: their certificates are rolled while we run."""
    answers: KeptAnswers
    pacing: SourcePacing
    clock: Clock
    recent: OrderedDict[bytes, Kept] = field(default_factory=OrderedDict)
    """By CertID; also those that are not made in advance, such as of expired certificates."""

    async def __call__(self, request: Request, source: str) -> Told:
        """The answer.

        Args:
            source: Who asks, for the pace.

        Raises:
            StatusRefused: UNAUTHORIZED: not about certificates of ours. TRY_LATER: too much is
                asked.
            HsmError, StorageUnavailable: Try again later.
        """
        responder, questions = self.responders().route(request)
        if status.presigned_serves(len(questions), request.nonce, overloaded=False):
            return await self._in_advance(responder, questions[0], source)
        try:
            self.pacing.admit(source, self.clock.now())
            answers = tuple([await self.lookup(responder, one) for one in questions])
            return await self._on_the_spot(responder, answers, request.nonce)
        except (ClientTooFast, Busy) as reason:
            found = await self._found(responder, questions[0])
            if found is None:
                raise status.try_later(str(reason)) from reason
            return found

    async def _in_advance(self, responder: Responder, question: Question, source: str) -> Told:
        found = await self._found(responder, question)
        if found is not None:
            return found
        # Unknown, new, expired, or just revoked.
        try:
            self.pacing.admit(source, self.clock.now())
        except ClientTooFast as reason:
            raise status.try_later(str(reason)) from reason
        answer = await self.lookup(responder, question)
        told = await self._on_the_spot(responder, (answer,), None)
        if told.cacheable:
            self._remember(kept.read(told.body))
        return told

    async def _found(self, responder: Responder, question: Question) -> Told | None:
        """The answer made before, if there is one that may be given out and is true."""
        one = self._kept(question.cert_id.whole)
        if one is None or not status.servable(one.window, self.clock.now()):
            return None
        try:
            answer = await self.lookup(responder, question)
        except StorageUnavailable:
            answer = Answer(one.cert_id, one.status)
        if status.shown(answer.status) != one.status:
            return None
        return Told(one.body, one.window, cacheable=True)

    async def _on_the_spot(
        self, responder: Responder, answers: tuple[Answer, ...], nonce: bytes | None
    ) -> Told:
        now = self.clock.now()
        draft = responses.Draft(answers, status.ocsp_window(now), now, nonce)
        statuses = [one.status for one in answers]
        cacheable = len(answers) == 1 and status.cacheable(statuses, nonce)
        return Told(await responses.respond(responder, draft), draft.window, cacheable)

    def _kept(self, cert_id: bytes) -> Kept | None:
        found = self.recent.get(cert_id)
        if found is not None and not status.ocsp_due(found.window, self.clock.now()):
            self.recent.move_to_end(cert_id)
            return found
        # A newer one may lie there.
        found = self.answers.get(cert_id)
        if found is not None:
            self._remember(found)
        return found

    def _remember(self, answer: Kept) -> None:
        self.recent[answer.cert_id] = answer
        self.recent.move_to_end(answer.cert_id)
        if len(self.recent) > KEPT:
            self.recent.popitem(last=False)
