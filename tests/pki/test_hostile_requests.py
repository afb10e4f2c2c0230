"""Requests made up by chance: nothing but the documented refusal comes out. (row 56)"""

from __future__ import annotations

import base64
import hashlib
import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ades import der
from pki.ocsp import paths
from pki.ocsp import requests as ocsp_requests
from pki.ocsp.requests import CertId
from pki.tsa import requests as tsa_requests
from policies.status import Failure, StatusRefused
from policies.tsa import StampRefused
from tests.pki import golden, ocsp_cases
from tests.pki.golden import POLICY
from tests.pki.test_tsa import query

EXAMPLES = 300
pki = golden.golden()
OCSP = [
    ocsp_cases.request(
        ocsp_cases.cert_id(pki.issuing.certificate, 5),
        ocsp_cases.cert_id(pki.issuing.certificate, 1 << 150, "sha256"),
        extensions=(ocsp_cases.nonce(bytes(32)), ocsp_cases.extension("1.2.3", b"?")),
        before=b"\xa0\x03\x02\x01\x00",
    ),
    ocsp_cases.request(ocsp_cases.cert_id(pki.issuing.certificate, 7)),
]
TSA = [query(), query(policy=POLICY, nonce=None, cert_req=b"")]


def spoil(body: bytes, seed: int) -> bytes:
    """Some bytes changed, dropped, doubled or moved."""
    chance, spoilt = random.Random(seed), bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(spoilt) or 1)
        some = bytes(spoilt[at : at + chance.randint(0, 6)])
        match chance.randrange(5):
            case 0:
                spoilt[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                del spoilt[at : at + len(some)]
            case 2:
                spoilt[at:at] = some
            case 3:
                spoilt[at : at + 1] = bytes(
                    ((spoilt[at : at + 1] or b"\0")[0] ^ 1 << chance.randrange(8),)
                )
            case 4:
                spoilt[at : at + 1] = chance.choice([b"\x80", b"\xff", b"\x00", b"\x30", b"\x84"])
    return bytes(spoilt)


def hostile(valid: list[bytes]) -> st.SearchStrategy[bytes]:
    """Anything, and what was once valid."""
    spoilt = st.builds(spoil, st.sampled_from(valid), st.integers(0, 1 << 32))
    return st.binary(max_size=300) | spoilt


@settings(max_examples=EXAMPLES)
@given(hostile(OCSP))
def test_ocsp_bodies(body: bytes) -> None:
    """A request whose CertIDs stand in the body, or malformedRequest."""
    try:
        request = ocsp_requests.parse(body)
    except StatusRefused as reason:
        failure = reason.failure
    else:
        assert all(one.whole in body for one in request.questions)
        return
    assert failure is Failure.MALFORMED_REQUEST


@settings(max_examples=EXAMPLES)
@given(hostile(TSA))
def test_time_stamp_bodies(body: bytes) -> None:
    """A request whose imprint stands in the body, or one of the protocol's reasons."""
    try:
        request = tsa_requests.parse(body, [POLICY])
    except StampRefused:
        return
    assert request.imprint in body
    assert len(request.digest) == request.algorithm.digest_bytes


letters = st.text(st.sampled_from("ABCz019+/=%2Fbc -_é\n\x00"), max_size=60)
spoilt_paths = st.builds(
    lambda body, cut, put: (text := base64.b64encode(body).decode())[:cut] + put + text[cut:],
    hostile(OCSP),
    st.integers(0, 300),
    letters,
)


@settings(max_examples=EXAMPLES)
@given(letters | spoilt_paths | st.text(max_size=40), st.booleans())
def test_ocsp_paths(tail: str, served: bool) -> None:
    """A request, or malformedRequest; whatever is said of its authority."""
    try:
        request = ocsp_requests.from_path(tail, lambda _: served)
    except StatusRefused as reason:
        failure = reason.failure
    else:
        assert request.questions
        return
    assert failure is Failure.MALFORMED_REQUEST


@given(
    st.lists(st.sampled_from([b"\xff\xff\xff", b"\xff\xf0\x41", b"abc"]), min_size=1, max_size=8)
)
def test_lost_slashes_are_put_back(groups: list[bytes]) -> None:
    """What was sent is among the readings, if no more than two slashes are gone."""
    body = der.octets(b"".join([b"a", *groups, b"bcd"]))
    text = base64.b64encode(body).decode()
    collapsed = re.sub("//+", "/", text)
    if len(text) - len(collapsed) <= 2 and collapsed.count("/") <= 5:
        assert body in list(paths.readings(collapsed))


def request_by(name_hash: bytes) -> bytes:
    """A request that names its authority so."""
    algorithm = der.sequence(der.oid(ocsp_cases.SHA1), der.null())
    hashes = der.octets(name_hash) + der.octets(bytes(20))
    return ocsp_cases.request(der.sequence(algorithm, hashes, der.integer(5)))


def test_the_authority_tells_where_a_slash_was_lost() -> None:
    """Of two places for it, one makes a hash that is not ours."""
    name_hashes = (hashlib.sha256(bytes(one)).digest()[:20] for one in range(4000))
    for name_hash in name_hashes:
        text = base64.b64encode(request_by(name_hash)).decode()
        if re.findall("/+", text) == ["/", "//"]:
            break
    seen: list[bytes] = []

    def ours(cert_id: CertId) -> bool:
        seen.append(cert_id.issuer_name_hash)
        return cert_id.issuer_name_hash == name_hash

    found = ocsp_requests.from_path(text.replace("//", "/"), ours)
    assert found.questions[0].issuer_name_hash == name_hash
    assert len(seen) == 2


def test_slashes_are_not_put_back_for_ever() -> None:
    """A path of slashes costs a bounded number of readings, not one for each pair of places."""
    text = base64.b64encode(der.octets(b"a" * 127)).decode().rstrip("=")
    head, rest = text[:8], len(text) - 8 - 2
    tail = head + "/A" * (rest // 2) + "A" * (rest % 2)
    assert len(list(paths.readings(tail))) == 64
