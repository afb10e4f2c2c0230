"""Reasons and what they lead to; how long algorithms are relied on. (EN 319 102-1, TS 119 312)"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies import algorithms, validation
from policies.algorithms import SHORT_RSA_ENDS, Reliance
from policies.validation import MEANINGS, Indication, Reason, SubIndication

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_every_reason_has_a_meaning_and_every_meaning_a_sentence() -> None:
    """The table is closed in both directions."""
    assert MEANINGS.keys() == set(Reason)
    assert {one.sub_indication for one in MEANINGS.values()} == set(SubIndication)
    sentences = [one.sentence for one in MEANINGS.values()]
    assert all(one[0].isupper() and one.endswith(".") for one in sentences)
    assert len(set(sentences)) == len(sentences)


def test_conclusion() -> None:
    """Nothing found is passed; what fails decides before what is in doubt, else the first."""
    doubt, other = Reason.STATUS_UNKNOWN, Reason.CHAIN_NOT_FOUND
    fails = Reason.DIGEST_WRONG
    assert validation.conclusion([]) == (Indication.PASSED, None)
    assert validation.conclusion([doubt, other]) == (
        Indication.INDETERMINATE,
        MEANINGS[doubt].sub_indication,
    )
    assert validation.conclusion([doubt, fails]) == (Indication.FAILED, SubIndication.HASH_FAILURE)


def test_worst() -> None:
    """A file is as good as its worst signature; without one it is nothing."""
    passed, doubt, failed = Indication.PASSED, Indication.INDETERMINATE, Indication.FAILED
    assert validation.worst([passed, doubt, failed]) is failed
    assert validation.worst([passed, doubt]) is doubt
    assert validation.worst([passed]) is passed
    assert validation.worst([]) is None


@pytest.mark.parametrize(
    ("bits", "at", "good"),
    [
        (1899, NOW, False),
        (1900, NOW, True),
        (2999, SHORT_RSA_ENDS - SECOND, True),
        (2999, SHORT_RSA_ENDS, False),
        (3000, SHORT_RSA_ENDS, True),
        (4096, SHORT_RSA_ENDS + timedelta(days=3650), True),
    ],
)
def test_rsa(bits: int, at: datetime, good: bool) -> None:
    """Below 3000 bits to the end of 2028, below 1900 not at all."""
    assert algorithms.reliance_on_key("rsa", bits, None, at).good is good


def test_curves_and_digests() -> None:
    """Those of the table and no others; what was good once says when that ended."""
    for curve in ("secp256r1", "secp521r1", "brainpoolp384r1"):
        assert algorithms.reliance_on_key("ec", 256, curve, NOW) == Reliance(True)
    strange: tuple[tuple[str, str | None], ...] = (
        ("ec", "secp256k1"),
        ("ec", None),
        ("ed25519", None),
        ("dsa", None),
    )
    for kind, name in strange:
        assert algorithms.reliance_on_key(kind, 3072, name, NOW) == Reliance(False)
    for digest in ("sha256", "sha512", "sha3_384"):
        assert algorithms.reliance_on_digest(digest, NOW).good
    for digest in ("sha1", "sha224", "md5"):
        assert algorithms.reliance_on_digest(digest, NOW) == Reliance(False)
    ended = algorithms.reliance_on_key("rsa", 2048, None, SHORT_RSA_ENDS)
    assert ended == Reliance(False, SHORT_RSA_ENDS)
