"""Token buckets: of the store, and of one process. (security-and-pki 5.7)"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from csc_server.adapters.pacing import CLIENTS, ClientPacing, SourcePacing
from policies import errors, pacing
from policies.pacing import Bucket, Limit, Pace, Paced
from policies.values import AccountId, ClientId, GrantId, Principal
from tests.build import SECOND, T0

DIRECT = ClientId("basic")
THREE = Limit(Paced.FAILED_LOGIN, 3, timedelta(minutes=1)).of("192.0.2.1")


def take(pace: Pace, full_at: datetime | None, now: datetime) -> datetime:
    """One is taken, or refused."""
    pacing.admit(pace, full_at, now)
    return pacing.taken(pace, full_at, now)


@pytest.mark.parametrize("most", [1, 2, 3, 6, 7, 10, 60, 1000])
def test_a_full_bucket_holds_as_many_as_it_says(most: int) -> None:
    """Whatever the division leaves over."""
    pace = Limit(Paced.REGISTRATION, most, timedelta(seconds=1)).of("x")
    full_at: datetime | None = None
    for _ in range(most):
        full_at = take(pace, full_at, T0)
    with pytest.raises(errors.RateLimited):
        pacing.admit(pace, full_at, T0)


def test_what_was_taken_grows_back_evenly() -> None:
    """One each third of the window, the second before, at, and never more than three."""
    full_at = take(THREE, take(THREE, take(THREE, None, T0), T0), T0)
    with pytest.raises(errors.RateLimited):
        pacing.admit(THREE, full_at, T0 + 19 * SECOND)
    full_at = take(THREE, full_at, T0 + 20 * SECOND)
    with pytest.raises(errors.RateLimited):
        pacing.admit(THREE, full_at, T0 + 20 * SECOND)
    rested = T0 + timedelta(days=1)
    full_at = take(THREE, take(THREE, take(THREE, full_at, rested), rested), rested)
    with pytest.raises(errors.RateLimited):
        pacing.admit(THREE, full_at, rested)


def test_who_signs_too_fast_is_told_so() -> None:
    """The refusal that asks to come back in a second, not in half a minute."""
    pace = Limit(Paced.SIGNATURE, 1, pacing.SECOND).of("portal")
    with pytest.raises(errors.ClientTooFast):
        pacing.admit(pace, take(pace, None, T0), T0)


def test_keys_tell_subjects_and_matters_apart() -> None:
    """And show neither."""
    other = Limit(Paced.REGISTRATION, 3, timedelta(minutes=1))
    keys = {THREE.key, THREE.limit.of("192.0.2.2").key, other.of("192.0.2.1").key}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
    assert not any(b"192" in key for key in keys)


def test_a_second_gives_as_many_as_it_says() -> None:
    """Twenty at once, then one each twentieth of a second."""
    bucket: Bucket | None = None
    for _ in range(20):
        bucket = pacing.draw(bucket, 20, T0)
    with pytest.raises(errors.ClientTooFast):
        pacing.draw(bucket, 20, T0 + timedelta(milliseconds=49))
    bucket = pacing.draw(bucket, 20, T0 + timedelta(milliseconds=50))
    with pytest.raises(errors.ClientTooFast):
        pacing.draw(bucket, 20, T0 + timedelta(milliseconds=51))


def test_rest_does_not_add_up() -> None:
    """After an hour there are twenty again, not more."""
    bucket = pacing.draw(None, 20, T0)
    assert pacing.draw(bucket, 20, T0 + timedelta(hours=1)).level == 19


def test_a_clock_set_back_gives_nothing() -> None:
    """Neither tokens nor an error."""
    empty = Bucket(0, T0)
    with pytest.raises(errors.ClientTooFast):
        pacing.draw(empty, 20, T0 - timedelta(hours=1))


def principal(client: str, account: str = "alice") -> Principal:
    return Principal(AccountId(account), ClientId(client), GrantId("grant"))


def test_clients_are_counted_apart() -> None:
    """One client's haste is not another's; people without a client are each their own."""
    paced = ClientPacing(1, DIRECT)
    paced.admit(principal("portal"), T0)
    paced.admit(principal("desktop"), T0)
    with pytest.raises(errors.ClientTooFast):
        paced.admit(principal("portal", "bob"), T0)
    paced.admit(principal("basic"), T0)
    paced.admit(principal("basic", "bob"), T0)
    with pytest.raises(errors.ClientTooFast):
        paced.admit(principal("basic"), T0)
    paced.admit(principal("portal"), T0 + SECOND)


def test_a_refused_client_stays_refused() -> None:
    """Knocking does not open: the refusal is remembered, and takes nothing."""
    paced = ClientPacing(1, DIRECT)
    paced.admit(principal("portal"), T0)
    for _ in range(3):
        with pytest.raises(errors.ClientTooFast):
            paced.admit(principal("portal"), T0)


def test_no_limit_and_bounded_memory() -> None:
    """0 switches it off; clients beyond the bound push out the oldest."""
    free = ClientPacing(0, DIRECT)
    for _ in range(100):
        free.admit(principal("portal"), T0)
    paced = ClientPacing(1, DIRECT)
    for number in range(CLIENTS + 1):
        paced.admit(principal(f"client-{number}"), T0)
    paced.admit(principal("client-0"), T0)
    with pytest.raises(errors.ClientTooFast):
        paced.admit(principal(f"client-{CLIENTS}"), T0)


def test_many_at_once() -> None:
    """A bucket may hold more than a second gives, and is filled at the pace of seconds."""
    bucket = None
    for _ in range(8):
        bucket = pacing.draw(bucket, 2, T0, at_once=8)
    with pytest.raises(errors.ClientTooFast):
        pacing.draw(bucket, 2, T0 + SECOND / 4, at_once=8)
    assert pacing.draw(bucket, 2, T0 + SECOND / 2, at_once=8).level == 0
    assert pacing.draw(bucket, 2, T0 + timedelta(hours=1), at_once=8).level == 7


def test_an_address_is_its_household() -> None:
    """An IPv6 caller is its /64; others have buckets of their own."""
    paced = SourcePacing(1, at_once=1)
    paced.admit("2001:db8::1", T0)
    with pytest.raises(errors.ClientTooFast):
        paced.admit("2001:db8::2", T0)
    paced.admit("2001:db8:1::1", T0)
    paced.admit("192.0.2.1", T0)
    paced.admit("192.0.2.2", T0)
