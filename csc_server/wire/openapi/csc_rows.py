"""What rows of the table of CSC methods are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from csc_server.wire.openapi.schemas import BASE64, OID, Schema, array, body, text

BEARER: Final = ("bearer",)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API."""

    name: str
    summary: str
    request: Schema
    answers: Mapping[int, Schema | None]
    security: tuple[str, ...] = BEARER


def request(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """A body; ``clientData`` and ``lang`` may be in every one (CSC v1 11)."""
    return body(required, {**optional, "clientData": text(), "lang": text()})


ID: Final = text("Of credentials/list.", minLength=1)
SAD: Final = text("Signature activation data.", minLength=1)
SAD_OR_TOKEN: Final = text(
    "Signature activation data; not needed with an access token of scope credential (CSC v2 8.4).",
    minLength=1,
)
HASH: Final = text(pattern=BASE64, minLength=4)
HASHES: Final = array(HASH, "Raw digests in base64.", minItems=1)
OBJECT_ID: Final = text(pattern=OID)
PARAMETERS: Final = text("DER of the parameters, for RSASSA-PSS.", pattern=BASE64)
NO_USER: Final = text("The token names its user: absent or empty.", maxLength=0)
