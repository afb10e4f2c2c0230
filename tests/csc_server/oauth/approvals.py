"""Scope ``credential`` in the hands of a test: what is asked for, approved and signed."""

from __future__ import annotations

import json
from typing import Any

from tests.csc_server.oauth.driver import (
    SHA256,
    Browser,
    Landing,
    Program,
    std_hash,
    url_hash,
)
from tests.service import Reply

ECDSA = "1.2.840.10045.4.3.2"
LONG_TYPE = "https://cloudsignatureconsortium.org/2.0/credential"


def details(credential_id: str | None, *names: str, **changes: Any) -> str:
    """``authorization_details`` for documents of these names; ``...`` leaves a member out."""
    detail = {
        "type": "credential",
        "credentialID": credential_id,
        "documentDigests": [{"hash": std_hash(one), "label": f"{one}.pdf"} for one in names],
        "hashAlgorithmOID": SHA256,
    }
    given = detail | changes
    return json.dumps([{name: value for name, value in given.items() if value is not ...}])


def plain(credential_id: str, *names: str, **changes: Any) -> dict[str, Any]:
    """Scope ``credential`` in plain parameters of v1, for documents of these names."""
    return {
        "scope": "credential",
        "credentialID": credential_id,
        "numSignatures": str(len(names)),
        "hash": ",".join(url_hash(one) for one in names),
    } | changes


async def pushed(program: Program, browser: Browser, **parameters: Any) -> Landing:
    """Push a request, and go to the page with it."""
    reply = await program.push(**parameters)
    assert reply.status == 201, reply.body
    uri = reply.body["request_uri"]
    return await browser.authorize(2, client_id=program.client_id, request_uri=uri)


async def approved(program: Program, browser: Browser, wanted: str) -> dict[str, Any]:
    """The token response for details that the person approves."""
    landing = await pushed(program, browser, scope=None, authorization_details=wanted)
    answer = await browser.approve(landing)
    assert answer.status == 303, answer.text[-2000:]
    reply = await program.redeem(answer.query["code"])
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


async def sign(
    program: Program, credential_id: str, token: str, *names: str, **changes: Any
) -> Reply:
    """signatures/signHash for documents of these names, with the token as bearer."""
    body = {
        "credentialID": credential_id,
        "hash" if program.version == 1 else "hashes": [std_hash(one) for one in names],
        "signAlgo": ECDSA,
    }
    return await program.call("signatures/signHash", body | changes, token)
