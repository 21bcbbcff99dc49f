"""Frozen dataclasses as versioned UTF-8 JSON and back; decoding is strict and names the field that is wrong.

Known are text, numbers, true and false, aware times, Literal, Mapping, tuples, what may be None, and dataclasses.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, cast, get_args, get_origin, get_type_hints

VERSION = 1

T = TypeVar("T")


def to_bytes(value: Any) -> bytes:
    """A dataclass as compact JSON under the field "v".

    Raises `ValueError` for text that UTF-8 cannot hold (half a surrogate pair), for times without a zone and for
    numbers that are not finite.
    """
    kind: Any = type(value)
    content = {"v": VERSION, **_encoder(kind)(value)}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def from_bytes(kind: type[T], data: bytes) -> T:
    """The dataclass `kind` from its bytes. Raises `ValueError` naming the field that is missing, unknown or wrong."""
    name = kind.__name__.lower()
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: not JSON: {error}") from error
    if not isinstance(content, dict):
        _wrong(name, "an object", content)
    version = content.pop("v", None)
    if type(version) is not int or version != VERSION:
        raise ValueError(f"{name}: v: format version {version!r} is unknown, expected {VERSION}")
    decode: Callable[[Any, str], T] = _decoder(cast(Any, kind))
    return decode(content, name)


def moment_to_text(moment: datetime) -> str:
    """An aware time in ISO 8601, in UTC, ending in "Z"."""
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


# For each type a pair of functions is made once. They are closures, since dossiers of thousands of claims pass here.


@cache
def _encoder(hint: Any) -> Callable[[Any], Any]:
    """A function from a value of the type `hint` to what JSON can hold."""
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        parts = tuple((field.name, _encoder(hints[field.name])) for field in fields(hint))
        return lambda value: {name: encode(getattr(value, name)) for name, encode in parts}
    if hint is datetime:
        return moment_to_text
    if origin in (Union, UnionType):
        (inner,) = (_encoder(argument) for argument in arguments if argument is not NoneType)
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _encoder(arguments[0])
        return lambda value: [item(element) for element in value]
    if origin is Mapping:
        return dict
    return lambda value: value


@cache
def _decoder(hint: Any) -> Callable[[Any, str], Any]:
    """The way back: a function from JSON and its path (for messages) to a value of the type `hint`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return _dataclass_decoder(hint)
    if hint is datetime:
        return _decode_moment
    if hint is float:
        return _decode_number
    if origin is Literal:
        return _literal_decoder(arguments)
    if origin in (Union, UnionType):
        (inner,) = (_decoder(argument) for argument in arguments if argument is not NoneType)
        return lambda value, path: None if value is None else inner(value, path)
    if origin is tuple:
        return _tuple_decoder(arguments)
    if origin is Mapping:
        return _mapping_decoder(_decoder(arguments[1]))
    if hint in (str, int, bool):
        return _plain_decoder(hint)
    raise TypeError(f"the wire format has no form for {hint!r}")


def _dataclass_decoder(kind: Any) -> Callable[[Any, str], Any]:
    hints = get_type_hints(kind)
    parts = tuple((field.name, _decoder(hints[field.name])) for field in fields(kind))
    names = frozenset(name for name, _ in parts)

    def decode(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            _wrong(path, "an object", value)
        if value.keys() != names:
            for name in sorted(names - value.keys()):
                raise ValueError(f"{path}.{name}: missing")
            raise ValueError(f"{path}.{min(value.keys() - names)}: unknown field")
        return kind(**{name: part(value[name], f"{path}.{name}") for name, part in parts})

    return decode


def _tuple_decoder(arguments: tuple[Any, ...]) -> Callable[[Any, str], Any]:
    length = None if arguments[-1] is Ellipsis else len(arguments)
    item = _decoder(arguments[0])

    def decode(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            _wrong(path, "a list", value)
        if length is not None and len(value) != length:
            raise ValueError(f"{path}: expected {length} values, found {len(value)}")
        return tuple(item(element, f"{path}[{number}]") for number, element in enumerate(value))

    return decode


def _mapping_decoder(item: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def decode(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            _wrong(path, "an object", value)
        return {key: item(element, f"{path}.{key}") for key, element in value.items()}

    return decode


def _literal_decoder(allowed: tuple[Any, ...]) -> Callable[[Any, str], Any]:
    def decode(value: Any, path: str) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{path}: {value!r} is none of {', '.join(allowed)}")
        return value

    return decode


def _plain_decoder(kind: type) -> Callable[[Any, str], Any]:
    name = {str: "a text", int: "a whole number", bool: "true or false"}[kind]

    def decode(value: Any, path: str) -> Any:
        if type(value) is not kind:  # an isinstance test would let true pass for 1
            _wrong(path, name, value)
        return value

    return decode


def _decode_number(value: Any, path: str) -> float:
    if type(value) is not float and type(value) is not int:
        _wrong(path, "a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _wrong(path, "a finite number", value)
    return number


def _decode_moment(value: Any, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no time zone")
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        _wrong(path, "a time in ISO 8601 with its zone", value)


def _wrong(path: str, expected: str, found: object) -> NoReturn:
    text = repr(found)
    raise ValueError(f"{path}: expected {expected}, found {text if len(text) <= 40 else text[:37] + '...'}")
