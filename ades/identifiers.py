"""AlgorithmIdentifiers of digests and signatures. (RFC 4055 3.1, RFC 5754, RFC 5758 3.2)"""

from __future__ import annotations

from functools import lru_cache

from asn1crypto import algos

from policies.algorithms import (
    ECDSA_WITH_DIGEST,
    RSA_WITH_DIGEST,
    RSASSA_PSS,
    HashAlgorithm,
    Scheme,
    SignAlgorithm,
)


def digest_algorithm(algorithm: HashAlgorithm) -> algos.DigestAlgorithm:
    """AlgorithmIdentifier of a digest."""
    return algos.DigestAlgorithm({"algorithm": algorithm.name.lower()})


def signature_algorithm(algorithm: SignAlgorithm) -> algos.SignedDigestAlgorithm:
    """AlgorithmIdentifier of a signature (RFC 4055 3.1, RFC 5758 3.2)."""
    if algorithm.scheme is not Scheme.RSA_PSS:
        named = ECDSA_WITH_DIGEST if algorithm.scheme is Scheme.ECDSA else RSA_WITH_DIGEST
        oid = next(oid for oid, digest in named.items() if digest is algorithm.hash_algorithm)
        return algos.SignedDigestAlgorithm({"algorithm": oid})
    digest = {"algorithm": algorithm.hash_algorithm.name.lower()}
    parameters = {
        "hash_algorithm": digest,
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest},
        "salt_length": algorithm.salt_bytes,
    }
    return algos.SignedDigestAlgorithm(
        {"algorithm": RSASSA_PSS, "parameters": algos.RSASSAPSSParams(parameters)}
    )


@lru_cache(maxsize=8)
def digest_der(algorithm: HashAlgorithm) -> bytes:
    """AlgorithmIdentifier of a digest, DER."""
    return bytes(digest_algorithm(algorithm).dump())


@lru_cache(maxsize=64)
def signature_der(algorithm: SignAlgorithm) -> bytes:
    """AlgorithmIdentifier of a signature, DER."""
    return bytes(signature_algorithm(algorithm).dump())
