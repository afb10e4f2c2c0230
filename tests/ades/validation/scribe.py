"""Signed documents for the validator: CMS, time-stamps and PDFs, right ones and any wrong one.

Every part can be replaced, because attacks are right signatures with one part replaced.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, PdfSignedData, SignatureObject
from pyhanko.sign.validation.dss import DocumentSecurityStore

from ades.levels import cades, ports
from ades.validation.trust import Evidence
from policies.algorithms import HashAlgorithm
from tests.ades.validation.authority import T0, Authority, Identity, authority, key

PDF: Final = (Path(__file__).parents[3] / "csc_server/commands/sample.pdf").read_bytes()
ROOM: Final = 16384
_new_timestamp: Any = DocumentTimestamp
_SERIALS = itertools.count(1)


@dataclass
class Signer:
    """A CMS signature in the making; a test replaces what it wants."""

    by: Identity
    chain: Sequence[Identity]
    digest: str = "sha256"
    signature_digest: str | None = None
    content_type: str = "data"
    attributes: dict[str, Any] = field(default_factory=dict)
    """In place of the usual ones; ``None`` leaves one out."""
    signed_attributes: bool = True
    content: bytes | None = None
    """Goes inside."""
    signing_time: datetime | None = None
    unsigned: Callable[[bytes], list[cms.CMSAttribute]] | None = None
    """Unsigned attributes, by the signature value."""
    evidence: Evidence = field(default_factory=Evidence)
    finish: Callable[[Any], None] | None = None
    """Changes the SignedData before it is encoded."""

    def sign(self, message_digest: bytes) -> bytes:
        """DER of the ContentInfo."""
        attributes = self._attributes(message_digest)
        der = attributes.dump(force=True)
        named = self.signature_digest or self.digest
        value = key(self.by.name).sign(
            der if self.signed_attributes else self.content or b"",
            ec.ECDSA(_HASHES[named]()),
        )
        info: dict[str, Any] = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                {
                    "issuer": self.by.parsed.issuer,
                    "serial_number": self.by.parsed.serial_number,
                },
            ),
            "digest_algorithm": {"algorithm": self.digest},
            "signature_algorithm": {"algorithm": f"{named}_ecdsa"},
            "signature": value,
        }
        if self.signed_attributes:
            info["signed_attrs"] = attributes
        if self.unsigned is not None:
            info["unsigned_attrs"] = cms.CMSAttributes(self.unsigned(value))
        return self._wrapped(info)

    def _wrapped(self, info: dict[str, Any]) -> bytes:
        inside: dict[str, Any] = {"content_type": self.content_type}
        if self.content is not None:
            inside["content"] = (
                core.ParsableOctetString(self.content)
                if self.content_type == "tst_info"
                else core.OctetString(self.content)
            )
        statuses = [
            *(cms.RevocationInfoChoice("crl", one) for one in self.evidence.crls),
            *(
                cms.RevocationInfoChoice(
                    "other",
                    {"other_rev_info_format": "ocsp_response", "other_rev_info": one},
                )
                for one in self.evidence.ocsps
            ),
        ]
        version = "v5" if self.evidence.ocsps else "v1" if self.content_type == "data" else "v3"
        signed: dict[str, Any] = {
            "version": version,
            "digest_algorithms": [{"algorithm": self.digest}],
            "encap_content_info": inside,
            "certificates": [one.parsed for one in (self.by, *self.chain)],
            "signer_infos": [info],
        }
        if statuses:
            signed["crls"] = statuses
        made = cms.SignedData(signed)
        if self.finish is not None:
            self.finish(made)
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": made}).dump())

    def _attributes(self, message_digest: bytes) -> cms.CMSAttributes:
        named = self.signature_digest or self.digest
        found: dict[str, Any] = {
            "content_type": self.content_type,
            "message_digest": message_digest,
            "signing_certificate_v2": ess(self.by.parsed),
            "cms_algorithm_protection": cms.CMSAlgorithmProtection(
                {
                    "digest_algorithm": {"algorithm": self.digest},
                    "signature_algorithm": algos.SignedDigestAlgorithm(
                        {"algorithm": f"{named}_ecdsa"}
                    ),
                }
            ),
        }
        if self.signing_time is not None:
            found["signing_time"] = cms.Time(name="utc_time", value=self.signing_time)
        found |= self.attributes
        return cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": name, "values": [value]})
                for name, value in found.items()
                if value is not None
            ]
        )


_HASHES: Final[dict[str, Any]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


def ess(certificate: Certificate) -> tsp.SigningCertificateV2:
    """signing-certificate-v2 of this certificate."""
    digest = hashlib.sha256(certificate.dump()).digest()
    return tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": digest})]})


def signer(pki: Authority | None = None, **changes: Any) -> Signer:
    """Alice's signature with her chain."""
    pki = pki or authority()
    wanted: dict[str, Any] = {"by": pki.alice, "chain": (pki.issuing,)}
    return Signer(**(wanted | changes))


