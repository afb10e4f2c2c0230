"""Names of authorities and people, encoded. (EN 319 412-2 4.2, 412-3 4.2; RFC 5280 4.1.2.4)

One attribute in each RDN; C and serialNumber are PrintableString, everything else UTF8String.
What a subject may be is ``policies.identity``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from asn1crypto import core, x509

from policies.identity import Identity


@dataclass(frozen=True, slots=True)
class Provider:
    """The legal person that runs the authorities."""

    organization: str
    country: str
    """ISO 3166-1 alpha-2."""
    organization_identifier: str | None = None
    """As EN 319 412-1 5.1.4 writes it, such as ``VATRO-12345678``."""


def authority(provider: Provider, common_name: str) -> x509.Name:
    """Subject of an authority, a responder or a time-stamping unit."""
    return _name(
        ("country_name", provider.country),
        ("organization_name", provider.organization),
        ("organization_identifier", provider.organization_identifier),
        ("common_name", common_name),
    )


def person(identity: Identity) -> x509.Name:
    """Subject of a person's certificate.

    Args:
        identity: Of ``policies.identity.proofed``.
    """
    return _name(
        ("country_name", identity.country),
        ("surname", identity.surname),
        ("given_name", identity.given_name),
        ("pseudonym", identity.pseudonym),
        ("common_name", identity.common_name),
        ("serial_number", identity.identifier.text),
    )


_PRINTABLE: Final = ("country_name", "serial_number")


def _name(*attributes: tuple[str, str | None]) -> x509.Name:
    known = [(kind, text) for kind, text in attributes if text is not None]
    sequence = [
        x509.RelativeDistinguishedName([{"type": kind, "value": _text(kind, text)}])
        for kind, text in known
    ]
    return x509.Name(name="", value=x509.RDNSequence(sequence))


def _text(kind: str, text: str) -> x509.DirectoryString | core.PrintableString:
    if kind in _PRINTABLE:
        return x509.DirectoryString("printable_string", core.PrintableString(text))
    return x509.DirectoryString("utf8_string", core.UTF8String(text))
