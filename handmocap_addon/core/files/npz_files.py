"""The one reader of `.npz` files that people, other tools or a failing disk may have written.

numpy and zipfile let a damaged file out as a dozen kinds of errors, and read everything that a file claims to hold. Here
only the named members are read, their sizes are looked at first, and whatever goes wrong is one typed error.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError
from .array_texts import with_real_texts
from .zip_files import opened_member, opened_zip

Array = NDArray[Any]

# Hands of two hours at 60 frames a second are 0.6 GB, and a model of SMPL-X is less.
MOST_BYTES = 3 << 28
_ENDING = ".npy"
_MOST_MEMBERS = 10_000
_BYTES_OF_A_DOUBLE = 8
# Without types in the older numpy.
_npy: Any = np.lib.format
_HEADERS = {
    (1, 0): (struct.Struct("<H"), _npy.read_array_header_1_0),
    (2, 0): (struct.Struct("<I"), _npy.read_array_header_2_0),
}
_MOST_HEADER = 1 << 16
_MOST_AXES, _LONGEST_AXIS = 32, 1 << 48


class NpzError(BadInputError):
    """A file that cannot be read as npz. `message` goes on a sentence that begins with the file's name."""

    code = "bad_npz"


class PickledArrayError(NpzError):
    """An array that could be had by unpickling alone, which is never done."""

    code = "pickled_array"

    def __init__(self, name: str) -> None:
        super().__init__(f"keeps {name} as a pickled object, which is never loaded here")
        self.name = name


def read_npz(
    source: Path | bytes,
    wanted: Collection[str] | Callable[[str], bool] | None = None,
    most_bytes: int = MOST_BYTES,
    as_doubles: bool = False,
) -> dict[str, Array]:
    """The members of a file that are wanted and there, by name; all of them where nothing is said.

    Args:
        source: a file, or what one holds.
        most_bytes: of all that is read together.
        as_doubles: that many bytes when all numbers are worked on as doubles; a byte in the file is eight then.

    Raises:
        NpzError: no such file, none of this kind, damaged, or larger than that.
    """
    is_wanted = _choice(wanted)
    with _opened(source) as archive:
        members = [item for item in archive.infolist() if item.filename.endswith(_ENDING)]
        members = [item for item in members if is_wanted(item.filename.removesuffix(_ENDING))]
        # A member tells its own size, and no more than that is read of it.
        _refuse_above(sum(item.file_size for item in members), most_bytes)
        if as_doubles:
            _refuse_above(sum(_bytes_as_doubles(archive, item) for item in members), most_bytes)
        return {item.filename.removesuffix(_ENDING): _array(archive, item) for item in members}


def npz_shapes(source: Path | bytes, wanted: Collection[str]) -> dict[str, tuple[int, ...]]:
    """The shapes of the members that are wanted and there, without reading them.

    Raises:
        NpzError: as `read_npz`.
    """
    with _opened(source) as archive:
        members = [item for item in archive.infolist() if item.filename.removesuffix(_ENDING) in wanted]
        return {item.filename.removesuffix(_ENDING): _header_of(archive, item)[0] for item in members}


def has_numbers(value: Array, shape: tuple[int, ...]) -> bool:
    """Whether an array is of numbers, and of this shape."""
    return value.shape == shape and value.dtype.kind in "fiub"


def finite_as(value: Array, kind: str) -> Array | None:
    """An array of numbers as another type; None where one is not finite, or too large for that type."""
    with np.errstate(over="ignore", invalid="ignore"):
        stored: Array = value.astype(kind, copy=False)
    return stored if np.isfinite(value).all() and np.isfinite(stored).all() else None


def _choice(wanted: Collection[str] | Callable[[str], bool] | None) -> Callable[[str], bool]:
    if wanted is None:
        return lambda _name: True
    return wanted if callable(wanted) else wanted.__contains__


@contextmanager
def _opened(source: Path | bytes) -> Iterator[zipfile.ZipFile]:
    """The archive, and any failure within the block as an NpzError."""
    is_open = False
    try:
        with opened_zip(source) as archive:
            is_open = True
            _refuse_members(len(archive.infolist()))
            yield archive
    except NpzError:
        raise
    except MemoryError as error:
        raise NpzError("takes more memory than there is") from error
    except FileNotFoundError as error:
        raise NpzError(str(error)) from error
    except OSError as error:
        raise NpzError(f"cannot be read ({error.strerror or error})") from error
    except Exception as error:
        # zlib.error, BadZipFile, EOFError, TokenError, NotImplementedError, ValueError …
        raise NpzError(f"is damaged ({type(error).__name__})" if is_open else "is no whole npz file") from error


def _refuse_members(count: int) -> None:
    if count > _MOST_MEMBERS:
        raise NpzError(f"holds {count} members, which no file of this kind has")


def _refuse_above(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise NpzError(f"unpacks to {size / 1e6:.0f} MB, more than the {most_bytes / 1e6:.0f} MB that are read of one")


def _array(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> Array:
    shape, dtype, begins = _header_of(archive, item)
    if dtype.hasobject:
        raise PickledArrayError(item.filename.removesuffix(_ENDING))
    # numpy makes room for what the header claims before it reads.
    if begins + math.prod(shape) * dtype.itemsize != item.file_size or (dtype.itemsize == 0 and math.prod(shape) > 1):
        raise ValueError(f"{item.filename} claims another size than it has")
    with opened_member(archive, item) as file:
        array: Array = _npy.read_array(file, allow_pickle=False)
        # The checksum is looked at where the end is read.
        file.read(1)
    return with_real_texts(array)


def _bytes_as_doubles(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> int:
    shape, dtype, _ = _header_of(archive, item)
    return math.prod(shape) * max(dtype.itemsize, _BYTES_OF_A_DOUBLE)


def _header_of(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    with opened_member(archive, item) as file:
        shape, _, dtype, begins = npy_header(file)
    return shape, dtype, begins


def npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether columns come first, kind, and where the numbers begin, where the file then stands.

    Raises:
        Exception: it is damaged, in any way.
    """
    version = _npy.read_magic(file)
    layout, read = _HEADERS[version]
    length_bytes = file.read(layout.size)
    (length,) = layout.unpack(length_bytes)
    if length > _MOST_HEADER:
        raise ValueError("a header longer than any array's")
    shape, is_column_order, dtype = read(io.BytesIO(length_bytes + file.read(length)))
    if len(shape) > _MOST_AXES or any(not 0 <= extent <= _LONGEST_AXIS for extent in shape):
        raise ValueError("an axis of a length that there is not")
    return tuple(shape), bool(is_column_order), dtype, _npy.MAGIC_LEN + layout.size + length
