"""What the pool and a signer process say to each other: requests and answers, never pickles.

A frame is a length (4 bytes, big-endian) and a JSON text (``policies.codec``). A request names its
class and carries its fields; one answer follows each. Knows no socket and no PKCS#11.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Final, Generic, TypeVar

from hsm.interface import (
    BindingClaim,
    DocumentSignature,
    DrawnCode,
    FactorResult,
    NewKey,
    PasswordCheck,
    TotpProof,
)
from policies import codec
from policies.algorithms import HashAlgorithm, KeyAlgorithm, SignAlgorithm
from policies.documents import DocumentOrder
from policies.secret import Otp, PasswordTag, Pin, TotpSeed
from policies.sign import SigningOrder
from policies.values import (
    AccountId,
    AuthenticatorId,
    ClientId,
    CredentialId,
    KeyRef,
    MintedSad,
    PasswordVerifier,
    SadId,
    SealedTotp,
    StampedCode,
)

T = TypeVar("T")

LENGTH_BYTES: Final = 4
LONGEST_FRAME: Final = 16 * 1024 * 1024
"""Far above a batch of 10,000 hashes; a longer length is a stream out of step."""


class Role(StrEnum):
    """What a signer process was started for; it refuses everything else."""

    SIGN = "sign"
    ENROL = "enrol"
    """Makes and proves what people set for themselves, seeds and passwords, and nothing else of
    administration."""
    ADMIN = "admin"
    AUTHORITY = "authority"
    """Makes and uses the service keys it was started for (``PoolSettings.service_keys``)."""
    STATUS = "status"
    """Uses them, and makes none."""
    BENCH = "bench"


class Request(Generic[T]):
    """Something to ask of a signer process; ``T`` is the type of the answer."""

    __slots__ = ()
    role: ClassVar[Role] = Role.SIGN


@dataclass(frozen=True, slots=True)
class Authorize(Request[FactorResult]):
    """Check the factors and mint a SAD record."""

    claim: BindingClaim
    binding: bytes
    """The MAC over ``claim`` as the store has it."""
    client_id: ClientId
    hashes: tuple[bytes, ...]
    hash_algorithm: HashAlgorithm
    pin: Pin | None
    otp: Otp | None
    authenticator: SealedTotp | None
    sad_id: SadId
    expires_at: datetime
    hard_expires_at: datetime
    code: StampedCode | None = None
    """The code by SMS that ``otp`` is to be."""


@dataclass(frozen=True, slots=True)
class DrawCode(Request[DrawnCode]):
    """Draw a code by SMS."""

    claim: BindingClaim
    binding: bytes
    """The MAC over ``claim`` as the store has it."""
    code_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Extend(Request[MintedSad]):
    """Mint the next record of a transaction."""

    minted: MintedSad
    """The record before."""
    open_ordinals: frozenset[int]
    sad_id: SadId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sign(Request[list[bytes]]):
    """Sign digests of a SAD record, all with one key."""

    order: SigningOrder


@dataclass(frozen=True, slots=True)
class CheckOtp(Request[int | None]):
    """Check a code of an authenticator that authorises nothing: login, pairing."""

    authenticator: SealedTotp
    otp: Otp


@dataclass(frozen=True, slots=True)
class CheckPassword(Request[PasswordCheck]):
    """Check what argon2id made of a password; it authorises nothing."""

    account_id: AccountId
    tag: PasswordTag
    verifier: PasswordVerifier | None


@dataclass(frozen=True, slots=True)
class StampPassword(Request[PasswordVerifier]):
    """Make the verifier of a new password."""

    role: ClassVar[Role] = Role.ENROL
    account_id: AccountId
    tag: PasswordTag


@dataclass(frozen=True, slots=True)
class NewPasswordKey(Request[int]):
    """Make the next key for passwords."""

    role: ClassVar[Role] = Role.ADMIN


@dataclass(frozen=True, slots=True)
class ProveTotp(Request[TotpProof]):
    """Check the first code of a new seed, and how wrong the phone's clock is."""

    role: ClassVar[Role] = Role.ENROL
    authenticator: SealedTotp
    otp: Otp


@dataclass(frozen=True, slots=True)
class SignDocuments(Request[list[DocumentSignature]]):
    """Sign the attributes around approved digests, all with one key."""

    order: DocumentOrder


@dataclass(frozen=True, slots=True)
class Checkpoint(Request[bytes]):
    """Sign an audit checkpoint."""

    statement: bytes


@dataclass(frozen=True, slots=True)
class Canary(Request[datetime | None]):
    """Make and verify a real signature; the answer is the signer's time.

    Answered whatever the process serves. ``None``: there is no key to prove yet.
    """


@dataclass(frozen=True, slots=True)
class Initialise(Request[None]):
    """Make the service keys and canary keys that are missing."""

    role: ClassVar[Role] = Role.ADMIN


