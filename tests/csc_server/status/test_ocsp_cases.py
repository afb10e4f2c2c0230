"""The table of OCSP cases against the running responder, over HTTP. (7.2 row 23)"""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from asn1crypto import ocsp
from yarl import URL

from csc_server import app
from tests.csc_server.status.conftest import TrustService, certificate_of
from tests.csc_server.status.test_trust_service import operator
from tests.pki.golden import Golden
from tests.pki.ocsp_cases import CASES, Case, World


@pytest.fixture(scope="session")
def asked(trust: TrustService) -> dict[str, int]:
    """Serial numbers by state; made once."""

    async def work() -> dict[str, int]:
        async with aiohttp.ClientSession() as http:
            names = {"good": "elena", "revoked": "florin", "held": "gina"}
            return {
                state: (await certificate_of(trust, http, name)).serial_number
                for state, name in names.items()
            }

    serials = asyncio.run(work())
    assert operator(trust, "revoke", f"{serials['revoked']:x}") == 0
    assert operator(trust, "suspend", f"{serials['held']:x}") == 0
    return serials


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_case(
    trust: TrustService,
    asked: dict[str, int],
    others: Golden,
    http: aiohttp.ClientSession,
    case: Case,
) -> None:
    """Status, nonce and refusals are those of the table; refusals and nonces are not cached."""
    issuer = trust.service.settings.path(app.CA_ISSUING).read_bytes()
    strangers = (others.sibling.certificate, others.root.certificate)
    world = World(issuer, *strangers, asked["good"], asked["revoked"], asked["held"])
    sent = case.send(case.request(world))
    if isinstance(sent, str):
        call = http.get(URL(f"{trust.url}/ocsp/{sent}", encoded=True))
    else:
        call = http.post(f"{trust.url}/ocsp", data=sent)
    async with call as response:
        assert response.status == 200
        assert response.content_type == "application/ocsp-response"
        answer = ocsp.OCSPResponse.load(await response.read())
        cached = "max-age" in response.headers["Cache-Control"]
    if not isinstance(case.expected, tuple):
        assert answer["response_status"].native == case.expected.name.lower()
        assert not cached
        return
    told = answer.response_data
    assert tuple(one["cert_status"].name for one in told["responses"]) == case.expected
    nonces = [
        one["extn_value"].parsed.native
        for one in told["response_extensions"]
        if one["extn_id"].native == "nonce"
    ]
    assert nonces == ([] if case.nonce is None else [case.nonce])
    fits_others = case.nonce is None and len(case.expected) == 1 and "unknown" not in case.expected
    assert cached is fits_others
