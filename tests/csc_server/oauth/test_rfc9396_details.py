"""Authorization details: asked, shown, granted, enforced. (RFC 9396; CSC v2 8.4.3)"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.csc_server.oauth import approvals
from tests.csc_server.oauth.conftest import World
from tests.csc_server.oauth.driver import (
    SHA256,
    Browser,
    Program,
    std_hash,
)

Of = Callable[..., Program]
SHA384 = "2.16.840.1.101.3.4.2.2"


async def test_rfc9396_7_the_token_response_says_what_was_granted(
    browser: Browser, program: Program, credential: str
) -> None:
    """With labels, the resolved credential, and the number that EUDI's library needs."""
    details = approvals.details(credential, "a", type=approvals.LONG_TYPE)
    body = await approvals.approved(program, browser, details)
    assert body["authorization_details"] == [
        {
            "type": approvals.LONG_TYPE,
            "credentialID": credential,
            "numSignatures": 1,
            "documentDigests": [{"hash": std_hash("a"), "label": "a.pdf"}],
            "hashAlgorithmOID": SHA256,
        }
    ]
    assert "credentialID" not in body


async def test_rfc9396_6_1_the_page_shows_what_is_asked(
    browser: Browser, program: Program, credential: str
) -> None:
    """Names and program; a name with markup is text."""
    digests = [{"hash": std_hash("x"), "label": "<script>alert(1)</script>.pdf"}]
    landing = await approvals.pushed(
        program,
        browser,
        scope=None,
        authorization_details=approvals.details(credential, documentDigests=digests),
    )
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.pdf" in shown.text
    assert "<script>alert(1)" not in shown.text
    assert "Contab" in shown.text


BAD_DETAILS: dict[str, Any] = {
    "no-json": "x",
    "object": "{}",
    "empty": "[]",
    "two": json.dumps([json.loads(approvals.details("c", "a"))[0]] * 2),
    "not-objects": "[1]",
    "type": approvals.details("c", "a", type="payment"),
    "no-type": approvals.details("c", "a", type=...),
    "type-2025": approvals.details(
        "c", "a", type="https://cloudsignatureconsortium.org/2025/credential"
    ),
    "unknown-field": approvals.details("c", "a", extra=1),
    "no-credential": approvals.details("c", "a", credentialID=...),
    "credential-number": approvals.details("c", "a", credentialID=7),
    "no-digests": approvals.details("c", "a", documentDigests=...),
    "empty-digests": approvals.details("c"),
    "digests-object": approvals.details("c", "a", documentDigests={"hash": std_hash("a")}),
    "digest-text": approvals.details("c", "a", documentDigests=[std_hash("a")]),
    "digest-no-hash": approvals.details("c", "a", documentDigests=[{"label": "x"}]),
    "digest-unknown-field": approvals.details(
        "c", "a", documentDigests=[{"hash": std_hash("a"), "path": "/etc"}]
    ),
    "digest-bad-base64": approvals.details("c", "a", documentDigests=[{"hash": "!"}]),
    "digest-of-the-document": approvals.details(
        "c", "a", documentDigests=[{"hash": std_hash("a"), "hashType": "SODR"}]
    ),
    "label-number": approvals.details(
        "c", "a", documentDigests=[{"hash": std_hash("a"), "label": 1}]
    ),
    "label-long": approvals.details(
        "c", "a", documentDigests=[{"hash": std_hash("a"), "label": "x" * 256}]
    ),
    "no-oid": approvals.details("c", "a", hashAlgorithmOID=...),
    "locations-text": approvals.details("c", "a", locations="https://sign.example"),
    "locations-of-another": approvals.details("c", "a", locations=["https://evil.example"]),
    "locations-look-alike": approvals.details(
        "c", "a", locations=["http://127.0.0.1:1@evil.example"]
    ),
    "locations-numbers": approvals.details("c", "a", locations=[1]),
    "oid-number": approvals.details("c", "a", hashAlgorithmOID=1),
    "type-number": approvals.details("c", "a", type=1),
    "digests-too-many": approvals.details("c", *["a"] * 1001),
    "actions": approvals.details("c", "a", actions=["sign"]),
    "deep": "[" * 2000 + "]" * 2000,
    "count-text": approvals.details("c", "a", numSignatures="1"),
    "member-twice": '[{"type":"credential","type":"credential"}]',
}


