"""What messages need, and the name they greet by."""

from __future__ import annotations

import pytest

from policies import messages
from policies.messages import FACTS, Channel, MessageKind


def test_every_kind_says_what_it_needs() -> None:
    """An SMS needs its code alone; every mail greets by name."""
    for kind in MessageKind:
        if kind.channel is Channel.SMS:
            assert FACTS[kind] == {"code"}
        else:
            assert "name" in FACTS[kind]


@pytest.mark.parametrize(
    "name",
    ["Ana Ionescu", "Ștefan Țîrlea", "Anne-Marie d\u2019Arc", "O'Neill", "J. R. Ionescu", "Ana P."],
)
def test_names_are_greeted(name: str) -> None:
    """As they are."""
    assert messages.greeted(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "www.evil.example",
        "evil.ro",
        "http://evil",
        "Ana, you won 1000 EUR",
        "mail me@evil",
        "<b>Ana</b>",
        "Ana\u202eanA",
        "A" * 81,
        "a.b",
    ],
)
def test_what_could_be_anything_else_is_not(name: str) -> None:
    """A stranger's mail must not carry a stranger's text."""
    assert messages.greeted(name) == ""


def test_a_line_break_is_a_space() -> None:
    """No second line in the greeting."""
    assert messages.greeted("Ana\r\nIonescu") == "Ana Ionescu"
