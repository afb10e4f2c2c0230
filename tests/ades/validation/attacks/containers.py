"""Tricks with CMS: several signers, missing attributes, exchanged certificates."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from asn1crypto import cms, tsp

from policies.validation import Reason
from tests.ades.validation import authority as pki_module
from tests.ades.validation import scribe
from tests.ades.validation.attacks import (
    attack,
    in_pdf,
)
from tests.ades.validation.authority import DAY, T0, authority


def _swapped(made: Any) -> None:
    """The SignerInfo names another certificate, which is in the container too."""
    bob = _bob()
    made["certificates"] = [authority().issuing.parsed, authority().alice.parsed, bob.parsed]
    made["signer_infos"][0]["sid"] = cms.SignerIdentifier(
        "issuer_and_serial_number",
        {"issuer": bob.parsed.issuer, "serial_number": bob.parsed.serial_number},
    )


@cache
def _bob(same_key: bool = False) -> pki_module.Identity:
    return pki_module.certificate(
        "Bob",
        "signer",
        authority().issuing,
        T0 - 30 * DAY,
        T0 + 365 * DAY,
        key_name="Alice" if same_key else None,
    )


@attack("CMS: another signer is named", Reason.CERTIFICATE_NOT_THE_NAMED)
def _() -> bytes:
    return in_pdf(finish=_swapped)


@attack("CMS: another certificate with the same key", Reason.CERTIFICATE_NOT_THE_NAMED)
def _() -> bytes:
    return in_pdf(
        by=_bob(same_key=True),
        attributes={"signing_certificate_v2": scribe.ess(authority().alice.parsed)},
    )


def _two(made: Any) -> None:
    made["signer_infos"] = [made["signer_infos"][0], made["signer_infos"][0].copy()]


def _none(made: Any) -> None:
    made["signer_infos"] = []


@attack("CMS: two signers", Reason.SIGNERS_NOT_ONE, Reason.CMS_BROKEN)
def _() -> bytes:
    def two(made: Any) -> None:
        first = made["signer_infos"][0]
        second = cms.SignerInfo.load(first.dump())
        second["signature"] = b"\x30\x00"
        made["signer_infos"] = [first, second]

    return in_pdf(finish=two)


@attack("CMS: no signer", Reason.SIGNERS_NOT_ONE)
def _() -> bytes:
    return in_pdf(finish=_none)


@attack("CMS: no signed attributes", Reason.SIGNED_ATTRIBUTES_MISSING)
def _() -> bytes:
    return in_pdf(signed_attributes=False)


def _attributes_as_content() -> tuple[bytes, bytes]:
    """A right signature over attributes, and the same one over their bytes as content."""
    content = b"contract"
    right = cms.ContentInfo.load(scribe.p7s(content))
    info = right["content"]["signer_infos"][0]
    attributes = b"\x31" + info["signed_attrs"].dump()[1:]
    value = info["signature"].native
    forged = scribe.signer(signed_attributes=False, content=None)
    forged.finish = lambda data: data["signer_infos"][0].__setitem__("signature", value)
    return forged.sign(b""), attributes


_FORGED, _FORGED_CONTENT = _attributes_as_content()


@attack(
    "CMS: the bytes of the attributes as content",
    Reason.SIGNED_ATTRIBUTES_MISSING,
    original=_FORGED_CONTENT,
)
def _() -> bytes:
    return _FORGED


@attack("CMS: names its certificate by SHA-1", Reason.CERTIFICATE_NAMED_BY_SHA1)
def _() -> bytes:
    digest = hashlib.sha1(authority().alice.der, usedforsecurity=False).digest()
    first = tsp.SigningCertificate({"certs": [tsp.ESSCertID({"cert_hash": digest})]})
    return in_pdf(attributes={"signing_certificate_v2": None, "signing_certificate": first})


@attack(
    "CMS: names its certificate by SHA-1 in the second version", Reason.CERTIFICATE_NAMED_BY_SHA1
)
def _() -> bytes:
    digest = hashlib.sha1(authority().alice.der, usedforsecurity=False).digest()
    named = tsp.ESSCertIDv2({"hash_algorithm": {"algorithm": "sha1"}, "cert_hash": digest})
    return in_pdf(
        attributes={"signing_certificate_v2": tsp.SigningCertificateV2({"certs": [named]})}
    )


@attack("CMS: does not name its certificate", Reason.CERTIFICATE_NOT_NAMED)
def _() -> bytes:
    return in_pdf(attributes={"signing_certificate_v2": None})


@attack("CMS: SHA-1", Reason.ALGORITHM_WEAK)
def _() -> bytes:
    return in_pdf(digest="sha1")


@attack("CMS: the value by SHA-1", Reason.ALGORITHM_WEAK, Reason.ALGORITHMS_CONTRADICT)
def _() -> bytes:
    return in_pdf(signature_digest="sha1")


@attack("CMS: two digests", Reason.ALGORITHMS_CONTRADICT)
def _() -> bytes:
    return in_pdf(signature_digest="sha384")


@attack("CMS: the protection names another digest", Reason.ALGORITHMS_CONTRADICT)
def _() -> bytes:
    other = cms.CMSAlgorithmProtection(
        {
            "digest_algorithm": {"algorithm": "sha512"},
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        }
    )
    return in_pdf(attributes={"cms_algorithm_protection": other})


@attack("CMS: another type of content", Reason.CONTENT_TYPE_WRONG)
def _() -> bytes:
    return in_pdf(attributes={"content_type": "signed_data"})


@attack("CMS: content of its own", Reason.CONTENT_TWICE)
def _() -> bytes:
    return in_pdf(content=b"evil")


@attack("CMS: another content of its own", Reason.CONTENT_TWICE, Reason.DIGEST_WRONG)
def _() -> bytes:
    return scribe.pdf(by=scribe.signer(attributes={"message_digest": b"\0" * 32}, content=b"evil"))


@attack("CMS: a digest that stands twice", Reason.CMS_BROKEN)
def _() -> bytes:
    def twice(made: Any) -> None:
        attributes = made["signer_infos"][0]["signed_attrs"]
        extra = cms.CMSAttribute({"type": "message_digest", "values": [b"\0" * 32]})
        made["signer_infos"][0]["signed_attrs"] = cms.CMSAttributes([*attributes, extra])

    return in_pdf(finish=twice)


@attack("CMS: bytes behind its end", Reason.CMS_BROKEN)
def _() -> bytes:
    class Longer(scribe.Signer):
        def sign(self, message_digest: bytes) -> bytes:
            return super().sign(message_digest) + b"evil"

    return scribe.pdf(by=Longer(authority().alice, (authority().issuing,)))


@attack("CMS: no certificates", Reason.CERTIFICATE_MISSING)
def _() -> bytes:
    def without(made: Any) -> None:
        made["certificates"] = [authority().issuing.parsed]

    return in_pdf(finish=without)


@attack("CMS: by an authority", Reason.KEY_USAGE_WRONG)
def _() -> bytes:
    return in_pdf(by=authority().issuing, chain=(authority().root,))


@attack("CMS: by a time-stamping unit", Reason.KEY_USAGE_WRONG)
def _() -> bytes:
    return in_pdf(by=authority().unit)


@attack("CMS: a stranger's chain of the same names", Reason.CHAIN_NOT_FOUND, Reason.CHAIN_INVALID)
def _() -> bytes:
    root = pki_module.certificate(
        "Root", "root", None, T0 - DAY, T0 + 999 * DAY, key_name="mallory root"
    )
    issuing = pki_module.certificate(
        "Issuing", "authority", root, T0 - DAY, T0 + 900 * DAY, key_name="mallory issuing"
    )
    alice = pki_module.certificate(
        "Alice", "signer", issuing, T0 - DAY, T0 + 365 * DAY, key_name="mallory"
    )
    return in_pdf(by=alice, chain=(issuing, root))


@attack("CMS: a certificate that alice issued", Reason.CHAIN_INVALID, Reason.CHAIN_NOT_FOUND)
def _() -> bytes:
    eve = pki_module.certificate("Eve", "signer", authority().alice, T0 - DAY, T0 + DAY)
    return in_pdf(by=eve, chain=(authority().alice, authority().issuing))
