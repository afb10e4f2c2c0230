"""The time-stamping authority, without a network, before outside judges.

OpenSSL asks and verifies, asn1crypto and pyHanko read, our own client takes the token.
(RFC 3161, 5816; EN 319 422; security-and-pki 2.6)
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core, tsp
from asn1crypto.x509 import Certificate
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator.context import ValidationContext

from ades import der
from pki import timestamps
from pki.timestamps import TimestampRequest
from pki.tsa import requests, tokens
from pki.tsa.tokens import Draft, Unit
from policies import tsa
from policies.algorithms import HashAlgorithm
from policies.errors import TimestampRefused
from policies.tsa import Failure, StampRefused
from tests.pki import golden
from tests.pki.golden import NOW, POLICY, Golden
from tests.pki.judges import openssl

POLICIES = (POLICY, "1.3.6.1.4.1.99999.2.2")
SERIAL = 0xA5 << 118
DATA = b"what is to be stamped"
DIGEST = hashlib.sha256(DATA).digest()
NONCE = 0xFEDCBA9876543210
TOLD = NOW.replace(microsecond=120_000)
SHA256, SHA384, SHA512 = HashAlgorithm


async def ask(
    pki: Golden, body: bytes, *, unit: Unit | None = None, told: datetime = TOLD
) -> bytes:
    """What comes back."""
    try:
        request = requests.parse(body, POLICIES)
    except StampRefused as reason:
        return tokens.rejection(reason)
    draft = Draft(request, SERIAL, told)
    return tokens.granted(await tokens.stamp(unit or pki.unit, draft))


def query(
    *,
    version: int = 1,
    oid: str = SHA256.oid,
    parameters: bytes = b"\x05\x00",
    digest: bytes = DIGEST,
    policy: str | None = None,
    nonce: int | None = NONCE,
    cert_req: bytes = b"\x01\x01\xff",
    more: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """A TimeStampReq; ``cert_req`` is encoded, ``behind`` follows it, ``more`` the digest."""
    return der.sequence(
        der.integer(version),
        der.sequence(der.sequence(der.oid(oid), parameters), der.octets(digest), more),
        b"" if policy is None else der.oid(policy),
        b"" if nonce is None else der.integer(nonce),
        cert_req,
        behind,
    )


def info_of(answer: bytes) -> tsp.TSTInfo:
    """The TSTInfo of a granted answer."""
    return _signed_data(answer)["encap_content_info"]["content"].parsed


def _signed_data(answer: bytes) -> Any:
    response = tsp.TimeStampResp.load(answer, strict=True)
    assert response["status"]["status"].native == "granted"
    return response["time_stamp_token"]["content"]


# Other programs


@pytest.mark.parametrize("digest", ["-sha256", "-sha384", "-sha512"])
@pytest.mark.parametrize("options", [("-cert",), (), ("-cert", "-no_nonce"), ("-tspolicy", POLICY)])
async def test_openssl(digest: str, options: tuple[str, ...], pki: Golden, tmp_path: Path) -> None:
    """It asks, and verifies the token against the root."""
    (tmp_path / "data").write_bytes(DATA)
    openssl(tmp_path, "ts", "-query", "-data", "@data", digest, *options, "-out", "@query")
    got = await ask(pki, (tmp_path / "query").read_bytes())
    chain = ["-CAfile", "@root", "-untrusted", "@below"]
    files = {
        "answer": got,
        "root": golden.pem(pki.root.certificate),
        "below": golden.pem(pki.unit.certificate, *pki.unit.chain),
    }
    told = openssl(
        tmp_path, "ts", "-verify", "-queryfile", "@query", "-in", "@answer", *chain, **files
    )
    assert "Verification: OK" in told
    told = openssl(tmp_path, "ts", "-verify", "-data", "@data", "-in", "@answer", *chain)
    assert "Verification: OK" in told


@pytest.mark.parametrize("kind", ["P-256", "RSA"])
async def test_pyhanko(kind: str, pki: Golden) -> None:
    """It takes the token for intact and valid, at the time that the token tells."""
    unit = pki.unit if kind == "P-256" else pki.rsa_unit
    signed = _signed_data(await ask(pki, query(), unit=unit))
    context = ValidationContext(
        trust_roots=[Certificate.load(pki.root.certificate)], allow_fetching=False, moment=NOW
    )
    found: Any = await validate_tst_signed_data(signed, context, lambda _: DIGEST)
    assert (found["intact"], found["valid"], found["trust_problem_indic"]) == (True, True, None)
    assert found["timestamp"] == TOLD
    other: Any = await validate_tst_signed_data(signed, context, lambda _: bytes(32))
    assert not other["intact"]


@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
async def test_our_own_client(algorithm: HashAlgorithm, pki: Golden) -> None:
    """What ``pki.timestamps`` asks for is what comes back, and a refusal is one."""
    digest = hashlib.new(algorithm.name.lower(), DATA).digest()
    wanted = TimestampRequest(digest, algorithm, NONCE, POLICY)
    got = await ask(pki, timestamps.encode(wanted))
    assert cms.ContentInfo.load(timestamps.token(wanted, got), strict=True)
    elsewhere = TimestampRequest(digest, algorithm, NONCE, "1.2.3")
    with pytest.raises(TimestampRefused, match=r"rejection.*unaccepted_policy"):
        timestamps.token(elsewhere, await ask(pki, timestamps.encode(elsewhere)))


# What stands in a token


async def test_the_statement(pki: Golden) -> None:
    """Version 1, the digest as sent, our serial, the nonce; no ordering, unit, extensions."""
    info = info_of(await ask(pki, query()))
    assert info["version"].native == "v1"
    assert info["policy"].dotted == POLICY
    assert info["message_imprint"].dump() == _imprint(query())
    assert info["serial_number"].native == SERIAL
    assert info["gen_time"].native == TOLD
    assert info["accuracy"].native == {"seconds": 1, "millis": None, "micros": None}
    assert info["nonce"].native == NONCE
    absent = ("tsa", "extensions")
    assert all(info[name].native is None for name in absent)
    assert info["ordering"].native is False
    assert b"\x01\x01\x00" not in info.dump()


def _imprint(body: bytes) -> bytes:
    return bytes(tsp.TimeStampReq.load(body, strict=True)["message_imprint"].dump())


@pytest.mark.parametrize(
    ("body", "policy", "nonce"),
    [
        (query(policy=POLICIES[1]), POLICIES[1], NONCE),
        (query(nonce=None), POLICY, None),
        (query(nonce=0), POLICY, 0),
        (query(nonce=-1), POLICY, -1),
        (query(nonce=1 << 512), POLICY, 1 << 512),
        (query(parameters=b""), POLICY, NONCE),
        (query(cert_req=b"\x01\x01\x00"), POLICY, NONCE),
    ],
)
async def test_what_was_asked_for_comes_back(
    body: bytes, policy: str, nonce: int | None, pki: Golden
) -> None:
    """Policy, nonce and imprint, with and without NULL."""
    info = info_of(await ask(pki, body))
    assert info["policy"].dotted == policy
    assert info["nonce"].native == nonce
    assert info["message_imprint"].dump() == _imprint(body)


@pytest.mark.parametrize(
    ("microseconds", "written"),
    [(0, b"%dZ"), (100_000, b"%d.1Z"), (120_000, b"%d.12Z"), (1000, b"%d.001Z")],
)
async def test_times_have_no_trailing_zeros(microseconds: int, written: bytes, pki: Golden) -> None:
    """RFC 3161 2.4.2: no fraction at all rather than zeros."""
    told = NOW.replace(microsecond=microseconds)
    info = info_of(await ask(pki, query(), told=told))
    assert info["gen_time"].contents == written % int(f"{NOW:%Y%m%d%H%M%S}")


async def test_what_is_signed(pki: Golden) -> None:
    """Content type, digest and the certificate's hash; SHA-1 names nothing (RFC 5816)."""
    signed = _signed_data(await ask(pki, query()))
    assert signed["version"].native == "v3"
    content = signed["encap_content_info"]
    assert content["content_type"].native == "tst_info"
    (signer,) = signed["signer_infos"]
    assert signer["version"].native == "v1"
    attributes = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert attributes["content_type"].native == ["tst_info"]
    digest = hashlib.sha256(content["content"].contents).digest()
    assert attributes["message_digest"].native == [digest]
    ((named,),) = (one["certs"] for one in attributes["signing_certificate_v2"])
    assert named["cert_hash"].native == hashlib.sha256(pki.unit.certificate).digest()
    assert signer["sid"].chosen["serial_number"].native == golden.serial_of(pki.unit.certificate)


