"""CMS signatures of the reference: CAdES, the insides of PAdES, and time-stamp tokens.

Built from asn1crypto's structures, with one signer, in DER. (RFC 5652; RFC 5035; RFC 3161;
EN 319 122-1 6.3)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509

from tests.conformance.reference.algorithms import SHA256, Scheme
from tests.conformance.reference.keys import Holder

DATA: Final = "data"
TST_INFO: Final = "tst_info"
NAMES: Final[Mapping[str, str]] = {
    SHA256: "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}

Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A signature before it is made."""

    holder: Holder
    scheme: Scheme
    digest: bytes
    """Of the content, by the digest of ``scheme``."""
    content_type: str = DATA
    content: bytes | None = None
    """None: detached."""
    with_time: bool = True
    """``signing-time``; PAdES has it in the PDF."""
    attributes: Attributes = field(default_factory=dict)
    """More signed attributes by name."""
    drop: frozenset[str] = frozenset()
    """Signed attributes that are left out."""
    stamp: Callable[[bytes], bytes] | None = None
    """Makes the time-stamp over the signature; None: none."""


def build(draft: Draft) -> bytes:
    """The ContentInfo."""
    attributes = _signed(draft)
    signature = _signature(draft, attributes)
    certificates = [asn1_x509.Certificate.load(der) for der in draft.holder.der()]
    leaf = certificates[0]
    digest_algorithm = algos.DigestAlgorithm({"algorithm": NAMES[draft.scheme.digest]})
    signer: dict[str, Any] = {
        "version": "v1",
        "sid": {
            "issuer_and_serial_number": {
                "issuer": leaf.issuer,
                "serial_number": leaf.serial_number,
            }
        },
        "digest_algorithm": digest_algorithm,
        "signed_attrs": attributes,
        "signature_algorithm": _algorithm(draft),
        "signature": signature,
    }
    if draft.stamp is not None:
        token = cms.ContentInfo.load(draft.stamp(signature))
        signer["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    inner: dict[str, Any] = {"content_type": draft.content_type}
    if draft.content is not None:
        kind = core.OctetString if draft.content_type == DATA else core.ParsableOctetString
        inner["content"] = kind(draft.content)
    data = {
        "version": "v1" if draft.content_type == DATA else "v3",
        "digest_algorithms": [digest_algorithm],
        "encap_content_info": inner,
        "certificates": certificates,
        "signer_infos": [signer],
    }
    return bytes(
        cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)}).dump()
    )


def _signed(draft: Draft) -> cms.CMSAttributes:
    certificate = draft.holder.der()[0]
    named = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate).digest()})
    values: Attributes = {
        "content_type": draft.content_type,
        "message_digest": draft.digest,
        "signing_certificate_v2": tsp.SigningCertificateV2({"certs": [named]}),
        **draft.attributes,
    }
    if draft.with_time:
        now = datetime.now(UTC).replace(microsecond=0)
        values["signing_time"] = cms.Time({"utc_time": now})
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": name, "values": [value]})
            for name, value in values.items()
            if name not in draft.drop
        ]
    )


def _signature(draft: Draft, attributes: cms.CMSAttributes) -> bytes:
    digest = hashlib.new(NAMES[draft.scheme.digest], attributes.dump()).digest()
    return draft.scheme.sign(draft.holder.key, digest)


def _algorithm(draft: Draft) -> dict[str, Any]:
    scheme, name = draft.scheme, NAMES[draft.scheme.digest]
    if draft.holder.certificate.public_key().__class__.__name__.startswith("EC"):
        return {"algorithm": f"{name}_ecdsa"}
    if scheme.salt is None:
        return {"algorithm": f"{name}_rsa", "parameters": core.Null()}
    parameters = {
        "hash_algorithm": {"algorithm": name},
        "mask_gen_algorithm": {
            "algorithm": "mgf1",
            "parameters": {"algorithm": NAMES[scheme.mask]},
        },
        "salt_length": scheme.salt,
    }
    return {"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(parameters)}