@pytest.mark.parametrize("name", BAD_DETAILS)
async def test_rfc9396_5_details_that_break_their_type(program: Program, name: str) -> None:
    """invalid_authorization_details."""
    reply = await program.push(scope=None, authorization_details=BAD_DETAILS[name])
    assert (reply.status, reply.body["error"]) == (400, "invalid_authorization_details")


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "service"},
        {"credentialID": "c"},
        {"numSignatures": "1"},
        {"hashes": "x"},
        {"hashAlgorithmOID": SHA256},
        {"authorization_details": approvals.details("c", "a", numSignatures=2)},
        {"authorization_details": approvals.details("c", "a", hashAlgorithmOID="1.3.14.3.2.26")},
        {
            "authorization_details": approvals.details(
                "c", "a", hashAlgorithmOID="2.16.840.1.101.3.4.2.3"
            )
        },
        {
            "authorization_details": approvals.details(
                "c", "a", credentialID=..., signatureQualifier="eu_eidas_qes"
            )
        },
    ],
)
async def test_csc_v2_8_4_2_details_beside_other_parameters(
    program: Program, changes: dict[str, Any]
) -> None:
    """Neither the plain parameters nor another scope; count, digest and qualifier must be true."""
    good = {"scope": None, "authorization_details": approvals.details("c", "a")}
    assert (await program.push(**good)).status == 201
    assert (await program.push(**good | {"scope": "credential"})).status == 201  # EUDI, Swift.
    reply = await program.push(**(good | changes))
    assert reply.status == 400
    assert reply.body["error"] in ("invalid_request", "invalid_scope")


async def test_rfc9396_5_nothing_of_a_refused_request_is_kept(program: Program) -> None:
    """The error and its sentence, no reference to go on with."""
    reply = await program.push(scope=None, authorization_details=BAD_DETAILS["type"])
    assert reply.body == {
        "error": "invalid_authorization_details",
        "error_description": "Invalid parameter authorization_details",
    }


@pytest.mark.parametrize(
    "name", ["no-json", "type", "unknown-field", "no-oid", "locations-of-another"]
)
async def test_rfc9396_5_a_public_client_hears_it_by_redirect(
    browser: Browser, program_of: Of, world: World, name: str
) -> None:
    """It may bring details through the browser; with state and iss."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:7100/done")
    request = agent.request(scope=None, authorization_details=BAD_DETAILS[name])
    landing = await browser.authorize(2, **request)
    assert (landing.status, landing.path) == (303, agent.redirect_uri)
    assert landing.query["error"] == "invalid_authorization_details"
    assert (landing.query["state"], landing.query["iss"]) == ("xyz", world.issuer)


async def test_rfc9396_2_2_locations_name_us(
    browser: Browser, program: Program, world: World, credential: str
) -> None:
    """The issuer, or what lies under it."""
    for locations in ([], [world.issuer], [world.issuer + "/csc/v2"]):
        details = approvals.details(credential, "a", locations=locations)
        body = await approvals.approved(program, browser, details)
        assert body["scope"] == "credential"


async def test_rfc9396_2_a_thousand_digests_are_taken(program: Program) -> None:
    """As many as security-and-pki 5.5 allows."""
    details = approvals.details("c", *(str(n) for n in range(1000)))
    assert (await program.push(scope=None, authorization_details=details)).status == 201


async def test_rfc9396_6_the_token_request_asks_for_no_more(
    browser: Browser, program: Program, credential: str
) -> None:
    """EUDI's libraries repeat the details there: whatever they say, what was approved comes."""
    asked = approvals.details(credential, "a")
    landing = await approvals.pushed(program, browser, scope=None, authorization_details=asked)
    code = (await browser.approve(landing)).query["code"]
    wider = approvals.details(credential, "a", "b")
    body = (await program.redeem(code, authorization_details=wider, scope="service")).body
    assert body["scope"] == "credential"
    [granted] = body["authorization_details"]
    assert [one["hash"] for one in granted["documentDigests"]] == [std_hash("a")]
    refused = await approvals.sign(program, credential, body["access_token"], "b")
    assert refused.body["error_description"] == "Hash is not authorized by the SAD."


async def test_rfc9396_6_details_do_not_turn_a_service_code_into_signatures(
    browser: Browser, program: Program, credential: str
) -> None:
    """At the token endpoint they are no way in."""
    code = await program.code(browser)
    body = (
        await program.redeem(code, authorization_details=approvals.details(credential, "a"))
    ).body
    assert body["scope"] == "service"
    assert "authorization_details" not in body


