"""SoftHSM alone: a login that was killed loses all keys of a token; here they come back.

SoftHSM 2.6 writes a token's own file, ``token.object``, anew at each login and in place. A
process that is killed at that moment leaves it empty or short, and with it goes what the user's
PIN unlocks: every key of the token. So a whole copy is kept beside it and put back when the file
is found broken. The name of the copy does not end in ``.object``, so SoftHSM passes it over.

Knows the shape of that file and no PKCS#11; holds no secret: what it copies is locked by the PIN.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILE: Final = "token.object"
KEPT: Final = "token.kept"

_LABEL: Final = 0x80005349
_FLAGS: Final = 0x8000534B
_USER_PIN: Final = 0x8000534D
"""What the user's PIN unlocks: without it the token has lost its keys."""
_WORD: Final = 8
_LENGTHS: Final = {1: 1, 2: _WORD}
"""Kinds of attributes with values of one length: boolean and number."""
_OCTETS: Final = 3

_REWRITTEN_WITHIN_S: Final = 0.2
"""A login under way takes a thousandth of it to write the file again."""
_LOOK_EVERY_S: Final = 0.01

log = logging.getLogger("hsm.signer")


def mend(configuration: Path) -> None:
    """Afterwards no token is broken of which a whole copy was kept. Before a module is opened.

    Args:
        configuration: What ``SOFTHSM2_CONF`` names.
    """
    for token in _tokens(configuration):
        if _whole(token / FILE) or _is_written_again(token / FILE):
            continue
        kept = _read(token / KEPT)
        if _attributes(kept) is not None:
            _replace(token / FILE, kept)
            log.error("a token's file was broken, its copy is in its place: %s", token.name)


def keep(configuration: Path) -> None:
    """Afterwards there is a copy of each whole token. After a login: then it has the PIN of now."""
    for token in _tokens(configuration):
        data = _read(token / FILE)
        attributes = _attributes(data)
        # The flags change with each login, and count for nothing here.
        if attributes is not None and attributes != _attributes(_read(token / KEPT)):
            _replace(token / KEPT, data)


def _tokens(configuration: Path) -> Iterator[Path]:
    """The directories of tokens."""
    for line in configuration.read_text().splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "directories.tokendir":
            yield from (one.parent for one in Path(value.strip()).glob(f"*/{FILE}"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _whole(path: Path) -> bool:
    return _attributes(_read(path)) is not None


def _is_written_again(path: Path) -> bool:
    """Whether somebody who logs in is at work on a broken file."""
    end = time.monotonic() + _REWRITTEN_WITHIN_S
    while time.monotonic() < end:
        time.sleep(_LOOK_EVERY_S)
        if _whole(path):
            return True
    return False


def _attributes(data: bytes) -> dict[int, bytes] | None:
    """What stands in a token's file but for its flags; ``None`` when something is missing."""
    found: dict[int, bytes] = {}
    at = _WORD  # a count of changes comes first
    while at < len(data):
        name, kind, start = _word(data, at), _word(data, at + _WORD), at + 2 * _WORD
        if kind == _OCTETS:
            length, start = _word(data, start), start + _WORD
        elif kind in _LENGTHS:
            length = _LENGTHS[kind]
        else:
            return None
        at = start + length
        found[name] = data[start:at]
    if at != len(data) or not {_LABEL, _USER_PIN} <= found.keys():
        return None
    found.pop(_FLAGS, None)
    return found


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + _WORD], "big")


def _replace(path: Path, data: bytes) -> None:
    """At once, and durably: whoever looks finds the old file or the new one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).rename(path)
