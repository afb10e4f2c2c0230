"""From a PIN or a code to signatures that verify, through the HTTP API."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.csc_server.api.conftest import World
from tests.service import Client, digest_of

A, B, C = digest_of("a"), digest_of("b"), digest_of("c")
PSS = "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg"


async def certificate(client: Client, credential_id: str) -> x509.Certificate:
    """The end-entity certificate as credentials/info gives it."""
    reply = await client.post("credentials/info", {"credentialID": credential_id})
    return x509.load_der_x509_certificate(base64.b64decode(reply.body["cert"]["certificates"][0]))


async def assert_verifies(
    client: Client, credential_id: str, signature: str, digest: bytes, pss: bool = False
) -> None:
    """The signature is by this credential's key over this SHA-256 digest."""
    key = (await certificate(client, credential_id)).public_key()
    value, prehashed = base64.b64decode(signature), Prehashed(hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(value, digest, ec.ECDSA(prehashed))
        return
    assert isinstance(key, rsa.RSAPublicKey)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
    key.verify(value, digest, scheme, prehashed)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("pin-p256", {}),
        ("pin-p256", {"signAlgo": "1.2.840.10045.2.1", "hashAlgo": "2.16.840.1.101.3.4.2.1"}),
        ("pin-rsa", {"signAlgo": "1.2.840.113549.1.1.11"}),
        ("pin-rsa", {"signAlgo": "1.2.840.113549.1.1.1", "hashAlgo": "2.16.840.1.101.3.4.2.1"}),
        ("pin-rsa", {"signAlgo": "1.2.840.113549.1.1.10", "signAlgoParams": PSS}),
    ],
)
async def test_one_hash(alice: Client, world: World, name: str, changes: dict[str, Any]) -> None:
    """Each algorithm a credential offers gives a signature that verifies."""
    credential = world.people["alice"].credentials[name]
    issued = await alice.authorize(credential, A)
    assert issued.status == 200
    assert issued.body["expiresIn"] == 300
    signed = await alice.sign_hash(credential, issued.body["SAD"], A, **changes)
    assert signed.status == 200, signed.body
    pss = "signAlgoParams" in changes
    await assert_verifies(alice, credential, signed.body["signatures"][0], A, pss)


async def test_a_batch_keeps_the_order_of_the_request(alice: Client, world: World) -> None:
    """Authorised as A B C, asked as C A B: the answers are C's, A's and B's."""
    credential = world.people["alice"].credentials["pin-p256"]
    issued = await alice.authorize(credential, A, B, C)
    signed = await alice.sign_hash(credential, issued.body["SAD"], C, A, B)
    for signature, digest in zip(signed.body["signatures"], (C, A, B), strict=True):
        await assert_verifies(alice, credential, signature, digest)


async def test_v2_signs_with_the_same_operations(alice_v2: Client, world: World) -> None:
    """authData and hashes in place of PIN and hash."""
    credential = world.people["alice"].credentials["pin-p256"]
    issued = await alice_v2.authorize(credential, A)
    signed = await alice_v2.sign_hash(credential, issued.body["SAD"], A)
    await assert_verifies(alice_v2, credential, signed.body["signatures"][0], A)


async def test_a_code_signs(client: Client, world: World) -> None:
    """The one-time code of now, and only that, authorises."""
    person = world.with_code()
    credential = person.credentials["otp-p256"]
    await client.log_in(person)
    issued = await client.authorize(credential, A, PIN=None, OTP=person.code())
    signed = await client.sign_hash(credential, issued.body["SAD"], A)
    await assert_verifies(client, credential, signed.body["signatures"][0], A)


async def test_a_code_is_good_once(client: Client, world: World) -> None:
    """The same code again is refused like a wrong one, and a wrong one changes nothing."""
    person = world.with_code()
    credential = person.credentials["otp-p256"]
    await client.log_in(person)
    code = person.code()
    first = await client.authorize(credential, A, PIN=None, OTP=code)
    again = await client.authorize(credential, A, PIN=None, OTP=code)
    assert first.status == 200
    assert again.error == (400, "invalid_otp", "The OTP is invalid")


