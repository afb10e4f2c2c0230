"""Reading a CMS SignedData the strict way. (RFC 5652 5; EN 319 122-1, 319 142-1)

What a verifier may overlook is what attacks are made of: several signers, attributes that stand
twice, a missing set of signed attributes, bytes behind the end. Whoever reads on after this knows
that none of it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import cms, core, crl, ocsp, x509

from ades.validation import der
from ades.validation.errors import FAULTS
from policies.validation import Reason

OCSP_RESPONSE: Final = "1.3.6.1.5.5.7.16.2"
"""RFC 5940: id-ri-ocsp-response, an OCSP answer among the revocation lists."""
_ONCE: Final = frozenset(
    {
        *("content_type", "message_digest", "signing_time", "cms_algorithm_protection"),
        *("signing_certificate", "signing_certificate_v2"),
    }
)


class Refused(Exception):
    """This signature cannot be what it seems to be."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason


@dataclass(frozen=True)
class Container:
    """A SignedData with one signer."""

    signed_data: Any
    signer_info: Any
    signed: bytes
    """The signed attributes as they were signed, byte for byte."""
    attributes: dict[str, Any]
    """Name or OID of each signed attribute to the SET OF its values."""
    certificate: x509.Certificate | None
    """The one that the SignerInfo points at."""
    certificates: tuple[x509.Certificate, ...]
    """All of the container."""
    crls: tuple[crl.CertificateList, ...]
    ocsps: tuple[ocsp.OCSPResponse, ...]

    def attribute(self, name: str) -> Any | None:
        """The first value of a signed attribute."""
        values = self.attributes.get(name)
        return values[0] if values else None

    def unsigned(self, name: str) -> Iterator[Any]:
        """All values of an unsigned attribute (name or OID)."""
        for one in self.signer_info["unsigned_attrs"] or ():
            if name in (one["type"].native, one["type"].dotted):
                yield from one["values"]

    @property
    def content_type(self) -> str:
        """Name or OID."""
        return str(self.signed_data["encap_content_info"]["content_type"].native)

    @property
    def content(self) -> bytes | None:
        """What is inside; ``None`` for a detached signature."""
        found = self.signed_data["encap_content_info"]["content"]
        return None if isinstance(found, core.Void) else bytes(found)

    @property
    def value(self) -> bytes:
        """The signature value."""
        return bytes(self.signer_info["signature"].native)


def read(data: bytes, *, padded: bool) -> Container:
    """The container in ``data``.

    Args:
        data: ContentInfo.
        padded: Zeros may follow, as in ``/Contents``.

    Raises:
        Refused: See ``policies.validation.Reason``.
    """
    try:
        end = der.outline(data)
        if data[end:].strip(b"\0" if padded else b""):
            raise Refused(Reason.CMS_BROKEN, "bytes behind the end")
        return of(cms.ContentInfo.load(data[:end]))
    except FAULTS as error:
        raise Refused(Reason.CMS_BROKEN, type(error).__name__) from error


def of(content_info: cms.ContentInfo) -> Container:
    """The same, from what has been parsed.

    Raises:
        Refused: See ``policies.validation.Reason``.
        One of ``FAULTS``: Not what it should be.
    """
    if content_info["content_type"].native != "signed_data":
        raise Refused(Reason.CMS_BROKEN, "no SignedData")
    signed_data = content_info["content"]
    if len(signed_data["signer_infos"]) != 1:
        raise Refused(Reason.SIGNERS_NOT_ONE)
    signer_info = signed_data["signer_infos"][0]
    # RFC 5652 5.4: signed with the tag of a SET OF. Taken before anything in it is parsed.
    signed = b"\x31" + signer_info["signed_attrs"].dump()[1:]
    certificates = tuple(
        choice.chosen
        for choice in signed_data["certificates"] or ()
        if choice.name == "certificate"
    )
    for certificate in certificates:
        # Parsed here, so that what is broken is found here.
        _ = certificate.subject.native, certificate.public_key.bit_size, certificate.serial_number
    crls, ocsps = statuses(signed_data["crls"] or ())
    container = Container(
        signed_data=signed_data,
        signer_info=signer_info,
        signed=signed,
        attributes=_attributes(signer_info),
        certificate=_signer(signer_info, certificates),
        certificates=certificates,
        crls=crls,
        ocsps=ocsps,
    )
    _check_versions(container)
    _check_digests(container)
    for attribute in signer_info["unsigned_attrs"] or ():
        _ = attribute["type"].native, list(attribute["values"])
    return container


def _attributes(signer_info: Any) -> dict[str, Any]:
    found = signer_info["signed_attrs"]
    if isinstance(found, core.Void) or not len(found):
        # Without them the bytes of a set of attributes could pass as content (RFC 5652 5.4).
        raise Refused(Reason.SIGNED_ATTRIBUTES_MISSING)
    attributes: dict[str, Any] = {}
    for one in found:
        name = one["type"].native
        if name in attributes or (name in _ONCE and len(one["values"]) != 1):
            raise Refused(Reason.CMS_BROKEN, f"{name} stands twice")
        attributes[name] = one["values"]
    for name in ("content_type", "message_digest"):
        if name not in attributes:
            raise Refused(Reason.SIGNED_ATTRIBUTES_MISSING, name)
    return attributes


def _signer(
    signer_info: Any, certificates: tuple[x509.Certificate, ...]
) -> x509.Certificate | None:
    """The certificate that the SignerInfo points at, compared byte by byte."""
    sid = signer_info["sid"]
    if sid.name == "issuer_and_serial_number":
        issuer, serial = sid.chosen["issuer"].dump(), sid.chosen["serial_number"].native
        return next(
            (c for c in certificates if c.issuer.dump() == issuer and c.serial_number == serial),
            None,
        )
    return next((c for c in certificates if c.key_identifier == sid.chosen.native), None)


def statuses(
    choices: Iterable[Any],
) -> tuple[tuple[crl.CertificateList, ...], tuple[ocsp.OCSPResponse, ...]]:
    """Revocation lists and OCSP answers among RevocationInfoChoices."""
    crls, ocsps = [], []
    for choice in choices:
        if choice.name == "crl":
            crls.append(choice.chosen)
        elif choice.chosen["other_rev_info_format"].dotted == OCSP_RESPONSE:
            ocsps.append(ocsp.OCSPResponse.load(choice.chosen["other_rev_info"].dump()))
    return tuple(crls), tuple(ocsps)


def _check_versions(container: Container) -> None:
    """RFC 5652 5.1, 5.3: the versions follow from the rest."""
    signer_info, signed_data = container.signer_info, container.signed_data
    by_name = signer_info["sid"].name == "issuer_and_serial_number"
    if int(signer_info["version"]) != (1 if by_name else 3):
        raise Refused(Reason.CMS_BROKEN, "version of SignerInfo")
    kinds = {choice.name for choice in signed_data["certificates"] or ()}
    other = any(choice.name != "crl" for choice in signed_data["crls"] or ())
    expected = 3 if not by_name or container.content_type != "data" else 1
    if "v1_attr_cert" in kinds:
        expected = 3
    if "v2_attr_cert" in kinds:
        expected = 4
    if "other" in kinds or other:
        expected = 5
    if int(signed_data["version"]) != expected:
        raise Refused(Reason.CMS_BROKEN, "version of SignedData")


def _check_digests(container: Container) -> None:
    """RFC 5652 5.1: the signer's digest is among those of the container."""
    listed = [one.native for one in container.signed_data["digest_algorithms"]]
    if container.signer_info["digest_algorithm"].native not in listed:
        raise Refused(Reason.CMS_BROKEN, "digestAlgorithms")
