"""May a SAD be minted for these hashes, and may it be exchanged? (CSC v1 11.6, 11.7)

Credentials are SCAL 2 throughout: the hashes are always named, and nothing outside the list that
the signer approved is ever added (security-and-pki 1.2, 1.3; docs/csc-divergences.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies import access, errors, factors, sign, signing_codes, throttle
from policies.algorithms import HashAlgorithm
from policies.lifecycle import SAD, OccurrenceState, SadEvent
from policies.secret import Otp, Pin, Sad
from policies.signing_codes import SigningCode
from policies.throttle import Throttle
from policies.values import (
    Authorization,
    ClientId,
    Credential,
    CredentialId,
    Factor,
    Principal,
    SealedTotp,
    StampedCode,
)

LIFETIME: Final = timedelta(minutes=5)
"""security-and-pki 1.3: at most 5 minutes for an interactive SAD."""
HARD_LIFETIME: Final = timedelta(minutes=10)
"""security-and-pki 1.3: no chain of extensions outlives the approval by more."""


CODES: Final = frozenset({Factor.OTP, Factor.SMS})
"""Factors that a client sends as ``OTP``."""


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """credentials/authorize."""

    credential_id: CredentialId
    num_signatures: int
    hashes: tuple[bytes, ...] | None
    """Raw digests in the client's order; ``None`` when the request has none."""
    hash_algo: str | None
    """Digest OID; ``None`` in v1, where the length tells."""
    pin: Pin | None
    otp: Otp | None
    description: str | None = None
    """What the client says about the transaction: a stranger's text."""
    by_approval: bool = False
    """The person is to approve on our page (``policies.approvals``)."""


@dataclass(frozen=True, slots=True)
class AuthorizeFacts:
    """What the store knows before the factors are checked."""

    credential: Credential | None
    authenticator: SealedTotp | None
    pin_throttle: Throttle
    otp_throttle: Throttle
    """Of the authenticator's codes, or of those by SMS, whichever the credential asks for."""
    code: SigningCode | None = None
    """The code by SMS that was sent last, if it asks for one."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What an authorisation would be about."""

    credential: Credential
    hashes: tuple[bytes, ...]
    """At least one, in the client's order."""
    hash_algorithm: HashAlgorithm


@dataclass(frozen=True, slots=True)
class FactorCheck:
    """What the HSM is to check and, if all is right, to mint a SAD for."""

    credential: Credential
    client_id: ClientId
    hashes: tuple[bytes, ...]
    hash_algorithm: HashAlgorithm
    pin: Pin | None
    otp: Otp | None
    authenticator: SealedTotp | None
    code: StampedCode | None = None
    """What was sent by SMS; set exactly when such a code is asked for."""


@dataclass(frozen=True, slots=True)
class ExtendRequest:
    """credentials/extendTransaction."""

    credential_id: CredentialId
    sad: Sad
    hashes: tuple[bytes, ...] | None
    hash_algo: str | None
    """Digest OID; ``None`` in v1."""


@dataclass(frozen=True, slots=True)
class Extension:
    """An exchange that the rules allow: which hashes the next SAD may sign."""

    authorization: Authorization
    credential: Credential
    open_ordinals: frozenset[int]
    expires_at: datetime


def check(
    facts: AuthorizeFacts, principal: Principal, request: AuthorizeRequest, now: datetime
) -> FactorCheck:
    """What the HSM is to check for ``request``.

    Raises:
        CredentialUnknown, CredentialDisabled, CertificateExpired: See ``policies.access``.
        NumSignaturesTooLow, NumSignaturesTooHigh: Outside 1 to ``multisign``.
        HashesMissing: SCAL 2 needs them.
        HashAlgoInvalid, DigestLengthInvalid: No offered digest, or not its length.
        HashCountDiffers: Not one hash per signature.
        PinMissing, OtpMissing: A factor that the credential asks for is absent.
        OtpGone: No code by SMS is there to be compared with.
        AuthenticatorNotReady: It is being replaced.
        PinLocked, OtpLocked: Too many failures; the factor is not even looked at.
    """
    wanted = covered(facts, principal, request, now)
    credential = wanted.credential
    _factors_present(credential, request)
    if Factor.OTP in credential.factors and facts.authenticator is None:
        raise errors.AuthenticatorNotReady(credential.credential_id)
    unlocked(facts, credential, now)
    return FactorCheck(
        credential,
        principal.client_id,
        wanted.hashes,
        wanted.hash_algorithm,
        request.pin,
        request.otp,
        facts.authenticator,
        signing_codes.usable(facts.code, now) if Factor.SMS in credential.factors else None,
    )


