"""What the caller trusts and knows: anchors, further certificates, revocation lists, OCSP answers.

Files may be PEM or DER; what is in them is found by looking. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from asn1crypto import crl, ocsp, pem, x509

from ades.validation import der
from ades.validation.errors import FAULTS, Unreadable


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of certificates and their status."""

    certificates: tuple[x509.Certificate, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            self.certificates + other.certificates,
            self.crls + other.crls,
            self.ocsps + other.ocsps,
        )


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the caller trusts, and what else he knows."""

    anchors: tuple[x509.Certificate, ...] = ()
    given: Evidence = field(default_factory=Evidence)
    stamp_anchors: tuple[x509.Certificate, ...] = ()
    """For time-stamps alone."""


def of(anchors: Iterable[bytes], given: Iterable[bytes]) -> Trust:
    """What these files say.

    Raises:
        Unreadable: There is something else in one of them.
    """
    return Trust(
        anchors=tuple(one for file in anchors for one in certificates(file)),
        given=sum(map(evidence, given), Evidence()),
    )


def certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM or DER file.

    Raises:
        Unreadable: There is something else in it, or nothing.
    """
    return tuple(_parsed(one, x509.Certificate) for one in _items(data))


def evidence(data: bytes) -> Evidence:
    """Certificates, revocation lists and OCSP answers of a PEM or DER file.

    Raises:
        Unreadable: There is something else in it, or nothing.
    """
    found = Evidence()
    for one in _items(data):
        found += _recognised(one)
    return found


_KINDS: Final[tuple[tuple[Any, Callable[[Any], Evidence], Callable[[Any], object]], ...]] = (
    (
        x509.Certificate,
        lambda found: Evidence(certificates=(found,)),
        lambda found: (found.public_key.algorithm, found.serial_number, found.not_valid_after),
    ),
    (
        crl.CertificateList,
        lambda found: Evidence(crls=(found,)),
        lambda found: (found.issuer.native, found["tbs_cert_list"]["this_update"].native),
    ),
    (
        ocsp.OCSPResponse,
        lambda found: Evidence(ocsps=(found,)),
        lambda found: found.response_data["responses"][0]["cert_status"].name,
    ),
)


def _recognised(data: bytes) -> Evidence:
    for kind, wrap, look in _KINDS:
        try:
            found = kind.load(data, strict=True)
            look(found)
        except FAULTS:
            continue
        return wrap(found)
    raise Unreadable("no certificate, revocation list or OCSP answer")


def _parsed(data: bytes, kind: Any) -> Any:
    found = _recognised(data).certificates
    if not found:
        raise Unreadable(f"no {kind.__name__}")
    return found[0]


def _items(data: bytes) -> Iterable[bytes]:
    try:
        found = (
            [content for _, _, content in pem.unarmor(data, multiple=True)]
            if pem.detect(data)
            else [data]
        )
        for one in found:
            if der.outline(one) != len(one):
                raise Unreadable("bytes behind the end")
    except (ValueError, TypeError) as error:
        raise Unreadable("neither PEM nor DER") from error
    if not found:
        raise Unreadable("empty")
    return found
