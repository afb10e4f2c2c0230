"""Responder and time-stamping unit as their certificates are now.

The authority process rolls and publishes them; here they are looked at anew every few seconds.
"""

from __future__ import annotations

import time
from typing import Final

from asn1crypto import x509

from csc_server.ports import Clock
from csc_server.ports.pki import Publications
from hsm.errors import KeyGone
from pki import issuers, service_keys
from pki.ocsp.responders import Responder, Responders
from pki.service_keys import ServiceKeys
from pki.signed import Sign
from pki.tsa.tokens import Unit
from policies import rolling
from policies.algorithms import HashAlgorithm, Scheme, SignAlgorithm

OCSP_KEYS: Final = ("ocsp-a", "ocsp-b")
TSA_KEYS: Final = ("tsa-a", "tsa-b")
ALGORITHM: Final = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
LOOK_EVERY_S: Final = 5.0
"""Seconds between two looks for rolled certificates."""
LOOK_AT_FIRST_EVERY_S: Final = 0.2
"""The same of a new instance, whose authority is about to issue them."""


class Desks:
    """Responder and time-stamping unit as their certificates are now."""

    def __init__(
        self, publications: Publications, keys: ServiceKeys, clock: Clock, issuer: bytes
    ) -> None:
        self._publications, self._keys, self._clock = publications, keys, clock
        self._issuer, self.issuer_id = issuer, issuers.issuer_id(issuer)
        self._looked_at_s = -LOOK_EVERY_S
        self._responder: Responder | None = None
        self._responders: Responders | None = None
        self._unit: Unit | None = None

    def responders(self) -> Responders:
        """The authority's responder.

        Raises:
            KeyGone: It has no certificate yet.
        """
        return Responders([self.responder()]) if self._responders is None else self._responders

    def responder(self) -> Responder:
        """The one of the authority.

        Raises:
            KeyGone: As above.
        """
        self._look()
        if self._responder is None:
            raise KeyGone("no certificate for a responder yet")
        return self._responder

    def unit(self) -> Unit:
        """The time-stamping unit.

        Raises:
            KeyGone: It has no certificate yet.
        """
        self._look()
        if self._unit is None:
            raise KeyGone("no certificate for a time-stamping unit yet")
        return self._unit

    def _look(self) -> None:
        now_s = time.monotonic()
        complete = self._responder is not None and self._unit is not None
        if now_s - self._looked_at_s < (LOOK_EVERY_S if complete else LOOK_AT_FIRST_EVERY_S):
            return
        self._looked_at_s = now_s
        if (found := self._present(OCSP_KEYS)) is not None:
            certificate, sign = found
            since = x509.Certificate.load(self._issuer).not_valid_before
            self._responder = Responder(self._issuer, certificate, ALGORITHM, sign, since)
            self._responders = Responders([self._responder])
        if (found := self._present(TSA_KEYS)) is not None:
            certificate, sign = found
            self._unit = Unit(certificate, (self._issuer,), ALGORITHM, sign)

    def _present(self, keys: tuple[str, str]) -> tuple[bytes, Sign] | None:
        """Certificate and key that work now."""
        published = {key: self._publications.get(f"{key}.cer") for key in keys}
        lives = {key: issuers.life(der) for key, der in published.items()}
        key = rolling.present_key(lives, self._clock.now())
        certificate = published[key] if key is not None else None
        if key is None or certificate is None:
            return None
        return certificate, service_keys.named(self._keys, key)
