"""The activation module: nothing is signed here that a signer did not approve.

Runs inside the signer process, next to the HSM's keys. ``authorize`` turns right factors into a
SAD record with a MAC that only the HSM can make; ``sign`` believes nothing but such a record.
A web process that was taken over can therefore neither make a SAD nor have a hash signed that
is not on one (design/hsm.md decision 2; security-and-pki 1.3). Knows no socket, database or
HTTP. A software rule that plays the part of a certified SAM (EN 419 241-2), not one itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hsm import documents, errors, mechanisms, records
from hsm.bindings import Bindings
from hsm.factors import Evidence, Factors
from hsm.guesses import Guesses
from hsm.interface import (
    AUDIT_KEY,
    BindingClaim,
    DocumentSignature,
    DrawnCode,
    FactorResult,
    TotpProof,
)
from hsm.keystore import KeyStore
from hsm.labelled import CANARY, OWN_ALGORITHM, LabelledKeys, service_label
from hsm.messages import Authorize, DrawCode, Extend
from hsm.records import SadRecord
from hsm.secret_keys import Purpose, SecretKeys
from hsm.spent import Spent
from policies import authorize as authorize_rules
from policies import errors as reasons
from policies import factors, signing_codes
from policies.documents import DocumentOrder
from policies.secret import Otp
from policies.sign import SigningOrder
from policies.values import AuthenticatorId, Factor, MintedSad, SadId, SealedTotp, StampedCode

CLOCK_SLACK: Final = timedelta(seconds=5)
"""The caller read its clock a moment before, perhaps on another machine."""


class Activation:
    """What the activation module does for the service that answers requests.

    Every method raises ``Broken`` when the device fails, and then nothing was signed.
    """

    def __init__(
        self,
        *,
        keys: SecretKeys,
        service: LabelledKeys,
        signers: LabelledKeys,
        store: KeyStore,
        clock: Callable[[], datetime],
        spent: Spent,
        guesses: Guesses,
        cooling_off: timedelta,
    ) -> None:
        self._keys = keys
        self._bindings = Bindings(keys)
        self._factors = Factors(keys)
        self._guesses = guesses
        self._service = service
        self._signers = signers
        self._store = store
        self._clock = clock
        self._spent = spent
        self._cooling_off = cooling_off

    def authorize(self, request: Authorize) -> FactorResult:
        """Check the factors; if all are right, mint the record for exactly these hashes.

        Raises:
            Rejected: Binding, authenticator, number of hashes or times do not hold.
            OtpReplayed: The code by SMS was good here before.
        """
        now = self._clock()
        claim = request.claim
        self._bindings.check(claim, request.binding)
        _check_hashes(request)
        _check_times(now, request.expires_at, request.hard_expires_at)
        subjects = _subjects(claim)
        for subject in subjects.values():
            self._guesses.admit(subject, now)
        evidence = Evidence(
            claim, request.pin, request.otp, request.authenticator, request.binding, request.code
        )
        wrong, step = self._factors.check(evidence, now)
        if wrong:
            for factor in wrong:
                self._guesses.wrong(subjects[factor], now)
            return FactorResult(wrong, step, None)
        if request.code is not None:
            self._use_code(request.code, now)
        return FactorResult(wrong, step, self._mint(_approved(request, step, now)))

    def draw_code(self, request: DrawCode) -> DrawnCode:
        """A code by SMS for a credential that asks for one beside its PIN.

        Raises:
            Rejected: The binding does not hold, the credential takes no such codes, the code would
                live too long, or too many were drawn.
        """
        now, claim = self._clock(), request.claim
        self._bindings.check(claim, request.binding)
        if Factor.SMS not in claim.factors or not factors.sound(claim.factors):
            raise errors.Rejected("a code for a credential that takes none by SMS")
        if not now < request.expires_at <= now + signing_codes.LIFE + CLOCK_SLACK:
            raise errors.Rejected("a code that is over, or lives too long")
        # Whoever asks is shown the code: a caller that was taken over gets no more than so many.
        subject = f"draw:{claim.credential_id}"
        self._guesses.admit(subject, now)
        self._guesses.wrong(subject, now)
        code, stamped = self._factors.draw(
            claim, request.binding, request.code_id, request.expires_at
        )
        return DrawnCode(code, stamped)

    def extend(self, request: Extend) -> MintedSad:
        """The next record of a transaction: same approval, other hashes of it open.

        Raises:
            Rejected: The record before is not ours or is over; a hash that was not approved;
                a life longer than the approval's.
        """
        now = self._clock()
        record = self._read(request.minted)
        _check_window(record, now)
        if not request.open_ordinals or not request.open_ordinals <= set(range(len(record.hashes))):
            raise errors.Rejected("an extension to hashes that were not approved")
        _check_times(now, request.expires_at, record.hard_expires_at)
        return self._mint(
            replace(
                record,
                sad_id=request.sad_id,
                open_ordinals=tuple(sorted(request.open_ordinals)),
                not_before=now,
                expires_at=request.expires_at,
            )
        )

    def sign(self, order: SigningOrder) -> list[bytes]:
        """One verified signature value per digest, in order.

        Raises:
            Rejected: The record is not ours or is over; another key; a digest that is not open
                on it, or was signed before by this process.
            KeyGone: The key is not in the device.
            Ambiguous: It failed after at least one signature was made.
            WrongSignature: A signature did not verify. None is returned.
        """
        now = self._clock()
        record = self._read(order.minted)
        _check_window(record, now)
        _check_order(record, order)
        work = [(order, digest) for digest in order.digests]
        return self._sign_all(record, order.ordinals, work, now)

    def sign_documents(self, order: DocumentOrder) -> list[DocumentSignature]:
        """One verified signature per document, over attributes that are built here.

        Raises:
            DocumentUnfit, EnvelopeInvalid: See ``ades.pdf.preparing``. Nothing was signed.
            Rejected: As for ``sign``; or the certificate is not of this key.
            KeyGone, Ambiguous, WrongSignature: As for ``sign``.
        """
        now = self._clock()
        record = self._read(order.minted)
        _check_window(record, now)
        orders = documents.approved_orders(order)
        for one in orders:
            _check_order(record, one)
        drafts = [documents.draft(order, item, now) for item in order.items]
        ordinals = tuple(item.ordinal for item in order.items)
        work = [(one, draft.digest) for one, draft in zip(orders, drafts, strict=True)]
        signatures = self._sign_all(record, ordinals, work, now)
        return [
            DocumentSignature(draft.attributes, signature, draft.pdf)
            for draft, signature in zip(drafts, signatures, strict=True)
        ]

    def check_otp(self, authenticator: SealedTotp, otp: Otp) -> int | None:
        """The acceptable time step whose code this is; ``None`` for a wrong code.

        Raises:
            Rejected: The seal does not hold, or too many wrong guesses.
        """
        now = self._clock()
        subject = _otp_subject(authenticator.authenticator_id)
        self._guesses.admit(subject, now)
        step = self._factors.step_of(authenticator, otp, now)
        if step is None:
            self._guesses.wrong(subject, now)
        return step

    def prove_totp(self, authenticator: SealedTotp, otp: Otp) -> TotpProof:
        """Likewise for the first code of a new seed; of a fresh one also how wrong a clock is.

        Raises:
            Rejected: The seal does not hold, or too many wrong guesses.
        """
        now = self._clock()
        step = self.check_otp(authenticator, otp)
        if step is not None:
            return TotpProof(step, None)
        return TotpProof(None, self._factors.near_step(authenticator, otp, self._cooling_off, now))

    def checkpoint(self, statement: bytes) -> bytes:
        """Signature of the audit key over SHA-256 of the statement."""
        return self._service.sign(
            service_label(AUDIT_KEY), OWN_ALGORITHM, records.sha256(statement)
        )

    def canary(self) -> datetime:
        """A real signature was made and verified by both tokens at the instant returned."""
        digest = records.sha256(b"paraph/canary/1")
        for keys, label in ((self._signers, CANARY), (self._service, service_label(AUDIT_KEY))):
            try:
                keys.sign(label, OWN_ALGORITHM, digest)
            except errors.KeyGone as error:
                raise errors.Broken("token empty, logged out or not initialised") from error
        return self._clock()

    def _use_code(self, code: StampedCode, now: datetime) -> None:
        """Afterwards the code is good no more in this process: a root with one ordinal."""
        try:
            self._spent.claim(SadId(f"code:{code.mac.hex()}"), [0], code.expires_at, now)
        except errors.Rejected as reason:
            raise reasons.OtpReplayed(f"code {code.code_id}") from reason

    def _sign_all(
        self,
        record: SadRecord,
        ordinals: tuple[int, ...],
        work: list[tuple[SigningOrder, bytes]],
        now: datetime,
    ) -> list[bytes]:
        """Claim the ordinals in this process, then sign each digest with its order's key."""
        self._spent.claim(record.root_id, ordinals, record.hard_expires_at, now)
        signatures: list[bytes] = []
        try:
            for order, digest in work:
                signatures.append(self._sign_one(order, digest))
        except errors.Ambiguous:
            raise
        except errors.HsmError as error:
            if signatures:
                raise errors.Ambiguous(f"failed after {len(signatures)} signatures") from error
            self._spent.release(record.root_id, ordinals)
            raise
        return signatures

    def _sign_one(self, order: SigningOrder, digest: bytes) -> bytes:
        signature = self._store.sign(order.key_ref, order.algorithm, digest)
        public_key = mechanisms.public_key(order.public_key)
        if not mechanisms.verifies(public_key, order.algorithm, digest, signature):
            raise errors.WrongSignature(f"key {order.key_ref.key_id.hex()}")
        return signature

    def _mint(self, record: SadRecord) -> MintedSad:
        text = records.encode_sad(record)
        return MintedSad(text, self._keys.mac(Purpose.SAD_MAC, text))

    def _read(self, minted: MintedSad) -> SadRecord:
        """The record, if its MAC is ours. Not a byte is parsed before."""
        if not self._keys.holds(Purpose.SAD_MAC, minted.record, minted.mac):
            raise errors.Rejected("the MAC of a SAD record")
        try:
            return records.decode_sad(minted.record)
        except ValueError as error:
            raise errors.Rejected("a SAD record of another version") from error


