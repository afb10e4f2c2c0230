"""A credential as credentials/info tells of it, and how to ask for a signature with it.

Values only; what is wrong in them the checks say.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from conformance.answer import Members
from conformance.dialect import SHA256

RSA_SHA256: Final = "1.2.840.113549.1.1.11"
RSA: Final = "1.2.840.113549.1.1.1"
PSS: Final = "1.2.840.113549.1.1.10"
ECDSA_SHA256: Final = "1.2.840.10045.4.3.2"
EC: Final = "1.2.840.10045.2.1"
_PREFERRED: Final = (RSA_SHA256, ECDSA_SHA256, RSA, EC)


@dataclass(frozen=True, slots=True)
class Credential:
    """``facts`` is the answer of credentials/info with chain, certInfo and authInfo."""

    id: str
    facts: Members

    @property
    def algorithms(self) -> tuple[str, ...]:
        """``key/algo``."""
        key = self.facts.get("key")
        algos = key.get("algo") if isinstance(key, dict) else None
        return tuple(one for one in algos or () if isinstance(one, str))

    @property
    def is_rsa(self) -> bool:
        """Whether any of its algorithms is RSA."""
        return any(one.startswith("1.2.840.113549.1.1.") for one in self.algorithms)

    @property
    def sign_algo(self) -> str:
        """An algorithm for SHA-256 that needs no parameters; empty without one."""
        return next((one for one in _PREFERRED if one in self.algorithms), "")

    @property
    def hash_algo(self) -> str:
        """The digest that ``sign_algo`` is used with."""
        return SHA256

    @property
    def enabled(self) -> bool:
        """``key/status``."""
        key = self.facts.get("key")
        return isinstance(key, dict) and key.get("status") == "enabled"

    @property
    def mode(self) -> str:
        """``authMode`` (v1) or ``auth/mode`` (v2)."""
        auth = self.facts.get("auth")
        found = auth.get("mode") if isinstance(auth, dict) else self.facts.get("authMode")
        return str(found or "")

    @property
    def binds_hashes(self) -> bool:
        """``SCAL`` is ``"2"``."""
        return self.facts.get("SCAL") in ("2", 2)

    @property
    def multisign(self) -> int:
        """Most signatures for one authorization; 1 where the server says nothing usable."""
        found = self.facts.get("multisign")
        return found if isinstance(found, int) and not isinstance(found, bool) else 1

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """DER, end entity first; what is not base64 is left out."""
        cert = self.facts.get("cert")
        texts = cert.get("certificates") if isinstance(cert, dict) else None
        found = []
        for text in texts if isinstance(texts, list) else ():
            try:
                found.append(base64.b64decode(str(text), validate=True))
            except (binascii.Error, ValueError):
                continue
        return tuple(found)
