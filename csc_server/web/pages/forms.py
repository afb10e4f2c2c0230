"""Forms as they come in: few fields, short texts, nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from csc_server.wire import errors
from csc_server.wire.fields import Malformed
from policies.secret import Password

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
FORM_BYTES: Final = 64 * 1024
"""No form of ours is nearly as long."""
FIELDS: Final = 40
TEXT_CHARACTERS: Final = 4096
"""Longer texts are cut; what is a secret or an address is then refused by its own rule."""


@dataclass(frozen=True, slots=True, repr=False)
class Form:
    """The fields of one submit. Its ``repr`` hides them: some are passwords."""

    values: dict[str, str]

    def text(self, name: str) -> str:
        """What was typed, without blanks around it; empty when the field is not there."""
        return self.values.get(name, "").strip()

    def password(self, name: str) -> Password:
        """What was typed, to the letter."""
        return Password(self.values.get(name, ""))

    def ticked(self, name: str) -> bool:
        """True when the box was ticked."""
        return bool(self.values.get(name))


async def read(request: web.Request) -> Form:
    """The form of this request.

    Raises:
        ContentTypeWrong: Not a form.
        BodyTooLarge: Over ``FORM_BYTES``.
        Malformed: Not UTF-8, too many fields, or a field twice.
    """
    if request.content_type != MEDIA_TYPE:
        raise errors.ContentTypeWrong
    if request.content_length is not None and request.content_length > FORM_BYTES:
        raise errors.BodyTooLarge
    raw = await request.content.read(FORM_BYTES + 1)
    while len(raw) <= FORM_BYTES and not request.content.at_eof():
        raw += await request.content.read(FORM_BYTES + 1)
    if len(raw) > FORM_BYTES:
        raise errors.BodyTooLarge
    return parse(raw)


def parse(raw: bytes) -> Form:
    """A form from its bytes.

    Raises:
        Malformed: Not UTF-8, too many fields, or a field twice.
    """
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError as reason:
        raise Malformed("The form cannot be read.") from reason
    # No row holds a NUL, and no person types one.
    values = {name: value[:TEXT_CHARACTERS].replace("\0", "") for name, value in pairs}
    if len(values) != len(pairs):
        raise Malformed("The form has a field twice.")
    return Form(values)