async def test_rfc9396_7_no_details_without_details(
    browser: Browser, program_of: Of, credential: str
) -> None:
    """Who asked with plain parameters gets none back; nor does a refresh give any."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:7101/done")
    plain = approvals.plain(credential, "a", hashAlgorithmOID=SHA256)
    landing = await browser.authorize(2, **agent.request(**plain))
    body = (await agent.redeem((await browser.approve(landing)).query["code"])).body
    assert "authorization_details" not in body
    assert "refresh_token" not in body


async def test_rfc9396_7_labels_come_back_as_they_were(
    browser: Browser, program: Program, credential: str
) -> None:
    """Any language, with markup, or none."""
    labels = ["Ofertă „2026”.pdf", "<b>.pdf", None]
    digests = [{"hash": std_hash(str(one)), "label": one} for one in labels]
    details = approvals.details(credential, documentDigests=digests)
    [granted] = (await approvals.approved(program, browser, details))["authorization_details"]
    assert [one.get("label") for one in granted["documentDigests"]] == labels


async def test_rfc9396_6_1_every_document_is_shown(
    browser: Browser, program: Program, credential: str
) -> None:
    """All names, how many, which program, and that it is this credential's certificate."""
    names = [f"contract-{n}" for n in range(12)]
    landing = await approvals.pushed(
        program, browser, scope=None, authorization_details=approvals.details(credential, *names)
    )
    shown = await browser.get("/approve", {"request": landing.query["request"]})
    assert all(f"{name}.pdf" in shown.text for name in names)
    assert "Approve 12 signatures" in shown.text
    assert f'value="{credential}"' in shown.text


ENFORCED: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "another-hash": (("c",), {}),
    "one-of-them-is-another": (("a", "c"), {}),
    "more-often-than-approved": (("a", "a"), {}),
    "another-algorithm": (("a",), {"hashAlgorithmOID": SHA384, "signAlgo": "1.2.840.10045.4.3.3"}),
    "another-sad": (("a",), {"SAD": "x"}),
    "another-credential": (("a",), {"credentialID": "x"}),
}


@pytest.mark.parametrize("name", ENFORCED)
async def test_rfc9396_9_sign_hash_enforces_the_details(
    browser: Browser, program: Program, credential: str, name: str
) -> None:
    """What was not approved is refused, and takes nothing of what was: that still signs."""
    body = await approvals.approved(program, browser, approvals.details(credential, "a", "b"))
    token, (names, changes) = body["access_token"], ENFORCED[name]
    refused = await approvals.sign(program, credential, token, *names, **changes)
    assert refused.status in (400, 401)
    assert "signatures" not in refused.body
    assert (await approvals.sign(program, credential, token, "a", "b")).status == 200


async def test_rfc9396_9_sign_doc_enforces_the_details(
    browser: Browser, program: Program, credential: str
) -> None:
    """The digest of another document is refused, the approved one is signed."""
    body = await approvals.approved(program, browser, approvals.details(credential, "a"))
    for name, status in (("b", 403), ("a", 200)):
        given = {
            "credentialID": credential,
            "documentDigests": [
                {
                    "hashes": [std_hash(name)],
                    "hashAlgorithmOID": SHA256,
                    "signature_format": "C",
                    "conformance_level": "AdES-B-B",
                    "signAlgo": approvals.ECDSA,
                    "signed_envelope_property": "Detached",
                }
            ],
        }
        reply = await program.call("signatures/signDoc", given, body["access_token"])
        assert reply.status == status, reply.body


async def test_rfc9396_9_the_token_of_another_client_does_not_help(
    browser: Browser, program: Program, program_of: Of, credential: str
) -> None:
    """The approval is this client's: as SAD beside a service token of another it is none."""
    token = (await approvals.approved(program, browser, approvals.details(credential, "a")))[
        "access_token"
    ]
    rival = program_of("rival", redirect_uri="https://rival.example/callback")
    service = (await rival.tokens(browser))["access_token"]
    refused = await approvals.sign(rival, credential, service, "a", SAD=token)
    assert refused.error == (400, "invalid_request", "Invalid parameter SAD")


async def test_rfc9396_10_the_metadata_lists_the_types(program: Program, world: World) -> None:
    """The two names of one type; both are taken (``test_rfc8414_metadata``)."""
    url = f"{world.issuer}/.well-known/oauth-authorization-server"
    async with program.http.get(url) as response:
        found = (await response.json())["authorization_details_types_supported"]
    assert found == ["credential", approvals.LONG_TYPE]
