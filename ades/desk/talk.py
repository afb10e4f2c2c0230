"""What caller, parent and child tell one another: a few bytes of fixed shape, and frames.

A caller sends the parent ``Limits`` with a socket, and then one frame over that socket: the class
of the work and its fields. Back come one frame, the child's ``Answer``, and two bytes of the
parent's about the child's end. Payloads are JSON (``policies.codec``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from policies import codec

LENGTH_BYTES: Final = 4
LONGEST_FRAME: Final = 16 * 1024 * 1024
"""Records are kilobytes; the report on a document with many signatures is the longest."""
LONGEST_MESSAGE: Final = 4096
"""Bytes of a message to or from the parent."""

ENDED: Final = b"e"
"""The child ended by itself; followed by its exit code."""
KILLED: Final = b"k"
"""By a signal; followed by its number."""
OVERDUE: Final = b"o"
"""By the parent, at its deadline."""
OBITUARY_BYTES: Final = 2

BUG: Final = "Bug"
"""In place of an exception's name: one that the work does not name."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a parent says when it works."""

    isolated: bool
    """Its children have no network."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child says before it ends."""

    value: Any = None
    """The result, not yet decoded."""
    error: str | None = None
    """Name of the exception class in place of a result."""
    text: str = ""


def frame(value: object) -> bytes:
    """Length and JSON text of ``value``.

    Raises:
        Malformed: A text that is no Unicode, or too much of it.
    """
    payload = codec.encode(value)
    if len(payload) > LONGEST_FRAME:
        raise codec.Malformed(f"{len(payload)} bytes")
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


def payload(spoken: bytes) -> bytes:
    """The payload of exactly one frame.

    Raises:
        Malformed: Something else.
    """
    length = int.from_bytes(spoken[:LENGTH_BYTES], "big")
    if len(spoken) != LENGTH_BYTES + length:
        raise codec.Malformed("not one frame")
    return spoken[LENGTH_BYTES:]


def encode_answer(answer: Answer) -> bytes:
    """A frame that answers."""
    return frame([answer.value, answer.error, answer.text])


def decode_answer(spoken: bytes) -> Answer:
    """The answer in a payload, its value not yet decoded.

    Raises:
        Malformed: Not an answer.
    """
    match codec.decode(spoken):
        case [value, (str() | None) as error, str(text)]:
            return Answer(value, error, text)
    raise codec.Malformed("not an answer")
