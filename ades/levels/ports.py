"""What levels need of the world: time-stamps, and evidence that certificates were good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from policies.algorithms import HashAlgorithm


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a later reader needs to check certificates without asking anybody. All of it DER."""

    certificates: tuple[bytes, ...] = ()
    """Chains up to the root, and the responders'."""
    ocsps: tuple[bytes, ...] = ()
    """OCSPResponse, successful ones."""
    crls: tuple[bytes, ...] = ()
    """CertificateList."""

    def __or__(self, other: Evidence) -> Evidence:
        """Both, each thing once, in the order of their coming."""
        return Evidence(
            tuple(dict.fromkeys(self.certificates + other.certificates)),
            tuple(dict.fromkeys(self.ocsps + other.ocsps)),
            tuple(dict.fromkeys(self.crls + other.crls)),
        )


class Timestamps(Protocol):
    """A time-stamping authority."""

    async def timestamp(self, digest: bytes, algorithm: HashAlgorithm) -> bytes:
        """A token over the digest: DER of a ContentInfo, checked to be over this digest.

        Raises:
            Exception: What the adapter raises; nothing was written.
        """


class EvidenceSource(Protocol):
    """Whoever knows the status of certificates."""

    async def evidence(self, certificates: tuple[bytes, ...]) -> Evidence:
        """Evidence for these certificates and those above them, of now.

        Args:
            certificates: DER, of signers and of time-stamping units.

        Raises:
            Exception: What the adapter raises; nothing was written.
        """
