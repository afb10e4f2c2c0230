"""How hard a password is to guess: an estimate by zxcvbn, and a list of common passwords.

Both without a network. (security-and-pki 5.2; ASVS 6.2.4, 6.2.12)
"""

from __future__ import annotations

import asyncio

from csc_server.adapters import common_passwords
from policies.passwords import JUDGED_CHARACTERS, Estimate
from policies.secret import Password


class ZxcvbnStrength:
    """Estimates one password at a time, in a thread: it is pure Python and takes milliseconds."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(1)
        self._common = common_passwords.load()

    async def __call__(self, password: Password, context: frozenset[str]) -> Estimate:
        """The estimate of the first ``JUDGED_CHARACTERS``."""
        text = password.value[:JUDGED_CHARACTERS]
        if not text:
            return Estimate(score=0, common=False)
        async with self._gate:
            score = await asyncio.to_thread(_score, text, sorted(context))
        return Estimate(score, self._is_common(password.value))

    def _is_common(self, text: str) -> bool:
        """On the list, also when digits or marks were put behind it, or it is said twice."""
        folded = text.casefold()
        bare = folded.rstrip("0123456789!?.*#@$-_ ")
        half = folded[: len(folded) // 2]
        known = self._common
        return folded in known or bare in known or (half * 2 == folded and half in known)


def _score(text: str, context: list[str]) -> int:
    # Loaded with the first password that is chosen: 20 MB of lists, which most processes that
    # answer requests never need.
    from zxcvbn import zxcvbn

    return int(zxcvbn(text, context, max_length=JUDGED_CHARACTERS)["score"])
