"""Which factors a credential asks for, and what the profile has for them.

Pure but for the clock of one-time codes and a person who is asked. Who sends the factors is
``target``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import itertools
import re
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.answer import Members
from conformance.errors import NotRun
from conformance.profile import Approval

_STEP_S: Final = 30
_WORDS: Final = frozenset({"AND", "OR", "XOR", "(", ")"})


def totp(secret: str, step: int) -> str:
    """The six digits of the 30 s ``step`` (RFC 6238, SHA-1).

    Raises:
        NotRun: The secret is not base32.
    """
    try:
        key = base64.b32decode(secret.replace(" ", "").upper() + "=" * (-len(secret) % 8))
    except binascii.Error:
        raise NotRun("the TOTP secret of the profile is not base32") from None
    mac = hmac.digest(key, struct.pack(">Q", step), hashlib.sha1)
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@dataclass(slots=True)
class Codes:
    """One-time codes; the same code is never given out twice."""

    used: dict[str, int] = field(default_factory=dict)
    """Last step used, by secret."""
    ask: Callable[[str], str] = input

    async def of_now(self, secret: str) -> str:
        """The code of this moment, or of the next step if this one was used."""
        last = self.used.get(secret, 0)
        if int(time.time()) // _STEP_S <= last:
            await asyncio.sleep((last + 1) * _STEP_S - time.time() + 0.05)
        step = int(time.time()) // _STEP_S
        self.used[secret] = step
        return totp(secret, step)

    async def asked(self, prompt: str) -> str:
        """What the person types."""
        return (await asyncio.to_thread(self.ask, f"{prompt}: ")).strip()


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that a credential asks for before it signs."""

    id: str
    challenged: bool = False
    """Something has to be fetched or sent first: sendOTP, getChallenge."""
    out_of_band: bool = False
    """The person answers elsewhere; no value is sent."""


def factors_v1(facts: Members) -> tuple[Factor, ...]:
    """PIN and OTP, as credentials/info describes them (v1 11.5)."""
    if facts.get("authMode") != "explicit":
        return ()
    found = []
    for name in ("PIN", "OTP"):
        group = facts.get(name)
        if isinstance(group, dict) and group.get("presence") in ("true", True):
            found.append(Factor(name, challenged=group.get("type") == "online"))
    return tuple(found)


def factors_v2(facts: Members, approval: Approval) -> tuple[Factor, ...]:
    """The fewest objects that satisfy the expression, those first that need no person elsewhere.

    Raises:
        NotRun: The profile has not enough for any of them.
    """
    auth = facts.get("auth")
    objects = auth.get("objects") if isinstance(auth, dict) else None
    factors = [
        Factor(
            str(one.get("id")),
            challenged=str(one.get("type")).startswith("Challenge"),
            out_of_band=str(one.get("type")).endswith("OOB"),
        )
        for one in objects or ()
        if isinstance(one, dict)
    ]
    if not factors:
        return ()
    expression = str((auth or {}).get("expression") or "") or " AND ".join(f.id for f in factors)
    usable = [one for one in factors if one.out_of_band or has_value(one.id, approval)]
    usable.sort(key=lambda one: one.out_of_band)
    choices = [
        chosen
        for count in range(len(usable) + 1)
        for chosen in itertools.combinations(usable, count)
        if satisfied(expression, {one.id for one in chosen})
    ]
    if not choices:
        raise NotRun(f"the profile has no values for {expression}")
    return min(choices, key=lambda chosen: sum(one.out_of_band for one in chosen))


def is_static(name: str, approval: Approval) -> bool:
    """Whether the same value serves again and again."""
    return name in approval.values or "PIN" in name.upper() or "PASS" in name.upper()


def has_value(name: str, approval: Approval) -> bool:
    """Whether the profile has something to send for the object ``name``."""
    if is_static(name, approval):
        return name in approval.values or bool(approval.pin)
    return bool(approval.totp_secret) or approval.ask_otp


async def value(name: str, approval: Approval, codes: Codes) -> str:
    """What is sent for the object ``name``.

    Raises:
        NotRun: The profile has nothing for it.
    """
    if not has_value(name, approval):
        raise NotRun(f"the profile has no value for {name}")
    if is_static(name, approval):
        return approval.values.get(name, approval.pin)
    if approval.totp_secret:
        return await codes.of_now(approval.totp_secret)
    return await codes.asked(f"One-time code ({name})")


def satisfied(expression: str, given: set[str]) -> bool:
    """Whether the objects ``given`` make ``expression`` true (v2 8.2: AND, OR, XOR, parentheses).

    AND binds more strongly than OR and XOR. What cannot be read is never satisfied.
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    try:
        result, rest = _either(tokens, given)
    except IndexError:
        return False
    return result and not rest


def _either(tokens: Sequence[str], given: set[str]) -> tuple[bool, Sequence[str]]:
    result, rest = _both(tokens, given)
    while rest and rest[0] in ("OR", "XOR"):
        other, after = _both(rest[1:], given)
        result = result or other if rest[0] == "OR" else result != other
        rest = after
    return result, rest


def _both(tokens: Sequence[str], given: set[str]) -> tuple[bool, Sequence[str]]:
    result, rest = _one(tokens, given)
    while rest and rest[0] == "AND":
        other, rest = _one(rest[1:], given)
        result = result and other
    return result, rest


def _one(tokens: Sequence[str], given: set[str]) -> tuple[bool, Sequence[str]]:
    if tokens[0] == "(":
        result, rest = _either(tokens[1:], given)
        if rest[0] != ")":
            raise IndexError
        return result, rest[1:]
    if tokens[0] in _WORDS:
        raise IndexError
    return tokens[0] in given, tokens[1:]


def sent(major: int, values: dict[str, Any], factors: Sequence[Factor]) -> dict[str, Any]:
    """Members of credentials/authorize for these factors: PIN and OTP, or authData."""
    if major == 1:
        return {one.id: values[one.id] for one in factors}
    return {
        "authData": [
            {"id": one.id} if one.out_of_band else {"id": one.id, "value": values[one.id]}
            for one in factors
        ]
    }
