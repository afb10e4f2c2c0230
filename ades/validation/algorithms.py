"""The rules of ``policies.algorithms`` in the shape that the path validator asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from asn1crypto import algos, keys
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint, AlgorithmUsagePolicy

from policies import algorithms
from policies.algorithms import Reliance

_SCHEMES: Final = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "ecdsa"})


class ReliedOn(AlgorithmUsagePolicy):
    """TS 119 312 at a moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        """Of a message digest."""
        return _constraint(digest(algo, moment or self.now))

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        """Of a signature in a certificate, list or answer."""
        return _constraint(signature(algo, public_key, moment or self.now))


def digest(algorithm: algos.DigestAlgorithm, at: datetime) -> Reliance:
    """What is thought of a digest."""
    return algorithms.reliance_on_digest(algorithm["algorithm"].native, at)


def signature(
    algorithm: algos.SignedDigestAlgorithm, public_key: keys.PublicKeyInfo | None, at: datetime
) -> Reliance:
    """What is thought of a signature scheme, its digest, and the key."""
    try:
        scheme, digest_name = algorithm.signature_algo, algorithm.hash_algo
    except ValueError:
        # rsaEncryption names no digest; the SignerInfo does, and it is judged there.
        scheme, digest_name = algorithm["algorithm"].native, None
    if scheme not in _SCHEMES:
        return Reliance(False)
    if digest_name is not None and not algorithms.reliance_on_digest(digest_name, at).good:
        return Reliance(False)
    return Reliance(True) if public_key is None else key(public_key, at)


def key(public_key: keys.PublicKeyInfo, at: datetime) -> Reliance:
    """What is thought of a key."""
    kind = "rsa" if public_key.algorithm == "rsassa_pss" else str(public_key.algorithm)
    curve = None
    if kind == "ec":
        form, name = public_key.curve
        curve = name if form == "named" else None
    return algorithms.reliance_on_key(kind, public_key.bit_size, curve, at)


def _constraint(reliance: Reliance) -> AlgorithmUsageConstraint:
    return AlgorithmUsageConstraint(
        allowed=reliance.good, not_allowed_after=None if reliance.good else reliance.ends_at
    )
