"""Certificate revocation lists: full ones, version 2. (RFC 5280 5; security-and-pki 2.4)

Builds and encodes: which certificates are revoked the register says, when a list is due and how
long it holds is ``policies.status``. One list covers everything that an authority issued.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from asn1crypto import x509

from ades import der, identifiers
from ades.der import NotDer, Reader
from pki import extensions, signed
from pki.ports import Registered
from pki.signed import Sign
from policies.algorithms import SignAlgorithm
from policies.revocation import Reason, Revocation
from policies.status import CRL_NUMBER_BITS, REASON_CODES, Window

MEDIA_TYPE: Final = "application/pkix-crl"
_AUTHORITY_KEY: Final = "2.5.29.35"
_NUMBER: Final = "2.5.29.20"
_REASON: Final = "2.5.29.21"
_REASONS: Final = {code: reason for reason, code in REASON_CODES.items()}
_EXPIRED_TOO: Final = "2.5.29.60"
"""expiredCertsOnCRL (X.509 9.5.2.8)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A revoked certificate."""

    serial: int
    revocation: Revocation


def entries(lines: Iterable[Registered]) -> list[Entry]:
    """What the register says is not good."""
    return [Entry(int(one.serial, 16), one.revocation) for one in lines if one.revocation]


@dataclass(frozen=True, slots=True)
class List:
    """A CRL that is to be made."""

    issuer: bytes
    """The authority's certificate, DER."""
    number: int
    """Of ``policies.status.crl_number``."""
    window: Window
    entries: Iterable[Entry]
    """Each serial once, in any order."""
    expired_since: datetime | None = None
    """Certificates that expired from then on stay on the list; ``None``: they may have left."""


def to_be_signed(wanted: List, algorithm: SignAlgorithm) -> bytes:
    """DER of the TBSCertList.

    Args:
        algorithm: What the authority's key signs with.
    """
    if not 0 < wanted.number < 1 << CRL_NUMBER_BITS:
        raise ValueError(f"CRL number {wanted.number}")
    issuer = x509.Certificate.load(wanted.issuer)
    revoked = b"".join(map(_entry, wanted.entries))
    return der.sequence(
        der.integer(1),
        identifiers.signature_der(algorithm),
        issuer.subject.dump(),
        der.time(wanted.window.this_update),
        der.time(wanted.window.next_update),
        # No empty SEQUENCE (RFC 5280 5.1.2.6).
        der.sequence(revoked) if revoked else b"",
        der.explicit(0, der.sequence(*_extensions(wanted, issuer.key_identifier))),
    )


def sealed(tbs: bytes, algorithm: SignAlgorithm, signature: bytes) -> bytes:
    """The CRL, DER."""
    return signed.sealed(tbs, algorithm, signature)


async def issue(wanted: List, algorithm: SignAlgorithm, sign: Sign) -> bytes:
    """The CRL, DER, signed by the authority's own key."""
    tbs = to_be_signed(wanted, algorithm)
    return sealed(tbs, algorithm, await sign(signed.digest(tbs, algorithm), algorithm))


def window(made: bytes) -> Window:
    """Until when a list of ours holds; what stands on it is not looked at."""
    return _head(_tbs(made))


@lru_cache(maxsize=4)
def read(made: bytes) -> tuple[Window, Mapping[str, datetime]]:
    """What a list of ours says: until when it holds, and which serial ended when.

    Serial numbers as the register writes them (``pki.ports.Serial``).
    """
    tbs = _tbs(made)
    head, ended = _head(tbs), {}
    if tbs.tag == der.SEQUENCE:
        revoked = tbs.enter()
        while revoked.tag is not None:
            one = revoked.enter()
            serial = one.integer()
            ended[f"{serial:x}"] = one.time()
    return head, ended


def for_good(made: bytes) -> list[Entry]:
    """What a list of ours says is revoked, without what is only suspended."""
    tbs = _tbs(made)
    _head(tbs)
    found = []
    if tbs.tag == der.SEQUENCE:
        revoked = tbs.enter()
        while revoked.tag is not None:
            one = revoked.enter()
            serial, at = one.integer(), one.time()
            found.append(Entry(serial, Revocation(at, _reason_of(one))))
    return [one for one in found if one.revocation.reason is not Reason.CERTIFICATE_HOLD]


def _reason_of(entry: Reader) -> Reason:
    if entry.tag is None:
        return Reason.UNSPECIFIED
    for one in extensions.decode(entry.enter()):
        if one.oid == _REASON:
            code = int.from_bytes(Reader(one.value).contents(der.ENUMERATED), "big")
            return _REASONS[code]
    return Reason.UNSPECIFIED


def number(made: bytes) -> int:
    """cRLNumber of a list of ours.

    Raises:
        NotDer: It has none.
    """
    tbs = _tbs(made)
    _head(tbs)
    if tbs.tag == der.SEQUENCE:
        tbs.enter()
    for one in extensions.decode(tbs.enter(der.context(0)).enter()):
        if one.oid == _NUMBER:
            return Reader(one.value).integer()
    raise NotDer("no number")


def _tbs(made: bytes) -> Reader:
    return Reader(made).enter().enter()


def _head(tbs: Reader) -> Window:
    tbs.integer()
    for _ in ("signature", "issuer"):
        tbs.whole(der.SEQUENCE)
    return Window(tbs.time(), tbs.time())


def _entry(entry: Entry) -> bytes:
    return der.sequence(
        der.integer(entry.serial),
        der.time(entry.revocation.at),
        _reason(entry.revocation.reason),
    )


@lru_cache
def _reason(reason: Reason) -> bytes:
    code = REASON_CODES.get(reason)
    if code is None:
        return b""
    return der.sequence(extensions.encode(_REASON, der.integer(code, der.ENUMERATED)))


def _extensions(wanted: List, key_identifier: bytes) -> list[bytes]:
    key = der.sequence(der.encoded(der.context(0, constructed=False), key_identifier))
    found = [
        extensions.encode(_AUTHORITY_KEY, key),
        extensions.encode(_NUMBER, der.integer(wanted.number)),
    ]
    if wanted.expired_since is not None:
        since = der.generalized_time(wanted.expired_since.replace(microsecond=0))
        found.append(extensions.encode(_EXPIRED_TOO, since))
    return found
