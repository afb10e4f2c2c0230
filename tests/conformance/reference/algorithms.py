"""Digests, signature algorithms and PSS parameters: what a request names, and what the key does.

Digests are SHA-256 and stronger (v1 11.9; v2 11.10).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.conformance.reference.accounts import PSS, RSA, Credential
from tests.conformance.reference.call import Call
from tests.conformance.reference.keys import Key
from tests.conformance.reference.replies import Refused, generic, invalid, missing

SHA256: Final = "2.16.840.1.101.3.4.2.1"
DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
IMPLIED: Final = {
    "1.2.840.113549.1.1.11": "2.16.840.1.101.3.4.2.1",
    "1.2.840.113549.1.1.12": "2.16.840.1.101.3.4.2.2",
    "1.2.840.113549.1.1.13": "2.16.840.1.101.3.4.2.3",
    "1.2.840.10045.4.3.2": "2.16.840.1.101.3.4.2.1",
    "1.2.840.10045.4.3.3": "2.16.840.1.101.3.4.2.2",
    "1.2.840.10045.4.3.4": "2.16.840.1.101.3.4.2.3",
}
"""The digest that a signature algorithm comes with."""
WEAK: Final = {**DIGESTS, "1.3.14.3.2.26": hashes.SHA1()}  # noqa: S303 - a defect, to be found
PSS_SHA256: Final = "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg"
_BLOCK: Final = 256
"""Bytes of an RSA signature here."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How digests become signatures."""

    digest: str
    """OID."""
    salt: int | None = None
    """Bytes; None: no PSS."""
    mask: str = ""
    """OID of the digest of MGF1."""

    def sign(self, key: Key, digest: bytes) -> bytes:
        """The signature of ``digest``: PKCS#1, or DER of r and s."""
        prehashed = Prehashed(WEAK[self.digest])
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(digest, ec.ECDSA(prehashed))
        return key.sign(digest, self._padding(), prehashed)

    def _padding(self) -> padding.AsymmetricPadding:
        if self.salt is None:
            return padding.PKCS1v15()
        return padding.PSS(padding.MGF1(WEAK[self.mask]), self.salt)


def scheme(call: Call, credential: Credential) -> Scheme:
    """What ``signAlgo``, its parameters and the digest OID of the request say together."""
    algorithm, params = _algorithm(call, credential), _params(call)
    if algorithm in IMPLIED:
        _contradicted(call, IMPLIED[algorithm])
        return Scheme(IMPLIED[algorithm])
    if algorithm == RSA:
        return Scheme(_named(call))
    found = pss(call, params)
    if call.algorithm_name in call.members and _named(call) != found.digest:
        raise invalid(call.algorithm_name)
    return found


def _algorithm(call: Call, credential: Credential) -> str:
    if call.server.wrong("sign-hash-algo-default"):
        call.members.setdefault("signAlgo", credential.algos[0])
    algorithm = call.text("signAlgo")
    refused = f"sign-hash-without-{algorithm}" in call.server.wrongs
    other = algorithm in IMPLIED and call.server.wrong("sign-hash-algo-other")
    if refused or (algorithm not in credential.algos and not other):
        raise invalid("signAlgo")
    return algorithm


def _params(call: Call) -> str:
    params = call.members.get("signAlgoParams", "")
    wanted = call.members["signAlgo"] == PSS
    if wanted and params in ("", 17) and call.server.wrong("sign-hash-params-default"):
        return PSS_SHA256
    if not isinstance(params, str) or (wanted and not params):
        raise missing("string", "signAlgoParams")
    return params


def _contradicted(call: Call, digest: str) -> None:
    named = call.members.get(call.algorithm_name, digest)
    if named != digest and call.wrong("contradiction"):
        raise invalid(call.algorithm_name)


def allowed(call: Call) -> Mapping[str, hashes.HashAlgorithm]:
    """The digests that may be signed, by OID."""
    return WEAK if call.server.wrong("weak-digests") else DIGESTS


def _named(call: Call) -> str:
    if call.server.wrong("sign-hash-digest-guessed"):
        named = call.members.get(call.algorithm_name)
        return named if named in DIGESTS else SHA256
    oid = call.text(call.algorithm_name)
    if oid not in allowed(call):
        raise invalid(call.algorithm_name)
    return oid


def pss(call: Call, params: str) -> Scheme:
    """The scheme in base64 of RSASSA-PSS-params (RFC 8017 A.2.3)."""
    try:
        scheme = _parsed(params)
        size = allowed(call)[scheme.digest].digest_size
        allowed(call)[scheme.mask]
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise _broken(call, "sign-hash-params-500") from None
    if not 0 <= (scheme.salt or 0) <= _BLOCK - size - 2:
        raise _broken(call, "sign-hash-salt-500")
    return _altered(call, scheme, size)


def _parsed(params: str) -> Scheme:
    found = algos.RSASSAPSSParams.load(base64.b64decode(params, validate=True), strict=True)
    mask = found["mask_gen_algorithm"]["parameters"]["algorithm"].dotted
    if found["trailer_field"].native != "trailer_field_bc":
        raise ValueError("trailer")
    digest = found["hash_algorithm"]["algorithm"].dotted
    return Scheme(digest, int(found["salt_length"].native), mask)


def _broken(call: Call, defect: str) -> Refused:
    if call.server.wrong(defect):
        return Refused("Sorry.", error="server_error", status=500)
    return generic()


def _altered(call: Call, scheme: Scheme, size: int) -> Scheme:
    """``scheme`` as the defects have it."""
    if call.server.wrong("sign-hash-pss-salt"):
        return replace(scheme, salt=size)
    if call.server.wrong("sign-hash-pss-mask"):
        return replace(scheme, mask=scheme.digest)
    if call.server.wrong("sign-hash-pss-pkcs1"):
        return replace(scheme, salt=None)
    return scheme


def decoded(call: Call, name: str) -> list[bytes]:
    """The array of hashes ``name``, at least one."""
    texts = call.members.get(name)
    if isinstance(texts, str | dict) and call.wrong("hashes-single"):
        texts = list(texts.values()) if isinstance(texts, dict) else [texts]
    if not isinstance(texts, list):
        raise missing("array", "hash")
    if not texts:
        raise Refused("Empty hash array")
    strict = not call.wrong("hashes-lenient")
    try:
        return [base64.b64decode(one.encode("utf-8"), validate=strict) for one in texts]
    except (AttributeError, ValueError, binascii.Error) as reason:
        if call.wrong("hashes-element-500") and isinstance(reason, AttributeError):
            raise Refused("Sorry.", error="server_error", status=500) from None
        raise Refused("Invalid Base64 hash string parameter") from None


def measure(call: Call, digests: Sequence[bytes], oid: str) -> None:
    """Refuse digests that are not as long as those of ``oid``; any digest's length without one."""
    known = allowed(call)
    fits = {known[oid].digest_size} if oid else {one.digest_size for one in known.values()}
    if any(len(one) not in fits for one in digests):
        raise Refused("Invalid digest value length")
