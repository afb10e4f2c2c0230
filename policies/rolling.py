"""When a service of the authority gets its next certificate, and for which of its two keys.

OCSP responders cannot be revoked, so they live 90 days and are rolled at two thirds
(security-and-pki 2.2). A time-stamping unit uses a key for a year of the five that its
certificate is good for, so that its last token can be checked for four more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from policies.algorithms import KeyAlgorithm

KEY: Final = KeyAlgorithm.P_256
"""Status and time are signed on demand: the fastest of the offered kinds."""
USED_FOR: Final = {"ocsp": timedelta(days=60), "tsa": timedelta(days=365)}
"""By profile: after so long the other key takes over."""

Life = tuple[datetime, datetime]
"""notBefore and notAfter."""


def present_key(lives: Mapping[str, Life | None], now: datetime) -> str | None:
    """The key that works now: the one with the youngest certificate that is good."""
    good = [(life[0], key) for key, life in lives.items() if life and life[0] <= now <= life[1]]
    return max(good, default=(None, None))[1]


def next_key(profile: str, lives: Mapping[str, Life | None], now: datetime) -> str | None:
    """The key that is to get a certificate now; ``None`` while the present one is young.

    Args:
        lives: Of the certificates of both keys, by key.
    """
    present = present_key(lives, now)
    if present is not None:
        life = lives[present]
        if life is not None and now - life[0] < USED_FOR[profile]:
            return None
    return next(key for key in lives if key != present)
