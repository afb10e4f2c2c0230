"""Certificates, chains and time-stamps in the words of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from asn1crypto import core, x509

from ades.validation.chains import Chain
from ades.validation.containers import Container
from ades.validation.errors import FAULTS
from ades.validation.report import CertificateReport, ChainReport, StatusReport, clean
from ades.validation.statuses import Status

QC_STATEMENTS: Final = "1.3.6.1.5.5.7.1.3"
"""RFC 3739 3.2.6."""


def certificate(found: x509.Certificate) -> CertificateReport:
    """One certificate."""
    policies = found.certificate_policies_value
    return CertificateReport(
        subject=name(found.subject),
        issuer=name(found.issuer),
        serial_number=f"{found.serial_number:x}",
        not_before=found.not_valid_before,
        not_after=found.not_valid_after,
        sha256=found.sha256.hex(),
        policies=tuple(one["policy_identifier"].dotted for one in policies or ()),
        qc_statements=_statements(found),
        key=f"{found.public_key.algorithm}-{found.public_key.bit_size}",
    )


def name(found: x509.Name) -> str:
    """A distinguished name in one line."""
    return clean(str(found.human_friendly))


def chain(found: Chain) -> ChainReport:
    """A chain and what is known of each certificate in it."""
    return ChainReport(
        trusted=not found.reasons,
        reasons=found.reasons,
        certificates=tuple(filter(None, map(readable, found.certificates))),
        revocation=tuple(_status(one) for one in found.statuses),
    )


@dataclass(frozen=True, slots=True)
class Description:
    """What a container says of itself."""

    signer: CertificateReport | None = None
    digest_algorithm: str | None = None
    signature_algorithm: str | None = None
    signing_time: datetime | None = None


def container(found: Container | None) -> Description:
    """What a container says of itself, as far as it can be read."""
    if found is None:
        return Description()
    return Description(
        signer=None if found.certificate is None else readable(found.certificate),
        digest_algorithm=_readable(_digest, found),
        signature_algorithm=_readable(_algorithm, found),
        signing_time=_readable(_signing_time, found),
    )


T = TypeVar("T")


def _readable(look: Callable[[Container], T], found: Container) -> T | None:
    try:
        return look(found)
    except FAULTS:
        return None


def readable(found: x509.Certificate) -> CertificateReport | None:
    """One certificate, unless an extension of it is broken."""
    try:
        return certificate(found)
    except FAULTS:
        return None


def _digest(found: Container) -> str:
    return clean(str(found.signer_info["digest_algorithm"]["algorithm"].native))


def _algorithm(found: Container) -> str:
    named = found.signer_info["signature_algorithm"]
    try:
        return str(named.signature_algo)
    except ValueError:
        return clean(str(named["algorithm"].native))


def _signing_time(found: Container) -> datetime | None:
    attribute = found.attribute("signing_time")
    moment = None if attribute is None else attribute.native
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None


def _status(found: Status) -> StatusReport:
    return StatusReport(
        name(found.certificate.subject), found.kind, found.issued_at, found.revoked_at
    )


class _Statement(core.Sequence):  # type: ignore[misc]  # asn1crypto is not typed
    _fields = [("statement_id", core.ObjectIdentifier), ("info", core.Any, {"optional": True})]  # noqa: RUF012


class _Statements(core.SequenceOf):  # type: ignore[misc]  # the same
    _child_spec = _Statement


def _statements(found: x509.Certificate) -> tuple[str, ...]:
    for extension in found["tbs_certificate"]["extensions"]:
        if extension["extn_id"].dotted == QC_STATEMENTS:
            parsed = _Statements.load(extension["extn_value"].contents)
            return tuple(one["statement_id"].dotted for one in parsed)
    return ()
