"""OCSP requests: from bytes to questions. (RFC 6960 4.1; RFC 9654 2.1)

Whoever asks is not asked back: a signature on the request is skipped unread, as is the name of
the requestor. Whether the questions are answered, and by whom, comes later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ades import der
from ades.der import NotDer, Reader
from pki import extensions
from pki.ocsp import paths
from policies import status
from policies.status import LONGEST_POST, StatusRefused

MEDIA_TYPE: Final = "application/ocsp-request"
NONCE: Final = "1.3.6.1.5.5.7.48.1.2"
_HARMLESS: Final = frozenset({"1.3.6.1.5.5.7.48.1.4", "1.3.6.1.5.5.7.48.1.8"})
"""Acceptable types of response: basic must always be taken; preferred algorithms: only hints."""


@dataclass(frozen=True, slots=True)
class CertId:
    """Which certificate is meant (RFC 6960 4.1.1)."""

    whole: bytes
    """DER as it was sent: it goes into the answer."""
    hash_oid: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked."""

    questions: tuple[CertId, ...]
    """At least one."""
    nonce: bytes | None


def parse(body: bytes) -> Request:
    """The request of a POST's body.

    Raises:
        StatusRefused: MALFORMED_REQUEST.
    """
    if len(body) > LONGEST_POST:
        raise status.malformed(f"{len(body)} bytes")
    try:
        request = _request(Reader(body))
    except NotDer as error:
        raise status.malformed(str(error)) from error
    status.admit(len(request.questions), request.nonce)
    return request


def from_path(tail: str, served: Callable[[CertId], bool]) -> Request:
    """The request of a GET's path.

    Args:
        tail: As for ``paths.readings``.
        served: Whether a question is about an authority of ours: tells right from wrong where a
            proxy took slashes away.

    Raises:
        StatusRefused: MALFORMED_REQUEST.
    """
    refused: StatusRefused | None = None
    likeliest: Request | None = None
    for reading in paths.readings(tail):
        try:
            request = parse(reading)
        except StatusRefused as reason:
            refused = refused or reason
            continue
        if all(map(served, request.questions)):
            return request
        likeliest = likeliest or request
    if likeliest is None:
        raise refused or status.malformed("nothing in the path")
    return likeliest


def _request(reader: Reader) -> Request:
    whole = reader.enter()
    reader.done()
    tbs = whole.enter()
    if whole.tag == der.context(0):
        whole.enter(der.context(0)).whole(der.SEQUENCE)
    whole.done()
    _version(tbs)
    if tbs.tag == der.context(1):
        tbs.contents(der.context(1))
    questions = _questions(tbs.enter())
    nonce = _nonce(tbs)
    tbs.done()
    return Request(questions, nonce)


def _version(tbs: Reader) -> None:
    if tbs.tag != der.context(0):
        return
    version = tbs.enter(der.context(0))
    if version.integer() != 0:
        raise NotDer("version")
    version.done()


def _questions(reader: Reader) -> tuple[CertId, ...]:
    found = []
    while reader.tag is not None:
        one = reader.enter()
        found.append(_cert_id(one.whole(der.SEQUENCE)))
        _extensions(one, 0)
        one.done()
    return tuple(found)


def _cert_id(whole: bytes) -> CertId:
    reader = Reader(whole).enter()
    algorithm = reader.enter()
    hash_oid = algorithm.oid()
    if algorithm.tag is not None:
        algorithm.contents(der.NULL)
    algorithm.done()
    name_hash = reader.contents(der.OCTET_STRING)
    key_hash = reader.contents(der.OCTET_STRING)
    serial = reader.integer()
    reader.done()
    return CertId(whole, hash_oid, name_hash, key_hash, serial)


def _nonce(tbs: Reader) -> bytes | None:
    value = _extensions(tbs, 2).get(NONCE)
    if value is None:
        return None
    inner = Reader(value)
    nonce = inner.contents(der.OCTET_STRING)
    inner.done()
    return nonce


def _extensions(reader: Reader, number: int) -> dict[str, bytes]:
    """Values by OID of the extensions in ``[number]``, if it follows."""
    if reader.tag != der.context(number):
        return {}
    tagged = reader.enter(der.context(number))
    found = extensions.decode(tagged.enter())
    tagged.done()
    for one in found:
        if one.critical and one.oid != NONCE and one.oid not in _HARMLESS:
            raise NotDer(f"critical extension {one.oid}")
    return {one.oid: one.value for one in found}
