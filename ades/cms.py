"""CMS SignedData around a signature value that exists already. (RFC 5652 5; EN 319 122-1 6)

The signed attributes come from the signer process byte for byte and are never encoded anew: the
value is over these very bytes. Pure: no key, no network, no clock.
"""

from __future__ import annotations

from asn1crypto import cms, core, x509

from ades import identifiers
from policies.algorithms import SignAlgorithm
from policies.documents import PreparedPdf


def signed_data(
    *,
    signed_attributes: bytes,
    signature: bytes,
    algorithm: SignAlgorithm,
    certificates: tuple[bytes, ...],
    content: bytes | None,
    timestamp: bytes | None,
) -> bytes:
    """DER of a ContentInfo with one SignerInfo.

    Args:
        signed_attributes: DER of the SET OF.
        signature: The value over them.
        algorithm: How it was made.
        certificates: DER, end entity first; all of them go in.
        content: The document for an attached signature, ``None`` for a detached one.
        timestamp: Token over ``signature`` (DER ContentInfo) for level B-T.
    """
    chain = [x509.Certificate.load(one) for one in certificates]
    digest_algorithm = identifiers.digest_algorithm(algorithm.hash_algorithm)
    signer_info: dict[str, object] = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": chain[0].issuer, "serial_number": chain[0].serial_number},
        ),
        "digest_algorithm": digest_algorithm,
        "signature_algorithm": identifiers.signature_algorithm(algorithm),
        "signed_attrs": cms.CMSAttributes.load(signed_attributes),
        "signature": signature,
    }
    if timestamp is not None:
        token = cms.ContentInfo.load(timestamp)
        stamp = {"type": "signature_time_stamp_token", "values": [token]}
        signer_info["unsigned_attrs"] = cms.CMSAttributes([cms.CMSAttribute(stamp)])
    encapsulated: dict[str, object] = {"content_type": "data"}
    if content is not None:
        encapsulated["content"] = core.OctetString(content)
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest_algorithm],
            "encap_content_info": encapsulated,
            "certificates": chain,
            "signer_infos": [signer_info],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def filled(pdf: PreparedPdf, length: int, signature: bytes) -> bytes:
    """What is appended to a PDF, with its signature in the room that was left for it.

    Args:
        pdf: What the signer process made of it.
        length: Of the document before.
        signature: CMS, DER.

    Raises:
        ValueError: The room is too small, or is none.
    """
    start, end = pdf.contents_start - length, pdf.contents_end - length
    room = end - start - 2
    hexadecimal = signature.hex().encode("ascii")
    if start < 0 or pdf.tail[start : start + 1] != b"<" or pdf.tail[end - 1 : end] != b">":
        raise ValueError("no room for a signature at this place")
    if len(hexadecimal) > room:
        raise ValueError(f"{len(hexadecimal)} digits for a room of {room}")
    return pdf.tail[: start + 1] + hexadecimal.ljust(room, b"0") + pdf.tail[end - 1 :]
