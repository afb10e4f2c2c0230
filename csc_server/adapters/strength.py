"""How hard a password is to guess, by zxcvbn and the lists of passwords it carries.

The lists hold the passwords seen most often in public breaches, so they are also the blocklist:
30,000 passwords, without a network. (security-and-pki 5.2; ASVS 6.2.4, 6.2.12)
"""

from __future__ import annotations

import asyncio
from typing import Final

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from policies.passwords import JUDGED_CHARACTERS, Estimate
from policies.secret import Password

_COMMON: Final = frozenset(FREQUENCY_LISTS["passwords"])
"""In lower case, as zxcvbn has them."""


class ZxcvbnStrength:
    """Estimates one password at a time, in a thread: it is pure Python and takes milliseconds."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(1)

    async def __call__(self, password: Password, context: frozenset[str]) -> Estimate:
        """The estimate of the first ``JUDGED_CHARACTERS``."""
        text = password.value[:JUDGED_CHARACTERS]
        if not text:
            return Estimate(score=0, common=False)
        async with self._gate:
            score = await asyncio.to_thread(_score, text, sorted(context))
        return Estimate(score, _common(password.value))


def _score(text: str, context: list[str]) -> int:
    return int(zxcvbn(text, context, max_length=JUDGED_CHARACTERS)["score"])


def _common(text: str) -> bool:
    """On the list, also when a few digits or marks were put behind it, or it is said twice."""
    folded = text.casefold()
    bare = folded.rstrip("0123456789!?.*#@$-_ ")
    half = folded[: len(folded) // 2]
    return folded in _COMMON or bare in _COMMON or (half * 2 == folded and half in _COMMON)
