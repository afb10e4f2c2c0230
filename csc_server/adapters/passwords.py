"""What is kept of passwords: argon2id here, then a key of the HSM. (RFC 9106; security-and-pki 5.2)

Kept is ``$argon2id-hmac$v=19$k=VERSION,m=KIB,t=PASSES,p=LANES$SALT$MAC``: the form of PHC strings,
with the version of the HSM's key and its MAC in place of the tag. Releases before kept argon2id
alone; such a text is read as version 0, and renewed when its password is next seen.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from csc_server.adapters.aside import Aside
from csc_server.ports import Account, Entropy, PasswordMatch
from hsm.interface import PasswordDevice
from policies.secret import Password, PasswordTag
from policies.values import NOBODY, AccountId, PasswordVerifier

TAG_BYTES: Final = 32
"""security-and-pki 5.2, as the salt's 16."""
LONGEST_BYTES: Final = 256
"""Longer passwords cannot be set, so they are never hashed."""

_KEPT: Final = re.compile(
    r"\$argon2id(?:-hmac\$v=19\$k=([1-9]\d{0,3}),|\$v=19\$)"
    r"m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """How dear a guess is."""

    memory_kib: int
    passes: int
    lanes: int


COST: Final = Cost(47104, 1, 1)
"""OWASP ASVS 5.0 appendix C: 46 MiB, one pass, one lane."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a password, read."""

    cost: Cost
    salt: bytes
    verifier: PasswordVerifier

    def text(self) -> str:
        """As it is kept."""
        costs = f"m={self.cost.memory_kib},t={self.cost.passes},p={self.cost.lanes}"
        key = f"k={self.verifier.version},"
        return f"$argon2id-hmac$v=19${key}{costs}${_base64(self.salt)}${_base64(self.verifier.mac)}"


_UNKNOWN_SALT: Final = bytes(16)


class PepperedHasher:
    """Hashes off the event loop, one at a time, or two when one has waited long: 46 MiB each."""

    def __init__(self, entropy: Entropy, device: PasswordDevice) -> None:
        self._entropy, self._device = entropy, device
        self._aside = Aside("argon2")

    async def hash(self, account_id: AccountId, password: Password) -> str:
        """See ``PasswordHasher``."""
        salt = bytes.fromhex(self._entropy.identifier())
        tag = await self._tag(password, COST, salt)
        verifier = await self._device.stamp_password(account_id, tag)
        return Kept(COST, salt, verifier).text()

    async def verify(self, account: Account | None, password: Password) -> PasswordMatch:
        """See ``PasswordHasher``."""
        kept = _read(account.password_hash) if account else None
        cost, salt = (kept.cost, kept.salt) if kept else (COST, _UNKNOWN_SALT)
        tag = await self._tag(password, cost, salt)
        account_id = account.account_id if account else NOBODY
        verifier = kept.verifier if kept else None
        check = await self._device.check_password(account_id, tag, verifier)
        if not check.right or kept is None or _too_long(password):
            return PasswordMatch(right=False)
        if kept.cost != COST:
            return PasswordMatch(right=True, renewed=await self.hash(account_id, password))
        if check.renewed is None:
            return PasswordMatch(right=True)
        return PasswordMatch(right=True, renewed=Kept(COST, salt, check.renewed).text())

    async def _tag(self, password: Password, cost: Cost, salt: bytes) -> PasswordTag:
        return await self._aside.run(_derive, _bytes(password)[: LONGEST_BYTES + 1], cost, salt)


def key_version(kept: str) -> int:
    """Of the HSM's key that this was made with; 0 for what was made without."""
    found = _read(kept)
    return found.verifier.version if found else 0


def _bytes(password: Password) -> bytes:
    """NIST SP 800-63B-4 3.1.1.2: normalise, so that keyboards do not matter."""
    return unicodedata.normalize("NFC", password.value).encode("utf-8", "surrogatepass")


def _too_long(password: Password) -> bool:
    return len(_bytes(password)) > LONGEST_BYTES


def _derive(secret: bytes, cost: Cost, salt: bytes) -> PasswordTag:
    kdf = Argon2id(
        salt=salt,
        length=TAG_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return PasswordTag(kdf.derive(secret).hex())


def _read(kept: str) -> Kept | None:
    """``None`` for a text that is not ours: no password matches it."""
    found = _KEPT.fullmatch(kept)
    if found is None:
        return None
    version, memory, passes, lanes, salt, mac = found.groups()
    verifier = PasswordVerifier(int(version or 0), _bytes_of(mac))
    return Kept(Cost(int(memory), int(passes), int(lanes)), _bytes_of(salt), verifier)


def _base64(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4))
