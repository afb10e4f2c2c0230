"""Bindings that were found true are remembered; nothing else is believed."""

from __future__ import annotations

import dataclasses

import pytest

from hsm import errors
from hsm.bindings import Bindings
from hsm.secret_keys import Purpose, SecretKeys
from tests.hsm.world import Person, Room


class Counting(SecretKeys):
    """The service's secret keys, and how often they were asked."""

    asked = 0

    def mac(self, purpose: Purpose, text: bytes) -> bytes:
        self.asked += 1
        return super().mac(purpose, text)


@pytest.fixture
def keys(room: Room) -> Counting:
    """Those of the real token."""
    return Counting(room.device.service)


def test_the_token_is_asked_once(keys: Counting, alice: Person) -> None:
    """For the same row, however often it is used."""
    bindings = Bindings(keys)
    for _ in range(3):
        bindings.check(alice.claim, alice.binding)
    assert keys.asked == 1


def test_a_wrong_binding_is_never_remembered(keys: Counting, alice: Person, bob: Person) -> None:
    """Asked for each time and refused each time, beside the right one of the same row."""
    bindings = Bindings(keys)
    bindings.check(alice.claim, alice.binding)
    longer = dataclasses.replace(alice.claim, multisign=alice.claim.multisign + 1)
    wrong = [
        (alice.claim, bob.binding),
        (longer, alice.binding),
        (alice.claim, b""),
        (alice.claim, alice.binding[:-1]),
        (alice.claim, alice.binding + b"{"),
    ]
    for claim, binding in wrong * 2:
        with pytest.raises(errors.Rejected, match="binding"):
            bindings.check(claim, binding)
    assert keys.asked == 1 + 2 * len(wrong)


def test_the_one_used_longest_ago_is_forgotten(keys: Counting, alice: Person, bob: Person) -> None:
    """Memory has an end; what is forgotten is asked for again."""
    bindings = Bindings(keys, most=1)
    for person in (alice, bob, alice):
        bindings.check(person.claim, person.binding)
    assert keys.asked == 3
