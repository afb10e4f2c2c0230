"""May these hashes be signed now? (CSC v1 11.9, v2 11.11)

Values in, a permit or a refusal out. ``permit`` is the only maker of a ``SigningPermit``, and a
permit is the only thing that makes ``hsm`` use a signer's key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Generic, TypeVar

from policies import access, algorithms, errors
from policies.algorithms import PssParameters, SignAlgorithm
from policies.lifecycle import SAD, OccurrenceState, SadEvent
from policies.secret import Sad
from policies.values import (
    Authorization,
    Credential,
    CredentialId,
    KeyRef,
    MintedSad,
    Occurrence,
    Principal,
    SadId,
)

_MINT: Final = object()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignHashRequest:
    """signatures/signHash."""

    credential_id: CredentialId
    sad: Sad
    hashes: tuple[bytes, ...]
    """Raw digests, at least one; the answer keeps this order."""
    sign_algo: str
    """OID, not yet judged."""
    hash_algo: str | None
    parameters: PssParameters | None


@dataclass(frozen=True, slots=True)
class SigningFacts:
    """What the store knows about the SAD's handle and the credential named."""

    authorization: Authorization | None
    credential: Credential | None


@dataclass(frozen=True, slots=True)
class SigningOrder:
    """What a redeemed permit gives up: everything the device needs, all of it serialisable."""

    key_ref: KeyRef
    public_key: bytes
    """SubjectPublicKeyInfo, DER: every signature is verified with it."""
    minted: MintedSad
    ordinals: tuple[int, ...]
    """Which occurrences of the record are signed, in request order."""
    digests: tuple[bytes, ...]
    """The digests at these ordinals, in request order."""
    algorithm: SignAlgorithm


class Permit(Generic[T]):
    """Proof that the rules said yes. Only a rule makes one; it is good once."""

    __slots__ = ("_order", "_redeemed", "ordinals", "root_id", "sad_id")
    _mint: ClassVar[object]
    """What a rule shows to be let in; each kind of permit has its own."""

    def __init__(
        self, mint: object, auth: Authorization, order: T, ordinals: tuple[int, ...]
    ) -> None:
        if mint is not self._mint:
            raise TypeError("only the rule mints permits")
        self.sad_id: SadId = auth.sad_id
        self.root_id: SadId = auth.root_id
        self.ordinals = ordinals
        """Which occurrences of the SAD are used, in request order."""
        self._order = order
        self._redeemed = False

    def redeem(self) -> T:
        """Give up the order.

        Raises:
            RuntimeError: Redeemed before. A programming error, not a refusal.
        """
        if self._redeemed:
            raise RuntimeError("signing permit already redeemed")
        self._redeemed = True
        return self._order


class SigningPermit(Permit[SigningOrder]):
    """A permit to sign hashes (signHash). Only ``permit`` makes one."""

    __slots__ = ()
    _mint = _MINT


def permit(
    facts: SigningFacts, principal: Principal, request: SignHashRequest, now: datetime
) -> SigningPermit:
    """Permit ``request`` at ``now``.

    Raises:
        SadUnknown: No such SAD, or of another account, client or credential.
        SadExpired: ``now`` is at or after its end.
        SadNotUsable: Spent, exchanged, under way, or signed with and not yet exchanged.
        CredentialUnknown, CredentialDisabled, CertificateExpired: See ``policies.access``.
        SignAlgoInvalid, HashAlgoMissing, HashAlgoInvalid, SignAlgoParamsMissing,
            SignAlgoParamsInvalid: See ``policies.algorithms.resolve``.
        DigestLengthInvalid: A hash is not as long as its algorithm says.
        HashNotAuthorized: A hash is absent, or asked more often than authorised.
    """
    auth, credential = reservable(facts, principal, request.credential_id, now)
    algorithm = algorithms.resolve(
        credential.key_algorithm, request.sign_algo, request.hash_algo, request.parameters
    )
    if any(len(digest) != algorithm.hash_algorithm.digest_bytes for digest in request.hashes):
        raise errors.DigestLengthInvalid(algorithm.hash_algorithm.name)
    if algorithm.hash_algorithm is not auth.hash_algorithm:
        # Same hashes under another digest name are not what the signer approved.
        raise errors.HashNotAuthorized("another digest algorithm")
    order = SigningOrder(
        key_ref=credential.key_ref,
        public_key=credential.public_key,
        minted=auth.minted,
        ordinals=choose(free(auth), request.hashes),
        digests=request.hashes,
        algorithm=algorithm,
    )
    return SigningPermit(_MINT, auth, order, order.ordinals)


def reservable(
    facts: SigningFacts, principal: Principal, credential_id: CredentialId, now: datetime
) -> tuple[Authorization, Credential]:
    """The SAD and its credential, if it may be signed with at ``now``.

    Raises:
        SadNotUsable: Spent, exchanged, under way, or signed with and not yet exchanged.
        SadUnknown, SadExpired, CredentialUnknown, CredentialDisabled, CertificateExpired: As
            for ``permit``.
    """
    auth, credential = authorization(facts, principal, credential_id, now)
    if auth.state not in SAD[SadEvent.RESERVE]:
        raise errors.SadNotUsable(f"{auth.sad_id} is {auth.state}")
    return auth, credential


def free(auth: Authorization) -> tuple[Occurrence, ...]:
    """The occurrences that this SAD may still sign."""
    return tuple(
        occurrence
        for occurrence in auth.occurrences
        if occurrence.state is OccurrenceState.AUTHORIZED
        and occurrence.ordinal in auth.open_ordinals
    )


def authorization(
    facts: SigningFacts,
    principal: Principal,
    credential_id: CredentialId,
    now: datetime,
) -> tuple[Authorization, Credential]:
    """The SAD and its credential, if this principal may present it at ``now``.

    Raises:
        SadUnknown, SadExpired, CredentialUnknown, CredentialDisabled, CertificateExpired: As
            for ``permit``.
    """
    credential = access.visible(facts.credential, principal)
    auth = facts.authorization
    if (
        auth is None
        or auth.account_id != principal.account_id
        or auth.client_id != principal.client_id
        or auth.credential_id != credential_id
        # RFC 9449 7.2: what is bound to a key is worth nothing without its proof.
        or auth.jkt not in (None, principal.jkt)
    ):
        raise errors.SadUnknown(f"credential {credential_id}")
    if now >= auth.expires_at:
        raise errors.SadExpired(auth.expires_at.isoformat())
    return auth, access.usable(credential, now)


def choose(candidates: Iterable[Occurrence], hashes: Iterable[bytes]) -> tuple[int, ...]:
    """One free occurrence for each hash, in the order of the hashes.

    A multiset: a hash that was approved once is signed once, however often it is asked.

    Raises:
        HashNotAuthorized: No free occurrence is left for a hash.
    """
    ordinals: dict[bytes, list[int]] = {}
    for occurrence in sorted(candidates, key=lambda one: one.ordinal, reverse=True):
        ordinals.setdefault(occurrence.digest, []).append(occurrence.ordinal)
    chosen = []
    for digest in hashes:
        if not ordinals.get(digest):
            raise errors.HashNotAuthorized("absent, or asked more often than approved")
        chosen.append(ordinals[digest].pop())
    return tuple(chosen)
