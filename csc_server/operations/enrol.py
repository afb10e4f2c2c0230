"""What operators do for people: accounts, authenticators, credentials.

The same steps will serve the registration API; today the command line calls them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from csc_server.ports import Account, Accounts, Clock, Credentials, Entropy, PasswordHasher
from csc_server.ports.ca import Asked, CertificateAuthority
from csc_server.ports.people import People
from hsm.interface import BindingClaim, KeyAdministration, NewKey
from pki import authority, possession, profiles
from pki.ports import Register, Reservation
from pki.profiles import Profile
from pki.shared_factors import SharedFactors
from policies import errors, factors, identity
from policies.algorithms import KeyAlgorithm
from policies.audit import Event, EventType, Outcome
from policies.identity import Identity
from policies.orders import OrderId
from policies.registration import Applicant
from policies.secret import Password, Pin, TotpSeed
from policies.values import (
    AccountId,
    AccountState,
    AuthenticatorId,
    Credential,
    CredentialId,
    CredentialState,
    Factor,
    SealedTotp,
)

MULTISIGN: Final = 100
"""Signatures one authorisation may cover unless the operator says otherwise."""
MULTISIGN_MOST: Final = 1000
"""security-and-pki 5.5: at most 1,000 hashes per request."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What an operator asks for."""

    account_id: AccountId
    person: Identity
    """As it was proofed: nothing of the subject comes from elsewhere."""
    algorithm: KeyAlgorithm
    pin: Pin | None
    """Set to ask for a PIN."""
    use_otp: bool
    """Ask for codes of the account's newest authenticator."""
    use_sms: bool = False
    """Ask for codes by SMS instead; only beside a PIN (ADR 9)."""
    multisign: int = MULTISIGN
    profile: Profile = profiles.SIGNATURE
    lifetime: timedelta = profiles.YEAR
    order_id: OrderId | None = None
    """The order that it is made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The administration of people."""

    accounts: Accounts
    people: People
    credentials: Credentials
    register: Register
    device: KeyAdministration
    hasher: PasswordHasher
    clock: Clock
    entropy: Entropy
    actor: str
    """Who does it, for the audit log: ``operator:NAME`` or ``system``."""
    shared_factors: SharedFactors

    async def create_account(
        self, username: str, password: Password, applicant: Applicant | None = None
    ) -> AccountId:
        """A new account.

        Args:
            applicant: Its profile; ``None``: it has none, and the pages can do little for it.

        Raises:
            NameTaken: The user name or the mail address belongs to another account.
        """
        account_id = AccountId(self.entropy.identifier())
        now = self.clock.now()
        hashed = await self.hasher.hash(account_id, password)
        account = Account(account_id, username, hashed, AccountState.ACTIVE, now)
        record = self._event(EventType.ACCOUNT_CREATED, now, account_id=account_id)
        if applicant is None:
            await self.accounts.add(account, [record])
        else:
            await self.people.add(account, applicant, now, [record])
        return account_id

    async def add_password_key(self) -> int:
        """Afterwards there is one more key for passwords; its version."""
        version = await self.device.new_password_key()
        record = self._event(EventType.KEY_GENERATED, self.clock.now(), password_key=str(version))
        await self.people.note([record])
        return version

    async def set_account_state(self, account_id: AccountId, state: AccountState) -> None:
        """Suspend or resume an account."""
        active = state is AccountState.ACTIVE
        kind = EventType.ACCOUNT_RESUMED if active else EventType.ACCOUNT_SUSPENDED
        record = self._event(kind, self.clock.now(), account_id=account_id)
        await self.accounts.set_state(account_id, state, [record])

    async def unlock(self, account_id: AccountId) -> None:
        """Lift every lock that wrong passwords, PINs and codes have put on an account."""
        record = self._event(EventType.FACTOR_UNLOCKED, self.clock.now(), account_id=account_id)
        await self.accounts.unlock(account_id, [record])

    async def pair_authenticator(self, account_id: AccountId) -> TotpSeed:
        """A new TOTP authenticator; its seed is shown once and never again."""
        authenticator_id = AuthenticatorId(self.entropy.identifier())
        sealed, seed = await self.device.new_totp(authenticator_id, account_id)
        now = self.clock.now()
        record = self._event(
            EventType.FACTOR_BOUND,
            now,
            account_id=account_id,
            authenticator_id=authenticator_id,
        )
        authenticator = SealedTotp(authenticator_id, account_id, sealed, -1)
        await self.credentials.add_authenticator(authenticator, now, [record])
        return seed

    async def create_credential(self, new: NewCredential, ca: CertificateAuthority) -> Credential:
        """A key in the HSM, a certificate for it, and the row that ties both to the account.

        1. rules: who may be named, what the credential asks for
        2. register and device: the key announced, made, and the request that it signs itself
        3. rules: proof of possession, weak keys
        4. authority: the certificate, with its intent on record before
        5. store: certificate and credential, in one transaction

        Raises:
            OtpMissing: Codes are wanted, but the account has no authenticator.
            PhoneMissing: Codes by SMS are wanted, but the account has no phone number.
            PinTooWeak: See ``policies.pin``.
            IdentityUnfit, KeyUnfit, CertificateUnfit, AuthorityRefused: There is no certificate
                that anybody may use; the key is destroyed.
            OrderNotSo: The order was done or cancelled meanwhile; the key is destroyed, the
                certificate counts as revoked.
            CaUnavailable, HsmError, StorageUnavailable: Nobody knows; an order goes on later.
            ValueError: Factors that may not sign (``policies.factors``), or ``multisign`` outside
                1 to 1,000.
        """
        if not factors.sound(_factors(new)):
            raise ValueError(
                "a credential needs a PIN, codes of an authenticator, or both; codes by SMS go"
                " with a PIN and without an authenticator"
            )
        if not 1 <= new.multisign <= MULTISIGN_MOST:
            raise ValueError(f"multisign lies between 1 and {MULTISIGN_MOST}")
        person = identity.proofed(new.person)
        earlier = await ca.earlier(new.order_id) if new.order_id else None
        claim, request = earlier or await self._claim(new)
        try:
            asked = Asked(
                profile=new.profile,
                person=person,
                public_key=await self._proven(claim, request),
                request=request,
                claim=claim,
                lifetime=new.lifetime,
                order_id=new.order_id,
            )
            certified = await ca.certify(asked)
            credential = _credential(new, claim, certified.chain, await self.device.bind(claim))
            now = self.clock.now()
            events = self._created(credential, certified.line, now)
            await ca.keep(certified, credential, new.order_id, now, events)
        except errors.Refused:
            await self.device.destroy_key(claim.key_ref)
            raise
        return credential

    async def _proven(self, claim: BindingClaim, request: bytes) -> bytes:
        """The key that is certified: out of the request that it signed itself."""
        public_key = possession.proven(request)
        if public_key != claim.public_key:
            raise errors.KeyUnfit("the request is another key's")
        await self.shared_factors.check(public_key)
        return public_key

    async def _claim(self, new: NewCredential) -> tuple[BindingClaim, bytes]:
        credential_id = CredentialId(self.entropy.identifier())
        authenticator_id = await self._authenticator(new)
        await self._phone(new)
        verifier = None
        if new.pin is not None:
            verifier = await self.device.new_pin_verifier(credential_id, new.pin)
        key_id = bytes.fromhex(self.entropy.identifier())
        await self.register.announce(key_id, self.clock.now())
        key = await self.device.generate_key(new.algorithm, key_id)
        return _claim(new, credential_id, key, authenticator_id, verifier), key.request

    async def set_credential_state(self, credential: Credential, state: CredentialState) -> None:
        """Enable or disable a key."""
        enabled = state is CredentialState.ENABLED
        record = self._event(
            EventType.KEY_ENABLED if enabled else EventType.KEY_DISABLED,
            self.clock.now(),
            account_id=credential.account_id,
            credential_id=credential.credential_id,
        )
        await self.credentials.set_state(credential.credential_id, state, [record])

    async def _authenticator(self, new: NewCredential) -> AuthenticatorId | None:
        if not new.use_otp:
            return None
        found = await self.credentials.authenticator_of(new.account_id)
        if found is None:
            raise errors.OtpMissing("the account has no authenticator")
        # Whoever gets a certificate was identified: the codes may sign from now on.
        await self.credentials.reseal(found, await self.device.accept_totp(found))
        return found.authenticator_id

    async def _phone(self, new: NewCredential) -> None:
        if not new.use_sms:
            return
        person = await self.people.find(new.account_id)
        if person is None or person.profile is None:
            raise errors.PhoneMissing("the account has no profile")

    def _created(self, credential: Credential, line: Reservation, now: datetime) -> list[Event]:
        about = {
            "account_id": str(credential.account_id),
            "credential_id": str(credential.credential_id),
            "key_id": credential.key_ref.key_id.hex(),
        }
        return [
            self._event(EventType.KEY_GENERATED, now, **about),
            self._event(EventType.CERTIFICATE_ISSUED, now, **about, serial=line.serial),
        ]

    def _event(self, kind: EventType, now: datetime, **details: str) -> Event:
        return Event(kind, Outcome.SUCCESS, now, self.actor, details)


