"""What levels read out of CMS: who signed, who time-stamped. (RFC 5652, RFC 3161)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from asn1crypto import cms, x509

from policies.levels import StampFacts

SIGNATURE_STAMP = "signature_time_stamp_token"


def signed_data(content_info: bytes) -> Any:
    """The SignedData of a ContentInfo.

    Raises:
        ValueError: It is none, or has not exactly one signer.
    """
    parsed = cms.ContentInfo.load(content_info)
    if parsed["content_type"].native != "signed_data":
        raise ValueError("not SignedData")
    signed = parsed["content"]
    if len(signed["signer_infos"]) != 1:
        raise ValueError("not one signer")
    return signed


def certificates(signed: Any) -> list[Any]:
    """The X.509 certificates in a SignedData."""
    return [one.chosen for one in signed["certificates"] if one.name == "certificate"]


def signer(signed: Any) -> Any:
    """The certificate that the one signer names.

    Raises:
        ValueError: It is not among the certificates.
    """
    sid = signed["signer_infos"][0]["sid"]
    for one in certificates(signed):
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen
            if one.issuer == named["issuer"] and (
                one.serial_number == named["serial_number"].native
            ):
                return one
        elif one.key_identifier == sid.chosen.native:
            return one
    raise ValueError("the signer's certificate is not there")


def unsigned(signed: Any, name: str) -> Iterator[Any]:
    """The values of an unsigned attribute, by the name or OID of its type."""
    attributes = signed["signer_infos"][0]["unsigned_attrs"]
    for one in attributes if attributes else ():
        if name in (one["type"].native, one["type"].dotted):
            yield from one["values"]


def in_question(content_info: bytes) -> list[Any]:
    """The certificates of the signer of a signature or token, and of who time-stamped it."""
    signed = signed_data(content_info)
    stamps = unsigned(signed, SIGNATURE_STAMP)
    return [signer(signed), *(signer(token["content"]) for token in stamps)]


def stamp_facts(certificate: x509.Certificate) -> StampFacts:
    """Of the time-stamping unit's certificate."""
    key = certificate.public_key
    ends: datetime = certificate["tbs_certificate"]["validity"]["not_after"].native
    return StampFacts(ends, key.bit_size if key.algorithm == "rsa" else None)
