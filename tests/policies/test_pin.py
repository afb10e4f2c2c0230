"""Which PINs may be set."""

from __future__ import annotations

import pytest

from policies import errors, pin
from policies.secret import Pin


@pytest.mark.parametrize("good", ["493817", "112233", "480175920364", "012354"])
def test_ordinary_pins_may_be_set(good: str) -> None:
    """Six to twelve digits without an obvious pattern."""
    assert pin.check_new(Pin(good)) == Pin(good)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "49381",
        "4938170000000",
        "49381a",
        "\uff14\uff19\uff13\uff18\uff11\uff17",
        "000000",
        "123456",
        "890123",
        "987654",
    ],
)
def test_short_long_or_patterned_pins_are_refused(bad: str) -> None:
    """Too short, too long, no ASCII digits, one digit, runs up and down."""
    with pytest.raises(errors.PinTooWeak) as caught:
        pin.check_new(Pin(bad))
    assert not bad or bad not in str(caught.value)
