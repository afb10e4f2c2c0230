"""How the device is reached and how many processes serve it. No secrets: PINs stay in files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hsm.messages import Role
from policies import totp


class KeyStoreKind(StrEnum):
    """Where signers' keys lie."""

    TOKEN = "token"  # noqa: S105  # a PKCS#11 token
    WRAPPED = "wrapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """Everything the pool and its processes need to know."""

    module: Path
    """The PKCS#11 module."""
    service_token: str
    """Label of the token with the service's keys, or ``slot:N``."""
    service_pin_file: Path
    """Its first line is the PIN of the token's user."""
    signers_token: str | None
    """Label of the token with the signers' keys, or ``slot:N``; not the same token. ``None``: the
    processes use service keys alone (``hsm.service_desk``)."""
    signers_pin_file: Path | None
    softhsm_conf: Path | None = None
    """``SOFTHSM2_CONF`` of the signer processes; ``None`` leaves the environment as it is."""
    service_keys: tuple[str, ...] = ()
    """Names of the service keys that processes without the signers' token may use."""
    key_store: KeyStoreKind = KeyStoreKind.TOKEN
    tombstones: Path | None = None
    """File of the keys that were destroyed (``hsm.tombstones``); none of them is used."""
    roles: frozenset[Role] = frozenset({Role.SIGN})
    """What the processes do; without ``admin`` they open the tokens read-only."""
    processes: int = 2
    """One per core; more for a device across the network; one where keys are administered."""
    queue_limit: int = 256
    """Most calls that wait; the next is refused at once."""
    call_limit_s: float = 4.0
    """From call to answer. Half of it may be spent waiting for a process."""
    per_signature_limit_s: float = 0.05
    """Added to the limit for each signature of a batch."""
    key_generation_limit_s: float = 60.0
    """The limit where an RSA key may be made: finding primes takes its time."""
    canary_every_s: float = 30.0
    """How often each process proves that it can sign."""
    cooling_off_s: float = totp.COOLING_OFF.total_seconds()
    """How long a seed made by a web process does not sign (``policies.totp``)."""
    recycle_after_unwraps: int = 200_000
    """A process is replaced after so many: SoftHSM loses about 230 bytes each, 46 MB in all."""
