"""The outline of DER and BER: what is taken, what is refused, and that it takes bounded time."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ades.validation import der
from tests.ades.validation import scribe

TAKEN = {
    "an integer": (b"\x02\x01\x05", 3),
    "with bytes behind": (b"\x02\x01\x05\xff\xff", 3),
    "nothing in it": (b"\x30\x00", 2),
    "a long tag": (b"\x1f\x81\x01\x01\x00", 5),
    "a long length": (b"\x04\x81\x80" + bytes(128), 131),
    "no length": (b"\x30\x80\x02\x01\x05\0\0", 7),
    "no length twice": (b"\x30\x80\x30\x80\0\0\0\0", 8),
}
REFUSED = {
    "nothing": b"",
    "cut off in the head": b"\x30",
    "cut off in the length": b"\x30\x82\x01",
    "longer than the rest": b"\x04\x05ab",
    "longer than what it is in": b"\x30\x03\x04\x05abcde",
    "no end": b"\x30\x80\x02\x01\x05",
    "no length of a primitive": b"\x04\x80\0\0",
    "an end without a beginning": b"\x30\x02\0\0",
    "a length of nine bytes": b"\x04\x89" + bytes(8) + b"\x01a",
}


@pytest.mark.parametrize("kind", TAKEN)
def test_taken(kind: str) -> None:
    """The length of the first item."""
    data, length = TAKEN[kind]
    assert der.outline(data) == length


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str) -> None:
    """Malformed, and nothing else."""
    with pytest.raises(der.Malformed):
        der.outline(REFUSED[kind])


def test_depth_and_number() -> None:
    """One more than the limit is refused."""
    nested = b"\x05\x00"
    for _ in range(der.DEEPEST):
        nested = b"\x30" + bytes([len(nested)]) + nested
    assert der.outline(nested) == len(nested)
    with pytest.raises(der.Malformed, match="deep"):
        der.outline(b"\x30" + bytes([len(nested)]) + nested)
    many = b"\x05\x00" * der.MOST_ITEMS
    with pytest.raises(der.Malformed, match="much"):
        der.outline(b"\x30\x84" + len(many).to_bytes(4) + many)


@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    """A length within the bytes, or Malformed."""
    with suppress(der.Malformed):
        assert 0 < der.outline(data) <= len(data)


def test_a_real_signature() -> None:
    """All of it and no more."""
    made = scribe.p7s(b"contract")
    assert der.outline(made) == len(made)
