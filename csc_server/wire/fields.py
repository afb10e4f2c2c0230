"""Reading one member of a JSON body, or saying exactly what is wrong with it.

``null`` counts as absent and unknown members are ignored (CSC spec 1.3). The sentences are the
ones of the error tables (CSC v1 chapter 11, v2 chapter 11).
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final, NoReturn

from asn1crypto import algos

from policies.algorithms import PssParameters

Body = dict[str, Any]
"""A JSON object whose ``null`` members are gone."""

GENERIC: Final = (
    "The request is missing a required parameter, includes an invalid parameter value, "
    "includes a parameter more than once, or is otherwise malformed."
)
"""Text of ``invalid_request`` in the table of common errors (CSC v1 10.1, v2 10.1)."""

DEEPEST: Final = 32
"""Levels of nesting a body may have (security-and-pki 5.5)."""

_LARGEST: Final = 2**53 - 1


class Malformed(Exception):
    """The request breaks the shape of its method; the text goes to the client."""

    def __init__(self, description: str = GENERIC, *, status: int = 400) -> None:
        super().__init__(description)
        self.description = description
        self.status = status


def parse_body(raw: bytes) -> Body:
    """The JSON object of a request; an empty body is an empty object.

    Raises:
        Malformed: Not UTF-8, not JSON, not an object, a member twice, nested too deeply.
    """
    if not raw:
        return {}
    body = parse_json(raw)
    if not isinstance(body, dict):
        raise Malformed
    return {name: value for name, value in body.items() if value is not None}


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        Malformed: Not UTF-8, not JSON, a member twice, nested too deeply.
    """
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as reason:
        raise Malformed from reason
    # As many levels need as many brackets; few bodies have enough to be worth a walk.
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        raise Malformed
    return value


def missing_or_wrong(kind: str, name: str) -> Malformed:
    """The refusal for an absent member or one of another type."""
    return Malformed(f"Missing (or invalid type) {kind} parameter {name}")


def string(body: Body, name: str) -> str:
    """A required string, not empty."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise missing_or_wrong("string", name)
    return value


def optional_string(body: Body, name: str) -> str | None:
    """An optional string."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"Invalid parameter {name}")
    return value


def boolean(body: Body, name: str) -> bool:
    """An optional boolean; absent means false."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Malformed(f"Invalid parameter {name}")
    return value


def integer(body: Body, name: str) -> int:
    """A required integer. ``1.0`` is one, ``true`` is none (JSON has only numbers)."""
    value = body.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise missing_or_wrong("integer", name)
    return value


def bounded(value: int) -> int:
    """The number, or one that is as far out of bounds and fits into 53 bits (RFC 7493 2.2)."""
    return max(-_LARGEST, min(value, _LARGEST))


def choice(body: Body, name: str, allowed: tuple[str, ...], default: str) -> str:
    """One of a few strings."""
    value = body.get(name, default)
    if not isinstance(value, str) or value not in allowed:
        raise Malformed(f"Invalid parameter {name}")
    return value


def hashes(body: Body, name: str) -> tuple[bytes, ...]:
    """A required array of base64 digests, at least one (SIGN-6 to SIGN-8)."""
    value = body.get(name)
    if not isinstance(value, list):
        raise missing_or_wrong("array", name)
    if not value:
        raise Malformed("Empty hash array")
    return tuple(_digest(element) for element in value)


def optional_hashes(body: Body, name: str) -> tuple[bytes, ...] | None:
    """An array of base64 digests, or nothing."""
    return hashes(body, name) if name in body else None


def decode_base64(text: str) -> bytes:
    """Bytes of standard base64 with canonical padding and no white space (RFC 4648 4).

    Raises:
        ValueError: Any other text.
    """
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error as reason:
        raise ValueError(str(reason)) from reason
    # Only the last characters can say the same in another way: four, for up to three bytes.
    last = base64.b64encode(decoded[(len(decoded) - 1) // 3 * 3 :]).decode()
    if text[-4:] != last or len(text) % 4:
        raise ValueError("not canonical")
    return decoded


def pss_parameters(body: Body) -> PssParameters | None:
    """``signAlgoParams``: base64 of DER RSASSA-PSS-params (RFC 4055 3.1), not yet judged."""
    if "signAlgoParams" not in body:
        return None
    value = string(body, "signAlgoParams")
    try:
        der = decode_base64(value)
        parsed = algos.RSASSAPSSParams.load(der, strict=True)
        mask = parsed["mask_gen_algorithm"]
        return PssParameters(
            hash_oid=parsed["hash_algorithm"]["algorithm"].dotted,
            mask_oid=mask["algorithm"].dotted,
            mask_hash_oid=mask["parameters"]["algorithm"].dotted,
            salt_bytes=bounded(int(parsed["salt_length"].native)),
            trailer=bounded(int(parsed["trailer_field"])),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as reason:
        raise Malformed("Invalid parameter signAlgoParams") from reason


def description(body: Body) -> str | None:
    """``description`` of an authorisation, at most 500 characters. (CSC v1 11.6)"""
    value = optional_string(body, "description")
    if value is not None and len(value) > 500:
        raise Malformed("Invalid parameter description")
    return value


def common(body: Body) -> None:
    """Members that every method knows: ``clientData`` and ``lang`` are strings (SIGN-19)."""
    optional_string(body, "clientData")
    optional_string(body, "lang")


def _digest(element: object) -> bytes:
    if isinstance(element, str) and element:
        try:
            return decode_base64(element)
        except ValueError:
            pass  # Said below, in the words of SIGN-8.
    raise Malformed("Invalid Base64 hash string parameter")


def _object(pairs: list[tuple[str, Any]]) -> Body:
    members = dict(pairs)
    if len(members) != len(pairs):
        # RFC 8259 4: parsers differ on names given twice, so no two parsers may see two things.
        raise ValueError("a member twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _depth(value: object, level: int = 1) -> int:
    if level > DEEPEST:
        return level
    if isinstance(value, dict):
        return max((_depth(inner, level + 1) for inner in value.values()), default=level)
    if isinstance(value, list) and value and not isinstance(value[0], str):
        return max(_depth(inner, level + 1) for inner in value)
    return level


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)