def _subjects(claim: BindingClaim) -> dict[Factor, str]:
    """Under which name wrong guesses of each factor are counted: login and signing together."""
    return {
        Factor.OTP: _otp_subject(claim.authenticator_id),
        Factor.PIN: f"pin:{claim.credential_id}",
        Factor.SMS: f"sms:{claim.credential_id}",
    }


def _otp_subject(authenticator_id: AuthenticatorId | None) -> str:
    return f"otp:{authenticator_id}"


def _approved(request: Authorize, step: int | None, now: datetime) -> SadRecord:
    claim = request.claim
    return SadRecord(
        sad_id=request.sad_id,
        root_id=request.sad_id,
        account_id=claim.account_id,
        client_id=request.client_id,
        credential_id=claim.credential_id,
        key_ref_digest=claim.key_ref.digest(),
        public_key_digest=records.sha256(claim.public_key),
        hash_oid=request.hash_algorithm.oid,
        hashes=request.hashes,
        open_ordinals=tuple(range(len(request.hashes))),
        factors=tuple(sorted(claim.factors)),
        totp_step=step,
        authenticated_at=now,
        not_before=now,
        expires_at=request.expires_at,
        hard_expires_at=request.hard_expires_at,
    )


def _check_hashes(request: Authorize) -> None:
    if not 1 <= len(request.hashes) <= request.claim.multisign:
        raise errors.Rejected(f"{len(request.hashes)} hashes, {request.claim.multisign} allowed")
    if any(len(one) != request.hash_algorithm.digest_bytes for one in request.hashes):
        raise errors.Rejected("a hash that is not as long as its algorithm says")


