"""signatures/signDoc: decide, reserve, sign, complete, time-stamp, assemble. (CSC v2 11.11)

1. facts: the SAD, its hashes and the credential, in one read
2. rule: ``policies.documents.permit``
3. to 5. reserve, sign, complete: ``operations.signing``; what is signed is built in the signer
   process (docs/adr/0008)
6. time-stamp over each signature from level B-T on
7. CMS and PDF around the signatures: files in the room of the request, made by a child of the desk
   unless they are small; no document is read for that
8. evidence and archive time-stamps from level B-LT on: ``operations.raise_levels``
9. check: another child judges each signature at its level; what does not pass leaves nobody

What goes wrong from step 6 on spends the approval: the signature was made, and leaves nobody.
Documents are files, and pass through here as names (docs/adr/0012).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from ades.assembly import Assemble, Piece
from ades.checking import CheckMade, Made
from ades.desk import DeskError, perform
from ades.levels.works import Certificates
from csc_server.operations import raise_levels
from csc_server.operations.background import Background
from csc_server.operations.effects import Effects
from csc_server.operations.raise_levels import RaiseLevels
from csc_server.operations.records import event
from csc_server.operations.signing import Signing
from csc_server.ports import Authorizations, Call, Clock, Entropy
from csc_server.ports.documents import (
    Desk,
    EvidenceSource,
    EvidenceUnavailable,
    Room,
    SigningPacing,
    TimestampAuthority,
    TimestampUnavailable,
)
from hsm.interface import DocumentSignature, SigningDevice
from policies import access, algorithms, documents, errors
from policies.algorithms import HashAlgorithm, SignAlgorithm
from policies.audit import EventType, Outcome
from policies.documents import (
    SMALL_BYTES,
    WITH_EVIDENCE,
    WITH_TIMESTAMP,
    DocumentPermit,
    Envelope,
    Format,
    Level,
    Part,
    SignDocRequest,
)
from policies.jobs import SigningResult, ValidationInfo
from policies.secret import ResponseId
from policies.values import Credential, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignDoc:
    """signatures/signDoc."""

    authorizations: Authorizations
    device: SigningDevice
    clock: Clock
    entropy: Entropy
    effects: Effects
    pacing: SigningPacing
    background: Background
    timestamps: TimestampAuthority | None
    """``None``: no level above B-B is offered."""
    evidence: EvidenceSource | None
    """``None``: no level above B-T is offered."""
    desk: Desk
    stamp_anchors: tuple[bytes, ...]
    """Certificates, DER or PEM, that time-stamps have to end in; empty: their authority is
    believed by its address."""

    async def __call__(
        self, call: Call, principal: Principal, request: SignDocRequest, room: Room
    ) -> SigningResult:
        """Documents and detached signatures, each in the order asked: names of files in ``room``.

        Raises:
            ClientTooFast: The client signs too often.
            LevelInvalid: See ``policies.documents.check_levels``.
            Refused: See ``policies.documents.permit``; DocumentUnfit, EnvelopeInvalid after the
                signer process looked at a PDF.
            SadAlreadyUsed, Busy, Broken, KeyGone, Rejected, Ambiguous, StorageUnavailable: See
                ``Signing.run``.
            TimestampUnavailable, TimestampRefused, EvidenceUnavailable: Signed, but without its
                time-stamp or evidence.
            DeskError: Signed, but not put together or not checked.
            SignatureUnsound: Signed, but what came of it is not what it should be.
        """
        work = await self._begin(call, principal, request, room)
        room.hold()
        return await self.effects.run(work.run())

    async def start(
        self,
        call: Call,
        principal: Principal,
        request: SignDocRequest,
        room: Room,
        validity_ms: int | None,
    ) -> ResponseId:
        """The same, accepted now and worked on later; the handle for signPolling.

        Raises:
            ClientTooFast, LevelInvalid, Refused, SadAlreadyUsed, StorageUnavailable: As above.
            ValidityOutOfBounds: See ``policies.jobs.kept_until``.
        """
        work = await self._begin(call, principal, request, room)
        return await self.background.start(
            principal, work.signing, work.finish, validity_ms, work.now, room
        )

    async def _begin(
        self, call: Call, principal: Principal, request: SignDocRequest, room: Room
    ) -> _Work:
        now = self.clock.now()
        pace = self.pacing.admit(principal, now)
        documents.check_levels(request, self._levels(None))
        facts = await self.authorizations.facts(request.sad, request.credential_id)
        documents.check_levels(request, self._levels(facts.credential))
        permit = documents.permit(facts, principal, request, now)
        credential = access.visible(facts.credential, principal)
        signing = Signing(
            authorizations=self.authorizations,
            clock=self.clock,
            entropy=self.entropy,
            call=call,
            principal=principal,
            credential_id=request.credential_id,
            permit=permit,
            now=now,
            pace=pace,
        )
        return _Work(self, call, request, room, credential, permit, signing, now)

    def _levels(self, credential: Credential | None) -> Collection[Level]:
        """What is offered: in general, or for this credential."""
        if self.timestamps is None:
            return {Level.B_B}
        if self.evidence is None:
            return set(Level) - WITH_EVIDENCE
        if credential is not None and not self.evidence.covers(credential.certificates[0]):
            return set(Level) - WITH_EVIDENCE
        return set(Level)


@dataclass(frozen=True, slots=True)
class _Work:
    """Steps 3 to 7 of one signDoc."""

    operation: SignDoc
    call: Call
    request: SignDocRequest
    room: Room
    credential: Credential
    permit: DocumentPermit
    signing: Signing
    now: datetime

    async def run(self) -> SigningResult:
        """In the room that was held for it."""
        try:
            await self.signing.reserve()
            return await self.finish()
        finally:
            await self.room.release()

    async def finish(self) -> SigningResult:
        device, permit = self.operation.device, self.permit
        made = await self.signing.finish(lambda: device.sign_documents(permit))
        pieces = [
            await self._piece(number, part, signature)
            for number, (part, signature) in enumerate(zip(self.request.parts, made, strict=True))
        ]
        try:
            asked = await self._assemble(Assemble(self.credential.certificates, tuple(pieces)))
            info = await self._raise_levels(pieces, asked)
            await self._check(pieces)
        except (DeskError, EvidenceUnavailable, errors.SignatureUnsound) as reason:
            await self._note(EventType.DOCUMENT_FAILED, reason)
            raise
        enveloped: list[str] = []
        detached: list[str] = []
        for part, piece in zip(self.request.parts, pieces, strict=True):
            kept = documents.envelope(part) is Envelope.DETACHED
            (detached if kept else enveloped).append(piece.target.name)
        return SigningResult((), tuple(enveloped), tuple(detached), info)

    async def _assemble(self, work: Assemble) -> Sequence[Certificates]:
        sizes = (part.document.size for part in self.request.parts if part.document is not None)
        if sum(sizes) <= SMALL_BYTES and not any(piece.with_evidence for piece in work.pieces):
            return perform(work)
        return await self.operation.desk.do(work)

    async def _piece(self, number: int, part: Part, made: DocumentSignature) -> Piece:
        algorithm = algorithms.resolve(
            self.credential.key_algorithm, part.sign_algo, part.hash_algo, part.parameters
        )
        alone = documents.envelope(part) is Envelope.DETACHED
        return Piece(
            attributes=made.attributes,
            signature=made.signature,
            algorithm=algorithm,
            timestamp=await self._timestamp(part, made, algorithm),
            document=None if alone or part.document is None else part.document.path,
            pdf=made.pdf,
            target=self.room.path / f"signed-{number}",
            with_evidence=part.level in WITH_EVIDENCE,
        )

    async def _raise_levels(
        self, pieces: Sequence[Piece], asked: Sequence[Certificates]
    ) -> ValidationInfo | None:
        source = self.operation.evidence
        if source is None or not any(piece.with_evidence for piece in pieces):
            return None
        found = zip(self.request.parts, pieces, asked, strict=True)
        work = RaiseLevels(self.operation.desk, source, self._token)
        return await work([raise_levels.Made(*one) for one in found])

    async def _check(self, pieces: list[Piece]) -> None:
        """Return when each signature has its level."""
        made = [
            Made(
                path=piece.target,
                # Evidence beside it makes the rest of it.
                level=Level.B_T if documents.beside(part) and piece.timestamp else part.level,
                original=part.document.path if piece.document is None and part.document else None,
                digest=part.digest if part.document is None else None,
                pades=part.format is Format.PADES,
            )
            for part, piece in zip(self.request.parts, pieces, strict=True)
        ]
        anchors = (*self.credential.certificates[-1:], *self.operation.stamp_anchors)
        tokens = tuple(piece.timestamp for piece in pieces if piece.timestamp is not None)
        believed = () if self.operation.stamp_anchors else tokens
        now = self.operation.clock.now()
        verdicts = await self.operation.desk.do(CheckMade(tuple(made), anchors, believed, now))
        for part, verdict in zip(self.request.parts, verdicts, strict=True):
            if not verdict.passed:
                found = " ".join(verdict.reasons) or verdict.indication
                raise errors.SignatureUnsound(f"{part.format.name} {part.level}: {found}")

    async def _timestamp(
        self, part: Part, made: DocumentSignature, algorithm: SignAlgorithm
    ) -> bytes | None:
        """The token over the signature value (EN 319 122-1 5.3)."""
        if part.level not in WITH_TIMESTAMP:
            return None
        digest = hashlib.new(algorithm.hash_algorithm.name, made.signature).digest()
        return await self._token(digest, algorithm.hash_algorithm)

    async def _token(self, digest: bytes, algorithm: HashAlgorithm) -> bytes:
        authority = self.operation.timestamps
        if authority is None:
            raise TimestampUnavailable("there is no authority")
        nonce = int(self.operation.entropy.identifier(), 16)
        try:
            return await authority.timestamp(digest, algorithm, nonce)
        except (TimestampUnavailable, errors.TimestampRefused) as reason:
            await self._note(EventType.TIMESTAMP_FAILED, reason)
            raise

    async def _note(self, kind: EventType, reason: Exception) -> None:
        """A spent approval without a result is on record."""
        record = event(
            kind,
            self.credential.account_id,
            self.call,
            self.operation.clock.now(),
            Outcome.FAILURE,
            credential_id=self.credential.credential_id,
            sad_id=self.permit.sad_id,
            reason=type(reason).__name__,
            detail=str(reason),
        )
        await self.operation.authorizations.note([record])
