"""Anchors from EU trusted lists that lie on the disk. (TS 119 612; Reg. (EU) 910/2014 Art. 22)

A national list counts when its signature verifies with a certificate that the list of the lists
names, or that the caller gives; the list of the lists when it verifies with one that pyHanko
bundles, or that the caller gives. Nothing is fetched. A list whose next update is over is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from asn1crypto import x509
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from pyhanko.sign.validation.qualified import eutl_parse
from pyhanko.sign.validation.qualified.tsp import TSPRegistry
from signxml.exceptions import SignXMLException
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from ades.validation.errors import FAULTS, Unreadable
from ades.validation.listed import Listed

_NAMESPACE: Final = "{http://uri.etsi.org/02231/v2#}"
_LIST: Final = f"{_NAMESPACE}TrustServiceStatusList"
_KIND: Final = f".//{_NAMESPACE}TSLType"
_NEXT: Final = f".//{_NAMESPACE}NextUpdate/{_NAMESPACE}dateTime"
_LIST_OF_LISTS: Final = "EUlistofthelists"
_BROKEN: Final = (SignXMLException, etree.LxmlError, *FAULTS)


def listed(files: Iterable[bytes], signers: Sequence[x509.Certificate], now: datetime) -> Listed:
    """The services that these lists say are granted at that time.

    Args:
        files: National lists, and the list of the lists, in any order.
        signers: Who may have signed them, beside those that are known.
        now: Aware.

    Raises:
        Unreadable: A file is no trusted list, nobody known has signed it, or it is too old.
    """
    files = list(files)
    known = list(signers)
    national = []
    for file in files:
        if _is_list_of_lists(file):
            text = _verified(file, [*signers, *eutl_parse.latest_known_lotl_tlso_certs()], now)
            known += _named(text)
        else:
            national.append(file)
    registry = TSPRegistry()
    for file in national:
        try:
            eutl_parse.trust_list_to_registry_unsafe(_verified(file, known, now), registry)
        except FAULTS as error:
            raise Unreadable("A trusted list is broken.") from error
    return Listed(
        tuple(_active(registry, registry.known_certificate_authorities, now)),
        tuple(_active(registry, registry.known_timestamp_authorities, now)),
    )


def _is_list_of_lists(file: bytes) -> bool:
    found = _parsed(file).find(_KIND)
    return found is not None and str(found.text).strip().endswith(_LIST_OF_LISTS)


def _parsed(text: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text, parser)
    except (etree.LxmlError, ValueError) as error:
        raise Unreadable("A trusted list is no XML.") from error
    if root.tag != _LIST:
        raise Unreadable("A file is no trusted list.")
    return root


def _named(text: str) -> list[x509.Certificate]:
    """Who may sign the national lists."""
    try:
        found = eutl_parse.parse_lotl_unsafe(text)
    except FAULTS as error:
        raise Unreadable("The list of the lists is broken.") from error
    return [certificate for one in found.references for certificate in one.tlso_certs]


def _verified(file: bytes, signers: Sequence[x509.Certificate], now: datetime) -> str:
    """The text of the list that is covered by the signature, and nothing else of the file."""
    for signer in signers:
        text = _verified_by(file, signer)
        if text is not None:
            _check_age(text, now)
            return text
    raise Unreadable("A trusted list is not signed by anybody who is known to sign it.")


def _verified_by(file: bytes, signer: x509.Certificate) -> str | None:
    try:
        results = XAdESVerifier().verify(
            file,
            x509_cert=load_der_x509_certificate(signer.dump()),
            expect_config=XAdESSignatureConfiguration(require_x509=True, expect_references=True),
        )
    except _BROKEN:
        return None
    for result in results:
        if result.signed_xml is not None and result.signed_xml.tag == _LIST:
            return result.signed_data.decode()
    return None


def _check_age(text: str, now: datetime) -> None:
    found = _parsed(text.encode()).find(_NEXT)
    try:
        until = None if found is None else datetime.fromisoformat(str(found.text).strip())
        if until is not None and until >= now:
            return
    except (ValueError, TypeError) as error:
        raise Unreadable("A trusted list does not say until when it is good.") from error
    # TS 119 612 5.3.15: without a next update the scheme has ended.
    raise Unreadable("A trusted list is too old.")


def _active(registry: TSPRegistry, authorities: Iterable[Any], now: datetime) -> Iterable[bytes]:
    for authority in authorities:
        if any(registry.applicable_service_definitions(authority, now)):
            yield bytes(authority.certificate.dump())
