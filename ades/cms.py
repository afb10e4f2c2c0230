"""CMS SignedData around a signature value that exists already. (RFC 5652 5; EN 319 122-1 6)

The signed attributes come from the signer process byte for byte and are never encoded anew: the
value is over these very bytes. Pure: no key, no network, no clock.
"""

from __future__ import annotations

from typing import Final

from ades import der, identifiers
from ades import signed_data as parts_of
from ades.signed_data import DATA, Parts, attribute
from policies.algorithms import SignAlgorithm
from policies.documents import PreparedPdf

SIGNATURE_STAMP: Final = "1.2.840.113549.1.9.16.2.14"
"""RFC 3161 appendix A: signatureTimeStampToken."""


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
    digest_algorithm = identifiers.digest_der(algorithm.hash_algorithm)
    unsigned = () if timestamp is None else (attribute(SIGNATURE_STAMP, timestamp),)
    enclosed = b"" if content is None else der.explicit(0, der.octets(content))
    return parts_of.write(
        Parts(
            version=1,
            digest_algorithms=der.set_of(digest_algorithm),
            content=der.sequence(DATA, enclosed),
            signer=parts_of.signer(
                certificate=certificates[0],
                digest_algorithm=digest_algorithm,
                signed_attributes=signed_attributes,
                signature_algorithm=identifiers.signature_der(algorithm),
                signature=signature,
            ),
            certificates=certificates,
            unsigned=unsigned,
        )
    )


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
