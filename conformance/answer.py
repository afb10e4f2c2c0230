"""An answer of the server, and what a check may ask of it.

Status and ``error`` are compared strictly, the sentence of ``error_description`` is not: the
standard lets servers word it themselves, so another sentence is only noted.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from conformance.errors import Violation
from conformance.recording import note

GENERIC: Final = (
    "The request is missing a required parameter, includes an invalid parameter value, includes a "
    "parameter more than once, or is otherwise malformed."
)
"""``invalid_request`` in the table of predefined errors (v1 10.1; v2 10.1)."""
_KINDS: Final = {
    str: "a String",
    bool: "a Boolean",
    int: "a Number",
    list: "an Array",
    dict: "an Object",
}


class Members(dict[str, Any]):
    """A JSON object of the server, read member by member."""

    def member(self, name: str, kind: type, *, required: bool = True) -> Any:
        """The member ``name``, which has to be ``kind``; None where it may be and is missing.

        Raises:
            Violation: It is missing or of another type.
        """
        if self.get(name) is None:
            if required:
                raise Violation(f"`{name}` is missing")
            return None
        value: Any = self[name]
        if kind is int and isinstance(value, float) and value.is_integer():
            note(f"`{name}` is written as {value}, not as an integer")
            return int(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise Violation(f"`{name}` is {json.dumps(value)[:80]}, not {_KINDS[kind]}")
        return Members(value) if isinstance(value, dict) else value

    def texts(self, name: str, *, required: bool = True) -> list[str] | None:
        """The member ``name``, an array of texts.

        Raises:
            Violation: It is missing or something else.
        """
        value = self.member(name, list, required=required)
        if value is not None and not all(isinstance(one, str) for one in value):
            raise Violation(f"`{name}` holds something that is not a String")
        return value  # type: ignore[no-any-return]  # a list, by the line above

    def absent(self, name: str, why: str) -> None:
        """``name`` is not there, or null.

        Raises:
            Violation: It is.
        """
        if self.get(name) is not None:
            raise Violation(f"`{name}` is there {why}")


@dataclass(frozen=True)
class Answer:
    """Status, headers and the whole body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that name; empty without one."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def media_type(self) -> str:
        """Without parameters, in small letters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @cached_property
    def members(self) -> Members:
        """The body as a JSON object, whatever the content type says.

        Raises:
            Violation: It is none.
        """
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            start = self.body[:60].decode("utf-8", "replace")
            raise Violation(f"the body is not JSON; it starts {start!r}") from None
        if not isinstance(value, dict):
            raise Violation("the body is JSON, but not an object")
        return Members(value)

    def succeeded(self, *statuses: int) -> Members:
        """The members of a success; its media type is a check of its own.

        Args:
            statuses: What is a success here; 200 if nothing is said.

        Raises:
            Violation: Another status, or not a JSON object.
        """
        wanted = statuses or (200,)
        if self.status not in wanted:
            raise Violation(f"{_either(wanted)} was due, the answer is {self.summary()}")
        return self.members

    def done(self) -> None:
        """A success, with or without a body.

        Raises:
            Violation: Something else.
        """
        if self.status not in (200, 204):
            raise Violation(f"success was due, the answer is {self.summary()}")

    def emptied(self) -> None:
        """204 without a body.

        Raises:
            Violation: Something else.
        """
        if self.status != 204:
            raise Violation(f"204 was due, the answer is {self.summary()}")
        if self.body:
            raise Violation("204 comes with a body")

    def refused(
        self,
        *texts: str,
        status: int | tuple[int, ...] = 400,
        error: str | tuple[str, ...] = "invalid_request",
    ) -> None:
        """A refusal with this status and ``error``; another description than ``texts`` is noted.

        Raises:
            Violation: Not refused, or refused otherwise.
        """
        statuses = (status,) if isinstance(status, int) else status
        errors = (error,) if isinstance(error, str) else error
        if self.status not in statuses:
            raise Violation(f"{_either(statuses)} was due, the answer is {self.summary()}")
        found = self.members.member("error", str)
        if found not in errors:
            raise Violation(f"`error` is {found!r}, not {_either(errors)}")
        said = self.members.member("error_description", str, required=False) or ""
        if said and texts and not any(_same(said, text) for text in texts):
            note(f"`error_description` is {said!r}, the standard's sentence is {texts[0]!r}")

    def summary(self) -> str:
        """Status and, if there is one, the error: for sentences."""
        try:
            members = self.members
        except Violation:
            return str(self.status)
        said = [members.get("error"), members.get("error_description")]
        words = ", ".join(str(one)[:200] for one in said if one)
        return f"{self.status} ({words})" if words else str(self.status)


def decoded(text: str, what: str) -> bytes:
    """The bytes of base64 with the standard alphabet, padding and no line breaks.

    Raises:
        Violation: It is not that.
    """
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Violation(f"{what} is not base64 (RFC 4648 4)") from None


def _either(values: Iterable[object]) -> str:
    return " or ".join(str(value) for value in values)


def _same(said: str, text: str) -> bool:
    """Without case, quotes, full stops, and the misspellings that the standard prints."""

    def plain(one: str) -> str:
        one = one.lower().replace("authroi", "authori").replace("hashes", "hash")
        return re.sub(r"[^a-z0-9]+", " ", one).strip()

    return plain(said) == plain(text)
