"""Time-stamp tokens: a good one passes, each way to be wrong has its sentence."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from conformance.judge import documents, timestamps
from conformance.judge.timestamps import CLOCKS_DIFFER, Stamp
from conformance.judge.wrong import Unusual, Wrong
from tests.conformance.reference import cms, keys, tokens
from tests.conformance.reference.algorithms import DIGESTS, SHA256, Scheme

HELLO = hashlib.sha256(b"hello").digest()


def token(**wanted: Any) -> bytes:
    """A token over HELLO with a nonce, but for ``wanted``."""
    return tokens.token(tokens.Wanted(**{"digest": HELLO, "nonce": 0xBEEF, **wanted}))


def judged(
    der: bytes, *, digest: bytes = HELLO, algorithm: str = SHA256, nonce: str = "beef"
) -> Stamp:
    """What the judge makes of it."""
    return timestamps.judge(der, digest, algorithm, nonce, datetime.now(UTC))


def said(der: bytes, **asked: Any) -> str:
    """What the judge says."""
    with pytest.raises(Wrong) as caught:
        judged(der, **asked)
    return str(caught.value)


def by(extensions: tuple[tuple[x509.ExtensionType, bool], ...]) -> bytes:
    """A token by a unit whose certificate has these extensions."""
    holder = keys.issue("Odd TSU", ec.generate_private_key(ec.SECP256R1()), extensions)
    return resigned(token(), holder=holder)


def resigned(der: bytes, **members: Any) -> bytes:
    """The same TSTInfo, signed anew; ``members`` are those of the draft."""
    inside = bytes(asn1_cms.ContentInfo.load(der)["content"]["encap_content_info"]["content"])
    draft = {
        "holder": tokens.unit(),
        "scheme": Scheme(SHA256),
        "digest": hashlib.sha256(inside).digest(),
        "content_type": cms.TST_INFO,
        "content": inside,
    }
    return cms.build(cms.Draft(**{**draft, **members}))


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_good_token_passes(algorithm: str) -> None:
    """Of each digest, with the nonce and without one."""
    digest = hashlib.new(cms.NAMES[algorithm], b"hello").digest()
    stamp = judged(token(digest=digest, algorithm=algorithm), digest=digest, algorithm=algorithm)
    assert (stamp.nonce, stamp.algorithm) == (0xBEEF, algorithm)
    assert stamp.certificate == tokens.unit().certificate
    bare = token(digest=digest, algorithm=algorithm, nonce=None)
    assert judged(bare, digest=digest, algorithm=algorithm, nonce="").nonce is None


def test_a_nonce_that_nobody_asked_for_is_no_fault() -> None:
    """Servers may send one of their own to their authority."""
    assert judged(token(), nonce="").nonce == 0xBEEF


def test_the_nonce_is_a_number() -> None:
    """Leading zeros and capitals are nothing."""
    assert judged(token(), nonce="00BEEF").nonce == 0xBEEF
    assert "has the nonce beef; bee5" in said(token(), nonce="bee5")
    assert "has no nonce" in said(token(nonce=None))


def test_another_imprint_is_told() -> None:
    """Another hash, or another algorithm for it."""
    assert "over another hash" in said(token(digest=hashlib.sha256(HELLO).digest()))
    longer = hashlib.sha512(b"hello").digest()
    other = token(digest=longer, algorithm="2.16.840.1.101.3.4.2.3")
    assert "a digest by 2.16.840.1.101.3.4.2.3; 2.16.840.1.101.3.4.2.1 was" in said(other)


def test_the_time_is_about_now() -> None:
    """Five minutes either way."""
    judged(token(late=CLOCKS_DIFFER - timedelta(seconds=30)))
    for late in (CLOCKS_DIFFER + timedelta(seconds=30), -CLOCKS_DIFFER - timedelta(seconds=30)):
        assert "it is" in said(token(late=late))


def test_a_whole_response_is_no_token() -> None:
    """The classical mistake."""
    inner = asn1_cms.ContentInfo.load(token())
    response = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": inner})
    assert "whole TimeStampResp" in said(response.dump())
    refused = bytes.fromhex("30053003020102")
    assert "whole TimeStampResp" in said(refused)


def test_the_unit_has_to_be_one() -> None:
    """extendedKeyUsage: there, critical, timeStamping alone."""
    stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    both = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING]
    )
    judged(by(((stamping, True),)))
    assert "without extendedKeyUsage" in said(by(()))
    assert "not for timeStamping alone" in said(by(((both, True),)))
    assert "is not critical" in said(by(((stamping, False),)))
    assert "is not critical" in said(token(critical=False))


def test_the_signing_certificate_is_named() -> None:
    """By the attribute of RFC 5816, or the older one."""
    assert "signing-certificate-v2 is missing" in said(
        token(drop=frozenset({cms.SIGNING_CERTIFICATE_V2}))
    )
    certificate = tokens.unit().der()[0]
    named = hashlib.sha1(certificate, usedforsecurity=False).digest()
    old = tsp.SigningCertificate({"certs": [{"cert_hash": named}]})
    drop = frozenset({cms.SIGNING_CERTIFICATE_V2})
    judged(resigned(token(), attributes={cms.SIGNING_CERTIFICATE: old.dump()}, drop=drop))
    other = tsp.SigningCertificate({"certs": [{"cert_hash": bytes(20)}]})
    wrong = resigned(token(), attributes={cms.SIGNING_CERTIFICATE: other.dump()}, drop=drop)
    assert "names another certificate" in said(wrong)


def test_the_signature_counts() -> None:
    """A digest of something else, a key that is not the certificate's, content of another type."""
    assert "message-digest differs" in said(resigned(token(), digest=bytes(32)))
    holder = keys.Holder(ec.generate_private_key(ec.SECP256R1()), tokens.unit().chain)
    assert "does not verify" in said(resigned(token(), holder=holder))
    assert "without a TSTInfo" in said(
        cms.build(cms.Draft(holder=holder, scheme=Scheme(SHA256), digest=HELLO))
    )


def test_without_its_certificate_a_token_is_unusual() -> None:
    """The API does not say that it has to be inside."""
    info = asn1_cms.ContentInfo.load(token())
    data = info["content"].copy()
    data["certificates"] = []
    bare = asn1_cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
    with pytest.raises(Unusual, match="does not hold the certificate"):
        judged(bare)


def test_inside_a_signature_any_digest_will_do() -> None:
    """What is stamped is given whole."""
    stamp = timestamps.judge_over(token(), documents.of_bytes(b"hello"))
    assert stamp.time.tzinfo is not None
    with pytest.raises(Wrong, match="another hash"):
        timestamps.judge_over(token(), documents.of_bytes(b"world"))
    timestamps.check_token(token())


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x30", b"\x30\x80" * 100_000, b"\x30\x84\x7f\xff\xff\xff", os.urandom(2**20)],
    ids=["empty", "cut", "deep", "long", "noise"],
)
def test_garbage_is_wrong_and_nothing_else(garbage: bytes) -> None:
    """Whatever comes as a token."""
    assert said(garbage)


def test_every_cut_and_change_ends_as_wrong_or_well() -> None:
    """No byte of a token makes the judge stumble."""
    good = token()
    for place in range(0, len(good), 7):
        for broken in (
            good[:place],
            good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :],
        ):
            try:
                judged(broken)
            except Wrong:
                continue
