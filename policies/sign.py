"""May these hashes be signed now? (CSC v1 11.9, v2 11.11)

Values in, a permit or a refusal out. ``permit`` is the only maker of a ``SigningPermit``, and a
permit is the only thing that makes ``hsm`` use a signer's key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

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


class SigningPermit:
    """Proof that the rules said yes. Only ``permit`` makes one; it is good once."""

    __slots__ = ("_order", "_redeemed", "ordinals", "root_id", "sad_id")

    def __init__(self, mint: object, auth: Authorization, order: SigningOrder) -> None:
        if mint is not _MINT:
            raise TypeError("only policies.sign.permit mints permits")
        self.sad_id: SadId = auth.sad_id
        self.root_id: SadId = auth.root_id
        self.ordinals = order.ordinals
        self._order = order
        self._redeemed = False

    def redeem(self) -> SigningOrder:
        """Give up the order.

        Raises:
            RuntimeError: Redeemed before. A programming error, not a refusal.
        """
        if self._redeemed:
            raise RuntimeError("signing permit already redeemed")
        self._redeemed = True
        return self._order


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
    auth, credential = authorization(facts, principal, request.credential_id, now)
    if auth.state not in SAD[SadEvent.RESERVE]:
        raise errors.SadNotUsable(f"{auth.sad_id} is {auth.state}")
    algorithm = algorithms.resolve(
        credential.key_algorithm, request.sign_algo, request.hash_algo, request.parameters
    )
    if any(len(digest) != algorithm.hash_algorithm.digest_bytes for digest in request.hashes):
        raise errors.DigestLengthInvalid(algorithm.hash_algorithm.name)
    if algorithm.hash_algorithm is not auth.hash_algorithm:
        # Same hashes under another digest name are not what the signer approved.
        raise errors.HashNotAuthorized("another digest algorithm")
    free = (
        occurrence
        for occurrence in auth.occurrences
        if occurrence.state is OccurrenceState.AUTHORIZED
        and occurrence.ordinal in auth.open_ordinals
    )
    order = SigningOrder(
        key_ref=credential.key_ref,
        public_key=credential.public_key,
        minted=auth.minted,
        ordinals=choose(free, request.hashes),
        digests=request.hashes,
        algorithm=algorithm,
    )
    return SigningPermit(_MINT, auth, order)


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
    ):
        raise errors.SadUnknown(f"credential {credential_id}")
    if now >= auth.expires_at:
        raise errors.SadExpired(auth.expires_at.isoformat())
    return auth, access.usable(credential, now)


def choose(free: Iterable[Occurrence], hashes: Iterable[bytes]) -> tuple[int, ...]:
    """One free occurrence for each hash, in the order of the hashes.

    A multiset: a hash that was approved once is signed once, however often it is asked.

    Raises:
        HashNotAuthorized: No free occurrence is left for a hash.
    """
    ordinals: dict[bytes, list[int]] = {}
    for occurrence in sorted(free, key=lambda one: one.ordinal, reverse=True):
        ordinals.setdefault(occurrence.digest, []).append(occurrence.ordinal)
    chosen = []
    for digest in hashes:
        if not ordinals.get(digest):
            raise errors.HashNotAuthorized("absent, or asked more often than approved")
        chosen.append(ordinals[digest].pop())
    return tuple(chosen)
