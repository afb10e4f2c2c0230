"""A token bucket for each client. (security-and-pki 5.7)"""

from __future__ import annotations

from datetime import timedelta

import pytest

from csc_server.adapters.pacing import CLIENTS, ClientPacing
from policies import errors, pacing
from policies.pacing import Bucket
from policies.values import AccountId, ClientId, GrantId, Principal
from tests.build import SECOND, T0

DIRECT = ClientId("basic")


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
