"""The trust service as others meet it: OpenSSL asks, everything it says has to agree."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asn1crypto import crl, pem, x509

from csc_server.__main__ import main
from tests.csc_server.status.conftest import TrustService, certificate_of
from tests.pki.judges import lint_crl, openssl
from tests.service import Client, digest_of

DIGEST = digest_of("a contract")
LISTED_WITHIN_S = 60
"""security-and-pki 2.4: from the revocation to the list."""


def as_pem(certificate: x509.Certificate) -> bytes:
    """As OpenSSL likes it."""
    return bytes(pem.armor("CERTIFICATE", certificate.dump()))


def ocsp(trust: TrustService, directory: Path, leaf: x509.Certificate, *more: str) -> str:
    """What OpenSSL's client makes of the responder's answer; it checks the signature."""
    files = {"root": trust.root, "issuing": trust.issuing, "leaf": as_pem(leaf)}
    words = ("-url", f"{trust.url}/ocsp", "-issuer", "@issuing", "-cert", "@leaf")
    judge = ("-CAfile", "@root", "-verify_other", "@issuing")
    told = openssl(directory, "ocsp", *words, *judge, *more, **files)
    assert "Response verify OK" in told
    return told


def listed(content: bytes) -> dict[int, str]:
    """Serial number to reason."""
    entries = crl.CertificateList.load(content)["tbs_cert_list"]["revoked_certificates"]
    return {
        one["user_certificate"].native: one.crl_reason_value.native if one.crl_reason_value else ""
        for one in entries
    }


async def fetched(trust: TrustService, http: aiohttp.ClientSession, name: str) -> bytes:
    """A published file."""
    async with http.get(f"{trust.url}/{name}") as response:
        assert response.status == 200
        return await response.read()


async def list_that_shows(
    trust: TrustService, http: aiohttp.ClientSession, serial: int, *, gone: bool = False
) -> bytes:
    """The first list that shows the serial number, or does not show it any more."""
    async with asyncio.timeout(LISTED_WITHIN_S):
        while True:
            content = await fetched(trust, http, "issuing.crl")
            if (serial in listed(content)) is not gone:
                return content
            await asyncio.sleep(0.5)


def operator(trust: TrustService, *words: str) -> int:
    """`csc-server certificate ...`."""
    instance = str(trust.service.settings.instance)
    return main(["--instance", instance, "certificate", *words])


async def test_chain_and_policy(
    trust: TrustService, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """`verify -x509_strict` with an explicit policy and both revocation lists."""
    leaf = await certificate_of(trust, http, "ana")
    lists = [await fetched(trust, http, name) for name in ("root.crl", "issuing.crl")]
    files = {
        "trust": trust.root + b"".join(pem.armor("X509 CRL", one) for one in lists),
        "issuing": trust.issuing,
        "leaf": as_pem(leaf),
    }
    words = ("-x509_strict", "-crl_check_all", "-purpose", "any", "-explicit_policy")
    chain = ("-CAfile", "@trust", "-untrusted", "@issuing", "@leaf")
    openssl(tmp_path, "verify", *words, "-policy", "0.4.0.2042.1.1", *chain, **files)
    for one in lists:
        assert lint_crl(one) == []


@pytest.mark.parametrize("nonce", ["-nonce", "-no_nonce"])
async def test_good(
    trust: TrustService, http: aiohttp.ClientSession, tmp_path: Path, nonce: str
) -> None:
    """Signed on the spot with the client's nonce, or made for everybody."""
    told = ocsp(trust, tmp_path, await certificate_of(trust, http, "ana"), nonce)
    assert "leaf: good" in told
    assert "WARNING: no nonce" not in told


async def test_never_good_for_what_was_not_issued(trust: TrustService, tmp_path: Path) -> None:
    """The neighbour of a serial number, and any other, are unknown."""
    files = {"root": trust.root, "issuing": trust.issuing}
    for serial in ("1", "0x7fffffffffffffff0123456789abcdef"):
        words = ("-url", f"{trust.url}/ocsp", "-issuer", "@issuing", "-serial", serial)
        judge = ("-CAfile", "@root", "-verify_other", "@issuing", "-no_nonce")
        told = openssl(tmp_path, "ocsp", *words, *judge, **files)
        assert "Response verify OK" in told
        assert f"{serial}: unknown" in told


