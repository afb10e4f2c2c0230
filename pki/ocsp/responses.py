"""OCSP answers: from what is known to bytes. (RFC 6960 4.2; RFC 9919 3.2)

An answer made in advance and one made on the spot differ in nothing but the nonce. What is true
comes from the register, how long it holds from ``policies.status``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from ades import der
from pki import extensions, signed
from pki.ocsp.requests import NONCE
from pki.ocsp.responders import Answer, Responder
from policies.revocation import Reason
from policies.status import REASON_CODES, CertificateStatus, Failure, Standing, Window

MEDIA_TYPE: Final = "application/ocsp-response"
_BASIC: Final = "1.3.6.1.5.5.7.48.1.1"
_ARCHIVE_CUTOFF: Final = "1.3.6.1.5.5.7.48.1.6"
_SUCCESSFUL: Final = 0
_PLAIN: Final = {
    Standing.GOOD: der.encoded(der.context(0, constructed=False)),
    Standing.UNKNOWN: der.encoded(der.context(2, constructed=False)),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that is to be made."""

    answers: tuple[Answer, ...]
    """In the order asked, at least one."""
    window: Window
    """Of ``policies.status.ocsp_window``."""
    produced_at: datetime
    """Not before thisUpdate."""
    nonce: bytes | None = None
    """Of the request; ``None`` for an answer that fits many."""


def to_be_signed(responder: Responder, draft: Draft) -> bytes:
    """DER of the ResponseData."""
    singles = (_single(one, draft.window, responder.archive_cutoff) for one in draft.answers)
    parts = [
        der.explicit(2, der.octets(responder.key_hash)),
        _time(draft.produced_at),
        der.sequence(*singles),
    ]
    if draft.nonce is not None:
        parts.append(_extensions([extensions.encode(NONCE, der.octets(draft.nonce))]))
    return der.sequence(*parts)


def sealed(responder: Responder, tbs: bytes, signature: bytes) -> bytes:
    """The OCSPResponse, DER, with the responder's certificate in it."""
    certs = der.explicit(0, der.sequence(responder.certificate))
    basic = signed.sealed(tbs, responder.algorithm, signature, certs)
    body = der.sequence(der.oid(_BASIC), der.octets(basic))
    return der.sequence(_status(_SUCCESSFUL), der.explicit(0, body))


async def respond(responder: Responder, draft: Draft) -> bytes:
    """The OCSPResponse, DER."""
    tbs = to_be_signed(responder, draft)
    digest = signed.digest(tbs, responder.algorithm)
    return sealed(responder, tbs, await responder.sign(digest, responder.algorithm))


def refusal(failure: Failure) -> bytes:
    """An OCSPResponse without an answer, DER; it is not signed (RFC 6960 2.3)."""
    return der.sequence(_status(failure))


def _status(code: int) -> bytes:
    return der.integer(code, der.ENUMERATED)


def _single(answer: Answer, window: Window, archive_cutoff: datetime | None) -> bytes:
    parts = [
        answer.cert_id,
        _certificate_status(answer.status),
        _time(window.this_update),
        der.explicit(0, _time(window.next_update)),
    ]
    if archive_cutoff is not None:
        cutoff = _time(archive_cutoff)
        parts.append(_extensions([extensions.encode(_ARCHIVE_CUTOFF, cutoff)]))
    return der.sequence(*parts)


def _certificate_status(status: CertificateStatus) -> bytes:
    if isinstance(status, Standing):
        return _PLAIN[status]
    return der.explicit(1, _time(status.at), _reason(status.reason))


@lru_cache(maxsize=64)
def _time(instant: datetime) -> bytes:
    """In whole seconds; many answers have the same times."""
    return der.generalized_time(instant.replace(microsecond=0))


@lru_cache
def _reason(reason: Reason) -> bytes:
    code = REASON_CODES.get(reason)
    return b"" if code is None else der.explicit(0, der.integer(code, der.ENUMERATED))


def _extensions(found: Iterable[bytes]) -> bytes:
    return der.explicit(1, der.sequence(*found))