@pytest.mark.parametrize("cert_req", [b"\x01\x01\xff", b"\x01\x01\x00", b""])
async def test_certificates_come_on_demand(cert_req: bytes, pki: Golden) -> None:
    """The unit's and its authority's, or none (RFC 3161 2.4.1)."""
    signed = _signed_data(await ask(pki, query(cert_req=cert_req)))
    if cert_req != b"\x01\x01\xff":
        assert signed["certificates"].native is None
        return
    found = {one.dump() for one in signed["certificates"]}
    assert found == {pki.unit.certificate, *pki.unit.chain}


@pytest.mark.parametrize("serial", [0, -1, 1 << 128])
async def test_serials_that_no_token_has(serial: int, pki: Golden) -> None:
    """Positive, 128 bits: anything else is a bug of ours."""
    request = requests.parse(query(), POLICIES)
    with pytest.raises(ValueError, match="serial"):
        await tokens.stamp(pki.unit, Draft(request, serial, TOLD))


# Refusals

EXTENSION = der.sequence(der.oid("1.2.3"), der.octets(b"?"))
EXTENSIONS = der.explicit(0, EXTENSION)
CRITICAL = der.explicit(0, der.sequence(der.oid("1.2.3"), b"\x01\x01\xff", der.octets(b"?")))
SHA1, MD5, SHA3 = "1.3.14.3.2.26", "1.2.840.113549.2.5", "2.16.840.1.101.3.4.2.8"

