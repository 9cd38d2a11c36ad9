"""Dataclasses as JSON and back, by the types of their fields. Standard library only.

What is read may be of another version of this program, another process' or a person's: keys that a class does not know are
left out, those that it needs must be there and be of their types.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .json_files import JsonError

Kind = TypeVar("Kind")


def to_json(value: Any) -> Any:
    """Of JSON's types alone, for `from_json`: dataclasses, tuples, dictionaries, enumerations, paths and fractions."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {name: to_json(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, (Path, Fraction)) else value


def from_json(kind: type[Kind], content: Any) -> Kind:
    """A dataclass of what `to_json` gave.

    Raises:
        JsonError: a field is missing or of another type. `message` goes on a sentence that begins with the text's name.
        HandmocapError: what the class itself raises.
    """
    if not isinstance(content, dict):
        raise JsonError(f"says no {kind.__name__}")
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in content:
            values[field.name] = _value(hints[field.name], content[field.name], field.name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise JsonError(f"does not say {field.name}")
    return kind(**values)


def _value(kind: Any, value: Any, name: str) -> Any:
    """A field's value of what JSON says."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(inner, value, name)
    if is_dataclass(kind):
        return from_json(kind, value)  # type: ignore[arg-type]
    if origin is Literal and any(value == one and type(value) is type(one) for one in inner):
        return value
    if origin is dict and isinstance(value, dict):
        return {key: _value(inner[1], one, name) for key, one in value.items()}
    if origin is tuple and isinstance(value, list):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            return tuple(_value(own, one, name) for own, one in zip(kinds, value, strict=True))
    if origin is None:
        try:
            return _READERS.get(kind, kind)(value)
        except (TypeError, ValueError, ArithmeticError):
            pass
    raise JsonError(f"has no such thing for {name}")


def _one_of(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    for kind in kinds:
        try:
            return _value(kind, value, name)
        except JsonError:
            continue
    raise JsonError(f"has no such thing for {name}")


def _only(*kinds: type[Any]) -> Callable[[Any], Any]:
    """Reads values of these types alone, as the first of them; a truth is no number."""

    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError(value)
        return kinds[0](value)

    return read


def _text_of(kind: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: kind(_only(str)(value))


def _absent(value: Any) -> None:
    if value is not None:
        raise TypeError(value)


_READERS: Final[dict[Any, Callable[[Any], Any]]] = {
    bool: _only(bool),
    int: _only(int),
    float: _only(float, int),
    str: _only(str),
    Path: _text_of(Path),
    Fraction: _text_of(Fraction),
    types.NoneType: _absent,
}
