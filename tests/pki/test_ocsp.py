"""The OCSP responder, without a network: every case of the table, and outside judges.

OpenSSL as a client, pkilint, cryptography, asn1crypto and pyHanko. (RFC 6960, 9654, 9919;
security-and-pki 2.5, 7.2 row 23)
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import RevokedError

from pki import authority, crl
from pki.ocsp import requests, responders, responses
from pki.ocsp.responders import Answer, Responder, Responders
from pki.ocsp.responses import Draft
from policies import status
from policies.revocation import Reason, Revocation
from policies.status import CertificateStatus, Failure, Standing, StatusRefused
from tests.pki import golden, judges, ocsp_cases
from tests.pki.golden import NOW, Golden
from tests.pki.judges import openssl
from tests.pki.ocsp_cases import Case, Sent, World

PRODUCED = NOW + timedelta(seconds=1)
OVER = Revocation(NOW, Reason.KEY_COMPROMISE)
HELD = Revocation(NOW, Reason.CERTIFICATE_HOLD)
REVOKED_SERIAL, HELD_SERIAL = 0xA1 << 100, 0xA2 << 100
WORDS = {
    Standing.GOOD: ocsp_cases.GOOD,
    Standing.UNKNOWN: ocsp_cases.UNKNOWN,
}


@pytest.fixture(scope="session")
def world(pki: Golden) -> World:
    """What the cases ask for."""
    return World(
        issuer=pki.issuing.certificate,
        other=pki.sibling.certificate,
        stranger=pki.root.certificate,
        good=pki.alice_serial,
        revoked=REVOKED_SERIAL,
        held=HELD_SERIAL,
    )


def known(pki: Golden, serial: int) -> CertificateStatus:
    """The register."""
    ended = {REVOKED_SERIAL: OVER, HELD_SERIAL: HELD}
    issued = serial == pki.alice_serial or serial in ended
    return status.standing(issued=issued, revocation=ended.get(serial))


async def ask(pki: Golden, sent: Sent) -> bytes:
    """What comes back."""
    all_responders = Responders([pki.sibling_responder, pki.responder])
    try:
        if isinstance(sent, str):
            request = requests.from_path(sent, all_responders.serves)
        else:
            request = requests.parse(sent)
        responder, questions = all_responders.route(request)
    except StatusRefused as reason:
        return responses.refusal(reason.failure)
    answers = tuple(
        Answer(one.cert_id.whole, known(pki, one.cert_id.serial) if one.ours else Standing.UNKNOWN)
        for one in questions
    )
    draft = Draft(answers, status.ocsp_window(NOW), PRODUCED, request.nonce)
    return await responses.respond(responder, draft)


async def answer(
    pki: Golden,
    said: CertificateStatus = Standing.GOOD,
    responder: Responder | None = None,
) -> bytes:
    """An answer about Alice made in advance."""
    who = responder or pki.responder
    about = responders.cert_id(pki.issuing.certificate, pki.alice_serial)
    return await responses.respond(who, Draft((Answer(about, said),), status.ocsp_window(NOW), NOW))


@pytest.mark.parametrize("case", ocsp_cases.CASES, ids=lambda case: case.name)
async def test_the_table(case: Case, pki: Golden, world: World) -> None:
    """Each request gets the status, or the refusal, that the table names."""
    meant = case.request(world)
    got = await ask(pki, case.send(meant))
    assert judges.lint_ocsp(got) == []
    found = ocsp.load_der_ocsp_response(got)
    if isinstance(case.expected, Failure):
        assert found.response_status.value == case.expected
        assert got == bytes((0x30, 3, 0x0A, 1, case.expected))
        return
    assert found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    _is_signed_by(pki.responder, found)
    basic = asn1_ocsp.OCSPResponse.load(got, strict=True).basic_ocsp_response
    data = basic["tbs_response_data"]
    assert [one["cert_status"].name for one in data["responses"]] == list(case.expected)
    wanted = [one["req_cert"].dump() for one in _asked(meant)]
    assert [one["cert_id"].dump() for one in data["responses"]] == wanted
    nonces = [] if case.nonce is None else [case.nonce]
    extensions = data["response_extensions"]
    assert [one["extn_value"].parsed.native for one in extensions or ()] == nonces
    assert basic["certs"][0].dump() == pki.responder.certificate


def test_the_table_is_long_enough() -> None:
    """Sixty cases at least, no two of one name."""
    assert len({case.name for case in ocsp_cases.CASES}) == len(ocsp_cases.CASES) >= 60


def _asked(meant: bytes) -> Any:
    return asn1_ocsp.OCSPRequest.load(meant)["tbs_request"]["request_list"]


def _is_signed_by(responder: Responder, found: ocsp.OCSPResponse) -> None:
    (certificate,) = found.certificates
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(found.signature, found.tbs_response_bytes, ec.ECDSA(SHA256()))
    ski = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert found.responder_key_hash == ski.digest
    issuer = x509.load_der_x509_certificate(responder.issuer)
    certificate.verify_directly_issued_by(issuer)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)


@pytest.mark.parametrize("reason", list(Reason))
async def test_what_stands_in_it(reason: Reason, pki: Golden) -> None:
    """Times, and of a revoked one since when and why; *unspecified* is left out."""
    found = ocsp.load_der_ocsp_response(await answer(pki, Revocation(NOW, reason)))
    assert found.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert found.revocation_time_utc == NOW
    told = found.revocation_reason
    assert (told.value if told else "unspecified") == reason.value
    assert found.this_update_utc == found.produced_at_utc == NOW
    assert found.next_update_utc == NOW + timedelta(hours=12)
    assert len(found.extensions) == len(found.single_extensions) == 0


async def test_status_is_kept_since(pki: Golden) -> None:
    """archiveCutoff stands with each certificate where the responder has one."""
    began = pki.issuing.certificate
    since = x509.load_der_x509_certificate(began).not_valid_before_utc
    keeper = Responder(
        pki.issuing.certificate,
        pki.responder.certificate,
        pki.responder.algorithm,
        pki.responder.sign,
        archive_cutoff=since,
    )
    got = await answer(pki, responder=keeper)
    assert judges.lint_ocsp(got) == []
    basic = asn1_ocsp.OCSPResponse.load(got, strict=True).basic_ocsp_response
    (single,) = basic["tbs_response_data"]["responses"]
    (extension,) = single["single_extensions"]
    assert extension["extn_id"].native == "archive_cutoff"
    assert extension["extn_value"].parsed.native == since


async def test_both_hashes_name_the_same_certificate(pki: Golden, world: World) -> None:
    """An answer made in advance has the very CertID that clients send."""
    for name, oid in (("sha1", responders.SHA1), ("sha256", responders.SHA256)):
        ours = responders.cert_id(pki.issuing.certificate, pki.alice_serial, oid)
        assert ours == ocsp_cases.cert_id(world.issuer, world.good, name)


async def test_another_authority_is_answered_by_its_own_responder(
    pki: Golden, world: World
) -> None:
    """Each signs with the key that its authority certified."""
    sent = ocsp_cases.request(ocsp_cases.cert_id(world.other, 5))
    found = ocsp.load_der_ocsp_response(await ask(pki, sent))
    _is_signed_by(pki.sibling_responder, found)


# Other programs


@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
@pytest.mark.parametrize("with_nonce", ["-nonce", "-no_nonce"])
async def test_openssl_as_client(digest: str, with_nonce: str, pki: Golden, tmp_path: Path) -> None:
    """Its request is understood, and it believes the answer."""
    files = {
        "ca": golden.pem(pki.issuing.certificate),
        "cert": golden.pem(pki.alice),
        "root": golden.pem(pki.root.certificate),
    }
    about = ["-issuer", "@ca", digest, "-cert", "@cert"]
    openssl(tmp_path, "ocsp", *about, with_nonce, "-reqout", "@query", **files)
    got = await ask(pki, (tmp_path / "query").read_bytes())
    command = ["ocsp", "-reqin", "@query", "-respin", "@answer", *about]
    command += ["-CAfile", "@root", "-verify_other", "@ca", "-no_nonce"]
    told = openssl(tmp_path, *command, answer=got)
    assert "Response verify OK" in told
    assert "cert: good" in told
    assert "WARNING" not in told or with_nonce == "-no_nonce"


@pytest.mark.parametrize("said", [Standing.GOOD, Revocation(NOW, Reason.SUPERSEDED)])
async def test_a_verifier_believes_it(said: CertificateStatus, pki: Golden) -> None:
    """pyHanko takes Alice's certificate as long as the responder says so."""
    of_root = crl.List(pki.root.certificate, 1, status.crl_window(NOW), ())
    context = ValidationContext(
        trust_roots=[Certificate.load(pki.root.certificate)],
        other_certs=[Certificate.load(pki.issuing.certificate)],
        ocsps=[await answer(pki, said)],
        crls=[await crl.issue(of_root, authority.ALGORITHM, pki.root.sign)],
        revocation_mode="require",
        allow_fetching=False,
        moment=NOW + timedelta(seconds=1),
    )
    alice: Any = CertificateValidator(Certificate.load(pki.alice), validation_context=context)
    if said is Standing.GOOD:
        await alice.async_validate_usage({"non_repudiation"})
        return
    with pytest.raises(RevokedError):
        await alice.async_validate_usage({"non_repudiation"})
