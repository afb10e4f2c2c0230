"""How a judge says no, and how it stays in one piece when it is fed garbage.

Whatever a server hands out, a judge ends with a value or with ``Wrong``: the libraries that read
DER and PDF raise a dozen kinds of errors on hostile input, and none of them may reach a check.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from conformance.errors import Violation

Given = ParamSpec("Given")
Found = TypeVar("Found")

MOST_BYTES: Final = 16 * 2**20
"""Of one thing to judge; four times what any sample of the suite comes back as."""


class Wrong(Violation):
    """What a server handed out is not what it should be. The text says why, in one sentence."""


class Unusual(Wrong):
    """The thing is right, but written as no client expects it and no clause forbids."""


def guarded(what: str) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """Let the function below raise nothing but ``Wrong``: all else means that ``what`` is broken.

    Args:
        what: What is read, as the subject of "… cannot be read".
    """

    def guard(function: Callable[Given, Found]) -> Callable[Given, Found]:
        @wraps(function)
        def safe(*args: Given.args, **named: Given.kwargs) -> Found:
            try:
                return function(*args, **named)
            except Violation:
                raise
            # Any exception: hostile input breaks parsers in ways that nobody can list.
            except Exception as reason:
                raise Wrong(f"{what} cannot be read ({_short(reason)}).") from reason

        return safe

    return guard


def base64_bytes(value: object, what: str) -> bytes:
    """The bytes of base64 as CSC writes it: standard alphabet, padded, no line breaks.

    Raises:
        Wrong: It is not that, or longer than ``MOST_BYTES``.
    """
    if not isinstance(value, str):
        raise Wrong(f"{what} is not a string but {type(value).__name__}.")
    if "-----BEGIN" in value:
        raise Wrong(f"{what} is PEM; the API asks for base64 of DER without armour.")
    if any(sign in value for sign in "\r\n \t"):
        raise Wrong(f"{what} is base64 with blanks or line breaks.")
    if len(value) > MOST_BYTES * 4 // 3:
        raise Wrong(f"{what} is longer than {MOST_BYTES} bytes.")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as reason:
        raise Wrong(f"{what} is not base64 of the standard alphabet with padding.") from reason


def _short(reason: Exception) -> str:
    text = " ".join(str(reason).split()).rstrip(".")
    name = type(reason).__name__
    return f"{name}: {text[:120]}" if text else name
