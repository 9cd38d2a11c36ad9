"""Reads what `joblib.dump` writes: a pickle in which the numbers of each array lie raw behind a description of it.

Nothing of joblib is imported and nothing of the file is run, as in `inert_pickle`. Of joblib 0.10 and later, uncompressed.
"""

from __future__ import annotations

import math
from typing import IO, Any, Final

import numpy as np

from .array_rebuilding import array_names
from .array_texts import with_real_texts
from .inert_pickle import InertContent, Pending, Rebuilder, extents, read_inert

_PACKED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x5d\x00\x00", "lzma"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"ZF", "zlib"),
    *((b"x" + level, "zlib") for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")),
)
# All numbers are worked on as doubles.
_BYTES_PER_NUMBER: Final = 8


def packed_with(start: bytes) -> str | None:
    """What joblib packed a file with, by its first bytes; None where it did not."""
    return next((name for magic, name in _PACKED if start.startswith(magic)), None)


def read_joblib(file: IO[bytes], size: int, most_bytes: int) -> InertContent:
    """Read a file that begins with a pickle, joblib's or any other.

    Masks and pictures are left out: arrays of one byte a number are passed over, and None stands for them.

    Args:
        file: open at its beginning, and seekable.
        size: of the file.
        most_bytes: of all arrays that are read.

    Raises:
        Exception: it is damaged, in any way that its bytes happen to spell; nothing of its has been run.
    """
    stream = _Stream(file, size, most_bytes)
    left = [most_bytes]

    def array(state: Any) -> Any:
        return _array(stream, state, left)

    names = array_names()
    names["joblib.numpy_pickle", "NumpyArrayWrapper"] = Rebuilder(lambda: Pending(array))
    return read_inert(stream, names, most_bytes=min(size, most_bytes))


class _Stream:
    """A file of which no call gives more than is there, and the pickle in it not more than so many bytes."""

    def __init__(self, file: IO[bytes], size: int, most_bytes: int) -> None:
        self._file, self._size, self._place, self._left = file, size, 0, most_bytes

    def read(self, count: int, /) -> bytes:
        return self._of_pickle(self._file.read(max(0, min(count, self._size - self._place, self._left))))

    def readline(self) -> bytes:
        return self._of_pickle(self._file.readline(self._left))

    def tell(self) -> int:
        return self._place

    def skip(self, count: int) -> None:
        """Pass over bytes, which must be there."""
        if count > self._size - self._place:
            raise ValueError("an array that goes on behind the end")
        self._place += count
        self._file.seek(self._place)

    def exactly(self, count: int) -> bytes:
        """So many bytes, which must be there."""
        if count > self._size - self._place:
            raise ValueError("an array that goes on behind the end")
        data = self._counted(self._file.read(count))
        if len(data) != count:
            raise ValueError("an array that goes on behind the end")
        return data

    def _of_pickle(self, data: bytes) -> bytes:
        self._left -= len(data)
        return self._counted(data)

    def _counted(self, data: bytes) -> bytes:
        self._place += len(data)
        return data


def _array(stream: _Stream, state: Any, left: list[int]) -> Any:
    """The array whose numbers come next, as the wrapper's `state` describes it."""
    shape, dtype = extents(state["shape"]), state["dtype"]
    if not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise ValueError("an array of objects")
    if state.get("numpy_array_alignment_bytes") is not None:
        stream.skip(stream.exactly(1)[0])
    count = math.prod(shape) * dtype.itemsize
    if dtype.itemsize == 1:
        stream.skip(count)
        return None
    left[0] -= math.prod(shape) * max(dtype.itemsize, _BYTES_PER_NUMBER)
    if left[0] < 0:
        raise ValueError("it holds more numbers than a motion has")
    array = np.frombuffer(stream.exactly(count), dtype, math.prod(shape))
    array = array.reshape(shape, order="F" if state.get("order") == "F" else "C")
    return with_real_texts(array.astype(dtype.newbyteorder("=")))
