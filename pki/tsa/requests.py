"""Time-stamp requests: from bytes to a wish that may be granted. (RFC 3161 2.4.1)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ades import der
from ades.der import NotDer, Reader
from pki import extensions
from policies import tsa
from policies.algorithms import HashAlgorithm
from policies.tsa import LONGEST_REQUEST, Failure, StampRefused, Wish


@dataclass(frozen=True, slots=True)
class StampRequest:
    """A request that the rules let pass."""

    policy: str
    """OID that the token is under."""
    imprint: bytes
    """MessageImprint, DER, as it was sent: it goes into the token."""
    algorithm: HashAlgorithm
    digest: bytes
    nonce: bytes | None
    """INTEGER, DER, as it was sent."""
    cert_req: bool
    """The token is to carry the unit's certificate."""


def parse(body: bytes, policies: Sequence[str]) -> StampRequest:
    """The request of a POST's body.

    Args:
        policies: As in ``policies.tsa.admit``.

    Raises:
        StampRefused: With the protocol's reason.
    """
    if len(body) > LONGEST_REQUEST:
        raise StampRefused(Failure.BAD_DATA_FORMAT, f"{len(body)} bytes")
    try:
        return _parse(body, policies)
    except NotDer as error:
        raise StampRefused(Failure.BAD_DATA_FORMAT, str(error)) from error


def _parse(body: bytes, policies: Sequence[str]) -> StampRequest:
    outer = Reader(body)
    reader = outer.enter()
    outer.done()
    version = reader.integer()
    imprint = reader.whole(der.SEQUENCE)
    hash_oid, digest = _imprint(Reader(imprint).enter())
    wanted = reader.oid() if reader.tag == der.OID else None
    nonce = _nonce(reader)
    # DER leaves a FALSE out; clients are known that write it down.
    cert_req = reader.boolean() if reader.tag == der.BOOLEAN else False
    extended = reader.tag == der.context(0)
    if extended:
        extensions.decode(reader.enter(der.context(0)))
    reader.done()
    policy = tsa.admit(Wish(version, hash_oid, len(digest), wanted, extended), policies)
    algorithm = HashAlgorithm.of_oid(hash_oid)
    return StampRequest(policy, imprint, algorithm, digest, nonce, cert_req)


def _imprint(reader: Reader) -> tuple[str, bytes]:
    algorithm = reader.enter()
    hash_oid = algorithm.oid()
    if algorithm.tag is not None:
        algorithm.contents(der.NULL)
    algorithm.done()
    digest = reader.contents(der.OCTET_STRING)
    reader.done()
    return hash_oid, digest


def _nonce(reader: Reader) -> bytes | None:
    if reader.tag != der.INTEGER:
        return None
    # Read as a number only to refuse what is none.
    value = reader.integer()
    return der.integer(value)
