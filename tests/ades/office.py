"""People who sign documents, and the authorities that vouch for them.

Certificates, OCSP answers, CRLs and time-stamps come from the golden PKI.
"""

from __future__ import annotations

import hashlib
import io
import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ades import cms, der
from ades.levels import raising
from ades.levels.ports import Evidence
from hsm.interface import DocumentSignature
from pki import authority, crl, names, profiles
from pki.authority import Issuer, Order
from pki.crl import List
from pki.ocsp import responders, responses
from pki.ocsp.responders import Answer
from pki.tsa import tokens
from pki.tsa.requests import StampRequest
from pki.tsa.tokens import Unit
from policies import identity, status
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.documents import DocumentItem, PdfPlan
from policies.pdf_signing import Place
from policies.status import Standing
from tests.ades.keys import Keys
from tests.pki import golden
from tests.pki.golden import ALICE, NOW, POLICY, Golden
from tests.spooled import spooled

SHA256: Final = HashAlgorithm.SHA256
ALGORITHMS: Final = {
    "RSA-3072 PKCS#1": SignAlgorithm(Scheme.RSA_PKCS1, SHA256),
    "RSA-3072 PSS": SignAlgorithm(Scheme.RSA_PSS, SHA256, 32),
    "P-256": SignAlgorithm(Scheme.ECDSA, SHA256),
}
P_256: Final = ALGORITHMS["P-256"]


@dataclass
class Office:
    """Those who sign, and the authorities."""

    keys: Keys
    pki: Golden
    numbers: Any = field(default_factory=itertools.count)
    certificates: dict[KeyAlgorithm, bytes] = field(default_factory=dict)
    asked: list[tuple[bytes, ...]] = field(default_factory=list)
    """Certificates whose evidence was asked for."""
    unit: Unit | None = None
    """Who time-stamps, instead of the golden PKI's unit."""
    stamped: int = 0
    """Tokens so far: each is a millisecond later than the last."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Of every signer, without the root."""
        return (self.pki.issuing.certificate,)

    async def certificate(self, kind: KeyAlgorithm) -> bytes:
        """Of the signer with a key of this kind, DER; issued at the first call."""
        if kind not in self.certificates:
            subject = names.person(identity.proofed(ALICE))
            year = timedelta(days=365)
            order = Order(profiles.SIGNATURE, subject, self.keys.public(kind), year, True)
            serial = (0x0FF1CE << 64) + next(self.numbers)
            made = await authority.issue(self.pki.issuing, order, serial, NOW)
            self.certificates[kind] = made
        return self.certificates[kind]

    async def _cms(
        self, item: DocumentItem, *, stamped: bool, content: bytes | None = None
    ) -> tuple[bytes, DocumentSignature]:
        kind = kind_of(item.algorithm)
        certificate = await self.certificate(kind)
        made = self.keys.sign(kind, item, certificate)
        digest = hashlib.sha256(made.signature).digest()
        token = await self.timestamp(digest, SHA256) if stamped else None
        signature = cms.signed_data(
            signed_attributes=made.attributes,
            signature=made.signature,
            algorithm=item.algorithm,
            certificates=(certificate, *self.chain),
            content=content,
            timestamp=token,
        )
        return signature, made

    async def sign_pdf(
        self,
        document: bytes,
        algorithm: SignAlgorithm = P_256,
        *,
        stamped: bool = False,
        **plan: Any,
    ) -> bytes:
        """The document with a signature at B-B or B-T; ``plan`` changes how."""
        with TemporaryDirectory() as directory:
            file = spooled(Path(directory), document)
            usual = PdfPlan(file, Place(None, None), "Approved", None, None, None, 16 * 1024)
            item = DocumentItem(
                0, hashlib.sha256(document).digest(), algorithm, True, None, replace(usual, **plan)
            )
            signature, made = await self._cms(item, stamped=stamped)
        assert made.pdf is not None
        return document + cms.filled(made.pdf, len(document), signature)

    async def ladder(self, document: bytes, algorithm: SignAlgorithm) -> dict[str, bytes]:
        """The document at each level."""
        made = {"B-B": await self.sign_pdf(document, algorithm)}
        made["B-T"] = await self.sign_pdf(document, algorithm, stamped=True)
        file = io.BytesIO(made["B-T"])
        await raising.pdf_to_lt(file, self)
        made["B-LT"] = file.getvalue()
        await raising.pdf_to_lta(file, self, self)
        made["B-LTA"] = file.getvalue()
        return made

    async def sign_data(
        self,
        data: bytes,
        algorithm: SignAlgorithm = P_256,
        *,
        stamped: bool = False,
        attached: bool = False,
    ) -> bytes:
        """A CAdES signature at B-B or B-T."""
        digest = hashlib.sha256(data).digest()
        item = DocumentItem(0, digest, algorithm, False, None, None)
        content = data if attached else None
        signature, _ = await self._cms(item, stamped=stamped, content=content)
        return signature

    async def timestamp(self, digest: bytes, algorithm: HashAlgorithm) -> bytes:
        """A token of the golden PKI's unit."""
        imprint = der.sequence(
            der.sequence(der.oid(algorithm.oid), b"\x05\x00"), der.octets(digest)
        )
        request = StampRequest(POLICY, imprint, algorithm, digest, nonce=None, cert_req=True)
        self.stamped += 1
        draft = tokens.Draft(
            request, (1 << 120) + next(self.numbers), NOW + timedelta(milliseconds=self.stamped)
        )
        return await tokens.stamp(self.unit or self.pki.unit, draft)

    async def evidence(self, certificates: tuple[bytes, ...]) -> Evidence:
        """OCSP for what the issuing authority issued, a CRL of the root for that authority."""
        self.asked.append(certificates)
        ocsps = [await self._ocsp(one) for one in certificates]
        return Evidence(
            (*certificates, *self.chain, self.pki.root.certificate),
            tuple(ocsps),
            (await self.crl(self.pki.root),),
        )

    async def _ocsp(self, certificate: bytes) -> bytes:
        serial = x509.Certificate.load(certificate).serial_number
        question = responders.cert_id(self.pki.issuing.certificate, serial)
        draft = responses.Draft((Answer(question, Standing.GOOD),), status.ocsp_window(NOW), NOW)
        return await responses.respond(self.pki.responder, draft)

    async def evidence_for(self, algorithm: SignAlgorithm) -> Evidence:
        """For a signature of this kind and its time-stamp."""
        certificate = await self.certificate(kind_of(algorithm))
        return await self.evidence((certificate, self.pki.unit.certificate))

    async def another_unit(self, days: int) -> Unit:
        """A time-stamping unit whose certificate lives so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = await golden.issue(self.pki.issuing, profiles.TSA, "Example TSU 9", key, days)
        return replace(self.pki.unit, certificate=made, sign=golden.signer(key))

    async def crl(self, issuer: Issuer) -> bytes:
        """An empty list."""
        wanted = List(issuer.certificate, 1, status.crl_window(NOW), ())
        return await crl.issue(wanted, authority.ALGORITHM, issuer.sign)


def kind_of(algorithm: SignAlgorithm) -> KeyAlgorithm:
    """The key that signs like this."""
    return KeyAlgorithm.P_256 if algorithm.scheme is Scheme.ECDSA else KeyAlgorithm.RSA_3072
