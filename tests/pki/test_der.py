"""DER in small: written as asn1crypto writes it, and nothing else read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from ades import der
from ades.der import NotDer, Reader

numbers = st.integers(-(2**200), 2**200)
arcs = st.lists(st.integers(0, 2**70), min_size=1, max_size=8)
oids = st.builds(
    lambda root, second, more: ".".join(map(str, (*root, second, *more))),
    st.sampled_from([(0,), (1,), (2,)]),
    st.integers(0, 39),
    arcs,
)


@given(numbers)
def test_numbers(number: int) -> None:
    """Two's complement without an octet too many, there and back."""
    written = der.integer(number)
    assert written == core.Integer(number).dump()
    assert Reader(written).integer() == number


@given(oids)
def test_object_identifiers(dotted: str) -> None:
    """Every arc, there and back."""
    written = der.oid(dotted)
    assert written == core.ObjectIdentifier(dotted).dump()
    assert Reader(written).oid() == dotted


@given(st.binary(max_size=70_000) | st.sampled_from([bytes(n) for n in (127, 128, 255, 256)]))
def test_lengths(content: bytes) -> None:
    """Short and long forms."""
    written = der.octets(content)
    assert written == core.OctetString(content).dump()
    reader = Reader(written)
    assert reader.contents(der.OCTET_STRING) == content
    reader.done()


@pytest.mark.parametrize("number", [0, 2, 5, 14, 15, 16, 25])
def test_named_bits(number: int) -> None:
    """Bit 0 is the first, and no zeros follow the last one."""
    parsed = core.BitString.load(der.named_bit(number), strict=True)
    assert parsed.native == (*([0] * number), 1)


EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC), b"\x18\x0f20260101120000Z"),
        (datetime(2026, 1, 1, 12, 0, 0, tzinfo=EAST), b"\x18\x0f20260101100000Z"),
        (datetime(2026, 1, 1, 12, 0, 0, 120_000, tzinfo=UTC), b"\x18\x1220260101120000.12Z"),
        (datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC), b"\x18\x1620260101120000.000001Z"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x18\x0f99991231235959Z"),
    ],
)
def test_generalized_time(instant: datetime, written: bytes) -> None:
    """UTC; a fraction only where there is one, without trailing zeros (X.690 11.7)."""
    assert der.generalized_time(instant) == written


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2049, 12, 31, 23, 59, 59, 999, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (datetime(2050, 1, 1, 0, 0, 0, 999, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
    ],
)
def test_time_of_certificates_and_lists(instant: datetime, written: bytes) -> None:
    """UTCTime up to 2049, whole seconds (RFC 5280 4.1.2.5)."""
    assert der.time(instant) == written


@given(
    st.integers(0, 150 * 365 * 86400).map(
        lambda seconds: datetime(1950, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    )
)
def test_times_come_back(instant: datetime) -> None:
    """Of the old century too, which two digits from 50 on mean."""
    assert Reader(der.time(instant)).time() == instant


@pytest.mark.parametrize(
    "found",
    [
        b"\x17\x0d491231235959+",
        b"\x17\x0b4912312359Z",
        b"\x17\x0d491331235959Z",
        b"\x17\x0d4912312359 9Z",
        b"\x18\x0d491231235959Z",
        b"\x18\x1120260101120000.1Z",
        b"\x04\x00",
    ],
)
def test_not_a_time(found: bytes) -> None:
    """Without zone or seconds, of no calendar, of the other form, with a fraction."""
    with pytest.raises(NotDer):
        Reader(found).time()


def test_naive_times_are_bugs() -> None:
    """Nobody knows which instant is meant."""
    with pytest.raises(ValueError, match="naive"):
        der.time(datetime(2026, 1, 1))  # noqa: DTZ001  # the point of the test


def test_sets_are_sorted() -> None:
    """By the encoded members (X.690 11.6)."""
    assert der.set_of(der.integer(2), der.integer(1)) == b"\x31\x06\x02\x01\x01\x02\x01\x02"


@pytest.mark.parametrize(
    "found",
    [
        b"",
        b"\x30",
        b"\x31\x00",
        b"\x30\x01",
        b"\x30\x80\x00\x00",
        b"\x30\x81",
        b"\x30\x81\x05\x00\x00\x00\x00\x00",
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x85\x00\x00\x00\x00\x80" + bytes(128),
        b"\x30\xff" + bytes(200),
    ],
    ids=lambda found: found[:8].hex() or "nothing",
)
def test_not_a_sequence(found: bytes) -> None:
    """Cut off, of another kind, without end, with a length that is too long or has zeros."""
    with pytest.raises(NotDer):
        Reader(found).enter()


@pytest.mark.parametrize("found", ["0200", "02020001", "0202ff80", "0201"])
def test_not_a_number(found: str) -> None:
    """Empty, padded, cut off."""
    with pytest.raises(NotDer):
        Reader(bytes.fromhex(found)).integer()


@pytest.mark.parametrize("found", ["0600", "060180", "06022a80", "0603808001", "06038837"])
def test_not_an_object_identifier(found: str) -> None:
    """Empty, an arc without end or with padding, cut off."""
    with pytest.raises(NotDer):
        Reader(bytes.fromhex(found)).oid()


@pytest.mark.parametrize("found", ["0100", "010101", "01020000"])
def test_not_a_truth_value(found: str) -> None:
    """DER knows 00 and FF."""
    with pytest.raises(NotDer):
        Reader(bytes.fromhex(found)).boolean()


def test_nothing_may_follow() -> None:
    """Neither inside nor behind."""
    reader = Reader(der.null() + b"\x00")
    reader.contents(der.NULL)
    with pytest.raises(NotDer):
        reader.done()


@given(st.binary(max_size=40))
def test_an_inner_value_stays_inside(content: bytes) -> None:
    """What is read from a SEQUENCE never comes from behind it."""
    reader = Reader(der.sequence(b"\x04\x05ab") + content)
    inner = reader.enter()
    with pytest.raises(NotDer):
        inner.contents(der.OCTET_STRING)
