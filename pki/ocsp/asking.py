"""Asking a responder of ours about one certificate, and whether it answered that. (RFC 6960 4)

Pure. The signature is the business of whoever validates the document that the answer goes into;
here it is made sure that the answer is about this certificate, and of now.
"""

from __future__ import annotations

from asn1crypto import core, ocsp, x509

from ades.der import NotDer
from pki.ocsp import kept, responders
from policies.status import CertificateStatus

MEDIA_TYPE = "application/ocsp-request"


class NoAnswer(Exception):
    """The responder did not answer the question."""


def question(issuer: bytes, certificate: bytes, nonce: bytes) -> bytes:
    """OCSPRequest, DER.

    Args:
        issuer: Certificate of the authority, DER.
        certificate: The one in question, DER.
        nonce: Makes sure that the answer is a new one (RFC 9654 2.1).
    """
    serial = x509.Certificate.load(certificate).serial_number
    asked = ocsp.CertId.load(responders.cert_id(issuer, serial))
    extension = {"extn_id": "nonce", "extn_value": core.OctetString(nonce)}
    request = {
        "request_list": [{"req_cert": asked}],
        "request_extensions": [extension],
    }
    return bytes(ocsp.OCSPRequest({"tbs_request": request}).dump())


def answered(answer: bytes, issuer: bytes, certificate: bytes, nonce: bytes) -> CertificateStatus:
    """What the answer says of the certificate.

    Raises:
        NoAnswer: It is none, is about another certificate, or an old one.
    """
    serial = x509.Certificate.load(certificate).serial_number
    try:
        found = kept.read(answer)
    except NotDer as error:
        raise NoAnswer(str(error)) from error
    if found.cert_id != responders.cert_id(issuer, serial):
        raise NoAnswer("about another certificate")
    told = ocsp.OCSPResponse.load(answer).nonce_value
    if told is None or told.native != nonce:
        raise NoAnswer("not of now")
    return found.status
