"""Answers made in advance, read back; and the names that web servers find them by."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import unquote

import pytest
from asn1crypto import ocsp
from hypothesis import given
from hypothesis import strategies as st

from ades.der import NotDer
from pki.ocsp import kept, paths, requests, responders, responses
from pki.ocsp.responders import Answer
from pki.ocsp.responses import Draft
from policies import status
from policies.revocation import Reason, Revocation
from policies.status import CertificateStatus, Standing
from tests.pki import ocsp_cases
from tests.pki.golden import NOW, Golden

STATUSES: list[CertificateStatus] = [
    Standing.GOOD,
    *(Revocation(NOW - timedelta(days=1), reason) for reason in Reason),
]


async def made(
    pki: Golden, told: CertificateStatus = Standing.GOOD, oid: str = responders.SHA1
) -> bytes:
    """An answer about Alice's certificate."""
    cert_id = responders.cert_id(pki.issuing.certificate, pki.alice_serial, oid)
    draft = Draft((Answer(cert_id, told),), status.ocsp_window(NOW), NOW)
    return await responses.respond(pki.responder, draft)


@pytest.mark.parametrize("oid", [responders.SHA1, responders.SHA256])
@pytest.mark.parametrize("told", STATUSES, ids=lambda told: str(getattr(told, "reason", "good")))
async def test_what_was_written_is_read(told: CertificateStatus, oid: str, pki: Golden) -> None:
    """Certificate, status with its reason, times, and whose key signed it."""
    body = await made(pki, told, oid)
    found = kept.read(body)
    assert (found.body, found.status, found.serial) == (body, told, pki.alice_serial)
    assert found.window == status.ocsp_window(NOW)
    assert found.responder == pki.responder.key_hash
    assert found.cert_id == responders.cert_id(pki.issuing.certificate, pki.alice_serial, oid)


@pytest.mark.parametrize(
    "serial", [1, 0x7F << 120, 0xFF << 120, 1 << 158, (1 << 127) + 0xFF, (1 << 127) + 0xFFFF]
)
def test_the_name_is_what_clients_ask_for(serial: int, pki: Golden) -> None:
    """The path of a GET, unescaped as servers do it; ours and an independent encoder agree."""
    issuer = pki.issuing.certificate
    for algorithm, oid in (("sha1", responders.SHA1), ("sha256", responders.SHA256)):
        request = ocsp_cases.request(ocsp_cases.cert_id(issuer, serial, algorithm))
        sent = ocsp_cases.get(request)
        assert isinstance(sent, str)
        name = kept.path(responders.cert_id(issuer, serial, oid))
        assert unquote(sent).rstrip("/") == name
        assert next(paths.readings(sent)) == request
        asked = ocsp.OCSPRequest.load(request)["tbs_request"]["request_list"][0]["req_cert"]
        assert asked.dump() == requests.parse(request).questions[0].whole


async def test_anything_else_is_none(pki: Golden) -> None:
    """Refusals, parts of answers, and two answers in one."""
    body = await made(pki)
    both = Draft(
        tuple(
            Answer(responders.cert_id(pki.issuing.certificate, serial), Standing.GOOD)
            for serial in (1, 2)
        ),
        status.ocsp_window(NOW),
        NOW,
    )
    for wrong in (
        b"",
        body[:-1],
        body + b"\x00",
        responses.refusal(status.Failure.TRY_LATER),
        await responses.respond(pki.responder, both),
    ):
        with pytest.raises(NotDer):
            kept.read(wrong)


@given(data=st.data())
def test_a_spoilt_file_is_no_answer_or_says_so(
    data: st.DataObject, pki: Golden, body: bytes
) -> None:
    """Flipped bits end in ``NotDer``, or leave the form whole; nothing else is raised."""
    at = data.draw(st.integers(0, len(body) - 1))
    spoilt = bytearray(body)
    spoilt[at] ^= data.draw(st.integers(1, 255))
    try:
        assert kept.read(bytes(spoilt)).cert_id
    except NotDer:
        return


@pytest.fixture(scope="module")
def body(pki: Golden) -> bytes:
    """A whole one."""
    return asyncio.run(made(pki, STATUSES[1]))
