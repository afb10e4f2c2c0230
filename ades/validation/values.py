"""Is the value a signature over this content, by this certificate? (RFC 5652 5.4, 5.6; RFC 5035)

Judges one container against one digest: content type, digest, named certificate, named
algorithms, value. Trust in the certificate is judged elsewhere (``chains``).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from asn1crypto import tsp, x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko_certvalidator.sig_validate import (
    DefaultSignatureValidator,
    SignatureValidationContext,
)

from ades.validation import algorithms
from ades.validation.containers import Container, Refused
from policies.algorithms import Reliance
from policies.validation import Reason

DATA: Final = "data"
_KINDS: Final = {"rsassa_pkcs1v15": "rsa", "rsassa_pss": "rsa", "ecdsa": "ec"}
_VALIDATOR: Final = DefaultSignatureValidator()


def digest_name(container: Container) -> str:
    """Digest of the content, as hashlib names it.

    Raises:
        Refused: Not one that we compute.
    """
    name = container.signer_info["digest_algorithm"]["algorithm"].native
    if name not in hashlib.algorithms_available:
        raise Refused(Reason.ALGORITHM_WEAK, name)
    return str(name)


def findings(container: Container, digest: bytes, content_type: str, now: datetime) -> list[Reason]:
    """What speaks against this value; empty if nothing does.

    Args:
        container: Read by ``containers``.
        digest: Of the content, by ``digest_name``.
        content_type: That the content must have.
        now: For the strength of the algorithms.
    """
    signed: Any = container.attribute("content_type")
    if container.content_type != content_type or signed.native != content_type:
        return [Reason.CONTENT_TYPE_WRONG]
    message_digest: Any = container.attribute("message_digest")
    if message_digest.native != digest:
        return [Reason.DIGEST_WRONG]
    if container.certificate is None:
        return [Reason.CERTIFICATE_MISSING]
    found = _named(container, container.certificate)
    if _contradict(container):
        found.append(Reason.ALGORITHMS_CONTRADICT)
    if not found and not _verifies(container, container.certificate):
        found.append(Reason.SIGNATURE_WRONG)
    strength = _strength(container, container.certificate, now)
    if not strength.good:
        ended = strength.ends_at is not None
        found.append(Reason.ALGORITHM_EXPIRED if ended else Reason.ALGORITHM_WEAK)
    return found


def _named(container: Container, certificate: x509.Certificate) -> list[Reason]:
    """ESS signing-certificate: without it another certificate with the same key would do."""
    second = container.attribute("signing_certificate_v2")
    first = container.attribute("signing_certificate")
    if second is None:
        # The first version knows SHA-1 alone (RFC 2634 5.4).
        return [Reason.CERTIFICATE_NOT_NAMED if first is None else Reason.CERTIFICATE_NAMED_BY_SHA1]
    if not len(second["certs"]):
        return [Reason.CERTIFICATE_NOT_NAMED]
    named: tsp.ESSCertIDv2 = second["certs"][0]
    algorithm = named["hash_algorithm"]["algorithm"].native
    if algorithm == "sha1":
        return [Reason.CERTIFICATE_NAMED_BY_SHA1]
    if algorithm not in hashlib.algorithms_available:
        return [Reason.ALGORITHM_WEAK]
    if hashlib.new(algorithm, certificate.dump()).digest() != named["cert_hash"].native:
        return [Reason.CERTIFICATE_NOT_THE_NAMED]
    return (
        []
        if _same_issuer(named["issuer_serial"], certificate)
        else [Reason.CERTIFICATE_NOT_THE_NAMED]
    )


def _same_issuer(named: Any, certificate: x509.Certificate) -> bool:
    if not named:
        return True
    issuers = [name.chosen for name in named["issuer"] if name.name == "directory_name"]
    return (
        certificate.issuer in issuers and certificate.serial_number == named["serial_number"].native
    )


def _contradict(container: Container) -> bool:
    """The digest of the value, of the content and of the protection must be one."""
    info = container.signer_info
    named = info["digest_algorithm"]["algorithm"].native
    # Not every scheme names a digest.
    with suppress(ValueError):
        if info["signature_algorithm"].hash_algo != named:
            return True
    protection = container.attribute("cms_algorithm_protection")
    return protection is not None and (
        protection["digest_algorithm"].native != info["digest_algorithm"].native
        or protection["signature_algorithm"].native != info["signature_algorithm"].native
    )


def _verifies(container: Container, certificate: x509.Certificate) -> bool:
    info = container.signer_info
    algorithm, public_key = info["signature_algorithm"], certificate.public_key
    kind = "rsa" if public_key.algorithm == "rsassa_pss" else public_key.algorithm
    try:
        if _KINDS.get(algorithm.signature_algo) != kind:
            return False
        _VALIDATOR.validate_signature(
            container.value,
            container.signed,
            public_key,
            algorithm,
            SignatureValidationContext(info["digest_algorithm"]["algorithm"].native),
        )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _strength(container: Container, certificate: x509.Certificate, now: datetime) -> Reliance:
    info = container.signer_info
    digest = algorithms.digest(info["digest_algorithm"], now)
    if not digest.good:
        return digest
    return algorithms.signature(info["signature_algorithm"], certificate.public_key, now)
