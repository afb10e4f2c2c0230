"""What a signer process does that has the service token alone: named keys, and nothing else.

For the root's ceremony and for those who tell status and time. Such a process cannot reach a
signer's key: it never logs in to their token. It uses the keys it was started for, whatever it is
asked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hsm import errors, mechanisms, records
from hsm.labelled import LabelledKeys, service_label
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm


class ServiceDesk:
    """Service keys by name.

    Every method raises ``Broken`` when the device fails.
    """

    def __init__(
        self, keys: LabelledKeys, names: tuple[str, ...], clock: Callable[[], datetime]
    ) -> None:
        self._keys = keys
        self._names = names
        self._clock = clock

    def key(self, name: str, algorithm: KeyAlgorithm) -> bytes:
        """SubjectPublicKeyInfo (DER) of a service key, made if absent.

        Raises:
            Rejected: Not a key of this process.
        """
        return self._keys.make(self._label(name), algorithm)

    def sign(self, name: str, digest: bytes, algorithm: SignAlgorithm) -> bytes:
        """A verified signature value.

        Raises:
            Rejected: Not a key of this process.
            KeyGone: It was never made.
        """
        return self._keys.sign(self._label(name), algorithm, digest)

    def canary(self) -> datetime | None:
        """The instant at which each key that exists made a real signature."""
        digest = records.sha256(b"paraph/canary/1")
        made = [one for one in map(service_label, self._names) if self._keys.exists(one)]
        for label in made:
            curve = mechanisms.fits(
                mechanisms.public_key(self._keys.public_key(label)), Scheme.ECDSA
            )
            scheme = Scheme.ECDSA if curve else Scheme.RSA_PKCS1
            self._keys.sign(label, SignAlgorithm(scheme, HashAlgorithm.SHA256), digest)
        return self._clock() if made else None

    def _label(self, name: str) -> str:
        if name not in self._names:
            raise errors.Rejected(f"this process does not use the key {name}")
        return service_label(name)
