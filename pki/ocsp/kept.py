"""Answers that were made in advance, read back; and how a file of one is called.

Any web server can give them out: the name is the path of the GET that asks for it (RFC 6960 A.1),
so a plain look into a directory is a responder. Only answers of ours are read here: about one
certificate, without a nonce.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

from ades import der
from ades.der import NotDer, Reader
from pki.ocsp.responders import Answer, Responder
from policies.revocation import Reason, Revocation
from policies.status import REASON_CODES, CertificateStatus, Standing, Window

_REASONS: Final = {code: reason for reason, code in REASON_CODES.items()}


@dataclass(frozen=True, slots=True)
class Kept:
    """What an answer says."""

    body: bytes
    """OCSPResponse, DER."""
    cert_id: bytes
    """DER of its CertID."""
    serial: int
    status: CertificateStatus
    """A revocation in whole seconds."""
    window: Window
    responder: bytes
    """SHA-1 of the key that signed it."""


def made(body: bytes, answer: Answer, window: Window, responder: Responder) -> Kept:
    """What an answer says that was made just now; nothing is read."""
    serial = _serial(answer.cert_id)
    return Kept(body, answer.cert_id, serial, answer.status, window, responder.key_hash)


def read(body: bytes) -> Kept:
    """What an answer of ours says.

    Raises:
        NotDer: It is not one, or not whole.
    """
    outer = Reader(body)
    response = outer.enter()
    outer.done()
    if response.contents(der.ENUMERATED) != b"\x00":
        raise NotDer("no answer")
    basic = Reader(Reader(_octets(response)).enter().whole(der.SEQUENCE))
    data = basic.enter()
    responder = data.enter(der.context(2)).contents(der.OCTET_STRING)
    data.contents(der.GENERALIZED_TIME)
    singles = data.enter()
    single = singles.enter()
    singles.done()
    cert_id = single.whole(der.SEQUENCE)
    status = _status(single)
    begin, end = single.time(), single.enter(der.context(0)).time()
    return Kept(body, cert_id, _serial(cert_id), status, Window(begin, end), responder)


def path(cert_id: bytes) -> str:
    """Of the file with the answer about a certificate, seen from the responder's own address.

    It may have slashes: behind a web server it is a directory then, and ``//`` is ``/``. One at
    its end is left out, for a file cannot have it.
    """
    request = der.sequence(der.sequence(der.sequence(der.sequence(cert_id))))
    return base64.b64encode(request).decode("ascii").rstrip("/")


def _octets(response: Reader) -> bytes:
    holder = response.enter(der.context(0)).enter()
    holder.contents(der.OID)
    return holder.contents(der.OCTET_STRING)


def _serial(cert_id: bytes) -> int:
    parts = Reader(cert_id).enter()
    parts.whole(der.SEQUENCE)
    for _ in ("name", "key"):
        parts.contents(der.OCTET_STRING)
    return parts.integer()


def _status(single: Reader) -> CertificateStatus:
    if single.tag == der.context(0, constructed=False):
        single.contents(der.context(0, constructed=False))
        return Standing.GOOD
    ended = single.enter(der.context(1))
    at, reason = ended.time(), Reason.UNSPECIFIED
    if ended.tag is not None:
        code = ended.enter(der.context(0)).contents(der.ENUMERATED)
        if (number := int.from_bytes(code, "big")) not in _REASONS:
            raise NotDer(f"reason {number}")
        reason = _REASONS[number]
    return Revocation(at, reason)
