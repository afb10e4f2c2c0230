"""A register in memory, a clock in the test's hand, and a responder that can be broken."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from csc_server.adapters.answer_files import AnswerFiles
from csc_server.adapters.pacing import SourcePacing
from csc_server.operations.status.lookup import Lookup
from csc_server.operations.status.ocsp import TellStatus
from csc_server.operations.status.refresh import RefreshAnswers
from csc_server.ports import StorageUnavailable
from pki import issuers
from pki.ocsp import responders
from pki.ocsp.responders import Responder, Responders
from pki.ports import Moved, Registered, Serial, serial
from policies.algorithms import SignAlgorithm
from policies.revocation import CertificateState, Reason, Revocation
from tests.pki.golden import NOW, Golden

YEAR = timedelta(days=365)
HASHES = (responders.SHA1, responders.SHA256)
HERE = "192.0.2.1"


class Clock:
    """Stands still."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        """What it shows."""
        return self.time


class Lines:
    """The port ``StatusRegister`` in memory."""

    def __init__(self, issuer_id: str) -> None:
        self.issuer_id = issuer_id
        self.lines: dict[Serial, tuple[int, Registered]] = {}
        self.fault: Exception | None = None
        self.found = 0

    def put(
        self,
        number: int,
        revocation: Revocation | None = None,
        *,
        state: CertificateState = CertificateState.ISSUED,
        not_after: datetime = NOW + YEAR,
        issuer_id: str = "",
    ) -> None:
        """A line, new or changed."""
        if revocation is not None:
            held = revocation.reason is Reason.CERTIFICATE_HOLD
            state = CertificateState.SUSPENDED if held else CertificateState.REVOKED
        line = Registered(
            serial=serial(number),
            issuer_id=issuer_id or self.issuer_id,
            profile="signature",
            state=state,
            certificate=b"",
            not_before=NOW - YEAR,
            not_after=not_after,
            account_id=None,
            credential_id=None,
            revocation=revocation,
        )
        moved = max((one for one, _ in self.lines.values()), default=0) + 1
        self.lines[line.serial] = (moved, line)

    async def find(self, serial: Serial) -> Registered | None:
        """The line of this serial number."""
        self.found += 1
        self._fail()
        return self.lines.get(serial, (0, None))[1]

    async def moved(self, issuer_id: str, after: int, limit: int) -> list[Moved]:
        """What moved, in order."""
        self._fail()
        found = sorted(
            (moved, line)
            for moved, line in self.lines.values()
            if moved > after
            and line.issuer_id == issuer_id
            and line.state is not CertificateState.RESERVED
        )
        return [
            Moved(moved, line.serial, line.not_after, line.revocation)
            for moved, line in found[:limit]
        ]

    async def last_move(self) -> int:
        """The highest number."""
        self._fail()
        return max((moved for moved, _ in self.lines.values()), default=0)

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


class World:
    """Who answers, and what there is to answer."""

    def __init__(self, pki: Golden, directory: Path) -> None:
        self.pki, self.clock = pki, Clock()
        self.issuer = pki.issuing.certificate
        self.issuer_id = issuers.issuer_id(self.issuer)
        self.register = Lines(self.issuer_id)
        self.answers = AnswerFiles(directory)
        self.root = directory / "ocsp"
        self.signed = 0
        self.fault: Exception | None = None
        self.offset: timedelta | None = None
        self.responder = dataclasses.replace(pki.responder, sign=self._sign)
        self.pacing = SourcePacing(0)
        self.published: dict[int, Revocation] = {}
        """What stands on the list."""
        self.refresh = RefreshAnswers(
            register=self.register,
            issuer_id=self.issuer_id,
            responder=lambda: self.responder,
            answers=self.answers,
            published=lambda serial: self.published.get(serial),
            clock=self.clock,
        )

    def tell(self, *, pacing: SourcePacing | None = None) -> TellStatus:
        """One that remembers nothing yet."""
        answering: Callable[[], Responders] = lambda: Responders([self.responder])  # noqa: E731
        return TellStatus(
            lookup=Lookup(
                register=self.register,
                issuer_ids=lambda _: self.issuer_id,
                published=self.published.get,
            ),
            responders=answering,
            answers=self.answers,
            pacing=pacing or self.pacing,
            clock=self.clock,
        )

    def cert_id(self, number: int, oid: str = responders.SHA1) -> bytes:
        """As clients write it."""
        return responders.cert_id(self.issuer, number, oid)

    async def settle(self) -> None:
        """Steps until there is nothing to do."""
        while await self.refresh():
            pass

    def roll(self) -> None:
        """Another responder takes over."""
        other = self.pki.sibling_responder
        self.responder = Responder(
            self.issuer, other.certificate, other.algorithm, self._sign, other.archive_cutoff
        )

    async def _sign(self, digest: bytes, algorithm: SignAlgorithm) -> bytes:
        if self.fault is not None:
            raise self.fault
        self.signed += 1
        return await self.pki.responder.sign(digest, algorithm)


GONE = StorageUnavailable("gone")
