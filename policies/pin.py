"""What a PIN must look like. (CSC v1 11.5 PIN/format N; security-and-pki 5.1 throttling applies)"""

from __future__ import annotations

import itertools
from typing import Final

from policies import errors
from policies.secret import Pin

SHORTEST: Final = 6
"""One million possibilities: with ten tries before the stop, a guess succeeds once in 10^5."""
LONGEST: Final = 12


def check_new(pin: Pin) -> Pin:
    """The PIN, if it may be set.

    Raises:
        PinTooWeak: Not 6 to 12 ASCII digits, one digit repeated, or a run up or down.
    """
    digits = pin.value
    if not (SHORTEST <= len(digits) <= LONGEST and digits.isascii() and digits.isdigit()):
        raise errors.PinTooWeak(f"a PIN has {SHORTEST} to {LONGEST} digits")
    strides = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    if strides <= {0} or strides <= {1} or strides <= {9}:
        raise errors.PinTooWeak("repeated digits and runs are too easy to guess")
    return pin