def covered(
    facts: AuthorizeFacts, principal: Principal, request: AuthorizeRequest, now: datetime
) -> Covered:
    """What ``request`` would authorise, whatever the factors.

    Raises:
        CredentialUnknown, CredentialDisabled, CertificateExpired, NumSignaturesTooLow,
            NumSignaturesTooHigh, HashesMissing, HashAlgoInvalid, DigestLengthInvalid,
            HashCountDiffers: As for ``check``.
    """
    credential = access.usable(access.visible(facts.credential, principal), now)
    if not factors.sound(credential.factors):
        # Refuse by default: without factors a credential would sign for anybody.
        raise errors.CredentialDisabled("not factors that may sign")
    if request.num_signatures < 1:
        raise errors.NumSignaturesTooLow(str(request.num_signatures))
    if request.num_signatures > credential.multisign:
        raise errors.NumSignaturesTooHigh(f"{request.num_signatures} > {credential.multisign}")
    if not request.hashes:
        raise errors.HashesMissing("SCAL 2")
    algorithm = hash_algorithm(request.hashes, request.hash_algo)
    if len(request.hashes) != request.num_signatures:
        raise errors.HashCountDiffers(f"{len(request.hashes)} hashes")
    return Covered(credential, request.hashes, algorithm)


def unlocked(facts: AuthorizeFacts, credential: Credential, now: datetime) -> None:
    """Return when each factor of the credential may be tried at ``now``.

    Raises:
        PinLocked, OtpLocked: Too many failures.
    """
    if Factor.PIN in credential.factors and throttle.blocked(facts.pin_throttle, now):
        raise errors.PinLocked(credential.credential_id)
    if credential.factors & CODES and throttle.blocked(facts.otp_throttle, now):
        raise errors.OtpLocked(credential.credential_id)


def extension(
    facts: sign.SigningFacts, principal: Principal, request: ExtendRequest, now: datetime
) -> Extension:
    """The next SAD of a transaction: hashes that were approved and are not yet signed.

    Raises:
        SadUnknown, SadExpired, CredentialUnknown, CredentialDisabled, CertificateExpired: As
            in ``policies.sign.permit``.
        SadNotUsable: Spent, exchanged before, under way, or revoked.
        HashesMissing: SCAL 2 needs them.
        HashAlgoInvalid, DigestLengthInvalid: Not the digest that was approved.
        HashNotAuthorized: A hash that the signer did not approve, or that is used up.
    """
    auth, credential = sign.authorization(facts, principal, request.credential_id, now)
    if auth.state not in SAD[SadEvent.EXTEND]:
        raise errors.SadNotUsable(f"{auth.sad_id} is {auth.state}")
    if not request.hashes:
        raise errors.HashesMissing("SCAL 2")
    if hash_algorithm(request.hashes, request.hash_algo) is not auth.hash_algorithm:
        raise errors.HashAlgoInvalid("not the authorised one")
    free = (o for o in auth.occurrences if o.state is OccurrenceState.AUTHORIZED)
    open_ordinals = frozenset(sign.choose(free, request.hashes))
    return Extension(auth, credential, open_ordinals, min(now + LIFETIME, auth.hard_expires_at))


def hash_algorithm(hashes: Iterable[bytes], hash_algo: str | None) -> HashAlgorithm:
    """The one digest algorithm of all hashes: named in v2, told by the length in v1.

    Raises:
        HashAlgoInvalid, DigestLengthInvalid: No offered digest, or not its length.
    """
    lengths = {len(digest) for digest in hashes}
    if hash_algo is not None:
        algorithm = HashAlgorithm.of_oid(hash_algo)
    else:
        algorithm = HashAlgorithm.of_length(min(lengths))
    if lengths != {algorithm.digest_bytes}:
        raise errors.DigestLengthInvalid(f"{sorted(lengths)} bytes")
    return algorithm


def _factors_present(credential: Credential, request: AuthorizeRequest) -> None:
    # A factor that was not asked for is ignored: v1 clients send both fields out of habit.
    needed = credential.factors
    if Factor.PIN in needed and request.pin is None:
        raise errors.PinMissing(credential.credential_id)
    if needed & CODES and request.otp is None:
        raise errors.OtpMissing(credential.credential_id)
