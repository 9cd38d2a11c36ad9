"""Changes content as damage and malice do: by bytes, by what a container is made of, and by what its parts say.

Everything is chosen by the generator that is given, so that a number makes the same input again.
"""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import struct
import zipfile
import zlib
from functools import cache
from typing import Any

import numpy as np

Random = np.random.Generator

_NUMBERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 40,
    (1 << 63) - 1,
    (1 << 64) - 1,
)
_JSON_TEXTS = (
    "null", "true", "0", "-1", "1e308", "1e999", "-1e999", "NaN", '""', '"x"', "[]", "{}", "0.5", "9" * 5000, "9" * 400,
    "1" + "0" * 30, '"\\ud800"', '"left"', '"' + "a" * 10_000 + '"', "[" * 100_000, '{"a":' * 50_000, "[[[[1]]]]", '{"a": 1}',
)  # fmt: skip
_DTYPES = ("i1", "u1", "i8", "u8", "f2", "f4", "f8", ">f4", ">i2", "c8", "?", "S4", "U3", "M8[s]", "V8")
_HEADERS = (
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': 3, 'shape': None, }",
    "{'descr': [('a', '<f4'), ('b', '|O')], 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (99999999999,), }",
    "{'descr': '|b1', 'fortran_order': False, 'shape': (536870912,), }",
    "{'descr': '|b1', 'fortran_order': False, 'shape': (1073741696,), }",
    "(" * 5000,
    "{",
)
# Pieces of pickles that ask for time or memory.
_SNIPPETS = (
    b"r\xff\xff\xff\x0f",  # a memo's place far away
    b"]" + b"q\xf0(h\xf0h\xf0l" * 200,  # lists of the list before, twice
    b"}q\xf1" + b"(X\x01\0\0\0ah\xf1X\x01\0\0\0bh\xf1dq\xf1" * 100,
    b"K\x01" + b"q\xf2h\xf2\x86" * 60,  # nested pairs, which take for ever to hash
    b"N" * 300_000,
    b"}(" + b"".join(b"\x8a\x0a" + (((1 << 61) - 1) * n).to_bytes(10, "little") + b"N" for n in range(1, 9000)) + b"u",
    b"(" * 3000,
    b"]" + b"q\xf3(h\xf3h\xf3l" * 100 + b"q\xf3cpathlib\nPosixPath\nh\xf3\x85R",
    b"(" + b"N" * 200_000 + b"tq\xf40}" + b"h\xf4Ns" * 9000,
    b"N" + b"".join(b"p%d\n" % (((1 << 61) - 1) * n) for n in range(1, 9000)),
    b"(l" + b"a" * 50,
    b"\x8b\xff\xff\xff\x7f",
    b"X\xff\xff\xff\xff",
    b"cos\nsystem\n(X\x02\0\0\0id\x85R",
    b"cnumpy\nndarray\n",
    b"0" * 20,
)


def by_bytes(random: Random, content: bytes) -> bytes:
    """A few changes at random places, half of them near the beginning, where headers are."""
    data = bytearray(content)
    for _ in range(int(random.integers(1, 6))):
        if not data:
            break
        reach = min(len(data), 512) if random.random() < 0.5 else len(data)
        at = int(random.integers(reach))
        kind = int(random.integers(8))
        length = int(random.integers(1, 65))
        if kind == 0:
            data[at] ^= 1 << int(random.integers(8))
        elif kind == 1:
            data[at] = int(random.choice((0, 1, 0x7F, 0x80, 0xFF)))
        elif kind == 2:
            del data[at : at + length]
        elif kind == 3:
            data[at:at] = data[at : at + length] * int(random.integers(1, 20))
        elif kind == 4:
            data[at:at] = random.bytes(length)
        elif kind == 5:
            del data[at:]
        else:
            size = int(random.choice((2, 4, 8)))
            number = _NUMBERS[int(random.integers(len(_NUMBERS)))] & ((1 << 8 * size) - 1)
            data[at : at + size] = number.to_bytes(size, "little" if kind == 6 else "big")
    return bytes(data)


def by_members(random: Random, content: bytes, kinds: dict[str, Any] | None = None) -> bytes:
    """A zip with some of its members changed, left out, doubled, renamed, packed in another way, or as bombs."""
    if random.random() < 0.2:
        return by_bytes(random, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    changed = int(random.integers(len(members)))
    name, data = members[changed]
    kind = int(random.integers(12))
    if kind == 0:
        del members[changed]
    elif kind == 1:
        members.append((name, by_bytes(random, data)))
    elif kind == 2:
        members[changed] = (
            str(random.choice(("meta.npy", "x", "../../up.npy", "/abs.npy", name + ".npy", name[:-4]))),
            data,
        )
    elif kind == 3:
        other = members[int(random.integers(len(members)))]
        members[changed] = (name, other[1])
    elif kind == 4:
        return _with_bomb(random, members, changed)
    elif name.endswith(".npy"):
        members[changed] = (name, npy_changed(random, data))
    elif name.endswith(".pkl"):
        members[changed] = (name, by_opcodes(random, data))
    else:
        members[changed] = (name, by_bytes(random, data))
    packed = io.BytesIO()
    method = int(
        random.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    )
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return packed.getvalue()


def npy_changed(random: Random, data: bytes) -> bytes:
    """One array as bytes with another header, kind, shape or values."""
    if random.random() < 0.25:
        return by_bytes(random, data)
    if random.random() < 0.25:
        header = _HEADERS[int(random.integers(len(_HEADERS)))].encode("latin-1")
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data[-64:]
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=True)
    changed = io.BytesIO()
    np.lib.format.write_array(changed, array_changed(random, array), allow_pickle=True)
    return changed.getvalue()