def _check_times(now: datetime, expires_at: datetime, hard_expires_at: datetime) -> None:
    if not now < expires_at <= hard_expires_at:
        raise errors.Rejected("a SAD that ends before it begins, or after its last instant")
    if expires_at > now + authorize_rules.LIFETIME + CLOCK_SLACK:
        raise errors.Rejected("a SAD that lives too long")
    if hard_expires_at > now + authorize_rules.HARD_LIFETIME + CLOCK_SLACK:
        raise errors.Rejected("a SAD that can be extended for too long")


def _check_window(record: SadRecord, now: datetime) -> None:
    if not record.not_before - CLOCK_SLACK <= now < record.expires_at:
        raise errors.Rejected("the SAD is over, or not yet good")


def _check_order(record: SadRecord, order: SigningOrder) -> None:
    """Return if the record covers the order: key, algorithm, and each digest at its place."""
    if record.key_ref_digest != order.key_ref.digest():
        raise errors.Rejected("a key that the SAD is not for")
    if record.public_key_digest != records.sha256(order.public_key):
        raise errors.Rejected("a public key that the SAD is not for")
    if record.hash_oid != order.algorithm.hash_algorithm.oid:
        raise errors.Rejected("a digest algorithm that the SAD is not for")
    if not mechanisms.fits(mechanisms.public_key(order.public_key), order.algorithm.scheme):
        raise errors.Rejected("a scheme for another kind of key")
    ordinals = order.ordinals
    if not len(set(ordinals)) == len(ordinals) == len(order.digests) > 0:
        raise errors.Rejected("not one digest for each of the ordinals")
    if not set(ordinals) <= set(record.open_ordinals):
        raise errors.Rejected("a hash that is not open on this SAD")
    if any(
        record.hashes[ordinal] != digest
        for ordinal, digest in zip(ordinals, order.digests, strict=True)
    ):
        raise errors.Rejected("a digest that was not approved")