@dataclass(frozen=True, slots=True)
class GenerateKey(Request[NewKey]):
    """Make a signer's key."""

    role: ClassVar[Role] = Role.ADMIN
    algorithm: KeyAlgorithm
    key_id: bytes | None = None
    """``None``: the token draws one."""


@dataclass(frozen=True, slots=True)
class DestroyKey(Request[None]):
    """Destroy a signer's key."""

    role: ClassVar[Role] = Role.ADMIN
    key_ref: KeyRef


@dataclass(frozen=True, slots=True)
class DestroyAgain(Request[list[bytes]]):
    """Destroy keys with a tombstone that came back with an old copy of the token."""

    role: ClassVar[Role] = Role.ADMIN


@dataclass(frozen=True, slots=True)
class Bind(Request[bytes]):
    """MAC over a credential's row."""

    role: ClassVar[Role] = Role.ADMIN
    claim: BindingClaim


@dataclass(frozen=True, slots=True)
class NewTotp(Request[tuple[bytes, TotpSeed]]):
    """Make and seal a seed that signs once its cooling-off is over."""

    role: ClassVar[Role] = Role.ENROL
    authenticator_id: AuthenticatorId
    account_id: AccountId


@dataclass(frozen=True, slots=True)
class AcceptTotp(Request[bytes]):
    """Seal a seed again, so that it signs at once."""

    role: ClassVar[Role] = Role.ADMIN
    authenticator: SealedTotp


@dataclass(frozen=True, slots=True)
class NewPinVerifier(Request[bytes]):
    """MAC over a PIN."""

    role: ClassVar[Role] = Role.ADMIN
    credential_id: CredentialId
    pin: Pin


@dataclass(frozen=True, slots=True)
class ServiceKey(Request[bytes]):
    """Public key of a service key, made if absent."""

    role: ClassVar[Role] = Role.ADMIN
    name: str
    algorithm: KeyAlgorithm


@dataclass(frozen=True, slots=True)
class ServiceSign(Request[bytes]):
    """Sign with a service key."""

    role: ClassVar[Role] = Role.ADMIN
    name: str
    digest: bytes
    algorithm: SignAlgorithm


@dataclass(frozen=True, slots=True)
class Capabilities(Request[list[str]]):
    """What the module lacks."""

    role: ClassVar[Role] = Role.ADMIN


@dataclass(frozen=True, slots=True)
class Bench(Request[float]):
    """Seconds that ``count`` bare device signatures take with a throw-away key."""

    role: ClassVar[Role] = Role.BENCH
    algorithm: KeyAlgorithm
    count: int


REQUESTS: Final[dict[str, type[Request[Any]]]] = {
    kind.__name__: kind
    for kind in (
        *(Authorize, DrawCode, Extend, Sign, SignDocuments, CheckOtp, Checkpoint, Canary),
        *(Initialise, GenerateKey, DestroyKey, DestroyAgain, Bind, NewTotp, ProveTotp, AcceptTotp),
        *(NewPinVerifier, ServiceKey, ServiceSign, Capabilities, Bench),
        *(CheckPassword, StampPassword, NewPasswordKey),
    )
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a signer process says: at its start (it is ready), and once per request."""

    value: Any = None
    """The result, not yet decoded."""
    error: str | None = None
    """Name of the exception class in place of a result."""
    text: str = ""
    """The exception's text, for the operator."""
    leaving: bool = False
    """The process ends after this answer and takes no further request."""


def encode_request(request: Request[Any]) -> bytes:
    """A frame that asks ``request``.

    Raises:
        Malformed: A text that is no Unicode.
    """
    return _frame([type(request).__name__, request])


def decode_request(payload: bytes) -> Request[Any]:
    """The request in a frame.

    Raises:
        Malformed: Not a request.
    """
    match codec.decode(payload):
        case [str(name), body] if name in REQUESTS:
            request: Request[Any] = _request_reader(name)(body)
            return request
    raise codec.Malformed("not a request")


def _request_reader(name: str) -> codec.Reader:
    kind: Any = REQUESTS[name]
    return codec.reader(kind)


def encode_answer(answer: Answer) -> bytes:
    """A frame that answers."""
    return _frame([answer.value, answer.error, answer.text, answer.leaving])


def decode_answer(payload: bytes) -> Answer:
    """The answer in a frame, its value not yet decoded."""
    return Answer(*codec.decode(payload))


def result_reader(request: Request[T]) -> Callable[[Any], T]:
    """What turns an answer's value into the result that ``request`` promises."""
    kind: Any = type(request)
    return _result_reader(kind)


@cache
def _result_reader(kind: Any) -> codec.Reader:
    (base,) = vars(kind)["__orig_bases__"]
    return codec.reader(typing.get_args(base)[0])


def _frame(value: object) -> bytes:
    payload = codec.encode(value)
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload
