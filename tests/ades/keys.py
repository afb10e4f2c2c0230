"""Who signs in these tests: the activation module with keys in SoftHSM, or keys in this process.

Both build what they sign by the signer process's own ``hsm.documents``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from hsm import documents
from hsm.interface import DocumentSignature
from policies.algorithms import KeyAlgorithm, Scheme
from policies.documents import DocumentItem, DocumentOrder
from policies.values import KeyRef, MintedSad
from tests.hsm.world import Person, Room, claim_for
from tests.pki import golden
from tests.pki.golden import NOW
from tests.softhsm import make_tokens, opened

SIGNED_AT: datetime = NOW
"""When certificates begin: nothing here may lie in the future of the judges."""


class Keys(Protocol):
    """One key for each kind."""

    def public(self, kind: KeyAlgorithm) -> bytes:
        """SubjectPublicKeyInfo, DER."""

    def sign(self, kind: KeyAlgorithm, item: DocumentItem, certificate: bytes) -> DocumentSignature:
        """A signature as the signer process makes it."""


@dataclass
class InHsm:
    """Through the activation module."""

    room: Room
    people: dict[KeyAlgorithm, Person] = field(default_factory=dict)
    numbers: Any = field(default_factory=itertools.count)

    def public(self, kind: KeyAlgorithm) -> bytes:
        """Of somebody who is enrolled at the first call."""
        if kind not in self.people:
            name = kind.name.lower()
            person = self.room.enrol(name)
            if kind is not KeyAlgorithm.P_256:
                administration = self.room.administration
                key = administration.generate_key(kind)
                claim = claim_for(name, key, person.claim.pin_verifier)
                binding = administration.bind(claim)
                person = replace(person, key=key, claim=claim, binding=binding)
            self.people[kind] = person
        return self.people[kind].key.public_key

    def sign(self, kind: KeyAlgorithm, item: DocumentItem, certificate: bytes) -> DocumentSignature:
        """With an approval of its own."""
        person = self.people[kind]
        self.room.clock.now = SIGNED_AT
        minted = self.room.mint(person, f"sad-{next(self.numbers)}", hashes=(item.digest,))
        key = person.key
        order = DocumentOrder(key.key_ref, key.public_key, certificate, minted, (item,))
        (made,) = self.room.activation.sign_documents(order)
        return made


@contextmanager
def in_hsm(directory: Path) -> Iterator[InHsm]:
    """Keys in a SoftHSM of their own; one at a time in a process."""
    with opened(make_tokens(directory)) as device:
        room = Room(device)
        room.administration.initialise()
        yield InHsm(room)


@dataclass
class InProcess:
    """Without a device, for tests whose subject is the document."""

    elliptic: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def _key(self, kind: KeyAlgorithm) -> golden.Key:
        return self.elliptic if kind is KeyAlgorithm.P_256 else golden.rsa_key()

    def public(self, kind: KeyAlgorithm) -> bytes:
        """Of the one key of this kind."""
        return golden.public(self._key(kind))

    def sign(self, kind: KeyAlgorithm, item: DocumentItem, certificate: bytes) -> DocumentSignature:
        """What the activation module signs once it has found the digest approved."""
        nobody = MintedSad(b"", b"")
        order = DocumentOrder(KeyRef(b""), self.public(kind), certificate, nobody, (item,))
        draft = documents.draft(order, item, SIGNED_AT)
        key, digested = self._key(kind), Prehashed(SHA256())
        if isinstance(key, ec.EllipticCurvePrivateKey):
            value = key.sign(draft.digest, ec.ECDSA(digested))
        elif item.algorithm.scheme is Scheme.RSA_PSS:
            pss = padding.PSS(padding.MGF1(SHA256()), 32)
            value = key.sign(draft.digest, pss, digested)
        else:
            value = key.sign(draft.digest, padding.PKCS1v15(), digested)
        return DocumentSignature(draft.attributes, value, draft.pdf)
