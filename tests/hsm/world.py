"""A signer with a key, an authenticator and a PIN, and the requests that speak for her."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp

from hsm.activation import Activation
from hsm.administration import Administration
from hsm.guesses import Guesses
from hsm.interface import BindingClaim, NewKey
from hsm.keystore import KeyStore, TokenKeyStore
from hsm.labelled import LabelledKeys
from hsm.messages import Authorize, Extend
from hsm.pkcs11 import Device
from hsm.pool import SignerPool
from hsm.secret_keys import SecretKeys
from hsm.spent import Spent
from policies import authorize, sign, totp
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.authorize import FactorCheck
from policies.lifecycle import OccurrenceState, SadState
from policies.secret import Otp, Pin, Sad, TotpSeed
from policies.sign import SignHashRequest, SigningFacts, SigningOrder, SigningPermit
from policies.values import (
    AccountId,
    AuthenticatorId,
    Authorization,
    CertificateFacts,
    ClientId,
    Credential,
    CredentialId,
    CredentialState,
    Factor,
    GrantId,
    MintedSad,
    Occurrence,
    Principal,
    SadId,
    SealedTotp,
)

T0 = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
PIN = Pin("294719")
DIGESTS = tuple(hashlib.sha256(bytes([one])).digest() for one in range(12))
ECDSA_SHA256 = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"
PORTAL = ClientId("portal")


@dataclass
class Clock:
    """The signer's clock, with a hand to turn it."""

    now: datetime = T0

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Person:
    """Somebody enrolled: everything that the database would hold, and what only she knows."""

    key: NewKey
    claim: BindingClaim
    binding: bytes
    authenticator: SealedTotp
    seed: TotpSeed

    def code(self, at: datetime) -> Otp:
        """What her phone shows."""
        return Otp(pyotp.TOTP(self.seed.value).at(at))

    def credential(self) -> Credential:
        """Her credential's row."""
        now = datetime.now(UTC)
        facts = CertificateFacts(None, "Alice", now - timedelta(days=1), now + timedelta(days=1))
        return Credential(
            credential_id=self.claim.credential_id,
            account_id=self.claim.account_id,
            description="",
            key_ref=self.key.key_ref,
            key_algorithm=KeyAlgorithm.P_256,
            public_key=self.key.public_key,
            certificates=(),
            certificate=facts,
            state=CredentialState.ENABLED,
            factors=self.claim.factors,
            multisign=self.claim.multisign,
            authenticator_id=self.claim.authenticator_id,
            pin_verifier=self.claim.pin_verifier,
            binding=self.binding,
        )

    def check(self, hashes: tuple[bytes, ...]) -> FactorCheck:
        """What the rules hand to the device, with the right factors of this minute."""
        code = self.code(datetime.now(UTC))
        algorithm = HashAlgorithm.SHA256
        return FactorCheck(
            self.credential(), PORTAL, hashes, algorithm, PIN, code, self.authenticator
        )

    def permit(self, minted: MintedSad, sad_id: str, hashes: tuple[bytes, ...]) -> SigningPermit:
        """A permit of the rules to sign all hashes of a SAD."""
        now = datetime.now(UTC)
        auth = authorization(self, minted, sad_id, hashes)
        request = SignHashRequest(
            self.claim.credential_id, Sad("handle"), hashes, ECDSA_WITH_SHA256, None, None
        )
        principal = Principal(self.claim.account_id, PORTAL, GrantId("grant"))
        return sign.permit(SigningFacts(auth, self.credential()), principal, request, now)


def authorization(
    person: Person, minted: MintedSad, sad_id: str, hashes: tuple[bytes, ...]
) -> Authorization:
    """A fresh SAD as the store would have it."""
    now = datetime.now(UTC)
    return Authorization(
        sad_id=SadId(sad_id),
        root_id=SadId(sad_id),
        account_id=person.claim.account_id,
        client_id=PORTAL,
        credential_id=person.claim.credential_id,
        hash_algorithm=HashAlgorithm.SHA256,
        state=SadState.ISSUED,
        expires_at=now + authorize.LIFETIME,
        hard_expires_at=now + authorize.HARD_LIFETIME,
        open_ordinals=frozenset(range(len(hashes))),
        occurrences=tuple(
            Occurrence(place, digest, OccurrenceState.AUTHORIZED)
            for place, digest in enumerate(hashes)
        ),
        minted=minted,
    )


async def mint(
    pool: SignerPool, person: Person, sad_id: str, hashes: tuple[bytes, ...]
) -> MintedSad:
    """A SAD for these hashes, through the pool."""
    now = datetime.now(UTC)
    result = await pool.authorize(
        person.check(hashes), SadId(sad_id), now + authorize.LIFETIME, now + authorize.HARD_LIFETIME
    )
    assert result.minted is not None
    return result.minted


