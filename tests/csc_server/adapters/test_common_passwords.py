"""The set of common passwords, and the tool that makes it. (security-and-pki 5.2)"""

from __future__ import annotations

import secrets

import pytest

from csc_server.adapters import common_passwords
from csc_server.adapters.common_passwords import CommonPasswords
from tests.test_documents import ROOT, tool


def test_what_was_put_in_is_found() -> None:
    """All of it, whatever letters; of others next to nothing."""
    texts = [f"пароль{number}" for number in range(1000)] + ["\ud800", ""]
    made = CommonPasswords(common_passwords.made(texts))
    assert all(text in made for text in texts)
    assert not any(f"парол{number}" in made for number in range(1000))


def test_the_set_of_this_release_is_as_large_as_it_says() -> None:
    """143,000 entries with 14 probes fill 49 % of the bits: fewer would fill less."""
    bits = common_passwords.FILE.read_bytes()
    assert len(bits) < 400_000
    filled = sum(byte.bit_count() for byte in bits) / (8 * len(bits))
    assert 0.485 < filled < 0.492


def test_a_good_password_is_hardly_ever_taken_for_common() -> None:
    """Of 20,000 that nobody has, a handful at most (expected: less than one)."""
    known = common_passwords.load()
    assert sum(secrets.token_urlsafe(12) in known for _ in range(20_000)) <= 8


def test_a_file_of_another_size_is_refused() -> None:
    """A release that was packed wrongly does not start."""
    with pytest.raises(ValueError, match="not a filter"):
        CommonPasswords(b"\0" * 100)


def test_the_tool_takes_the_most_common_and_the_long_ones() -> None:
    """In the order of the list, in lower case, each once; nothing else."""
    made = tool("common_passwords")
    common = [f"p{number}" for number in range(made.MOST_COMMON)]
    lines = ["P0", *common, "short", "Twelve Chars", "twelve chars", "Zwölf Zeichen", ""]
    chosen = made.chosen("\n".join(lines).encode())
    assert chosen == [*common, "twelve chars", "zwölf zeichen"]


def test_the_tool_refuses_another_list() -> None:
    """Nothing is written."""
    before = common_passwords.FILE.read_bytes()
    assert tool("common_passwords").main(ROOT / "README.md") == 1
    assert common_passwords.FILE.read_bytes() == before
