"""Typed values to JSON and back: frozen dataclasses, enums, bytes, instants.

Bytes travel as base64, instants as RFC 3339 text, enums as their values. Decoding checks every
type on the way or raises ``Malformed``: a signer process believes nothing that another process
sends. Knows no message in particular.
"""

from __future__ import annotations

import types
import typing
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson

from policies.secret import Secret

Reader = Callable[[Any], Any]
C = TypeVar("C")


class Malformed(ValueError):
    """Not a value of the declared type."""


def encode(value: object) -> bytes:
    """JSON text of ``value``.

    Raises:
        Malformed: A text that is no Unicode, for example a lone surrogate.
    """
    try:
        return orjson.dumps(value, default=_plain)
    except orjson.JSONEncodeError as error:
        # `from None`: the encoder's exception may carry the text, and the text may be a PIN.
        raise Malformed(type(error).__name__) from None


def decode(text: bytes) -> Any:
    """Plain JSON value of ``text``.

    Raises:
        Malformed: Not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # As above: the exception carries the whole document.
        raise Malformed("not JSON") from None


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Secret):
        # orjson sees the fields of a dataclass, but not those of its subclasses.
        return {"value": value.value}
    raise TypeError(type(value).__name__)


@cache
def reader(kind: Any) -> Reader:
    """What turns a plain JSON value into a ``kind``; it raises ``Malformed`` for all others."""
    if is_dataclass(kind):
        return _dataclass_reader(typing.cast("type[Any]", kind))
    special = _SPECIAL.get(kind)
    if special is not None:
        return special
    if isinstance(kind, typing.NewType):
        return reader(kind.__supertype__)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_reader(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _optional_reader(arguments)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _pair_reader(arguments)
    if origin in (tuple, list, frozenset):
        return _collection_reader(origin, arguments[0])
    return _exact_reader(kind)


def _exact_reader(kind: type[Any]) -> Reader:
    def read(value: Any) -> Any:
        # Exact, not isinstance: True is an int.
        if type(value) is not kind:
            raise Malformed(f"{type(value).__name__} in place of {kind.__name__}")
        return value

    return read


def _bytes(value: Any) -> bytes:
    try:
        return a2b_base64(value, strict_mode=True)
    except (TypeError, ValueError) as error:
        raise Malformed("not base64") from error


def _instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Malformed("not an instant") from error
    if instant.tzinfo is None:
        raise Malformed("naive instant")
    return instant


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise Malformed("not a number")
    return float(value)


def _path(value: Any) -> Path:
    if type(value) is not str:
        raise Malformed("not a path")
    return Path(value)


def _enum_reader(kind: type[Enum]) -> Reader:
    def read(value: Any) -> Any:
        try:
            return kind(tuple(value) if isinstance(value, list) else value)
        except (TypeError, ValueError) as error:
            raise Malformed(f"no {kind.__name__}") from error

    return read


def _optional_reader(arguments: tuple[Any, ...]) -> Reader:
    (kind,) = (argument for argument in arguments if argument is not types.NoneType)
    read_value = reader(kind)
    return lambda value: None if value is None else read_value(value)


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise Malformed("not a list")
    return value


def _collection_reader(origin: Callable[[Any], C], item: Any) -> Callable[[Any], C]:
    read_item = reader(item)
    return lambda value: origin([read_item(one) for one in _list(value)])


def _pair_reader(arguments: tuple[Any, ...]) -> Reader:
    readers = [reader(argument) for argument in arguments]

    def read(value: Any) -> Any:
        if len(_list(value)) != len(readers):
            raise Malformed(f"{len(readers)} values wanted")
        return tuple(read_one(one) for read_one, one in zip(readers, value, strict=True))

    return read


def _dataclass_reader(kind: type[Any]) -> Reader:
    hints = typing.get_type_hints(kind)
    readers = [(field.name, reader(hints[field.name])) for field in fields(kind)]

    def read(value: Any) -> Any:
        if type(value) is not dict or len(value) != len(readers):
            raise Malformed(f"not a {kind.__name__}")
        try:
            return kind(**{name: read_one(value[name]) for name, read_one in readers})
        except KeyError as error:
            raise Malformed(f"{kind.__name__} without {error}") from error

    return read


_SPECIAL: dict[Any, Reader] = {
    bytes: _bytes,
    datetime: _instant,
    float: _number,
    Path: _path,
    None: _exact_reader(types.NoneType),
    types.NoneType: _exact_reader(types.NoneType),
}
