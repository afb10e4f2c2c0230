"""Hexadecimal strings: the quick reader gives what pyHanko's gives, or leaves it to that one."""

from __future__ import annotations

import importlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError

from ades.pdf import quick


def read(reader: Any, text: bytes) -> tuple[object, bytes, int] | str:
    """Type, bytes and the place after it; or the error."""
    stream = BytesIO(b"x" + text)
    stream.seek(1)
    try:
        found = reader(stream)
    except PdfError as error:
        return type(error).__name__
    return type(found), found.original_bytes, stream.tell()


@given(st.binary(max_size=40), st.binary(max_size=4))
def test_digits(content: bytes, behind: bytes) -> None:
    """The same string, and the same place behind it."""
    text = b"<" + content.hex().encode() + b">" + behind
    assert read(quick.read_hexadecimal, text) == read(quick._slow, text)


@pytest.mark.parametrize(
    "text",
    [
        *(b"<>", b"<4>", b"<414>", b"<41 42\n43>", b"<41%x>y\n42>", b"<4G>", b"<", b"<41"),
        *(b"<" + b"41" * 70_000 + b">", b"<" + b"41" * 70_000, b"<FEFF0041>", b"<feff0041>"),
    ],
)
def test_everything_else(text: bytes) -> None:
    """White space, comments, odd numbers of digits, long ones and broken ones."""
    assert read(quick.read_hexadecimal, text) == read(quick._slow, text)


def test_it_is_in_place() -> None:
    """Who loads the validator reads like this."""
    importlib.import_module("ades.validation.pdf")
    assert vars(generic)["read_hex_string_from_stream"] is quick.read_hexadecimal
