"""Time-stamp tokens and the answers that carry or refuse them. (RFC 3161 2.4.2; RFC 5816)

Whether there is a token, and which time it tells, is ``policies.tsa``. Here it gets its form:
version 1, ordering FALSE and so left out, the unit not named (EN 319 422 5.2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from ades import der, identifiers, signed_data
from ades.signed_data import Parts, attribute
from pki import signed
from pki.signed import Sign
from pki.tsa.requests import StampRequest
from policies.algorithms import SignAlgorithm
from policies.tsa import ACCURACY, SERIAL_BITS, StampRefused

_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_GRANTED: Final = 0
_REJECTION: Final = 2


@dataclass(frozen=True, slots=True)
class Unit:
    """A time-stamping unit: one key and its certificate."""

    certificate: bytes
    """DER."""
    chain: tuple[bytes, ...]
    """Sent along with it, DER: the issuers below the root."""
    algorithm: SignAlgorithm
    """What its key signs with."""
    sign: Sign


@dataclass(frozen=True, slots=True)
class Draft:
    """A token that is to be made."""

    request: StampRequest
    serial: int
    """Random, positive, ``policies.tsa.SERIAL_BITS`` long at most."""
    gen_time: datetime
    """Of ``policies.tsa.gen_time``."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A token but for its signature value."""

    info: bytes
    """TSTInfo, DER."""
    attributes: bytes
    """SET OF signed attributes, DER: what is hashed and signed (RFC 5652 5.4)."""
    cert_req: bool


def to_be_signed(unit: Unit, draft: Draft) -> Unsigned:
    """The token's content and the attributes to sign."""
    info = _info(draft)
    found = der.set_of(
        attribute(_CONTENT_TYPE, der.oid(_TST_INFO)),
        attribute(_MESSAGE_DIGEST, der.octets(signed.digest(info, unit.algorithm))),
        attribute(_SIGNING_CERTIFICATE_V2, _names(unit.certificate)),
    )
    return Unsigned(info, found, draft.request.cert_req)


def sealed(unit: Unit, unsigned: Unsigned, signature: bytes) -> bytes:
    """The TimeStampToken, DER of its ContentInfo."""
    digest_algorithm = identifiers.digest_der(unit.algorithm.hash_algorithm)
    return signed_data.write(
        Parts(
            version=3,
            digest_algorithms=der.set_of(digest_algorithm),
            content=der.sequence(der.oid(_TST_INFO), der.explicit(0, der.octets(unsigned.info))),
            signer=signed_data.signer(
                certificate=unit.certificate,
                digest_algorithm=digest_algorithm,
                signed_attributes=unsigned.attributes,
                signature_algorithm=identifiers.signature_der(unit.algorithm),
                signature=signature,
            ),
            certificates=(unit.certificate, *unit.chain) if unsigned.cert_req else (),
        )
    )


async def stamp(unit: Unit, draft: Draft) -> bytes:
    """The TimeStampToken, DER."""
    unsigned = to_be_signed(unit, draft)
    digest = signed.digest(unsigned.attributes, unit.algorithm)
    return sealed(unit, unsigned, await unit.sign(digest, unit.algorithm))


def granted(token: bytes) -> bytes:
    """The TimeStampResp around a token, DER."""
    return der.sequence(der.sequence(der.integer(_GRANTED)), token)


def rejection(reason: StampRefused) -> bytes:
    """The TimeStampResp without one, DER; it is not signed."""
    words = reason.failure.name.lower().replace("_", " ")
    text = der.encoded(der.UTF8_STRING, words.encode("ascii"))
    failure = der.named_bit(reason.failure)
    return der.sequence(der.sequence(der.integer(_REJECTION), der.sequence(text), failure))


def _info(draft: Draft) -> bytes:
    if not 0 < draft.serial < 1 << SERIAL_BITS:
        raise ValueError("serial number")
    request = draft.request
    return der.sequence(
        der.integer(1),
        der.oid(request.policy),
        request.imprint,
        der.integer(draft.serial),
        der.generalized_time(draft.gen_time),
        _accuracy(),
        request.nonce or b"",
    )


@lru_cache(maxsize=1)
def _accuracy() -> bytes:
    return der.sequence(der.integer(ACCURACY // timedelta(seconds=1)))


@lru_cache(maxsize=16)
def _names(certificate: bytes) -> bytes:
    # SHA-256 is the default and must then be left out (RFC 5035 4, X.690 11.5).
    named = der.sequence(der.octets(hashlib.sha256(certificate).digest()))
    return der.sequence(der.sequence(named))
