"""The key at work: signatures as signHash returns them, and the defects of those."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from tests.conformance.reference.accounts import RSA, Credential
from tests.conformance.reference.algorithms import Scheme
from tests.conformance.reference.call import Call


def signatures(
    call: Call, credential: Credential, scheme: Scheme, digests: Sequence[bytes]
) -> list[str]:
    """One signature for each digest, in their order."""
    server = call.server
    if server.wrong("sign-hash-again"):
        digests = [hashlib.new(f"sha{len(one) * 8}", one).digest() for one in digests]
    found = [_signed(call, credential, scheme, one) for one in digests]
    if server.wrong("sign-hash-order"):
        found.reverse()
    if server.wrong("sign-hash-first-only"):
        found = found[:1]
    texts = [base64.b64encode(one).decode() for one in found]
    return (
        [f"{one[:64]}\n{one[64:]}" for one in texts] if server.wrong("sign-hash-lines") else texts
    )


def _signed(call: Call, credential: Credential, scheme: Scheme, digest: bytes) -> bytes:
    key, server = credential.holder.key, call.server
    bare = call.members.get("signAlgo") == RSA and server.wrong("sign-hash-bare-digest")
    if bare and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, padding.PKCS1v15(), utils.NoDigestInfo())
    signature = scheme.sign(key, digest)
    if isinstance(key, ec.EllipticCurvePrivateKey) and server.wrong("sign-hash-bare-ecdsa"):
        r, s = utils.decode_dss_signature(signature)
        return r.to_bytes(32) + s.to_bytes(32)
    return signature
