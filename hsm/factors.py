"""Is the PIN right, is the one-time code right? Answered by the HSM's keys alone.

Only this process can open a seed or compute a PIN's verifier. Both factors are evaluated before
either is judged, in the same time whether right or wrong. Counting failures, and that a time
step counts once, is the store's part (``policies.throttle``, ``policies.totp``).
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp

from hsm import errors, records
from hsm.interface import BindingClaim
from hsm.secret_keys import Purpose, SecretKeys
from policies import codes, second_factor, totp
from policies import errors as reasons
from policies import factors as factor_rules
from policies import pin as pin_rules
from policies.secret import Code, Otp, Pin, TotpSeed
from policies.values import (
    AccountId,
    AuthenticatorId,
    CredentialId,
    Factor,
    SealedTotp,
    StampedCode,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was presented for one credential."""

    claim: BindingClaim
    """Verified before."""
    pin: Pin | None
    otp: Otp | None
    authenticator: SealedTotp | None
    binding: bytes
    """The MAC over ``claim``."""
    code: StampedCode | None
    """What was sent by SMS."""


_CODE_BYTES: Final = 16
"""Random bytes of a code: so many that no code of six digits is likelier than another."""


class Factors:
    """Checks and makes factors with the service's secret keys."""

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys

    def check(self, evidence: Evidence, now: datetime) -> tuple[frozenset[Factor], int | None]:
        """The factors that are wrong, and the time step whose code was given.

        Raises:
            Rejected: Not factors that may sign, the authenticator is another's, or nothing was
                sent by SMS.
            AuthenticatorCooling: The code is right, but its seed does not sign yet.
        """
        needed = evidence.claim.factors
        if not factor_rules.sound(needed):
            raise errors.Rejected("not factors that may sign")
        wrong: set[Factor] = set()
        step = None
        if Factor.OTP in needed:
            step = self._step(evidence, now)
            if step is None:
                wrong.add(Factor.OTP)
        if Factor.SMS in needed and not self._code_right(evidence, now):
            wrong.add(Factor.SMS)
        if Factor.PIN in needed and not self._pin_right(evidence):
            wrong.add(Factor.PIN)
        return frozenset(wrong), step

    def step_of(self, authenticator: SealedTotp, otp: Otp, now: datetime) -> int | None:
        """The newest acceptable time step whose code this is; ``None`` if it is none's.

        Raises:
            Rejected: The seal does not hold.
        """
        seed, _ = self._open(authenticator)
        return _matching_step(seed, otp, reversed(totp.acceptable_steps(now)))

    def near_step(
        self, authenticator: SealedTotp, otp: Otp, cooling_off: timedelta, now: datetime
    ) -> int | None:
        """The step around ``now`` whose code this is; ``None`` also for a seed that is not fresh.

        Args:
            cooling_off: What was added to the instant at which the seed was made.

        Raises:
            Rejected: The seal does not hold.
        """
        seed, signs_from = self._open(authenticator)
        if not second_factor.fresh(signs_from - cooling_off, now):
            return None
        return _matching_step(seed, otp, second_factor.nearby_steps(now))

    def _open(self, authenticator: SealedTotp) -> tuple[bytes, datetime]:
        context = records.totp_context(authenticator.authenticator_id, authenticator.account_id)
        return records.decode_seed(self._keys.unseal(authenticator.sealed, context))

    def new_seed(
        self,
        authenticator_id: AuthenticatorId,
        account_id: AccountId,
        seed: bytes,
        signs_from: datetime,
    ) -> tuple[bytes, TotpSeed]:
        """The seed, sealed for this authenticator together with its instant, and in Base32."""
        context = records.totp_context(authenticator_id, account_id)
        sealed = self._keys.seal(records.encode_seed(seed, signs_from), context)
        return sealed, TotpSeed(b32encode(seed).decode())

    def accept(self, authenticator: SealedTotp, now: datetime) -> bytes:
        """The authenticator's seed, sealed anew to sign from ``now``.

        Raises:
            Rejected: The seal does not hold.
        """
        seed, _ = self._open(authenticator)
        context = records.totp_context(authenticator.authenticator_id, authenticator.account_id)
        return self._keys.seal(records.encode_seed(seed, now), context)

    def pin_verifier(self, credential_id: CredentialId, pin: Pin) -> bytes:
        """MAC of a PIN that may be set, 32 bytes.

        Raises:
            PinTooWeak: See ``policies.pin``.
        """
        text = records.encode_pin(credential_id, pin_rules.check_new(pin))
        return self._keys.mac(Purpose.PIN_MAC, text)

    def draw(
        self, claim: BindingClaim, binding: bytes, code_id: str, expires_at: datetime
    ) -> tuple[Code, StampedCode]:
        """A new code from the device's generator, and what knows it again."""
        code = codes.new_code(self._keys.random(_CODE_BYTES))
        text = records.encode_code(claim.credential_id, binding, code_id, expires_at, code)
        return code, StampedCode(code_id, expires_at, self._keys.mac(Purpose.CODE_MAC, text))

    def _code_right(self, evidence: Evidence, now: datetime) -> bool:
        stamped = evidence.code
        if stamped is None:
            raise errors.Rejected("no code was sent")
        # Another credential, binding, identifier or end make another text: as good as a wrong code.
        given = Code(evidence.otp.value if evidence.otp else "")
        text = records.encode_code(
            evidence.claim.credential_id,
            evidence.binding,
            stamped.code_id,
            stamped.expires_at,
            given,
        )
        right = self._keys.holds(Purpose.CODE_MAC, text, stamped.mac)
        return right and now < stamped.expires_at

    def _pin_right(self, evidence: Evidence) -> bool:
        claim = evidence.claim
        if claim.pin_verifier is None:
            raise errors.Rejected("the credential has no PIN verifier")
        # An absent PIN costs what a wrong one costs.
        text = records.encode_pin(claim.credential_id, evidence.pin or Pin(""))
        return self._keys.holds(Purpose.PIN_MAC, text, claim.pin_verifier)

    def _step(self, evidence: Evidence, now: datetime) -> int | None:
        """The newest acceptable time step whose code was given."""
        claim, authenticator = evidence.claim, evidence.authenticator
        if (
            authenticator is None
            or authenticator.authenticator_id != claim.authenticator_id
            or authenticator.account_id != claim.account_id
        ):
            raise errors.Rejected("not the credential's authenticator")
        seed, signs_from = self._open(authenticator)
        steps = reversed(totp.acceptable_steps(now))
        step = _matching_step(seed, evidence.otp or Otp(""), steps)
        # Said of a right code only: a guess learns nothing.
        if step is not None and now < signs_from:
            raise reasons.AuthenticatorCooling(f"until {signs_from.isoformat()}")
        return step


def _matching_step(seed: bytes, otp: Otp, steps: Iterable[int]) -> int | None:
    """The last of these steps whose code this is."""
    codes = pyotp.TOTP(b32encode(seed).decode(), digits=totp.DIGITS, interval=totp.STEP_S)
    given = otp.value.encode()
    matched = None
    # No early exit: every step is computed and compared.
    for step in steps:
        if hmac.compare_digest(codes.generate_otp(step).encode(), given):
            matched = step
    return matched
