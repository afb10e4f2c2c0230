"""OIDs and PSS parameters, compared with published values."""

from __future__ import annotations

import base64

import pytest

from conformance.judge import algorithms
from conformance.judge.algorithms import SHA256, SHA384, SHA512, Digest, Pss
from conformance.judge.wrong import Wrong, base64_bytes

VECTORS = [
    (SHA256, "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg"),
    (SHA384, "MDSgDzANBglghkgBZQMEAgIFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgIFAKIDAgEw"),
    (SHA512, "MDSgDzANBglghkgBZQMEAgMFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgMFAKIDAgFA"),
]
ALL_DEFAULT = "MDGgCzAJBgUrDgMCGgUAoRgwFgYJKoZIhvcNAQEIMAkGBSsOAwIaBQCiAwIBFKMDAgEB"


@pytest.mark.parametrize(("digest", "text"), VECTORS, ids=lambda value: getattr(value, "name", ""))
def test_parameters_as_clients_send_them(digest: Digest, text: str) -> None:
    """Read and written byte for byte."""
    asked = algorithms.default_pss(digest)
    assert asked.encoded() == text
    assert algorithms.parse_pss(text) == asked


@pytest.mark.parametrize("salt", [0, 19, 20, 222])
def test_every_salt_survives(salt: int) -> None:
    """20 is the default and not written."""
    asked = Pss(SHA256, SHA512, salt)
    assert algorithms.parse_pss(asked.encoded()) == asked


@pytest.mark.parametrize("text", [ALL_DEFAULT, "MAA=", "", "AAAA", "MDSgDzAN", "%%%", 7, None])
def test_what_is_none_or_names_sha1_is_wrong(text: object) -> None:
    """Absent fields mean SHA-1."""
    with pytest.raises(Wrong):
        algorithms.parse_pss(text)


def test_names_that_mean_nothing_are_wrong() -> None:
    """SHA-1, Ed25519 and invented ones."""
    for oid in (algorithms.SHA1_OID, "1.2.3", ""):
        with pytest.raises(Wrong):
            algorithms.digest_of(oid)
    with pytest.raises(Wrong):
        algorithms.scheme("1.3.101.112")
    with pytest.raises(Wrong):
        algorithms.scheme(algorithms.RSA)


@pytest.mark.parametrize("digest", algorithms.DIGESTS.values(), ids=lambda digest: digest.name)
def test_lengths_are_those_of_the_primitives(digest: Digest) -> None:
    """Of each digest."""
    assert len(digest.of(b"hello")) == digest.length


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "not a string"),
        ("-----BEGIN CERTIFICATE-----\nMAA=", "PEM"),
        ("MA\nA=", "line breaks"),
        ("MAA", "not base64"),
        ("_-_-", "not base64"),
        ("A" * (23 * 2**20), "longer than"),
    ],
)
def test_base64_of_another_kind_is_told(value: object, why: str) -> None:
    """Each with its own reason."""
    with pytest.raises(Wrong, match=why):
        base64_bytes(value, "hash 1")


def test_base64_of_the_right_kind_is_read() -> None:
    """And nothing is lost."""
    assert base64_bytes(base64.b64encode(b"\xff\xfe").decode(), "hash 1") == b"\xff\xfe"