async def test_time(trust: TrustService, tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """`ts -verify` takes the token, which names the policy of the instance."""
    openssl(
        tmp_path,
        "ts",
        "-query",
        "-data",
        "@data",
        "-sha512",
        "-cert",
        "-out",
        "@query",
        data=b"to be dated",
    )
    query = (tmp_path / "query").read_bytes()
    headers = {"Content-Type": "application/timestamp-query"}
    async with http.post(f"{trust.url}/tsa", data=query, headers=headers) as response:
        assert response.content_type == "application/timestamp-reply"
        reply = await response.read()
    files = {"root": trust.root, "issuing": trust.issuing, "reply": reply}
    judge = ("-CAfile", "@root", "-untrusted", "@issuing")
    told = openssl(
        tmp_path, "ts", "-verify", "-queryfile", "@query", "-in", "@reply", *judge, **files
    )
    assert "Verification: OK" in told


async def test_revoked_everywhere(
    trust: TrustService, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Key, responder, list and API agree; a SAD from before signs nothing any more."""
    leaf = await certificate_of(trust, http, "bogdan")
    client, person = Client(http, trust.service.base_url), trust.people["bogdan"]
    await client.log_in(person)
    credential_id = person.credentials["pin-p256"]
    sad = (await client.authorize(credential_id, DIGEST)).body["SAD"]
    serial = f"{leaf.serial_number:x}"
    assert "leaf: good" in ocsp(trust, tmp_path, leaf, "-no_nonce")

    assert await asyncio.to_thread(operator, trust, "revoke", serial, "--reason", "superseded") == 0
    told = ocsp(trust, tmp_path, leaf, "-no_nonce")
    assert "leaf: revoked" in told
    assert "Reason: superseded" in told
    refused = await client.sign_hash(credential_id, sad, DIGEST)
    assert refused.status == 400
    info = await client.post("credentials/info", {"credentialID": credential_id})
    assert info.body["key"]["status"] == "disabled"
    shown = await list_that_shows(trust, http, leaf.serial_number)
    assert listed(shown)[leaf.serial_number] == "superseded"
    assert await asyncio.to_thread(operator, trust, "revoke", serial) == 2


async def test_suspended_and_resumed(
    trust: TrustService, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """On hold everywhere, then good everywhere and off the list; the key signs again."""
    leaf = await certificate_of(trust, http, "carmen")
    serial = f"{leaf.serial_number:x}"
    assert await asyncio.to_thread(operator, trust, "suspend", serial) == 0
    assert "Reason: certificateHold" in ocsp(trust, tmp_path, leaf, "-no_nonce")
    shown = await list_that_shows(trust, http, leaf.serial_number)
    assert listed(shown)[leaf.serial_number] == "certificate_hold"
    assert await asyncio.to_thread(operator, trust, "resume", serial) == 0
    assert "leaf: good" in ocsp(trust, tmp_path, leaf, "-no_nonce")
    await list_that_shows(trust, http, leaf.serial_number, gone=True)
    client, person = Client(http, trust.service.base_url), trust.people["carmen"]
    await client.log_in(person)
    credential_id = person.credentials["pin-p256"]
    sad = (await client.authorize(credential_id, DIGEST)).body["SAD"]
    assert (await client.sign_hash(credential_id, sad, DIGEST)).status == 200


async def test_status_while_the_rest_is_down(
    trust: TrustService, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Signing service and authority stand still; responder, list and time-stamps do not notice."""
    leaf = await certificate_of(trust, http, "dan")
    running = trust.service
    frozen = [*running.processes("serve"), *running.processes("authority")]
    assert len(frozen) == 2
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    try:
        assert "leaf: good" in ocsp(trust, tmp_path, leaf, "-nonce")
        await fetched(trust, http, "issuing.crl")
        await test_time(trust, tmp_path, http)
    finally:
        for process in frozen:
            process.send_signal(signal.SIGCONT)


ORDER: dict[str, Any] = {
    "profile": "authentication",
    "keyAlgorithm": "P-256",
    "years": 2,
    "identity": {
        "country": "RO",
        "identifier": {"number": "77F1"},
        "givenName": "Ilinca",
        "surname": "Țăruș",
    },
}


async def test_an_order_becomes_a_credential(
    trust: TrustService, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Ordered by the portal, issued by the authority, seen by the person's client, good."""
    person = trust.people["paired"]
    token = trust.backdoor.token("registration", client_id="portal")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "order-1"}
    url = f"{trust.service.base_url}/registration/v1/certificate-orders"
    body = ORDER | {"accountID": person.account_id}
    for _ in range(2):
        async with http.post(url, json=body, headers=headers) as response:
            order = await response.json()
            assert (response.status, order["state"]) == (202, "waiting")
    async with asyncio.timeout(30):
        while order["state"] == "waiting":
            await asyncio.sleep(0.2)
            async with http.get(f"{url}/{order['orderID']}", headers=headers) as response:
                order = await response.json()
    assert order["state"] == "issued"
    client = Client(http, trust.service.base_url)
    await client.log_in(person)
    told = await client.post(
        "credentials/info", {"credentialID": order["credentialID"], "certInfo": True}
    )
    assert "Țăruș" in told.body["cert"]["subjectDN"]
    ids = (await client.post("credentials/list", {})).body["credentialIDs"]
    assert len(ids) == 2, "the same key of a request orders once"


async def test_who_ordered_a_certificate_may_end_it(
    trust: TrustService, http: aiohttp.ClientSession
) -> None:
    """With scope `revocation`, once for each key of a request; another client finds nothing."""
    door, base = trust.backdoor, f"{trust.service.base_url}/registration/v1"
    person = trust.people["orderer"]

    async def post(client: str, scope: str, verb: str, **body: Any) -> tuple[int, Any]:
        key = body.pop("key", None)
        headers = {"Authorization": f"Bearer {door.token(scope, client_id=client)}"}
        if key:
            headers["Idempotency-Key"] = key
        async with http.post(f"{base}/{verb}", json=body, headers=headers) as response:
            return response.status, await response.json()

    ordered = ORDER | {"accountID": person.account_id, "profile": "signature"}
    status, order = await post("portal", "registration", "certificate-orders", **ordered)
    assert status == 202
    headers = {"Authorization": f"Bearer {door.token('registration', client_id='portal')}"}
    async with asyncio.timeout(30):
        while order["state"] == "waiting":
            await asyncio.sleep(0.2)
            url = f"{base}/certificate-orders/{order['orderID']}"
            async with http.get(url, headers=headers) as response:
                order = await response.json()
    renewal = ordered | {"replaces": order["serialNumber"]}
    status, first = await post("portal", "registration", "certificate-orders", **renewal)
    assert status == 202
    again = await post("portal", "registration", "certificate-orders", **renewal)
    assert again == (202, first), "the same request is the same order"
    longer = renewal | {"years": 3}
    status, refusal = await post("portal", "registration", "certificate-orders", **longer)
    assert (status, refusal["error_description"]) == (
        409,
        "The renewal of this certificate was ordered before.",
    )
    one = {"serialNumber": order["serialNumber"]}
    for client in ("shop", "portal"):
        scope = "revocation" if client == "shop" else "registration"
        refused = 404 if client == "shop" else 403
        assert (await post(client, scope, "certificate-suspensions", **one))[0] == refused
    for verb, state in (("suspensions", "suspended"), ("resumptions", "issued")):
        for _ in range(2):
            told = await post("portal", "revocation", f"certificate-{verb}", **one, key=verb)
            assert (told[0], told[1]["state"]) == (200, state)
    why = one | {"reason": "keyCompromise"}
    first = await post("portal", "revocation", "certificate-revocations", **why, key="end")
    assert (first[0], first[1]["state"]) == (200, "revoked")
    assert await post("portal", "revocation", "certificate-revocations", **why, key="end") == first
    assert (await post("portal", "revocation", "certificate-revocations", **why))[0] == 409
