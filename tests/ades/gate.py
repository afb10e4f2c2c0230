"""The level gate of security-and-pki appendix B and 3.4: pyHanko, pdfsig and OpenSSL judge."""

from __future__ import annotations

import hashlib
import io
import subprocess
from pathlib import Path
from typing import Any

from asn1crypto import cms, x509
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore, ades, async_validate_pdf_signature
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec, ValidationContext
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from ades.levels.ports import Evidence
from tests.pki import golden
from tests.pki.golden import Golden
from tests.pki.judges import openssl

OK = "OK"
NO_TIME = "SIG_CONSTRAINTS_FAILURE"
NO_STATUS = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
SAID = {
    "B-B": (OK, NO_TIME, False, NO_STATUS),
    "B-T": (OK, OK, False, NO_STATUS),
    "B-LT": (OK, OK, True, "NO_POE"),
    "B-LTA": (OK, OK, True, OK),
}
"""What the judges say of each level."""


class Gate:
    """Judges at each level; the same functions on a lower level tell what is missing."""

    def __init__(self, pki: Golden) -> None:
        self.pki = pki
        self.root = x509.Certificate.load(pki.root.certificate)

    def _spec(self, evidence: Evidence | None) -> PdfSignatureValidationSpec:
        local: dict[str, Any] = {}
        if evidence is not None:
            ocsps = [asn1_ocsp.OCSPResponse.load(one) for one in evidence.ocsps]
            crls = [asn1_crl.CertificateList.load(one) for one in evidence.crls]
            local["local_knowledge"] = LocalKnowledge(
                known_certs=[x509.Certificate.load(one) for one in evidence.certificates],
                known_ocsps=[one for each in ocsps for one in OCSPContainer.load_multi(each)],
                known_crls=[CRLContainer(one) for one in crls],
            )
        return PdfSignatureValidationSpec(
            SignatureValidationSpec(
                cert_validation_policy=CertValidationPolicySpec(
                    trust_manager=SimpleTrustManager.build(trust_roots=[self.root]),
                    revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
                ),
                revinfo_gathering_policy=RevocationInfoGatheringSpec(
                    online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
                ),
                **local,
            )
        )

    async def basic(self, document: bytes, evidence: Evidence, place: int = 0) -> str:
        """AdES B-B."""
        signature = embedded(document)[place]
        found = await ades.ades_basic_validation(
            signature.signed_data,
            self._spec(evidence).signature_validation_spec,
            raw_digest=signature.compute_digest(),
        )
        return _said(found)

    async def with_time(self, document: bytes, evidence: Evidence, place: int = 0) -> str:
        """AdES B-T."""
        signature = embedded(document)[place]
        found = await ades.ades_with_time_validation(
            signature.signed_data,
            self._spec(evidence).signature_validation_spec,
            raw_digest=signature.compute_digest(),
        )
        return _said(found)

    async def self_contained(self, document: bytes, place: int = 0) -> bool:
        """AdES B-LT: everything that is needed is in the document."""
        reader = PdfFileReader(io.BytesIO(document))
        try:
            store: Any = DocumentSecurityStore.read_dss(reader)
        except NoDSSFoundError:
            return False
        context: ValidationContext = store.as_validation_context(
            {"trust_roots": [self.root], "allow_fetching": False, "revocation_mode": "require"}
        )
        signature = reader.embedded_regular_signatures[place]
        return bool((await async_validate_pdf_signature(signature, context)).bottom_line)

    async def archived(self, document: bytes, place: int = 0) -> str:
        """AdES B-LTA."""
        return _said(await ades.ades_lta_validation(embedded(document)[place], self._spec(None)))

    async def later(self, document: bytes, moment: Any) -> str:
        """What will be said of it at a moment to come."""
        spec = self._spec(None)
        found = await ades.simulate_future_ades_lta_validation(embedded(document)[0], spec, moment)
        return _said(found)

    async def all_levels(
        self, document: bytes, evidence: Evidence, place: int = 0
    ) -> tuple[object, ...]:
        """What the four judges say of the signature at this place."""
        return (
            await self.basic(document, evidence, place),
            await self.with_time(document, evidence, place),
            await self.self_contained(document, place),
            await self.archived(document, place),
        )

    def openssl_cades(self, directory: Path, signature: bytes, content: bytes | None) -> None:
        """`openssl cms -verify -cades`; fails unless OpenSSL is content."""
        files = {
            "p7s": signature,
            "root": golden.pem(self.pki.root.certificate),
            "below": golden.pem(self.pki.issuing.certificate),
            **({} if content is None else {"data": content}),
        }
        detached = () if content is None else ("-content", "@data")
        told = openssl(
            directory,
            *("cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "@p7s"),
            *("-CAfile", "@root", "-certfile", "@below", "-purpose", "any", "-x509_strict"),
            *(*detached, "-out", "/dev/null"),
            **files,
        )
        assert "successful" in told


def embedded(document: bytes) -> list[Any]:
    """The signatures in a document, without its time-stamps."""
    return list(PdfFileReader(io.BytesIO(document)).embedded_regular_signatures)


def pdfsig(directory: Path, document: bytes) -> str:
    """What poppler prints; every signature is intact for it."""
    (directory / "signed.pdf").write_bytes(document)
    done = subprocess.run(
        ["pdfsig", "-nocert", "signed.pdf"], cwd=directory, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    valid = done.stdout.count("Signature Validation: Signature is Valid.")
    assert valid == len(embedded(document)), done.stdout
    return done.stdout


def archive_imprint(signature: bytes, content: bytes) -> tuple[bytes, bytes]:
    """What the last archive time-stamp is over, and what it should be over.

    Computed from EN 319 122-1 5.5.2 and 5.5.3 again, from the bytes of the signature alone.
    """
    signed = cms.ContentInfo.load(signature)["content"]
    info = signed["signer_infos"][0]
    *before, last = info["unsigned_attrs"]
    token = last["values"][0]["content"]
    wanted = token["encap_content_info"]["content"].parsed["message_imprint"]["hashed_message"]
    (index,) = (
        one["values"][0]
        for one in token["signer_infos"][0]["unsigned_attrs"]
        if one["type"].dotted == "0.4.0.19122.1.5"
    )
    _, certificates, crls, attributes = (index[place] for place in range(4))
    held = [hashlib.sha256(one.dump()).digest() for one in signed["certificates"]]
    assert [one.native for one in certificates] == held
    held = [hashlib.sha256(one.dump()).digest() for one in signed["crls"]]
    assert [one.native for one in crls] == held
    held = [
        hashlib.sha256(one["type"].dump() + value.dump()).digest()
        for one in before
        for value in one["values"]
    ]
    assert [one.native for one in attributes] == held
    parts = [signed["encap_content_info"]["content_type"].dump(), hashlib.sha256(content).digest()]
    parts += [info[place].dump() for place in range(6)]
    return wanted.native, hashlib.sha256(b"".join((*parts, index.dump()))).digest()


def _said(found: Any) -> str:
    return str(found.ades_subindic.standard_name)