REFUSED: dict[str, tuple[bytes, Failure]] = {
    "SHA-1": (query(oid=SHA1, digest=bytes(20)), Failure.BAD_ALG),
    "MD5": (query(oid=MD5, digest=bytes(16)), Failure.BAD_ALG),
    "SHA3-256": (query(oid=SHA3), Failure.BAD_ALG),
    "digest too short": (query(digest=bytes(31)), Failure.BAD_DATA_FORMAT),
    "digest of another algorithm": (query(oid=SHA512.oid), Failure.BAD_DATA_FORMAT),
    "no digest": (query(digest=b""), Failure.BAD_DATA_FORMAT),
    "strange parameters": (query(parameters=der.integer(1)), Failure.BAD_DATA_FORMAT),
    "version 2": (query(version=2), Failure.BAD_REQUEST),
    "policy of others": (query(policy="1.2.3"), Failure.UNACCEPTED_POLICY),
    "extension": (query(behind=EXTENSIONS), Failure.UNACCEPTED_EXTENSION),
    "critical extension": (query(behind=CRITICAL), Failure.UNACCEPTED_EXTENSION),
    "no extension in the list": (query(behind=der.explicit(0)), Failure.BAD_DATA_FORMAT),
    "nothing": (b"", Failure.BAD_DATA_FORMAT),
    "text": (b"POST /tsa", Failure.BAD_DATA_FORMAT),
    "cut off": (query()[:-1], Failure.BAD_DATA_FORMAT),
    "something behind": (query() + b"\x00", Failure.BAD_DATA_FORMAT),
    "more in the imprint": (query(digest=DIGEST, more=der.null()), Failure.BAD_DATA_FORMAT),
    "more in the algorithm": (query(parameters=der.null() * 2), Failure.BAD_DATA_FORMAT),
    "something inside": (query(behind=der.null()), Failure.BAD_DATA_FORMAT),
    "truth of 01": (query(cert_req=b"\x01\x01\x01"), Failure.BAD_DATA_FORMAT),
    "too big": (query(nonce=1 << 8 * tsa.LONGEST_REQUEST), Failure.BAD_DATA_FORMAT),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_refused(kind: str, pki: Golden) -> None:
    """With the protocol's reason, without a token, and nothing is signed."""
    body, failure = REFUSED[kind]
    _is_rejection(await ask(pki, body, unit=_silent(pki.unit)), failure)


@pytest.mark.parametrize("failure", list(Failure))
def test_every_reason_is_written(failure: Failure) -> None:
    """As the bit that asn1crypto and OpenSSL know under its name."""
    _is_rejection(tokens.rejection(StampRefused(failure, "for the log")), failure)


def test_openssl_reads_a_refusal(tmp_path: Path) -> None:
    """Status, words and bit."""
    refused = tokens.rejection(StampRefused(Failure.TIME_NOT_AVAILABLE, "for the log"))
    told = openssl(tmp_path, "ts", "-reply", "-in", "@answer", "-text", answer=refused)
    assert "Status: Rejected." in told
    assert "time not available" in told
    assert "the TSA's time source is not available" in told
    assert "for the log" not in told


def _is_rejection(answer: bytes, failure: Failure) -> None:
    response = timestamps._Response.load(answer, strict=True)
    status = response["status"]
    assert status["status"].native == "rejection"
    assert core.BitString.load(status["fail_info"].dump()).native == (*[0] * failure, 1)
    assert response["time_stamp_token"].native is None


def _silent(unit: Unit) -> Unit:
    async def sign(digest: bytes, algorithm: object) -> bytes:
        raise AssertionError("signed")

    return Unit(unit.certificate, unit.chain, unit.algorithm, sign)
