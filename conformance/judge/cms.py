"""A CMS signature taken apart, and its value verified.

What the attributes mean for a format or a level is said in ``documents`` and ``timestamps``.
(RFC 5652 5; RFC 5035 3; EN 319 122-1 5.2)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.judge import algorithms, signatures
from conformance.judge.algorithms import Digest, Kind, Scheme
from conformance.judge.wrong import MOST_BYTES, Unusual, Wrong, guarded

DATA: Final = "1.2.840.113549.1.7.1"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"

CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
SIGNATURE_TIME_STAMP: Final = "1.2.840.113549.1.9.16.2.14"

Content = Callable[[Digest], bytes]
"""What was signed: its digest by any algorithm."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A SignedData with one signer."""

    content_type: str
    """OID of eContentType."""
    content: bytes | None
    """eContent; None when detached."""
    certificates: tuple[bytes, ...]
    """DER, in no order."""
    has_revocation: bool
    """CRLs or OCSP answers stand beside the certificates."""
    signer: cms.SignerInfo
    signed: Mapping[str, Any]
    """Signed attributes by OID, each the SET of its values."""
    unsigned: Mapping[str, Any]

    @property
    def signature(self) -> bytes:
        """The value."""
        return bytes(self.signer["signature"].native)

    @property
    def digest(self) -> Digest:
        """What the content was hashed with.

        Raises:
            Wrong: Nothing that may be used.
        """
        return algorithms.digest_of(self.signer["digest_algorithm"]["algorithm"].dotted)

    def only(self, oid: str) -> Any:
        """The one value of a signed attribute.

        Raises:
            Wrong: It is missing, or has another number of values.
        """
        values = self.signed.get(oid)
        if values is None:
            raise Wrong(f"The signed attribute {_NAMES.get(oid, oid)} is missing.")
        if len(values) != 1:
            raise Wrong(f"The signed attribute {_NAMES.get(oid, oid)} has {len(values)} values.")
        return values[0]


_NAMES: Final = {
    CONTENT_TYPE: "content-type",
    MESSAGE_DIGEST: "message-digest",
    SIGNING_TIME: "signing-time",
    SIGNING_CERTIFICATE_V2: "signing-certificate-v2",
}


def read(der: bytes, what: str) -> Signed:
    """The parts of a CMS signature.

    Args:
        what: What it is called in sentences.

    Raises:
        Wrong: No ContentInfo with a SignedData of exactly one signer.
    """
    if len(der) > MOST_BYTES:
        raise Wrong(f"{what} is longer than {MOST_BYTES} bytes.")
    return guarded(what)(_read)(der, what)


def _read(der: bytes, what: str) -> Signed:
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].dotted != _SIGNED_DATA:
        raise Wrong(f"{what} is a CMS object, but no SignedData.")
    data = info["content"]
    if len(data["signer_infos"]) != 1:
        raise Wrong(f"{what} has {len(data['signer_infos'])} signers; one was asked for.")
    signer = data["signer_infos"][0]
    inner = data["encap_content_info"]
    content = inner["content"]
    return Signed(
        content_type=inner["content_type"].dotted,
        content=None if isinstance(content, core.Void) else bytes(content),
        certificates=tuple(
            one.chosen.dump() for one in data["certificates"] or () if one.name == "certificate"
        ),
        has_revocation=bool(len(data["crls"] or ())),
        signer=signer,
        signed=_attributes(signer["signed_attrs"], what),
        unsigned=_attributes(signer["unsigned_attrs"], what),
    )


def _attributes(found: Any, what: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for one in found if found else ():
        oid = one["type"].dotted
        if oid in attributes:
            raise Wrong(f"{what} has the attribute {_NAMES.get(oid, oid)} twice.")
        attributes[oid] = one["values"]
    return attributes


def verify(signed: Signed, content: Content, content_type: str, what: str) -> x509.Certificate:
    """The signer's certificate, once the signature is found to be its over ``content``.

    Args:
        content_type: OID that the attribute of that name has to say.
        what: What it is called in sentences.

    Raises:
        Wrong: An attribute or the value does not fit.
        Unusual: The signer's certificate is not inside.
    """
    return guarded(what)(_verify)(signed, content, content_type, what)


def _verify(signed: Signed, content: Content, content_type: str, what: str) -> x509.Certificate:
    certificate = _certificate(signed, what)
    if not signed.signed:
        raise Wrong(f"{what} has no signed attributes.")
    if signed.only(CONTENT_TYPE).dotted != content_type or signed.content_type != content_type:
        raise Wrong(f"{what} is not about content of type {content_type}.")
    if bytes(signed.only(MESSAGE_DIGEST).native) != content(signed.digest):
        raise Wrong(f"{what} is over other content: its message-digest differs.")
    used = scheme(signed)
    # Tagged [0] where it stands, and signed as the SET that it is (RFC 5652 5.4).
    attributes = b"\x31" + signed.signer["signed_attrs"].dump()[1:]
    digest = used.digest.of(attributes)
    key = signatures.key_of(certificate)
    try:
        signatures.verify(signed.signature, digest, key, used)
    except Unusual as reason:
        raise Wrong(f"{what}: {reason}") from reason  # CMS says how r and s are written.
    except Wrong as reason:
        raise Wrong(f"{what} does not verify over its signed attributes: {reason}") from reason
    return certificate


@guarded("The signature algorithm")
def scheme(signed: Signed) -> Scheme:
    """What the signature says that it is made by.

    Raises:
        Wrong: Nothing that may be used.
    """
    found = signed.signer["signature_algorithm"]
    oid = found["algorithm"].dotted
    if oid == algorithms.RSA_PSS:
        pss = algorithms.pss_of(found["parameters"])
        return Scheme(Kind.PSS, pss.digest, pss)
    return algorithms.scheme(oid, signed.digest.oid)


def _certificate(signed: Signed, what: str) -> x509.Certificate:
    """The certificate that the signer names, read."""
    named = signed.signer["sid"]
    for der in signed.certificates:
        found = asn1_x509.Certificate.load(der)
        body = found["tbs_certificate"]
        if named.name == "issuer_and_serial_number":
            same_serial = body["serial_number"].native == named.chosen["serial_number"].native
            if same_serial and body["issuer"] == named.chosen["issuer"]:
                return x509.load_der_x509_certificate(der)
        elif found.key_identifier == named.chosen.native:
            return x509.load_der_x509_certificate(der)
    raise Unusual(f"{what} does not hold the certificate of its signer.")


@guarded("The signing-certificate attribute")
def check_signing_certificate(signed: Signed, certificate: x509.Certificate, *, v1: bool) -> None:
    """Return if a signed attribute names the certificate by its digest (RFC 5035 3).

    Args:
        v1: The older attribute, which knows SHA-1 alone, will do as well.

    Raises:
        Wrong: None, or that of another certificate.
    """
    der = certificate.public_bytes(Encoding.DER)
    if v1 and SIGNING_CERTIFICATE in signed.signed:
        named = signed.only(SIGNING_CERTIFICATE)["certs"][0]["cert_hash"].native
        # RFC 2634 5.4 knows no other digest than SHA-1 here; RFC 5816 lets old tokens stand.
        if certificate.fingerprint(SHA1()) == named:  # noqa: S303
            return
        raise Wrong("The signing-certificate attribute names another certificate.")
    first = signed.only(SIGNING_CERTIFICATE_V2)["certs"][0]
    digest = algorithms.digest_of(first["hash_algorithm"]["algorithm"].dotted)
    if digest.of(der) != bytes(first["cert_hash"].native):
        raise Wrong("The signing-certificate-v2 attribute names another certificate.")
