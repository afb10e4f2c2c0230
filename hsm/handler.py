"""What a signer process does with a request: the way from a frame to the device and back.

A device that fails is reopened once and the request tried once more; ``Broken`` means that
nothing was signed, so trying again signs nothing twice. If that does not help, the process
leaves and the pool starts another. Knows no socket.

Logs names of errors and places in the code, never the text of an unexpected exception: it might
hold a PIN.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hsm import errors, messages
from hsm.activation import Activation
from hsm.administration import Administration
from hsm.guesses import Guesses
from hsm.keystore import KeyStore, TokenKeyStore, WrappedKeyStore
from hsm.labelled import LabelledKeys
from hsm.living import LivingKeys
from hsm.messages import Answer, Request, Role
from hsm.passwords import Passwords
from hsm.pkcs11 import Device, Login
from hsm.raw_speed import RawSpeed
from hsm.secret_keys import SecretKeys
from hsm.service_desk import ServiceDesk
from hsm.settings import KeyStoreKind, PoolSettings
from hsm.spent import Spent
from hsm.tombstones import Tombstones
from policies import codec
from policies.errors import Refused
from policies.secret import Secret

_REWRITTEN_WITHIN_S: Final = 0.1
"""How long another process may take to write a token's file; it takes a thousandth of that."""

log = logging.getLogger("hsm.signer")


