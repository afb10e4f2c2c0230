"""Who judges what we make: OpenSSL in a process of its own, pkilint in this one."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from pkilint import loader, pkix
from pkilint.pkix import crl, extension, name, ocsp
from pkilint.validation import ValidationFindingSeverity

WORST_TAKEN = ValidationFindingSeverity.INFO


def openssl(directory: Path, *arguments: str, **files: bytes) -> str:
    """What OpenSSL prints when it is content.

    Args:
        directory: For the files.
        arguments: Of the command; ``@name`` stands for the file of that name.
        files: Written first.
    """
    for kind, content in files.items():
        (directory / kind).write_bytes(content)
    command = [str(directory / one[1:]) if one[:1] == "@" else one for one in arguments]
    done = subprocess.run(["openssl", *command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def lint_crl(der: bytes) -> list[str]:
    """What pkilint finds at NOTICE or worse in a CRL."""
    document = loader.RFC5280CertificateListDocumentLoader().load_der_document(der)
    return _worse(_of_crls().validate(document.root))


def lint_ocsp(der: bytes) -> list[str]:
    """What pkilint finds at NOTICE or worse in an OCSP response."""
    document = loader.RFC6960OCSPResponseDocumentLoader().load_der_document(der)
    return _worse(_of_answers().validate(document.root))


def _worse(results: Any) -> list[str]:
    return [
        f"{one.finding.severity} {one.finding.code} {one.message or ''}"
        for result in results
        for one in result.finding_descriptions
        if one.finding.severity < WORST_TAKEN
    ]


def _decoders() -> list[Any]:
    return [
        pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
        pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
    ]


@cache
def _of_crls() -> Any:
    return crl.create_pkix_crl_validator_container(
        _decoders(),
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


@cache
def _of_answers() -> Any:
    decoders = [ocsp.create_response_decoder(), *_decoders()]
    return ocsp.create_pkix_ocsp_response_validator_container(decoders, [])
