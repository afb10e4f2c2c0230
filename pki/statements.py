"""QCStatements of qualified certificates, encoded. (RFC 3739 3.2.6; EN 319 412-5 4)

What is claimed is the profile's matter (``pki.profiles``). Country-specific legislation is never
named: its presence would say that the certificate is *not* an EU one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from asn1crypto import core

from pki.profiles import Qualified

_SYNTAX_V2: Final = "1.3.6.1.5.5.7.11.2"
_SEMANTICS_NATURAL: Final = "0.4.0.194121.1.1"
_COMPLIANCE: Final = "0.4.0.1862.1.1"
_RETENTION: Final = "0.4.0.1862.1.3"
_DEVICE: Final = "0.4.0.1862.1.4"
_DISCLOSURE: Final = "0.4.0.1862.1.5"
_TYPE: Final = "0.4.0.1862.1.6"
_ESIGN: Final = "0.4.0.1862.1.6.1"


def encode(
    qualified: Qualified, disclosure: Sequence[tuple[str, str]], semantics: bool
) -> core.Asn1Value:
    """The extension's value.

    Args:
        disclosure: (https URL, two-letter language), English among them; at least one.
        semantics: The serialNumber follows EN 319 412-1 5.1.3.
    """
    found = []
    if semantics:
        found.append(_statement(_SYNTAX_V2, _sequence(_oid(_SEMANTICS_NATURAL))))
    found.append(_statement(_COMPLIANCE))
    if qualified.device:
        found.append(_statement(_DEVICE))
    found.append(_statement(_TYPE, _sequence(_oid(_ESIGN))))
    found.append(_statement(_RETENTION, core.Integer(qualified.retention_years)))
    places = [
        _sequence(core.IA5String(url), core.PrintableString(language))
        for url, language in disclosure
    ]
    found.append(_statement(_DISCLOSURE, _sequence(*places)))
    return _sequence(*found)


def _statement(oid: str, information: core.Asn1Value | None = None) -> core.Asn1Value:
    parts = [_oid(oid)] if information is None else [_oid(oid), information]
    return _sequence(*parts)


def _sequence(*parts: core.Asn1Value) -> core.Asn1Value:
    return core.Sequence(contents=b"".join(part.dump() for part in parts))


def _oid(oid: str) -> core.Asn1Value:
    return core.ObjectIdentifier(oid)
