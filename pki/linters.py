"""pkilint's linters, as ``pki.lint`` asks them; apart, because they take half a second to load."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from pkilint import etsi, loader
from pkilint.etsi.etsi_constants import CertificateType
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity

from pki.lint import Finding
from pki.profiles import Linter

WORST_TAKEN: Final = ValidationFindingSeverity.NOTICE


def findings(der: bytes, linter: Linter) -> list[Finding]:
    """Everything at WARNING or above that is wrong with a certificate.

    Raises:
        ValueError: Not a certificate.
    """
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(der)
    return list(_worse(_validator(linter).validate(document.root)))


def _worse(results: Iterable[Any]) -> Iterable[Finding]:
    for result in results:
        for one in result.finding_descriptions:
            if one.finding.severity < WORST_TAKEN:
                yield Finding(str(one.finding.severity), one.finding.code, one.message or "")


@cache
def _validator(linter: Linter) -> Any:
    if linter is Linter.PKIX:
        return certificate.create_pkix_certificate_validator_container(
            certificate.create_decoding_validators(
                name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
            ),
            [
                certificate.create_issuer_validator_container([]),
                certificate.create_validity_validator_container(),
                certificate.create_subject_validator_container([]),
                certificate.create_extensions_validator_container([]),
                certificate.create_spki_validator_container([]),
            ],
        )
    kind = CertificateType[linter.value]
    return certificate.create_pkix_certificate_validator_container(
        etsi.create_decoding_validators(kind), etsi.create_validators(kind)
    )
