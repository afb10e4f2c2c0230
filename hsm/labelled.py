"""Key pairs that go by a label: the canary, the audit key, the certificate authority's keys.

Their public halves are kept in the token as well. Every signature is verified here before it
goes anywhere. Signers' keys are not here: see ``hsm.keystore``.
"""

from __future__ import annotations

from typing import Final

from hsm import errors, mechanisms
from hsm.handles import HandleCache
from hsm.pkcs11 import Handle, Kind, Token
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm

CANARY: Final = "paraph-canary-1"
"""The key whose signature shows that the signers' token works."""
OWN_KEY: Final = KeyAlgorithm.P_256
OWN_ALGORITHM: Final = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
"""What canary and audit key compute."""
KEY_ID_BYTES: Final = 16
_HANDLES: Final = 64


def service_label(name: str) -> str:
    """Label of the service key with this name."""
    return f"paraph-service-{name}"


def sign_with(token: Token, key: Handle, algorithm: SignAlgorithm, digest: bytes) -> bytes:
    """The signature value of a key whose handle is at hand. Not verified here."""
    recipe = mechanisms.recipe(algorithm)
    raw = token.sign(key, recipe, recipe.prefix + digest)
    return mechanisms.signature_value(algorithm.scheme, raw)


class LabelledKeys:
    """The labelled key pairs of one token.

    Every method raises ``Broken`` when the token fails.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self._handles = HandleCache(self._find, size=_HANDLES)
        self._public_keys: dict[str, bytes] = {}

    def exists(self, label: str) -> bool:
        """True when the key was made."""
        return self._token.find(Kind.PRIVATE, label=label) is not None

    def make(self, label: str, algorithm: KeyAlgorithm) -> bytes:
        """SubjectPublicKeyInfo (DER) of the key with this label, made if absent."""
        if not self.exists(label):
            key_id = self._token.random(KEY_ID_BYTES)
            self._token.generate_pair(algorithm, key_id=key_id, label=label)
        return self.public_key(label)

    def public_key(self, label: str) -> bytes:
        """SubjectPublicKeyInfo (DER).

        Raises:
            KeyGone: No such key.
        """
        spki = self._public_keys.get(label)
        if spki is None:
            public = self._token.find(Kind.PUBLIC, label=label)
            if public is None:
                raise errors.KeyGone(label)
            spki = self._public_keys[label] = self._token.public_key(public)
        return spki

    def sign(self, label: str, algorithm: SignAlgorithm, digest: bytes) -> bytes:
        """The signature value, verified.

        Raises:
            KeyGone: No such key.
            Rejected: Not a scheme, or not a digest, for this key.
            WrongSignature: It does not verify.
        """
        public_key = mechanisms.public_key(self.public_key(label))
        if not mechanisms.fits(public_key, algorithm.scheme):
            raise errors.Rejected(f"{label}: {algorithm.scheme.value} with another kind of key")
        if len(digest) != algorithm.hash_algorithm.digest_bytes:
            raise errors.Rejected(f"{label}: digest of {len(digest)} bytes")
        signature = self._handles.use(
            label, lambda key: sign_with(self._token, key, algorithm, digest)
        )
        if not mechanisms.verifies(public_key, algorithm, digest, signature):
            raise errors.WrongSignature(label)
        return signature

    def _find(self, label: str) -> Handle:
        key = self._token.find(Kind.PRIVATE, label=label)
        if key is None:
            raise errors.KeyGone(label)
        return key
