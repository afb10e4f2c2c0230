"""What rows of the tables of our own APIs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from csc_server.wire.openapi.schemas import Schema, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One HTTP method of one path."""

    name: str
    """For generated clients."""
    path: str
    """After ``/registration/v1/`` or ``/account/v1/``."""
    http_method: str
    summary: str
    answers: Mapping[int, Schema | None]
    request: Schema | None = None
    parameters: tuple[dict[str, Any], ...] = ()
    refused: tuple[int, ...] = ()
    """Statuses of refusals besides those that every operation knows."""
    scope: str = ""
    """What the token has to open, where it is not called like the API."""


def in_path(name: str, schema: Schema) -> dict[str, Any]:
    """A parameter that is the last part of the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema}


def in_query(name: str, schema: Schema) -> dict[str, Any]:
    """A parameter that may be left out."""
    return {"name": name, "in": "query", "schema": schema}


def in_header(name: str, schema: Schema, description: str) -> dict[str, Any]:
    """A header that may be left out."""
    return {"name": name, "in": "header", "schema": schema, "description": description}


def transactions() -> Schema:
    """A balance."""
    maybe = number(minimum=0) | {"type": ["integer", "null"]}
    return {
        "type": "object",
        "required": ["credited", "used", "left"],
        "properties": {
            "credited": maybe | {"description": "All credits; null: not metered."},
            "used": number("Signatures made or under way.", minimum=0),
            "left": maybe | {"description": "What may still be signed; null: not metered."},
        },
    }
