"""What the names in pickles of arrays stand for: numpy's and Python's own, made by functions that can make nothing else."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import numpy as np

from .array_texts import with_real_texts
from .inert_pickle import MOST_NUMBERS_AS_KEYS, Pending, Rebuilder, checked_key, extents, plain

# Numbers, truth values, texts and Python objects; no records, whose description is a language of its own.
_TYPE_NAME: Final = re.compile(r"[|<>=]?(?:[fiuc]\d{1,2}|b1|\?|O8?|[SU]\d{1,4})")


def array_names() -> dict[tuple[str, str], Any]:
    """The table for `read_inert` of pickles that hold arrays and plain values."""
    names: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): _plain_name,
        ("numpy", "dtype"): Rebuilder(_data_type),
        ("_codecs", "encode"): Rebuilder(_encoded),
        ("collections", "OrderedDict"): Rebuilder(_dictionary),
        ("collections", "defaultdict"): Rebuilder(lambda *_default: {}),
    }
    for numpy in ("numpy.core", "numpy._core"):
        names[f"{numpy}.multiarray", "_reconstruct"] = Rebuilder(lambda *_shape: Pending(_array))
        names[f"{numpy}.multiarray", "scalar"] = Rebuilder(_number)
        names[f"{numpy}.numeric", "_frombuffer"] = Rebuilder(_from_buffer)
    for builtins in ("builtins", "__builtin__"):
        for name in ("list", "dict", "tuple", "int", "float", "str", "bool"):
            names[builtins, name] = _plain_name
        for name in ("set", "frozenset"):
            names[builtins, name] = Rebuilder(_set)
        names[builtins, "bytearray"] = Rebuilder(_encoded)
    for module in ("pathlib", "pathlib._local"):
        for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"):
            names[module, name] = Rebuilder(lambda *parts: "/".join(map(plain, parts)))
    return names


def _plain_name() -> None:
    """Stands for a type that a file may name and that is never called."""


def _encoded(text: Any = b"", _encoding: str = "latin1") -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else bytes(text) if isinstance(text, bytes | bytearray) else b""


def _dictionary(pairs: Any = ()) -> dict[Any, Any]:
    pairs = [(checked_key(key), value) for key, value in pairs]
    _check_count([key for key, _ in pairs])
    return dict(pairs)


def _set(items: Any = ()) -> frozenset[Any]:
    checked = [checked_key(item) for item in items]
    _check_count(checked)
    return frozenset(checked)


def _check_count(keys: list[Any]) -> None:
    if sum(not isinstance(key, str | bytes) for key in keys) > MOST_NUMBERS_AS_KEYS:
        raise ValueError("more numbers as keys than a motion has")


def _data_type(name: Any, *_flags: Any) -> Pending:
    if not isinstance(name, str) or not _TYPE_NAME.fullmatch(name):
        raise ValueError("numbers of an unknown kind")
    dtype = np.dtype(name)

    def finish(state: Any) -> np.dtype[Any]:
        return dtype.newbyteorder(state[1]) if state[1] in "<>" else dtype

    return Pending(finish, dtype, is_built=True)


def _array(state: Any) -> Any:
    _version, shape, dtype, column_order, data = state
    return _shaped(data, dtype, shape, "F" if column_order else "C")


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> Any:
    return _shaped(data, dtype, shape, "F" if order == "F" else "C")


def _number(dtype: Any, data: Any = b"") -> Any:
    return data if dtype.hasobject else _shaped(data, dtype, (), "C")[()]


def _shaped(data: Any, dtype: Any, shape: Any, order: Any) -> Any:
    shape = extents(shape)
    count = math.prod(shape)
    if not isinstance(dtype, np.dtype):
        raise TypeError("an array of an unknown kind")
    if dtype.hasobject:
        if not isinstance(data, list) or len(data) != count or len(shape) > 1:
            raise ValueError("objects in a table")
        return data[0] if shape == () else data
    content = _encoded(data)
    if len(content) != count * dtype.itemsize:
        raise ValueError("an array of another size than its shape says")
    array = np.frombuffer(content, dtype).reshape(shape, order=order)
    return with_real_texts(array.astype(dtype.newbyteorder("=")))
