"""Proof that a key was made where it can sign: a certification request by the key itself.

Made with the key, before anybody can use it for anything else. The request names nobody: the
authority takes the public key out of it, and looks at nothing else. (RFC 2986 4; security-and-pki
1.5)
"""

from __future__ import annotations

import hashlib
from typing import Final

from asn1crypto import core, csr, keys, x509

from ades import identifiers
from hsm import errors, mechanisms
from hsm.labelled import sign_with
from hsm.pkcs11 import Pair, Token
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm

_HASHES: Final = {KeyAlgorithm.P_384: HashAlgorithm.SHA384}
"""As strong as the key; SHA-256 where nothing else is said."""


def request(token: Token, pair: Pair, algorithm: KeyAlgorithm) -> bytes:
    """DER of the request, verified.

    Raises:
        Broken: The token fails.
        WrongSignature: The key does not sign what its public half verifies.
    """
    scheme = Scheme.RSA_PKCS1 if algorithm.curve_oid is None else Scheme.ECDSA
    how = SignAlgorithm(scheme, _HASHES.get(algorithm, HashAlgorithm.SHA256))
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": x509.Name.build({}),
            "subject_pk_info": keys.PublicKeyInfo.load(pair.public_key),
            "attributes": [],
        }
    ).dump()
    digest = hashlib.new(how.hash_algorithm.name.lower(), info).digest()
    signature = sign_with(token, pair.private, how, digest)
    if not mechanisms.verifies(mechanisms.public_key(pair.public_key), how, digest, signature):
        raise errors.WrongSignature("a new key")
    parts = (
        info,
        identifiers.signature_algorithm(how).dump(),
        core.OctetBitString(signature).dump(),
    )
    return bytes(core.Sequence(contents=b"".join(parts)).dump())