async def test_the_last_code_is_still_good_but_an_older_is_not(
    client: Client, world: World
) -> None:
    """One step back for slow typists; two steps back is too old."""
    person = world.with_code()
    credential = person.credentials["otp-p256"]
    await client.log_in(person)
    old = await client.authorize(credential, A, PIN=None, OTP=person.code(steps_back=3))
    last = await client.authorize(credential, A, PIN=None, OTP=person.code(steps_back=1))
    assert old.error == (400, "invalid_otp", "The OTP is invalid")
    assert last.status == 200


async def test_both_factors_are_needed(alice: Client, world: World) -> None:
    """PIN and code: either one wrong or missing is refused, both right sign."""
    person = world.people["alice"]
    credential, code = person.credentials["pin-otp"], person.code()
    wrong_pin = await alice.authorize(credential, A, PIN="111222", OTP=code)
    no_pin = await alice.authorize(credential, A, PIN=None, OTP=code)
    no_code = await alice.authorize(credential, A)
    both = await alice.authorize(credential, A, OTP=person.code())
    assert wrong_pin.error == (400, "invalid_pin", "The PIN is invalid")
    assert no_pin.error == (400, "invalid_pin", "The PIN is invalid")
    assert no_code.error == (400, "invalid_otp", "The OTP is invalid")
    assert both.status == 200


async def test_a_sad_is_spent_by_its_signatures(alice: Client, world: World) -> None:
    """The second signHash with the same SAD is refused."""
    credential = world.people["alice"].credentials["pin-p256"]
    issued = await alice.authorize(credential, A)
    sad = issued.body["SAD"]
    assert (await alice.sign_hash(credential, sad, A)).status == 200
    again = await alice.sign_hash(credential, sad, A)
    assert again.error == (400, "invalid_request", "Invalid parameter SAD")


async def test_a_transaction_goes_on_by_exchange(alice: Client, world: World) -> None:
    """Sign A; the SAD must be exchanged; the next signs B; a stranger never gets in."""
    credential = world.people["alice"].credentials["pin-p256"]
    sad = (await alice.authorize(credential, A, B)).body["SAD"]
    assert (await alice.sign_hash(credential, sad, A)).status == 200
    early = await alice.sign_hash(credential, sad, B)
    stranger = await extend(alice, credential, sad, C)
    exchanged = await extend(alice, credential, sad, B)
    old = await extend(alice, credential, sad, B)
    signed = await alice.sign_hash(credential, exchanged.body["SAD"], B)
    assert early.error == (400, "invalid_request", "Invalid parameter SAD")
    assert stranger.error == (400, "invalid_request", "Hash is not authorized by the SAD.")
    assert old.error == (400, "invalid_request", "Invalid parameter SAD")
    await assert_verifies(alice, credential, signed.body["signatures"][0], B)


async def test_a_refused_sign_hash_consumes_nothing(alice: Client, world: World) -> None:
    """After every kind of refusal the SAD still signs."""
    credential = world.people["alice"].credentials["pin-p256"]
    sad = (await alice.authorize(credential, A)).body["SAD"]
    for digests, changes in (
        ((B,), {}),
        ((A, A), {}),
        ((A,), {"signAlgo": "1.2.840.113549.1.1.11"}),
        ((A,), {"clientData": 7}),
        ((b"short",), {}),
    ):
        refused = await alice.sign_hash(credential, sad, *digests, **changes)
        assert refused.status == 400, (digests, changes)
    assert (await alice.sign_hash(credential, sad, A)).status == 200


async def extend(client: Client, credential: str, sad: str, *digests: bytes) -> Any:
    """credentials/extendTransaction."""
    hashes_ = [base64.b64encode(digest).decode() for digest in digests]
    body = {"credentialID": credential, "SAD": sad, "hash": hashes_}
    return await client.post("credentials/extendTransaction", body)