def _factors(new: NewCredential) -> frozenset[Factor]:
    chosen = {
        Factor.PIN: new.pin is not None,
        Factor.OTP: new.use_otp,
        Factor.SMS: new.use_sms,
    }
    return frozenset(factor for factor, wanted in chosen.items() if wanted)


def _claim(
    new: NewCredential,
    credential_id: CredentialId,
    key: NewKey,
    authenticator_id: AuthenticatorId | None,
    verifier: bytes | None,
) -> BindingClaim:
    return BindingClaim(
        credential_id=credential_id,
        account_id=new.account_id,
        key_ref=key.key_ref,
        public_key=key.public_key,
        factors=_factors(new),
        multisign=new.multisign,
        authenticator_id=authenticator_id,
        pin_verifier=verifier,
    )


def _credential(
    new: NewCredential, claim: BindingClaim, chain: tuple[bytes, ...], binding: bytes
) -> Credential:
    return Credential(
        credential_id=claim.credential_id,
        account_id=claim.account_id,
        description=f"{new.person.common_name}, {new.algorithm.label}",
        key_ref=claim.key_ref,
        key_algorithm=new.algorithm,
        public_key=claim.public_key,
        certificates=chain,
        certificate=authority.facts(chain[0]),
        state=CredentialState.ENABLED,
        factors=claim.factors,
        multisign=claim.multisign,
        authenticator_id=claim.authenticator_id,
        pin_verifier=claim.pin_verifier,
        binding=binding,
    )