def array_changed(random: Random, array: np.ndarray) -> np.ndarray:
    """An array of another kind, shape or with other values."""
    if array.dtype.kind in "US" and random.random() < 0.9:
        return np.array(by_json(random, str(array)).replace("\0", ""))
    kind = int(random.integers(9))
    with np.errstate(all="ignore"):
        if kind == 0:
            return _as(array, str(random.choice(_DTYPES)))
        if kind == 1:
            return array[: int(random.integers(len(array) + 1))] if array.ndim else array.reshape(1)
        if kind == 2:
            return (
                np.concatenate([array] * int(random.integers(2, 40))) if array.ndim and array.size < 10_000 else array[None]
            )
        if kind == 3:
            return array.reshape(-1)
        if kind == 4:
            return array.reshape(1, *array.shape)
        if kind == 5:
            return np.array(random.choice((0.0, np.nan, 1e300)))
        if kind == 6:
            return np.array([{"a": array}], dtype=object)
        if kind == 7:
            return np.asfortranarray(np.swapaxes(array, 0, -1)) if array.ndim else array
        values = np.array(array)
        if values.size and values.dtype.kind in "fiu":
            flat = values.reshape(-1)
            flat[int(random.integers(flat.size))] = _extreme(random, values.dtype)
        return values


def _as(array: np.ndarray, dtype: str) -> np.ndarray:
    try:
        return array.astype(dtype)
    except (TypeError, ValueError):
        return array.astype("S4")


def _extreme(random: Random, dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "f":
        return random.choice((np.nan, np.inf, -np.inf, float(np.finfo(dtype).max), float(np.finfo(dtype).tiny), -1.0))
    return random.choice((np.iinfo(dtype).min, np.iinfo(dtype).max, 0))


def by_json(random: Random, text: str) -> str:
    """A text of JSON in which one value or name is another, or whose bytes are changed."""
    if random.random() < 0.15:
        return by_bytes(random, text.encode()).decode("utf-8", errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    mark = "\x00mark\x00"
    places = list(_places(value))
    holder, key = places[int(random.integers(len(places)))] if places else (None, None)
    if holder is None:
        return _JSON_TEXTS[int(random.integers(len(_JSON_TEXTS)))]
    kind = int(random.integers(8))
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[str(random.choice(("x", "", "kind", "first", "version", "__class__")))] = holder.pop(key)
    elif kind == 2 and isinstance(holder, list):
        holder.extend([holder[key]] * int(random.integers(1, 500)))
    else:
        holder[key] = mark
    return json.dumps(value).replace(json.dumps(mark), _JSON_TEXTS[int(random.integers(len(_JSON_TEXTS)))])


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


def by_opcodes(random: Random, data: bytes) -> bytes:
    """A pickle with opcodes left out, doubled, exchanged, or others put between."""
    if random.random() < 0.25:
        return by_bytes(random, data)
    places = [place for _, _, place in pickletools.genops(data) if place is not None]
    parts = [data[first:last] for first, last in zip(places, [*places[1:], len(data)], strict=True)]
    for _ in range(int(random.integers(1, 4))):
        at, other = (int(random.integers(len(parts))) for _ in range(2))
        kind = int(random.integers(6))
        if kind == 0:
            del parts[at]
        elif kind == 1:
            parts.insert(at, parts[other])
        elif kind == 2:
            parts[at], parts[other] = parts[other], parts[at]
        elif kind == 3:
            parts[at] = by_bytes(random, parts[at])
        else:
            parts.insert(at, _SNIPPETS[int(random.integers(len(_SNIPPETS)))])
        if not parts:
            break
    return b"".join(parts)


def pickled(value: Any, random: Random) -> bytes:
    """A value as a pickle of any protocol."""
    return pickle.dumps(value, protocol=int(random.integers(2, 6)))


@cache
def _zeros(mebibytes: int) -> tuple[bytes, int]:
    """So many mebibytes of zeros, deflated, and their checksum."""
    block = bytes(1 << 20)
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush the next block is packed as the last one was.
    first = packing.compress(block) + packing.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(mebibytes):
        checksum = zlib.crc32(block, checksum)
    return first * mebibytes + packing.flush(), checksum


def _with_bomb(random: Random, members: list[tuple[str, bytes]], changed: int) -> bytes:
    """A zip of which one member, an array of truth values where that is one, unpacks to very much more than the file has."""
    mebibytes = int(random.choice((40, 200, 600, 1100)))
    content = io.BytesIO()
    directory = b""
    for number, (name, data) in enumerate(members):
        head, size, packed, checksum = name.encode(), len(data), data, zlib.crc32(data)
        method = 0
        if number == changed:
            packed, checksum = _zeros(mebibytes)
            size, method = mebibytes << 20, 8
            if name.endswith(".npy"):
                text = f"{{'descr': '|b1', 'fortran_order': False, 'shape': ({size},), }}"
                start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
                stored = b"\0" + struct.pack("<HH", len(start), len(start) ^ 0xFFFF) + start
                packed, checksum, size = stored + packed, _joined(start, mebibytes), size + len(start)
            if random.random() < 0.3:
                size = int(random.integers(1 << 20))  # and it does not say so
        offset = content.tell()
        fixed = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 33, checksum, len(packed), size, len(head), 0)
        content.write(b"PK\x03\x04" + fixed + head + packed)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + fixed + struct.pack("<HHHII", 0, 0, 0, 0, offset) + head
    start = content.tell()
    content.write(
        directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), start, 0)
    )
    return content.getvalue()


@cache
def _joined(start: bytes, mebibytes: int) -> int:
    checksum, block = zlib.crc32(start), bytes(1 << 20)
    for _ in range(mebibytes):
        checksum = zlib.crc32(block, checksum)
    return checksum
