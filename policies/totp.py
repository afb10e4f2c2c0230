"""Time-based one-time codes: which time steps count, and once only. (RFC 6238)

Numbers from security-and-pki 5.1. The comparison of a code with its seed happens in the HSM's
signer process; here is what may be compared and what a match is worth.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from policies import errors
from policies.values import microseconds_from_utc

STEP_S: Final = 30
DIGITS: Final = 6
SEED_BYTES: Final = 20
"""160 bits, the length of the HMAC-SHA-1 key that RFC 4226 4 recommends."""
STEPS_BACK: Final = 1
"""RFC 6238 5.2 allows one step for network delay; none forward, for there is no drift record."""
COOLING_OFF: Final = timedelta(hours=24)
"""How long a seed that a person paired on the web logs in but does not sign (security-and-pki
5.1). The signer process itself holds to it, so that not even a web process that was taken over
gives itself a signer's code. Ended early when an operator accepts the authenticator."""


def step_at(now: datetime) -> int:
    """Number of the time step that ``now`` lies in, T0 = 1970, X = 30 s."""
    return microseconds_from_utc(now) // (STEP_S * 1_000_000)


def acceptable_steps(now: datetime) -> tuple[int, ...]:
    """The steps whose codes count at ``now``, the newest first."""
    current = step_at(now)
    return tuple(current - back for back in range(STEPS_BACK + 1))


def judge(matched_step: int | None, last_used_step: int) -> int:
    """The step to remember as used.

    Raises:
        OtpWrong: No acceptable step has this code.
        OtpReplayed: Its step, or a later one, was used before (RFC 6238 5.2).
    """
    if matched_step is None:
        raise errors.OtpWrong("no acceptable time step has this code")
    if matched_step <= last_used_step:
        raise errors.OtpReplayed(f"time step {matched_step}")
    return matched_step
