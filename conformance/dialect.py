"""How each major version writes the same request.

Names and bodies only. What is in v2.1 alone stands in the checks about it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.answer import GENERIC

SHA256: Final = "2.16.840.1.101.3.4.2.1"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Names of members that differ between v1 and v2 (csc-api differences)."""

    major: int
    hashes: str
    """Array of digests in authorize, extendTransaction and signHash."""
    hash_algorithm: str
    """OID of the digest in signHash; in v2 wherever hashes are."""
    malformed_bearer: str
    """Description of LIST-1 and its like."""

    def authorize(
        self,
        credential_id: str,
        hashes: Sequence[bytes],
        factors: dict[str, Any],
        count: int | None = None,
        algorithm: str = SHA256,
    ) -> dict[str, Any]:
        """Body of credentials/authorize; ``factors`` are PIN and OTP, or authData."""
        body: dict[str, Any] = {
            "credentialID": credential_id,
            "numSignatures": len(hashes) if count is None else count,
            self.hashes: encoded(hashes),
            **factors,
        }
        if self.major == 2:
            body[self.hash_algorithm] = algorithm
        return body

    def extend(
        self, credential_id: str, sad: str, hashes: Sequence[bytes], algorithm: str = SHA256
    ) -> dict[str, Any]:
        """Body of credentials/extendTransaction."""
        body: dict[str, Any] = {
            "credentialID": credential_id,
            "SAD": sad,
            self.hashes: encoded(hashes),
        }
        if self.major == 2:
            body[self.hash_algorithm] = algorithm
        return body

    def sign(
        self,
        credential_id: str,
        sad: str | None,
        hashes: Sequence[bytes],
        sign_algo: str,
        algorithm: str = SHA256,
    ) -> dict[str, Any]:
        """Body of signatures/signHash."""
        body: dict[str, Any] = {
            "credentialID": credential_id,
            self.hashes: encoded(hashes),
            "signAlgo": sign_algo,
            self.hash_algorithm: algorithm,
        }
        if sad is not None:
            body["SAD"] = sad
        return body


V1: Final = Dialect(1, "hash", "hashAlgo", GENERIC)
V2: Final = Dialect(2, "hashes", "hashAlgorithmOID", "Malformed authorization header.")


def encoded(hashes: Sequence[bytes]) -> list[str]:
    """Digests as JSON carries them: base64 with the standard alphabet."""
    return [base64.b64encode(one).decode() for one in hashes]
