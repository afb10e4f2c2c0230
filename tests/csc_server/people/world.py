"""A town of people over a real SQLite store: its clock stands still, its mailbox can be read.

The device is a stand-in that opens its own seals: here it is about the order of steps, the seals
have their tests with the real device.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b32encode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pyotp
import sqlalchemy as sa

from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.strength import ZxcvbnStrength
from csc_server.operations import people
from csc_server.operations.effects import Effects
from csc_server.operations.people import People, PeopleRules
from csc_server.ports import Account, Call, PasswordMatch
from csc_server.storage import Storage, message_tables, tables
from csc_server.storage.units import Sql
from hsm.interface import TotpProof
from policies import pacing, second_factor, spray, totp
from policies.messages import Language
from policies.registration import RegistrationForm
from policies.secret import Code, LinkToken, Otp, Password, TotpSeed
from policies.sms_budget import SmsLimits
from policies.spray import LoginRules
from policies.values import NOBODY, AccountId, AuthenticatorId, SealedTotp
from tests.build import T0

HOME = Call("192.0.2.1", "c" * 32)
FAR_AWAY = Call("198.51.100.7", "d" * 32)
PASSWORD = Password("grădina cu 7 portocali albi")
OTHER = Password("nouă corăbii spre Sulina, 1889")
WRONG = Password("nothing like the right one")
EMAIL = "Ana.Pop@example.com"
PHONE = "+40712345678"
FORM = RegistrationForm("Ana", "Pop", EMAIL, "0712 345 678", True, Language.RO, "+40")
MINUTE = timedelta(minutes=1)

_MESSAGES = sa.select(
    message_tables.messages.c.kind,
    message_tables.messages.c.recipient,
    message_tables.messages.c.facts,
    message_tables.messages.c.expires_at,
    message_tables.messages.c.created_at,
).order_by(message_tables.messages.c.created_at)

_KINDS = sa.select(tables.audit.c.type).order_by(tables.audit.c.seq)


@dataclass
class Clock:
    """Stands still until it is moved."""

    at: datetime = T0

    def now(self) -> datetime:
        """The instant."""
        return self.at


@dataclass
class Hasher:
    """One round of SHA-256 in place of argon2id and the HSM."""

    hashed: int = 0

    async def hash(self, account_id: AccountId, password: Password) -> str:
        """Hexadecimal."""
        self.hashed += 1
        return hashlib.sha256(password.value.encode()).hexdigest()

    async def verify(self, account: Account | None, password: Password) -> PasswordMatch:
        """Right when it matches."""
        found = await self.hash(NOBODY, password)
        return PasswordMatch(account is not None and found == account.password_hash)


@dataclass
class Device:
    """Seals by XOR with nothing: the seed lies in the seal."""

    clock: Clock
    checked: int = 0

    async def new_totp(
        self, authenticator_id: AuthenticatorId, account_id: AccountId
    ) -> tuple[bytes, TotpSeed]:
        """A new seed."""
        seed = secrets.token_bytes(totp.SEED_BYTES)
        return seed, TotpSeed(b32encode(seed).decode())

    async def check_otp(self, authenticator: SealedTotp, otp: Otp) -> int | None:
        """The acceptable step with this code."""
        self.checked += 1
        codes = pyotp.TOTP(b32encode(authenticator.sealed).decode())
        steps = totp.acceptable_steps(self.clock.now())
        return next((step for step in steps if codes.generate_otp(step) == otp.value), None)

    async def prove_totp(self, authenticator: SealedTotp, otp: Otp) -> TotpProof:
        """Likewise, and the nearest step with this code."""
        codes = pyotp.TOTP(b32encode(authenticator.sealed).decode())
        near = second_factor.nearby_steps(self.clock.now())
        found = [step for step in near if codes.generate_otp(step) == otp.value]
        return TotpProof(await self.check_otp(authenticator, otp), found[-1] if found else None)


@dataclass(frozen=True)
class Message:
    """What somebody finds in their mailbox or on their phone."""

    kind: str
    recipient: str
    facts: dict[str, str]
    sent: bool
    """False: its time was over before it was written."""

    @property
    def code(self) -> Code:
        """The code in it."""
        return Code(self.facts["code"])

    @property
    def link(self) -> LinkToken:
        """The random part of the link in it."""
        return LinkToken(self.facts["link"].rpartition("/")[2])


@dataclass
class Town:
    """Everything, opened."""

    store: Storage
    people: People
    clock: Clock
    device: Device
    hasher: Hasher
    seeds: dict[AccountId, TotpSeed] = field(default_factory=dict)

    async def messages(self) -> list[Message]:
        """All that went out, the oldest first."""

        def unit(sql: Sql) -> list[Any]:
            return list(sql.rows(_MESSAGES))

        return [
            Message(kind, recipient, json.loads(facts), expires_at > created_at)
            for kind, recipient, facts, expires_at, created_at in await self.store.database.read(
                unit
            )
        ]

    async def kinds(self) -> list[str]:
        """Of all audit records, the oldest first."""
        rows = await self.store.database.read(lambda sql: list(sql.rows(_KINDS)))
        return [kind for [kind] in rows]

    async def newest(self, kind: str) -> Message:
        """The message of this kind that went out last."""
        return [one for one in await self.messages() if one.kind == kind][-1]

    async def invited(self, **changes: Any) -> LinkToken:
        """Somebody who has asked for an account and holds the link."""
        await self.people.start_registration(HOME, replace(FORM, **changes))
        return (await self.newest("invitation")).link

    async def registered(self, **changes: Any) -> AccountId:
        """Somebody with an account, an hour after the SMS."""
        link = await self.invited(**changes)
        found = await self.people.open_invitation(link)
        await self.people.send_phone_code(HOME, link, found.applicant.phone)
        await self.people.confirm_phone(HOME, link, (await self.newest("phone_code")).code)
        account_id = await self.people.create_account(HOME, link, PASSWORD, PASSWORD)
        self.clock.at += timedelta(hours=1)
        return account_id

    async def pair(self, account_id: AccountId, *, for_login: bool = True) -> TotpSeed:
        """All three steps."""
        await self.people.start_pairing(HOME, account_id)
        code = (await self.newest("pairing_code")).code
        shown = await self.people.confirm_pairing_code(HOME, account_id, code, installed=True)
        self.seeds[account_id] = shown.seed
        await self.people.finish_pairing(
            HOME, account_id, self.otp(account_id), for_login=for_login
        )
        self.clock.at += timedelta(hours=1)
        return shown.seed

    async def paired(self) -> AccountId:
        """Somebody with an account and an authenticator."""
        account_id = await self.registered()
        await self.pair(account_id)
        return account_id

    def otp(self, account_id: AccountId, steps: int = 0) -> Otp:
        """What the app shows, so many steps from now."""
        codes = pyotp.TOTP(self.seeds[account_id].value)
        return Otp(codes.generate_otp(totp.step_at(self.clock.at) + steps))

    def wrong_otp(self, account_id: AccountId) -> Otp:
        """A code that is none of the acceptable ones."""
        good = {self.otp(account_id, -back).value for back in range(2)}
        return Otp(next(code for code in ("000000", "111111", "222222") if code not in good))


def build(
    store: Storage,
    *,
    per_minute: int = 1000,
    per_hour: int = 1000,
    of_all_per_minute: int = spray.OF_ALL_PER_MINUTE,
    **rules: Any,
) -> Town:
    """A town over this store, where SMS may follow each other closely."""
    clock = Clock()
    device, hasher = Device(clock), Hasher()
    standard = PeopleRules(
        "Paraph",
        "https://sign.example.com",
        sms=SmsLimits(timedelta()),
        logins=LoginRules(
            replace(pacing.FAILED_LOGINS, most=per_minute), of_all_per_minute=of_all_per_minute
        ),
        registrations=replace(pacing.REGISTRATIONS, most=per_hour),
    )
    entropy = SystemEntropy()
    verbs = people.build(
        people=store.people,
        accounts=store.accounts,
        device=device,  # type: ignore[arg-type]  # codes and seeds are all it is asked for
        hasher=hasher,
        strength=ZxcvbnStrength(),
        paces=store.paces,
        clock=clock,
        entropy=entropy,
        effects=Effects(),
        rules=replace(standard, **rules),
    )
    return Town(store, verbs, clock, device, hasher)
