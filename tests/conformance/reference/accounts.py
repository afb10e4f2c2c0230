"""Who may log in, which clients are registered, which credentials there are: constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.conformance.reference import keys

RSA: Final = "1.2.840.113549.1.1.1"
PSS: Final = "1.2.840.113549.1.1.10"
RSA_ALGOS: Final = (
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    PSS,
    RSA,
)
EC_ALGOS: Final = ("1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4")
P256: Final = "1.2.840.10045.3.1.7"
PIN: Final = "1234"
CODE: Final = "424242"
"""What every message with a one-time code says."""
TOTP: Final = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
USERS: Final[Mapping[str, str]] = {"alice": "wonderland-1", "bob": "builder-2"}


@dataclass(frozen=True, slots=True)
class Credential:
    """A key, who owns it, and what its owner has to show."""

    id: str
    owner: str
    kind: str = "EC"
    """``EC`` (P-256) or ``RSA`` (2048 bits)."""
    mode: str = "explicit"
    """``explicit``, ``oauth2code``, or ``push`` (v1: implicit; v2: explicit, out of band)."""
    objects: tuple[str, ...] = ("PIN",)
    """``PIN``, ``TOTP`` (offline code), ``SMS`` (code that is sent), ``PHONE`` (out of band)."""
    scal: str = "2"
    multisign: int = 10
    lifetime_s: int = 300
    """Of its SADs."""
    enabled: bool = True

    @property
    def algos(self) -> tuple[str, ...]:
        """``key/algo``."""
        return RSA_ALGOS if self.kind == "RSA" else EC_ALGOS

    @property
    def holder(self) -> keys.Holder:
        """Its key and certificates."""
        return keys.leaf(f"{self.owner} {self.id}", self.kind)


CREDENTIALS: Final[Mapping[str, Credential]] = {
    credential.id: credential
    for credential in (
        Credential("CRED-RSA", "alice", kind="RSA"),
        Credential("CRED-EC", "alice", objects=("PIN", "TOTP")),
        Credential("CRED-OAUTH", "alice", mode="oauth2code", objects=()),
        Credential("CRED-SMS", "alice", objects=("PIN", "SMS"), scal="1"),
        Credential("CRED-PUSH", "alice", mode="push", objects=("PHONE",)),
        Credential("CRED-SHORT", "alice", lifetime_s=1),
        Credential("CRED-OFF", "alice", enabled=False),
        Credential("CRED-BOB", "bob", objects=("PIN", "SMS")),
    )
}
