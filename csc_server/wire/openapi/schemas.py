"""The vocabulary of the descriptions: JSON schemas, answers and errors in few words.

``null`` counts as absent in every body we take (``wire.fields``), so optional members may be
null. Members that are not named are ignored, so objects stay open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from csc_server.wire import errors

Schema = dict[str, Any]

OPENAPI: Final = "3.1.1"
MEDIA_TYPE: Final = "application/vnd.oai.openapi+json;version=3.1"
"""What the documents are served as."""
JSON: Final = "application/json"
SERVERS: Final = [{"url": "/"}]
"""Where the description itself came from."""

BASE64: Final = (
    "^(?:[A-Za-z0-9+/]{4})*"
    "(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)$"
)
"""Canonical base64 of at least one byte (RFC 4648 4)."""
OID: Final = r"^[0-2](\.(0|[1-9][0-9]*))+$"

ANYWHERE: Final = (400, 413, 415, 429, 500, 503)
"""Statuses that every path with a body may answer with."""

_MEANINGS: Final = {
    200: "Done.",
    202: "Accepted; nothing more can be told now.",
    204: "Done; no body.",
    400: "The request cannot be taken.",
    401: "The authorisation is missing, unknown, or over.",
    403: "The token is not good for this.",
    404: "There is no such thing, or it is somebody else's.",
    409: "It contradicts what is there.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "The same key was used for another request.",
    429: "Too many requests; Retry-After says when to come back.",
    500: "A fault of ours; the description carries a reference number.",
    501: "The method is not implemented.",
    503: "Cannot be answered now; Retry-After says when to come back.",
}


def text(description: str = "", **rules: Any) -> Schema:
    """A string."""
    return _described("string", description, rules)


def number(description: str = "", **rules: Any) -> Schema:
    """A whole number."""
    return _described("integer", description, rules)


def flag(description: str = "", **rules: Any) -> Schema:
    """true or false."""
    return _described("boolean", description, rules)


def array(items: Schema, description: str = "", **rules: Any) -> Schema:
    """A list."""
    return _described("array", description, {"items": items, **rules})


def record(properties: Mapping[str, Schema], required: Iterable[str] | None = None) -> Schema:
    """An object that we send; all members are always there unless ``required`` says otherwise."""
    always = list(properties if required is None else required)
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return schema | ({"required": always} if always else {})


def body(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object that we take: these members, and those that may be absent or null."""
    properties = dict(required) | {
        name: nullable(schema) for name, schema in (optional or {}).items()
    }
    return record(properties, required)


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    changed = dict(schema)
    if "type" in changed:
        changed["type"] = [changed["type"], "null"]
    if "enum" in changed:
        changed["enum"] = [*changed["enum"], None]
    return changed


def instant(description: str) -> Schema:
    """A time of the registration and account API."""
    return text(description, format="date-time")


def ref(name: str) -> Schema:
    """One of the document's own schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def answers(good: Mapping[int, Schema | None], bad: Iterable[int]) -> dict[str, Any]:
    """The answers of an operation.

    Args:
        good: Status to body; ``None``: no body.
        bad: Statuses of refusals, whose body is always ``error`` and ``error_description``.
    """
    described = {str(status): _answer(status, schema) for status, schema in good.items()}
    return described | {str(status): _refusal(status) for status in sorted(set(bad))}


def error_components() -> dict[str, Schema]:
    """One schema of the flat error object for each status of the error table."""
    codes: dict[int, set[str]] = {500: {"server_error"}}
    for row in errors.TABLE.values():
        codes.setdefault(row.status, set()).update({row.error, row.v2_error or row.error})
    return {
        f"Error{status}": record(
            {"error": text(enum=sorted(words)), "error_description": text("For people.")}
        )
        for status, words in sorted(codes.items())
    }


def _described(kind: str, description: str, rules: Mapping[str, Any]) -> Schema:
    schema: Schema = {"type": kind}
    if description:
        schema["description"] = description
    return schema | dict(rules)


def _answer(status: int, schema: Schema | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _MEANINGS[status]}
    if schema is not None:
        answer["content"] = {JSON: {"schema": schema}}
    return answer


def _refusal(status: int) -> dict[str, Any]:
    answer = _answer(status, ref(f"Error{status}"))
    if status in (429, 503):
        answer["headers"] = {
            "Retry-After": {"required": True, "schema": number("Seconds.", minimum=1)}
        }
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"required": True, "schema": text()}}
    return answer