async def enrol(pool: SignerPool, name: str = "alice", **changes: Any) -> Person:
    """Somebody with a P-256 key, PIN and authenticator, and ten signatures per authorisation;
    ``changes`` to the binding claim.
    """
    authenticator_id, account_id = AuthenticatorId(f"{name}-phone"), AccountId(name)
    key = await pool.generate_key(KeyAlgorithm.P_256)
    new, seed = await pool.new_totp(authenticator_id, account_id)
    sealed = await pool.accept_totp(SealedTotp(authenticator_id, account_id, new, -1))
    verifier = await pool.new_pin_verifier(CredentialId(f"{name}-credential"), PIN)
    claim = claim_for(name, key, verifier, **changes)
    authenticator = SealedTotp(authenticator_id, account_id, sealed, -1)
    return Person(key, claim, await pool.bind(claim), authenticator, seed)


def claim_for(name: str, key: NewKey, verifier: bytes | None, **changes: Any) -> BindingClaim:
    """The binding claim of somebody's credential."""
    claim = BindingClaim(
        credential_id=CredentialId(f"{name}-credential"),
        account_id=AccountId(name),
        key_ref=key.key_ref,
        public_key=key.public_key,
        factors=frozenset({Factor.PIN, Factor.OTP}),
        multisign=10,
        authenticator_id=AuthenticatorId(f"{name}-phone"),
        pin_verifier=verifier,
    )
    return dataclasses.replace(claim, **changes)


@dataclass
class Room:
    """The activation module in this process, with its clock at hand."""

    device: Device
    clock: Clock = field(default_factory=Clock)
    store: KeyStore = field(init=False)
    activation: Activation = field(init=False)
    administration: Administration = field(init=False)

    def __post_init__(self) -> None:
        keys = SecretKeys(self.device.service)
        service, signers = LabelledKeys(self.device.service), LabelledKeys(self.device.signers)
        self.store = TokenKeyStore(self.device.signers)
        self.administration = Administration(
            device=self.device,
            keys=keys,
            service=service,
            signers=signers,
            store=self.store,
            clock=self.clock,
            cooling_off=totp.COOLING_OFF,
        )
        self.activation = Activation(
            keys=keys,
            service=service,
            signers=signers,
            store=self.store,
            clock=self.clock,
            spent=Spent(),
            guesses=Guesses(),
            cooling_off=totp.COOLING_OFF,
        )

    def enrol(self, name: str = "alice", **changes: Any) -> Person:
        """Somebody enrolled in this room; ``changes`` to the binding claim."""
        key = self.administration.generate_key(KeyAlgorithm.P_256)
        authenticator_id, account_id = AuthenticatorId(f"{name}-phone"), AccountId(name)
        new, seed = self.administration.new_totp(authenticator_id, account_id)
        fresh = SealedTotp(authenticator_id, account_id, new, -1)
        sealed = self.administration.accept_totp(fresh)
        verifier = self.administration.new_pin_verifier(CredentialId(f"{name}-credential"), PIN)
        claim = claim_for(name, key, verifier, **changes)
        binding = self.administration.bind(claim)
        return Person(
            key, claim, binding, SealedTotp(authenticator_id, account_id, sealed, -1), seed
        )

    def request(self, person: Person, sad_id: str = "sad-1", **changes: Any) -> Authorize:
        """A right request to authorise three hashes; ``changes`` make it wrong."""
        now = self.clock.now
        request = Authorize(
            claim=person.claim,
            binding=person.binding,
            client_id=PORTAL,
            hashes=DIGESTS[:3],
            hash_algorithm=HashAlgorithm.SHA256,
            pin=PIN,
            otp=person.code(now),
            authenticator=person.authenticator,
            sad_id=SadId(sad_id),
            expires_at=now + authorize.LIFETIME,
            hard_expires_at=now + authorize.HARD_LIFETIME,
        )
        return dataclasses.replace(request, **changes)

    def mint(self, person: Person, sad_id: str = "sad-1", **changes: Any) -> MintedSad:
        """The SAD of a right request."""
        result = self.activation.authorize(self.request(person, sad_id, **changes))
        assert result.minted is not None
        return result.minted

    def order(
        self, person: Person, minted: MintedSad, *ordinals: int, **changes: Any
    ) -> SigningOrder:
        """A right order to sign these places of a record; ``changes`` make it wrong."""
        order = SigningOrder(
            key_ref=person.key.key_ref,
            public_key=person.key.public_key,
            minted=minted,
            ordinals=ordinals,
            digests=tuple(DIGESTS[ordinal] for ordinal in ordinals),
            algorithm=ECDSA_SHA256,
        )
        return dataclasses.replace(order, **changes)

    def extension(self, minted: MintedSad, *ordinals: int, **changes: Any) -> Extend:
        """A right request for the next SAD of a transaction; ``changes`` make it wrong."""
        request = Extend(
            minted=minted,
            open_ordinals=frozenset(ordinals),
            sad_id=SadId("sad-2"),
            expires_at=self.clock.now + timedelta(minutes=1),
        )
        return dataclasses.replace(request, **changes)