def token(
    imprint: bytes, at: datetime = T0, *, pki: Authority | None = None, **changes: Any
) -> bytes:
    """A time-stamp token over this SHA-256 digest, DER."""
    pki = pki or authority()
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.3.6.1.4.1.99999.2.1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": imprint,
            },
            "serial_number": next(_SERIALS),
            "gen_time": at,
        }
    ).dump()
    wanted: dict[str, Any] = {
        "by": pki.unit,
        "chain": (pki.issuing,),
        "content_type": "tst_info",
        "content": info,
    }
    return Signer(**(wanted | changes)).sign(hashlib.sha256(info).digest())


def stamped(at: datetime = T0, **changes: Any) -> Callable[[bytes], list[cms.CMSAttribute]]:
    """Unsigned attributes with a time-stamp over the signature value."""

    def attributes(value: bytes) -> list[cms.CMSAttribute]:
        made = cms.ContentInfo.load(token(hashlib.sha256(value).digest(), at, **changes))
        return [cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [made]})]

    return attributes


def p7s(content: bytes, *, detached: bool = True, **changes: Any) -> bytes:
    """A CAdES signature."""
    wanted: dict[str, Any] = {
        "signing_time": T0,
        "content": None if detached else content,
    } | changes
    made = signer(**wanted)
    return made.sign(hashlib.new(made.digest, content).digest())


def leveled_p7s(level: str, content: bytes) -> bytes:
    """A detached CAdES signature of this level."""
    pki = authority()
    if level == "B-B":
        return p7s(content)
    made = p7s(content, unsigned=stamped())
    if level == "B-T":
        return made
    found = pki.evidence()
    given = ports.Evidence(
        certificates=tuple(one.der for one in (pki.alice, pki.issuing, pki.root, pki.unit)),
        crls=tuple(one.dump() for one in found.crls),
        ocsps=tuple(one.dump() for one in found.ocsps),
    )
    made = cades.add_evidence(made, given)
    return made if level == "B-LT" else archived_p7s(made)


def archived_p7s(made: bytes, at: datetime = T0, **changes: Any) -> bytes:
    """The signature with an archive time-stamp."""
    wanted = cades.imprint(made, HashAlgorithm.SHA256)
    return cades.with_archive_stamp(made, wanted, token(wanted.digest, at, **changes))


def pdf(
    document: bytes = PDF,
    *,
    by: Signer | None = None,
    name: str = "Signature1",
    certify: int | None = None,
    spec: SigFieldSpec | None = None,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    at: datetime = T0,
    mdp: SigMDPSetup | None = None,
) -> bytes:
    """The document with one more signature."""
    made = by or signer()
    dictionary = SignatureObject(timestamp=at, subfilter=subfilter, bytes_reserved=2 * ROOM)
    if certify is not None:
        mdp = SigMDPSetup("sha256", certify=True, docmdp_perms=MDPPerm(certify))
    return _embedded(document, dictionary, made.digest, made.sign, spec or SigFieldSpec(name), mdp)


def _embedded(
    document: bytes,
    dictionary: PdfSignedData,
    digest: str,
    sign: Callable[[bytes], bytes],
    spec: SigFieldSpec,
    mdp: SigMDPSetup | None = None,
) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(document))
    steps = PdfCMSEmbedder(spec).write_cms(spec.sig_field_name, writer)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=dictionary, mdp_setup=mdp))
    prepared, output = steps.send(SigIOSetup(md_algorithm=digest, output=BytesIO()))
    prepared.fill_with_cms(output, sign(prepared.document_digest))
    result: bytes = output.getvalue()
    return result


def with_store(document: bytes, evidence: Evidence, certificates: Sequence[Identity]) -> bytes:
    """The document with a Document Security Store appended."""
    stream = BytesIO(document)
    DocumentSecurityStore.add_dss(
        stream,
        None,
        certs=[one.parsed for one in certificates],
        ocsps=list(evidence.ocsps),
        crls=list(evidence.crls),
        force_write=True,
    )
    return stream.getvalue()


def archived(document: bytes, at: datetime = T0, name: str = "Archive1", **changes: Any) -> bytes:
    """The document with a document time-stamp appended."""
    return _embedded(
        document,
        _new_timestamp(bytes_reserved=2 * ROOM),
        "sha256",
        lambda digest: token(digest, at, **changes),
        SigFieldSpec(name),
    )


@cache
def leveled(level: str) -> bytes:
    """The sample at this level, made at ``T0``."""
    pki = authority()
    if level == "B-B":
        return pdf()
    if level == "B-T":
        return pdf(by=signer(unsigned=stamped()))
    if level == "B-LT":
        everyone = (pki.alice, pki.issuing, pki.root, pki.unit, pki.responder)
        return with_store(leveled("B-T"), pki.evidence(), everyone)
    return archived(leveled("B-LT"))


def reader(document: bytes) -> PdfFileReader:
    """pyHanko's view."""
    return PdfFileReader(BytesIO(document))
