"""Says in a TFLite file how its picture is normalized, which MediaPipe's Tasks API asks for. Standard library only.

A TFLite file is a FlatBuffer, whose references lie ahead of what refers to them. So a new root is put before the file as it
is, and refers to the old parts: not a byte of them is changed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

# Fields of TFLite's `Model` by number; the scalar one is its version.
_VERSION, _BUFFERS, _METADATA, _MODEL_FIELDS = 0, 4, 6, 8
# Buffers of weights begin at multiples of this, counted from the file's begin.
_ALIGNMENT: Final = 64
_NAME: Final = "TFLITE_METADATA"
_IMAGE_PROPERTIES, _NORMALIZATION_OPTIONS, _RGB = 2, 1, 1


@dataclass(frozen=True)
class _Old:
    """What lies at a place of the old file."""

    place: int


@dataclass(frozen=True)
class _Byte:
    value: int


class _Table(dict[int, object]):
    """A table's fields by number: a `_Byte`, an int (32 bits), or what is referred to."""


def with_normalization(model: bytes, mean: float, deviation: float) -> bytes:
    """The model with a note that a value v of its picture is given as (v - mean) / deviation, and no other metadata.

    Raises:
        ValueError, struct.error: it is no whole TFLite file.
    """
    if model[4:8] != b"TFL3":
        raise ValueError("no TFLite file")
    old = _fields(model, struct.unpack_from("<I", model)[0])
    root = _Table({number: _Old(_target(model, place)) for number, place in old.items() if number != _VERSION})
    root[_VERSION] = struct.unpack_from("<I", model, old[_VERSION])[0]
    buffers: list[object] = [*_elements(model, _target(model, old[_BUFFERS]))]
    notes = _elements(model, _target(model, old[_METADATA])) if _METADATA in old else []
    others = [note for note in notes if _name_of(model, note) != _NAME.encode()]
    root[_METADATA] = [*others, _Table({0: _NAME, 1: len(buffers)})]
    root[_BUFFERS] = [*buffers, _Table({0: _written(_normalization(mean, deviation), b"M001")})]
    return _written(root, b"TFL3", model)


def _normalization(mean: float, deviation: float) -> _Table:
    """`ModelMetadata` of one subgraph with one RGB picture."""
    options = _Table({0: (mean,), 1: (deviation,)})
    content = _Table({0: _Byte(_IMAGE_PROPERTIES), 1: _Table({0: _Byte(_RGB)})})
    unit = _Table({0: _Byte(_NORMALIZATION_OPTIONS), 1: options})
    return _Table({3: [_Table({2: [_Table({0: "image", 3: content, 4: [unit]})]})]})


def _fields(content: bytes, table: int) -> dict[int, int]:
    """Where the fields of a table are, by number, of those that it has."""
    layout = table - struct.unpack_from("<i", content, table)[0]
    count = (struct.unpack_from("<H", content, layout)[0] - 4) // 2
    places = struct.unpack_from(f"<{count}H", content, layout + 4)
    if count > _MODEL_FIELDS:
        raise ValueError("of a newer kind")
    return {number: table + place for number, place in enumerate(places) if place}


def _target(content: bytes, place: int) -> int:
    return int(place + struct.unpack_from("<I", content, place)[0])


def _elements(content: bytes, vector: int) -> list[_Old]:
    count = struct.unpack_from("<I", content, vector)[0]
    return [_Old(_target(content, vector + 4 + 4 * number)) for number in range(count)]


def _name_of(content: bytes, note: _Old) -> bytes:
    fields = _fields(content, note.place)
    if 0 not in fields:
        return b""
    start = _target(content, fields[0])
    return content[start + 4 : start + 4 + struct.unpack_from("<I", content, start)[0]]


def _written(root: _Table, kind: bytes, old: bytes = b"") -> bytes:
    """A FlatBuffer of a root and what it refers to, before an old one."""
    content = bytearray(struct.pack("<I4s", 0, kind))
    waiting: list[tuple[int, object]] = [(0, root)]
    to_old: list[tuple[int, int]] = []
    while waiting:
        place, thing = waiting.pop(0)
        if isinstance(thing, _Old):
            to_old.append((place, thing.place))
            continue
        struct.pack_into("<I", content, place, _put(content, thing, waiting) - place)
    begin = -(-len(content) // _ALIGNMENT) * _ALIGNMENT if old else len(content)
    for place, target in to_old:
        struct.pack_into("<I", content, place, begin + target - place)
    return bytes(content).ljust(begin, b"\0") + old


def _put(content: bytearray, thing: object, waiting: list[tuple[int, object]]) -> int:
    """Append a thing and say where it lies; what it refers to is waiting."""
    content.extend(bytes(-len(content) % 4))
    if isinstance(thing, _Table):
        return _put_table(content, thing, waiting)
    start = len(content)
    if isinstance(thing, (str, bytes)):
        data = thing.encode() if isinstance(thing, str) else thing
        # Data of a buffer begins at a multiple of 16, its length just before it.
        content.extend(bytes(-(len(content) + 4) % 16 if isinstance(thing, bytes) else 0))
        start = len(content)
        content.extend(struct.pack("<I", len(data)) + data + b"\0")
    elif isinstance(thing, tuple):
        content.extend(struct.pack(f"<I{len(thing)}f", len(thing), *thing))
    elif isinstance(thing, list):
        content.extend(struct.pack("<I", len(thing)) + bytes(4 * len(thing)))
        waiting.extend((start + 4 + 4 * number, each) for number, each in enumerate(thing))
    else:
        raise TypeError(f"{type(thing).__name__} is no part of a FlatBuffer")
    return start


def _put_table(content: bytearray, table: _Table, waiting: list[tuple[int, object]]) -> int:
    """A table after the list of where its fields are; four bytes for each."""
    numbers = sorted(table)
    count = numbers[-1] + 1
    layout_size = 4 + 2 * count
    places = [4 + 4 * numbers.index(number) if number in table else 0 for number in range(count)]
    content.extend(bytes(-(len(content) + layout_size) % 4))
    layout = len(content)
    content.extend(struct.pack(f"<HH{count}H", layout_size, 4 + 4 * len(numbers), *places))
    start = len(content)
    content.extend(struct.pack("<i", start - layout))
    for number in numbers:
        value = table[number]
        if isinstance(value, (_Byte, int)):
            content.extend(struct.pack("<I", value.value if isinstance(value, _Byte) else value))
        else:
            waiting.append((len(content), value))
            content.extend(bytes(4))
    return start
