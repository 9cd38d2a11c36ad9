"""The one reader of `.npz` files that people, other tools or a failing disk may have written.

numpy and zipfile let a damaged file out as a dozen kinds of errors, and read everything that a file claims to hold. Here
only the named members are read, their sizes are looked at first, and whatever goes wrong is one typed error.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .errors import BadInputError

Array = NDArray[Any]

# Hands of two hours at 60 frames a second are 0.6 GB, and a model of SMPL-X is less.
MOST_BYTES = 3 << 28
_ENDING = ".npy"
_MOST_MEMBERS = 10_000
_HEADER_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


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
    source: Path | bytes, wanted: Collection[str] | Callable[[str], bool] | None = None, most_bytes: int = MOST_BYTES
) -> dict[str, Array]:
    """The members of a file that are wanted and there, by name; all of them where nothing is said.

    Args:
        source: a file, or what one holds.
        most_bytes: of all that is read together.

    Raises:
        NpzError: no such file, none of this kind, damaged, or larger than that.
    """
    is_wanted = _choice(wanted)
    with _opened(source) as archive:
        members = [item for item in archive.infolist() if item.filename.endswith(_ENDING)]
        members = [item for item in members if is_wanted(item.filename.removesuffix(_ENDING))]
        # A member tells its own size, and no more than that is read of it.
        _refuse_above(sum(item.file_size for item in members), most_bytes)
        return {item.filename.removesuffix(_ENDING): _array(archive, item) for item in members}


def npz_shapes(source: Path | bytes, wanted: Collection[str]) -> dict[str, tuple[int, ...]]:
    """The shapes of the members that are wanted and there, without reading them.

    Raises:
        NpzError: as `read_npz`.
    """
    with _opened(source) as archive:
        members = [item for item in archive.infolist() if item.filename.removesuffix(_ENDING) in wanted]
        return {item.filename.removesuffix(_ENDING): _shape(archive, item) for item in members}


def _choice(wanted: Collection[str] | Callable[[str], bool] | None) -> Callable[[str], bool]:
    if wanted is None:
        return lambda _name: True
    return wanted if callable(wanted) else wanted.__contains__


class _opened:  # noqa: N801 - used as a function
    """The archive, and any failure within the block as an NpzError."""

    def __init__(self, source: Path | bytes) -> None:
        self._source = source

    def __enter__(self) -> zipfile.ZipFile:
        source = self._source
        # A pipe or a device would be waited for.
        if isinstance(source, Path) and not source.is_file():
            raise NpzError("is no file" if source.exists() else "is not there")
        try:
            self._archive = zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(source))
            _refuse_members(len(self._archive.infolist()))
        except NpzError:
            raise
        except OSError as error:
            raise NpzError(f"cannot be opened ({error.strerror or error})") from error
        except Exception as error:
            raise NpzError("is no whole npz file") from error
        return self._archive

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        self._archive.close()
        if isinstance(error, MemoryError):
            raise NpzError("takes more memory than there is") from error
        if isinstance(error, Exception) and not isinstance(error, NpzError):
            # zlib.error, BadZipFile, EOFError, TokenError, NotImplementedError, ValueError …
            raise NpzError(f"is damaged ({type(error).__name__})") from error


def _refuse_members(count: int) -> None:
    if count > _MOST_MEMBERS:
        raise NpzError(f"holds {count} members, which no file of this kind has")


def _refuse_above(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise NpzError(f"unpacks to {size / 1e6:.0f} MB, more than the {most_bytes / 1e6:.0f} MB that are read of one")


def _array(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> Array:
    with archive.open(item) as file:
        shape, dtype, begins = _header(file)
        if dtype.hasobject:
            raise PickledArrayError(item.filename.removesuffix(_ENDING))
        # numpy makes room for what the header claims before it reads.
        if begins + math.prod(shape) * dtype.itemsize != item.file_size:
            raise ValueError(f"{item.filename} claims another size than it has")
    with archive.open(item) as file:
        array: Array = np.lib.format.read_array(file, allow_pickle=False)
        # The checksum is looked at where the end is read.
        file.read(1)
    return array


def _shape(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> tuple[int, ...]:
    with archive.open(item) as file:
        return _header(file)[0]


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, kind, and where the numbers begin."""
    shape, _is_fortran, dtype = _HEADER_READERS[np.lib.format.read_magic(file)](file)
    if any(length < 0 for length in shape):
        raise ValueError("an axis of negative length")
    return tuple(shape), dtype, file.tell()
