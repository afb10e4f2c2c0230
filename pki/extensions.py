"""Extensions of CRLs, of OCSP messages and of time-stamp requests. (RFC 5280 4.2)"""

from __future__ import annotations

from dataclasses import dataclass

from ades import der
from ades.der import NotDer, Reader


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension as it was read."""

    oid: str
    critical: bool
    value: bytes
    """What is inside the OCTET STRING."""


def encode(oid: str, value: bytes) -> bytes:
    """An extension that is not critical."""
    return der.sequence(der.oid(oid), der.octets(value))


def decode(reader: Reader) -> tuple[Extension, ...]:
    """All extensions of a reader that stands inside the SEQUENCE OF.

    Raises:
        NotDer: Something else stands there, nothing does, or one extension twice.
    """
    found = []
    while reader.tag is not None:
        one = reader.enter()
        oid = one.oid()
        # DER leaves a FALSE out; clients are known that write it down.
        critical = one.boolean() if one.tag == der.BOOLEAN else False
        found.append(Extension(oid, critical, one.contents(der.OCTET_STRING)))
        one.done()
    if not found or len({one.oid for one in found}) != len(found):
        raise NotDer("extensions")
    return tuple(found)
