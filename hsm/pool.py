"""The port to the keys: ``SigningDevice`` and ``KeyAdministration`` over signer processes.

The roles in the settings say which of the two the processes serve. Here a call becomes a
message, and it is decided how long it may take and what it means when its process dies; who
takes it and when stands in ``hsm.supervisor``. Never touches PKCS#11: that is ``hsm.signer``.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Final, Self, TypeVar

from hsm import errors, messages, records
from hsm.interface import (
    BindingClaim,
    DeviceHealth,
    DocumentSignature,
    DrawnCode,
    FactorResult,
    NewKey,
    PasswordCheck,
    TotpProof,
)
from hsm.messages import Request, Role
from hsm.settings import KeyStoreKind, PoolSettings
from hsm.supervisor import Supervisor
from policies import codec
from policies.algorithms import KeyAlgorithm, SignAlgorithm
from policies.authorize import Extension, FactorCheck
from policies.documents import DocumentPermit
from policies.secret import Otp, PasswordTag, Pin, TotpSeed
from policies.sign import SigningPermit
from policies.values import (
    AccountId,
    AuthenticatorId,
    Credential,
    CredentialId,
    KeyRef,
    MintedSad,
    PasswordVerifier,
    SadId,
    SealedTotp,
)

__all__ = ["KeyStoreKind", "PoolSettings", "Role", "SignerPool"]

T = TypeVar("T")

_PDF_START_S: Final = 2.0
"""Loading the PDF library, once per process."""
_PDF_PER_S: Final = 4 * 1024 * 1024
"""Bytes of a document that are read and hashed in a second, by far."""


class SignerPool:
    """``async with SignerPool(settings) as device``: signer processes run inside the block."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._pdf_turn = asyncio.Semaphore(1)

    async def __aenter__(self) -> Self:
        """Start the processes.

        A device that does not work yet is waited for in the background: calls are ``Broken``
        until it does.

        Raises:
            PinRefused: A token refused its PIN. Not to be tried again unchanged.
        """
        self._supervisor = Supervisor(self._settings)
        try:
            await self._supervisor.open()
        except BaseException:
            await self._supervisor.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._supervisor.close()

    @property
    def pids(self) -> list[int]:
        """Process ids of the signer processes that are up, for tests and metrics."""
        return self._supervisor.pids

    def health(self) -> DeviceHealth:
        """The last known state, without waiting."""
        return self._supervisor.health()

    async def authorize(
        self, check: FactorCheck, sad_id: SadId, expires_at: datetime, hard_expires_at: datetime
    ) -> FactorResult:
        """See ``SigningDevice``."""
        return await self._call(
            messages.Authorize(
                claim=records.claim_of(check.credential),
                binding=check.credential.binding,
                client_id=check.client_id,
                hashes=check.hashes,
                hash_algorithm=check.hash_algorithm,
                pin=check.pin,
                otp=check.otp,
                authenticator=check.authenticator,
                sad_id=sad_id,
                expires_at=expires_at,
                hard_expires_at=hard_expires_at,
                code=check.code,
            )
        )

    async def draw_code(
        self, credential: Credential, code_id: str, expires_at: datetime
    ) -> DrawnCode:
        """See ``SigningDevice``."""
        claim = records.claim_of(credential)
        return await self._call(messages.DrawCode(claim, credential.binding, code_id, expires_at))

    async def extend(self, extension: Extension, sad_id: SadId) -> MintedSad:
        """See ``SigningDevice``."""
        minted = extension.authorization.minted
        return await self._call(
            messages.Extend(minted, extension.open_ordinals, sad_id, extension.expires_at)
        )

    async def sign(self, permit: SigningPermit) -> list[bytes]:
        """See ``SigningDevice``."""
        order = permit.redeem()
        return await self._call(messages.Sign(order), signatures=len(order.digests))

    async def check_otp(self, authenticator: SealedTotp, otp: Otp) -> int | None:
        """See ``SigningDevice``."""
        return await self._call(messages.CheckOtp(authenticator, otp))

    async def check_password(
        self, account_id: AccountId, tag: PasswordTag, verifier: PasswordVerifier | None
    ) -> PasswordCheck:
        """See ``PasswordDevice``."""
        return await self._call(messages.CheckPassword(account_id, tag, verifier))

    async def stamp_password(self, account_id: AccountId, tag: PasswordTag) -> PasswordVerifier:
        """See ``PasswordDevice``."""
        return await self._call(messages.StampPassword(account_id, tag))

    async def new_password_key(self) -> int:
        """See ``KeyAdministration``."""
        return await self._call(messages.NewPasswordKey())

    async def prove_totp(self, authenticator: SealedTotp, otp: Otp) -> TotpProof:
        """See ``Enrolment``."""
        return await self._call(messages.ProveTotp(authenticator, otp))

    async def sign_documents(self, permit: DocumentPermit) -> list[DocumentSignature]:
        """See ``SigningDevice``."""
        order = permit.redeem()
        request = messages.SignDocuments(order)
        sizes = [item.pdf.document.size for item in order.items if item.pdf is not None]
        if not sizes:
            return await self._call(request, signatures=len(order.items))
        # PDFs are parsed in the signer process: at most one of them is busy with that, so that
        # documents made to be slow do not stop those who sign hashes.
        limit_s = self._settings.call_limit_s + _PDF_START_S + sum(sizes) / _PDF_PER_S
        async with self._pdf_turn:
            return await self._call(request, signatures=len(order.items), limit_s=limit_s)

    async def checkpoint(self, statement: bytes) -> bytes:
        """See ``SigningDevice``."""
        return await self._call(messages.Checkpoint(statement))

    async def initialise(self) -> None:
        """See ``KeyAdministration``."""
        await self._call(messages.Initialise(), limit_s=self._settings.key_generation_limit_s)

    async def generate_key(self, algorithm: KeyAlgorithm, key_id: bytes | None = None) -> NewKey:
        """See ``KeyAdministration``."""
        return await self._call(
            messages.GenerateKey(algorithm, key_id), limit_s=self._settings.key_generation_limit_s
        )

    async def destroy_key(self, key_ref: KeyRef) -> None:
        """See ``KeyAdministration``."""
        await self._call(messages.DestroyKey(key_ref))

    async def destroy_again(self) -> list[bytes]:
        """See ``KeyAdministration``."""
        # A token with many keys is searched once, from end to end.
        limit_s = self._settings.key_generation_limit_s
        return await self._call(messages.DestroyAgain(), limit_s=limit_s)

    async def bind(self, claim: BindingClaim) -> bytes:
        """See ``KeyAdministration``."""
        return await self._call(messages.Bind(claim))

    async def new_totp(
        self, authenticator_id: AuthenticatorId, account_id: AccountId
    ) -> tuple[bytes, TotpSeed]:
        """See ``Enrolment``."""
        return await self._call(messages.NewTotp(authenticator_id, account_id))

    async def accept_totp(self, authenticator: SealedTotp) -> bytes:
        """See ``KeyAdministration``."""
        return await self._call(messages.AcceptTotp(authenticator))

    async def new_pin_verifier(self, credential_id: CredentialId, pin: Pin) -> bytes:
        """See ``KeyAdministration``."""
        return await self._call(messages.NewPinVerifier(credential_id, pin))

    async def service_key(self, name: str, algorithm: KeyAlgorithm) -> bytes:
        """See ``KeyAdministration``."""
        return await self._call(
            messages.ServiceKey(name, algorithm), limit_s=self._settings.key_generation_limit_s
        )

    async def service_sign(self, name: str, digest: bytes, algorithm: SignAlgorithm) -> bytes:
        """See ``KeyAdministration``."""
        return await self._call(messages.ServiceSign(name, digest, algorithm))

    async def capabilities(self) -> list[str]:
        """See ``KeyAdministration``."""
        return await self._call(messages.Capabilities())

    async def raw_signing_s(self, algorithm: KeyAlgorithm, count: int) -> float:
        """Seconds that ``count`` bare device signatures take (role ``bench``)."""
        limit_s = self._settings.key_generation_limit_s
        return await self._call(messages.Bench(algorithm, count), signatures=count, limit_s=limit_s)

    async def _call(
        self, request: Request[T], *, signatures: int = 0, limit_s: float | None = None
    ) -> T:
        """The result of a request, within its limit.

        Raises:
            Rejected: The request holds a text that is no Unicode.
        """
        try:
            frame = messages.encode_request(request)
        except codec.Malformed as error:
            raise errors.Rejected(str(error)) from error
        limit_s = self._settings.call_limit_s if limit_s is None else limit_s
        limit_s += signatures * self._settings.per_signature_limit_s
        # Only a signature matters when its answer is lost; the rest leaves nothing behind.
        lost = (
            errors.Ambiguous
            if isinstance(request, (messages.Sign, messages.SignDocuments))
            else errors.Broken
        )
        return messages.result_reader(request)(await self._supervisor.call(frame, limit_s, lost))
