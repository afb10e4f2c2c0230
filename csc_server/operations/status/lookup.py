"""What the register says of a certificate that somebody asks about, soon or not at all.

A register that does not answer is left alone for a moment: who asks meanwhile is told so at once,
instead of waiting for the same silence.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from csc_server.ports import StorageUnavailable
from pki.ocsp.responders import Answer, Question, Responder
from pki.ports import Moved, Registered, Serial, StatusRegister, serial
from policies import status
from policies.revocation import CertificateState, Revocation
from policies.status import Standing

ANSWER_WITHIN_S: Final = 1.0
"""A look-up by key takes a millisecond."""
LEFT_ALONE_S: Final = 1.0


OPEN_EVERY_S: Final = 2.0
"""Between two tries to reach the register at the start."""

_log = structlog.get_logger("csc_server.status")


class LateRegister:
    """The register, also while it cannot be reached yet: then it does not answer."""

    def __init__(self, reach: Callable[[], Awaitable[StatusRegister]]) -> None:
        """Nothing is tried yet."""
        self._reach = reach
        self._register: StatusRegister | None = None

    async def open(self) -> bool:
        """True when it answers from now on."""
        try:
            self._register = await self._reach()
        except StorageUnavailable as reason:
            _log.error("no_register", reason=str(reason))
            return False
        return True

    async def open_later(self) -> None:
        """Return when it answers."""
        while True:
            await asyncio.sleep(OPEN_EVERY_S)
            if await self.open():
                return

    async def find(self, serial: Serial) -> Registered | None:
        """As the register does."""
        return await self._found.find(serial)

    async def moved(self, issuer_id: str, after: int, limit: int) -> list[Moved]:
        """As the register does."""
        return await self._found.moved(issuer_id, after, limit)

    async def last_move(self) -> int:
        """As the register does."""
        return await self._found.last_move()

    @property
    def _found(self) -> StatusRegister:
        if self._register is None:
            raise StorageUnavailable("not reached yet")
        return self._register


@dataclass(kw_only=True)
class Lookup:
    """Asks the register."""

    register: StatusRegister
    issuer_ids: Callable[[Responder], str]
    """The authority's name in the register."""
    published: Callable[[int], Revocation | None]
    """What everybody can read on the list: revoked for good."""
    silent_until_s: float = 0.0
    """On the monotonic clock."""

    async def __call__(self, responder: Responder, question: Question) -> Answer:
        """The answer to a question.

        Raises:
            StorageUnavailable: The register does not answer, or did not a moment ago.
        """
        cert_id = question.cert_id
        if not question.ours:
            return Answer(cert_id.whole, Standing.UNKNOWN)
        line = await self._find(serial(cert_id.serial)) if cert_id.serial > 0 else None
        # Reserved is not issued yet; abandoned may exist, and counts as revoked.
        ours = (
            line is not None
            and line.issuer_id == self.issuer_ids(responder)
            and line.state is not CertificateState.RESERVED
        )
        revocation = line.revocation if line is not None else None
        if ours and revocation is None:
            revocation = self.published(cert_id.serial)
        return Answer(cert_id.whole, status.standing(issued=ours, revocation=revocation))

    async def _find(self, number: Serial) -> Registered | None:
        if time.monotonic() < self.silent_until_s:
            raise StorageUnavailable("the register did not answer a moment ago")
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self.register.find(number)
        except (StorageUnavailable, TimeoutError) as error:
            self.silent_until_s = time.monotonic() + LEFT_ALONE_S
            raise StorageUnavailable(f"register: {type(error).__name__}: {error}") from error
