"""What operators and the issuing of certificates ask of the device.

Runs in a signer process of its own role: the process that answers requests opens its tokens
read-only and refuses all of this. Keys are only ever made inside the device.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hsm import errors, mechanisms, records
from hsm.factors import Factors
from hsm.interface import AUDIT_KEY, BindingClaim, NewKey
from hsm.keystore import KeyStore, WrappedKeyStore
from hsm.labelled import CANARY, KEY_ID_BYTES, OWN_KEY, LabelledKeys, service_label
from hsm.pkcs11 import Device
from hsm.secret_keys import Purpose, SecretKeys
from policies import factors, totp
from policies.algorithms import KeyAlgorithm, SignAlgorithm
from policies.secret import Pin, TotpSeed
from policies.values import AccountId, AuthenticatorId, CredentialId, KeyRef, SealedTotp


class Administration:
    """The verbs of ``hsm.interface.KeyAdministration``, inside the signer process.

    Every method raises ``Broken`` when the device fails.
    """

    def __init__(
        self,
        *,
        device: Device,
        keys: SecretKeys,
        service: LabelledKeys,
        signers: LabelledKeys,
        store: KeyStore,
        clock: Callable[[], datetime],
        cooling_off: timedelta,
    ) -> None:
        self._device = device
        self._keys = keys
        self._factors = Factors(keys)
        self._service = service
        self._signers = signers
        self._store = store
        self._clock = clock
        self._cooling_off = cooling_off

    def initialise(self) -> None:
        """Afterwards all service keys and the canary exist. Idempotent."""
        self._keys.initialise()
        self._service.make(service_label(AUDIT_KEY), OWN_KEY)
        self._store.initialise()
        self._signers.make(CANARY, OWN_KEY)

    def initialised(self) -> bool:
        """True once ``initialise`` of this release came to its end: the canary is made last."""
        return self._signers.exists(CANARY) and self._keys.initialised()

    def new_password_key(self) -> int:
        """Afterwards there is one more key for passwords; its version."""
        return self._keys.add_password_key()

    def generate_key(self, algorithm: KeyAlgorithm, key_id: bytes | None = None) -> NewKey:
        """A new signer's key.

        Raises:
            Rejected: Not an identifier.
        """
        if key_id is not None and len(key_id) != KEY_ID_BYTES:
            raise errors.Rejected(f"an identifier of {len(key_id)} bytes")
        return self._store.generate(algorithm, key_id)

    def destroy_key(self, key_ref: KeyRef) -> None:
        """Afterwards the key cannot be used again. A wrapped key dies with its blob.

        Raises:
            KeyGone: No such key.
        """
        self._store.destroy(key_ref)

    def bind(self, claim: BindingClaim) -> bytes:
        """MAC over a credential's row, 32 bytes.

        Raises:
            Rejected: Not factors that may sign: an SMS alone, or none.
        """
        if not factors.sound(claim.factors):
            raise errors.Rejected("not factors that may sign")
        return self._keys.mac(Purpose.BINDING_MAC, records.encode_claim(claim))

    def new_totp(
        self, authenticator_id: AuthenticatorId, account_id: AccountId
    ) -> tuple[bytes, TotpSeed]:
        """A new seed from the device's generator: sealed, and in Base32 to be shown once.

        It logs in at once and signs after its cooling-off.
        """
        seed = self._device.service.random(totp.SEED_BYTES)
        signs_from = self._clock() + self._cooling_off
        return self._factors.new_seed(authenticator_id, account_id, seed, signs_from)

    def accept_totp(self, authenticator: SealedTotp) -> bytes:
        """The same seed, sealed anew: it signs at once.

        Raises:
            Rejected: The seal does not hold.
        """
        return self._factors.accept(authenticator, self._clock())

    def new_pin_verifier(self, credential_id: CredentialId, pin: Pin) -> bytes:
        """MAC of a PIN, 32 bytes.

        Raises:
            PinTooWeak: See ``policies.pin``.
        """
        return self._factors.pin_verifier(credential_id, pin)

    def service_key(self, name: str, algorithm: KeyAlgorithm) -> bytes:
        """SubjectPublicKeyInfo (DER) of a service key, made if absent."""
        return self._service.make(service_label(name), algorithm)

    def service_sign(self, name: str, digest: bytes, algorithm: SignAlgorithm) -> bytes:
        """A verified signature value of a service key.

        Raises:
            KeyGone: No such service key.
        """
        return self._service.sign(service_label(name), algorithm, digest)

    def capabilities(self) -> list[str]:
        """What the module lacks, one sentence each."""
        lacking = self._device.service.lacks(mechanisms.SERVICE_NEEDS)
        lacking += self._device.signers.lacks(mechanisms.SIGNERS_NEED)
        if isinstance(self._store, WrappedKeyStore):
            lacking += self._device.signers.lacks(mechanisms.WRAPPING_NEEDS)
        return lacking
