"""Signed documents of every level, by pyHanko and by hand, for the tests of the judges."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from asn1crypto import cms as asn1_cms
from asn1crypto import keys, pem, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from conformance.judge import algorithms
from conformance.judge.documents import Asked, Level
from tests.conformance.reference import cms, evidence, tokens
from tests.conformance.reference import keys as reference_keys
from tests.conformance.reference.algorithms import SHA256, Scheme
from tests.conformance.reference.keys import Holder

ECDSA_SHA256 = "1.2.840.10045.4.3.2"


@functools.cache
def signer() -> Holder:
    """Who signs."""
    return reference_keys.leaf("judged", "EC")


@functools.cache
def stranger() -> Holder:
    """Who does not."""
    return reference_keys.leaf("a stranger", "EC")


def asked(level: Level = Level.B, **other: Any) -> Asked:
    """A signature of the signer's key over SHA-256."""
    members = {"leaf": signer().certificate, "scheme": algorithms.scheme(ECDSA_SHA256)}
    return Asked(**{**members, "level": level, "now": datetime.now(UTC), **other})


def stamp(late: timedelta = timedelta()) -> Callable[[bytes], bytes]:
    """Makes the time-stamp over a signature."""

    def made(signature: bytes) -> bytes:
        return tokens.token(tokens.Wanted(digest=hashlib.sha256(signature).digest(), late=late))

    return made


def cades(content: bytes, *, attached: bool = False, **other: Any) -> bytes:
    """A CAdES signature; ``other`` are members of the draft."""
    members: dict[str, Any] = {
        "holder": signer(),
        "scheme": Scheme(SHA256),
        "digest": hashlib.sha256(content).digest(),
        "content": content if attached else None,
    }
    return cms.build(cms.Draft(**{**members, **other}))


class Stamper(TimeStamper):
    """pyHanko's door to the reference's authority."""

    def __init__(self) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]  # pyHanko

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Granted, always."""
        wanted = tokens.Wanted(
            digest=req["message_imprint"]["hashed_message"].native, nonce=req["nonce"].native
        )
        token = asn1_cms.ContentInfo.load(tokens.token(wanted))
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})


def _certificate(holder: Holder) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(holder.der()[0])


async def pdf(
    original: bytes, level: Level, *, certify: bool = True, field: str = "Signature1"
) -> bytes:
    """The PDF with a signature more, by pyHanko."""
    private = signer().key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _, _, der = pem.unarmor(private)
    authorities = [reference_keys.issuing(), reference_keys.root()]
    store = SimpleCertificateStore.from_certs([_certificate(one) for one in authorities])  # type: ignore[no-untyped-call]  # pyHanko
    context = ValidationContext(
        trust_roots=[_certificate(reference_keys.root())],
        other_certs=[_certificate(reference_keys.issuing()), _certificate(tokens.unit())],
        crls=list(evidence.lists()),
        allow_fetching=False,
        revocation_mode="require",
    )
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=certify,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        embed_validation_info=level >= Level.LT,
        use_pades_lta=level >= Level.LTA,
        validation_context=context,
    )
    simple = SimpleSigner(_certificate(signer()), keys.PrivateKeyInfo.load(der), store)
    stamper = Stamper() if level >= Level.T else None
    output = await PdfSigner(metadata, simple, timestamper=stamper).async_sign_pdf(
        IncrementalPdfFileWriter(BytesIO(original))
    )
    return bytes(output.getvalue())
