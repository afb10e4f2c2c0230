"""How a seed travels to the phone: the otpauth URI, its QR code, and groups for typing.

(providers 7) SHA-1, 6 digits, 30 seconds, spelt out: the only values that all apps honour.
"""

from __future__ import annotations

import io
from typing import Final
from urllib.parse import quote

import segno

from policies import totp
from policies.secret import TotpSeed

_GROUP: Final = 4
_SCALE: Final = 6
_QUIET_MODULES: Final = 4
"""providers 7: at least 5 px per module, a quiet zone of 4 modules."""


def uri(issuer: str, account: str, seed: TotpSeed) -> str:
    """The ``otpauth`` URI. Holds the seed: never logged, never mailed."""
    name = issuer.replace(":", " ")
    label = f"{quote(name, safe='')}:{quote(account, safe='')}"
    return (
        f"otpauth://totp/{label}?secret={seed.value.rstrip('=')}&issuer={quote(name, safe='')}"
        f"&algorithm=SHA1&digits={totp.DIGITS}&period={totp.STEP_S}"
    )


def png(text: str) -> bytes:
    """A PNG of the QR code, black on white."""
    out = io.BytesIO()
    code = segno.make(text, error="m", mode="byte", micro=False, boost_error=False)
    code.save(out, kind="png", scale=_SCALE, border=_QUIET_MODULES, dark="black", light="white")
    return out.getvalue()


def modules(picture: bytes) -> int:
    """Modules along a side of what ``png`` made, the quiet zone included."""
    # PNG 11.2.2: the width stands in the first chunk.
    return int.from_bytes(picture[16:20]) // _SCALE


def groups(seed: TotpSeed) -> tuple[str, ...]:
    """The seed in groups of four, for typing it in."""
    text = seed.value.rstrip("=")
    return tuple(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))