class Handler:
    """The device and what can be asked of it."""

    def __init__(self, settings: PoolSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._spent = Spent()
        self._tombstones = Tombstones(settings.tombstones)
        self._guesses = Guesses()
        self._device = Device(
            settings.module,
            _login(settings.service_token, settings.service_pin_file),
            _signers_login(settings),
            writable=bool({Role.ADMIN, Role.AUTHORITY, Role.BENCH} & settings.roles),
        )
        self._desk: ServiceDesk | None = None
        """Set where there are service keys alone; then it does everything."""

    def open(self) -> datetime | None:
        """Afterwards the device works: tokens open, a canary signed at the instant returned.

        Before the first ``initialise`` there is no canary, and an administrator may come in.

        Raises:
            PinRefused: A PIN is wrong.
            Broken: The device does not work, tried twice.
        """
        try:
            return self._open()
        except errors.PinRefused:
            # It is a failure too, but a second try would bring the token nearer to its lock.
            raise
        except errors.Broken as error:
            log.warning("device failed (%s), opening it again", error)
        # SoftHSM rewrites a token's file at each login. Whoever reads it at that moment finds a
        # broken token, or none: a process that starts beside others may meet that.
        time.sleep(_REWRITTEN_WITHIN_S)
        return self._open()

    def _open(self) -> datetime | None:
        self._device.open()
        service = LabelledKeys(self._device.service)
        if self._settings.signers_token is None:
            self._desk = ServiceDesk(service, self._settings.service_keys, self._clock)
            return self._desk.canary()
        keys, signers = SecretKeys(self._device.service), LabelledKeys(self._device.signers)
        self._store = self._make_store()
        self._raw_speed = RawSpeed(self._store)
        self._living = LivingKeys(self._store, self._tombstones)
        cooling_off = timedelta(seconds=self._settings.cooling_off_s)
        self._activation = Activation(
            keys=keys,
            service=service,
            signers=signers,
            store=self._living,
            clock=self._clock,
            spent=self._spent,
            guesses=self._guesses,
            cooling_off=cooling_off,
        )
        self._administration = Administration(
            device=self._device,
            keys=keys,
            service=service,
            signers=signers,
            store=self._store,
            clock=self._clock,
            cooling_off=cooling_off,
        )
        self._passwords = Passwords(keys)
        if Role.ADMIN not in self._settings.roles and not self._administration.initialised():
            raise errors.Broken("keys are missing: token empty, or csc-server init was not run")
        return self._prove()

    def _prove(self) -> datetime | None:
        """What a process does at its start, it does at each canary, whatever it serves."""
        if Role.ADMIN in self._settings.roles and not self._administration.initialised():
            return None
        return self._activation.canary()

    def answer(self, payload: bytes) -> Answer:
        """Do what a frame asks. The one broad ``except`` of this port stands here."""
        try:
            request = messages.decode_request(payload)
        except codec.Malformed as error:
            return _failure(errors.Rejected(str(error)))
        try:
            value = self._perform_or_reopen(request)
        except errors.Broken as error:
            return _failure(error, leaving=True)
        except (errors.HsmError, Refused) as error:
            return _failure(error)
        except Exception as error:  # noqa: BLE001  # a bug must not take the process down
            _log_bug(error)
            unknown = isinstance(request, (messages.Sign, messages.SignDocuments))
            return _failure((errors.Ambiguous if unknown else errors.Broken)("internal error"))
        return Answer(value, leaving=self._worn())

    def _worn(self) -> bool:
        if self._desk is not None:
            return False
        return self._store.unwraps >= self._settings.recycle_after_unwraps

    def _perform_or_reopen(self, request: Request[Any]) -> Any:
        try:
            return self._perform(request)
        except errors.Broken as error:
            log.warning("device failed (%s), reopening it", error)
        self.open()
        return self._perform(request)

    def _perform(self, request: Request[Any]) -> Any:
        if self._desk is not None:
            return self._perform_at(self._desk, request)
        if isinstance(request, messages.Canary):
            return self._prove()
        if request.role not in self._settings.roles:
            raise errors.Rejected(f"this process does not {request.role}")
        activation, administration = self._activation, self._administration
        match request:
            case messages.Sign(order):
                return activation.sign(order)
            case messages.SignDocuments(documents):
                return activation.sign_documents(documents)
            case messages.Authorize():
                return activation.authorize(request)
            case messages.DrawCode():
                return activation.draw_code(request)
            case messages.Extend():
                return activation.extend(request)
            case messages.CheckOtp(authenticator, otp):
                return activation.check_otp(authenticator, otp)
            case messages.ProveTotp(authenticator, otp):
                return activation.prove_totp(authenticator, otp)
            case messages.CheckPassword(account_id, tag, verifier):
                return self._passwords.check(account_id, tag, verifier)
            case messages.StampPassword(account_id, tag):
                return self._passwords.stamp(account_id, tag)
            case messages.NewPasswordKey():
                return administration.new_password_key()
            case messages.Checkpoint(statement):
                return activation.checkpoint(statement)
            case messages.Initialise():
                return administration.initialise()
            case messages.GenerateKey(algorithm, key_id):
                return administration.generate_key(algorithm, key_id)
            case messages.DestroyKey(key_ref):
                return administration.destroy_key(key_ref)
            case messages.DestroyAgain():
                return self._living.destroy_again()
            case messages.Bind(claim):
                return administration.bind(claim)
            case messages.NewTotp(authenticator_id, account_id):
                return administration.new_totp(authenticator_id, account_id)
            case messages.AcceptTotp(authenticator):
                return administration.accept_totp(authenticator)
            case messages.NewPinVerifier(credential_id, pin):
                return administration.new_pin_verifier(credential_id, pin)
            case messages.ServiceKey(name, algorithm):
                return administration.service_key(name, algorithm)
            case messages.ServiceSign(name, digest, algorithm):
                return administration.service_sign(name, digest, algorithm)
            case messages.Capabilities():
                return administration.capabilities()
            case messages.Bench(algorithm, count):
                return self._raw_speed.signing_s(algorithm, count)
        raise errors.Rejected("no such request")

    def _perform_at(self, desk: ServiceDesk, request: Request[Any]) -> Any:
        match request:
            case messages.ServiceKey(name, algorithm) if Role.AUTHORITY in self._settings.roles:
                return desk.key(name, algorithm)
            case messages.ServiceSign(name, digest, algorithm):
                return desk.sign(name, digest, algorithm)
            case messages.Canary():
                return desk.canary()
        raise errors.Rejected("this process has service keys alone")

    def _make_store(self) -> KeyStore:
        if self._settings.key_store is KeyStoreKind.WRAPPED:
            return WrappedKeyStore(self._device.signers)
        return TokenKeyStore(self._device.signers)


def _signers_login(settings: PoolSettings) -> Login | None:
    if settings.signers_token is None or settings.signers_pin_file is None:
        return None
    return _login(settings.signers_token, settings.signers_pin_file)


def _login(token: str, pin_file: Path) -> Login:
    """The PIN is the file's first line.

    Raises:
        Broken: The file cannot be read.
    """
    try:
        return Login(token, Secret(pin_file.read_text().partition("\n")[0]))
    except OSError as error:
        raise errors.Broken(f"PIN file: {error.strerror}") from error


def _failure(error: Exception, *, leaving: bool = False) -> Answer:
    return Answer(error=type(error).__name__, text=str(error), leaving=leaving)


def _log_bug(error: Exception) -> None:
    places = [f"{one.name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)]
    log.error("%s at %s", type(error).__name__, " < ".join(reversed(places)))
