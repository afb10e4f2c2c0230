"""A small PKI at any time: root, issuing authority, signer, responder, time-stamping unit.

Made with ``cryptography`` and not with ours, so that what validates is not what issued. All keys
are P-256 and made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from ades.validation.trust import Evidence, Trust

T0: Final = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
"""When everything is signed, unless a test says otherwise. pyHanko looks at the real clock."""
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
_POLICY: Final = "1.3.6.1.4.1.99999.1.1"


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """The key of this name, the same through a run."""
    assert name
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Identity:
    """A certificate and the name of its key."""

    name: str
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def parsed(self) -> asn1_x509.Certificate:
        """The certificate as the validator has it."""
        return asn1_x509.Certificate.load(self.der)


_USAGES: Final = {
    "root": ("key_cert_sign", "crl_sign"),
    "authority": ("key_cert_sign", "crl_sign"),
    "signer": ("content_commitment",),
    "responder": ("digital_signature",),
    "unit": ("digital_signature",),
}
_PURPOSES: Final = {
    "responder": ExtendedKeyUsageOID.OCSP_SIGNING,
    "unit": ExtendedKeyUsageOID.TIME_STAMPING,
}


def certificate(
    name: str,
    kind: str,
    issuer: Identity | None,
    begin: datetime,
    end: datetime,
    *,
    key_name: str | None = None,
) -> Identity:
    """A certificate of one of the kinds; without an issuer it signs itself."""
    key_name = key_name or name
    public = key(key_name).public_key()
    signing = key(key_name if issuer is None else issuer.name)
    subject = _name(name)
    usage = dict.fromkeys(_ALL_USAGES, False) | dict.fromkeys(_USAGES[kind], True)
    is_authority = kind in ("root", "authority")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
            critical=False,
        )
    )
    if kind in _PURPOSES:
        purpose = x509.ExtendedKeyUsage([_PURPOSES[kind]])
        builder = builder.add_extension(purpose, critical=kind == "unit")
    if kind == "responder":
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if kind == "authority":
        list_address = [x509.UniformResourceIdentifier("http://ca.example.com/root.crl")]
        points = [x509.DistributionPoint(list_address, None, None, None)]
        builder = builder.add_extension(x509.CRLDistributionPoints(points), critical=False)
    if kind in ("signer", "unit"):
        address = x509.UniformResourceIdentifier("http://ocsp.example.com/")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address)
        policies = [x509.PolicyInformation(x509.ObjectIdentifier(_POLICY), None)]
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        builder = builder.add_extension(x509.CertificatePolicies(policies), critical=False)
    return Identity(key_name, builder.sign(signing, hashes.SHA256()))


_ALL_USAGES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "RO"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@dataclass(frozen=True)
class Authority:
    """The PKI: certificates that live around ``T0``."""

    root: Identity
    issuing: Identity
    alice: Identity
    responder: Identity
    unit: Identity

    @property
    def trust(self) -> Trust:
        """The root and nothing else."""
        return Trust((self.root.parsed,))

    def evidence(self, at: datetime = T0, lives: timedelta = 12 * HOUR) -> Evidence:
        """Fresh answers and lists for everybody: all good."""
        return Evidence(
            crls=(
                asn1_crl.CertificateList.load(crl(self.root, at, 30 * DAY)),
                asn1_crl.CertificateList.load(crl(self.issuing, at, lives)),
            ),
            ocsps=(
                asn1_ocsp.OCSPResponse.load(self.answer(self.alice, at, lives)),
                asn1_ocsp.OCSPResponse.load(self.answer(self.unit, at, lives)),
            ),
        )

    def answer(
        self,
        about: Identity,
        at: datetime,
        lives: timedelta = 12 * HOUR,
        revoked: datetime | None = None,
        responder: Identity | None = None,
    ) -> bytes:
        """An OCSP answer, DER."""
        responder = responder or self.responder
        status = ocsp.OCSPCertStatus.GOOD if revoked is None else ocsp.OCSPCertStatus.REVOKED
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=about.certificate,
                issuer=self.issuing.certificate,
                algorithm=hashes.SHA1(),  # noqa: S303 - names, protects nothing
                cert_status=status,
                this_update=at,
                next_update=at + lives,
                revocation_time=revoked,
                revocation_reason=None if revoked is None else x509.ReasonFlags.key_compromise,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
            .certificates([responder.certificate])
        )
        return builder.sign(key(responder.name), hashes.SHA256()).public_bytes(Encoding.DER)


def crl(
    issuer: Identity, at: datetime, lives: timedelta, revoked: dict[int, datetime] | None = None
) -> bytes:
    """A revocation list, DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(at + lives)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key(issuer.name).public_key()),
            critical=False,
        )
    )
    for serial, moment in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key(issuer.name), hashes.SHA256()).public_bytes(Encoding.DER)


@cache
def authority() -> Authority:
    """The PKI of this run."""
    root = certificate("Root", "root", None, T0 - 300 * DAY, T0 + 7300 * DAY)
    issuing = certificate("Issuing", "authority", root, T0 - 200 * DAY, T0 + 3650 * DAY)
    return Authority(
        root=root,
        issuing=issuing,
        alice=certificate("Alice", "signer", issuing, T0 - 30 * DAY, T0 + 365 * DAY),
        responder=certificate("Responder", "responder", issuing, T0 - DAY, T0 + 90 * DAY),
        unit=certificate("Unit", "unit", issuing, T0 - 30 * DAY, T0 + 1825 * DAY),
    )
