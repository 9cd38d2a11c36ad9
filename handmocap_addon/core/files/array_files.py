"""Opens whatever arrays a body's motion is written as: `torch.save`, npz, pickle, joblib; nothing in a file is ever run."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import BodyMotionFileError
from .array_rebuilding import array_names
from .array_texts import with_real_texts
from .inert_pickle import InertContent, read_inert
from .joblib_files import packed_with, read_joblib
from .npz_files import npy_header
from .torch_archive import LEGACY_MAGIC, read_legacy_torch, read_torch_zip
from .zip_files import opened_member, opened_zip

_CHOOSE: Final = "choose GVHMR's hmr4d_results.pt"
_AGAIN: Final = "run GVHMR again or copy the file again"
# Two hours of a person at 60 frames a second are 0.6 GB in these files.
_LARGEST_BYTES: Final = 1 << 30
# What moves hardly packs; a file that unpacks to more than this many times its size, and some more, is none of these.
_MOST_PACKED: Final = 20
_ROOM: Final = 1 << 26
# All numbers are worked on as doubles.
_BYTES_PER_NUMBER: Final = 8
_LARGEST_FILE: Final = 8 << 30


@dataclass(frozen=True)
class FileContent:
    """What a file holds, tensors as numpy arrays, and the names of what is not plain data in it."""

    value: Any
    unknown: tuple[str, ...] = ()


def read_array_file(path: Path) -> FileContent:
    """What a file holds, by its content and not by its ending.

    Raises:
        BodyMotionFileError: missing, a folder, damaged, or none of these kinds of file.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise BodyMotionFileError(f"{path} is a folder", "choose the hmr4d_results.pt in it")
        if not path.is_file():
            raise BodyMotionFileError(f"There is no file {path}", _CHOOSE)
        return _read(path)
    except BodyMotionFileError:
        raise
    except OSError as error:
        raise BodyMotionFileError(f"{path.name} cannot be read ({error.strerror or error})", _AGAIN) from error
    except MemoryError as error:
        raise BodyMotionFileError(f"{path.name} is too large for this machine's memory", _CHOOSE) from error
    except zipfile.BadZipFile as error:
        raise BodyMotionFileError(f"{path.name} is cut short or damaged ({error})", _AGAIN) from error
    except Exception as error:
        # Damaged files fail in any way their bytes happen to spell; nothing of theirs has been run.
        raise BodyMotionFileError(f"{path.name} is damaged ({error})", _AGAIN) from error


def _read(path: Path) -> FileContent:
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(64)
    if not start:
        raise BodyMotionFileError(f"{path.name} is cut short, it is empty", _AGAIN)
    if size > _LARGEST_FILE:
        raise BodyMotionFileError(f"{path.name} is no GVHMR result, it has {size / 1e9:.0f} GB", _CHOOSE)
    if start.startswith(b"PK"):
        with opened_zip(path) as archive:
            return _of_zip(path, archive, size)
    if start.startswith(b"version https://git-lfs"):
        raise BodyMotionFileError(f"{path.name} is only a pointer to the file in Git LFS", "get the file with git lfs pull")
    if start.startswith(LEGACY_MAGIC):
        return _told(read_legacy_torch(path.read_bytes()))
    packed = packed_with(start)
    if packed is not None:
        raise BodyMotionFileError(
            f"{path.name} is packed with {packed}, and packed files are not opened here",
            f'save it without that: joblib.dump(joblib.load("{path.name}"), "{path.name}")',
        )
    if start.startswith(b"\x80") or path.suffix in (".pkl", ".pickle"):
        with path.open("rb") as stream:
            return _told(read_joblib(stream, size, _LARGEST_BYTES))
    if start.startswith(b"\x93NUMPY"):
        with path.open("rb") as stream:
            return FileContent(_npy(stream, [_BYTES_PER_NUMBER * size], []))
    raise BodyMotionFileError(f"{path.name} is no GVHMR result, it is neither of torch, numpy nor pickle", _CHOOSE)


def _told(content: InertContent) -> FileContent:
    return FileContent(content.value, content.unknown)


def _of_zip(path: Path, archive: zipfile.ZipFile, size: int) -> FileContent:
    names = archive.namelist()
    if any("/code/" in name for name in names):
        raise BodyMotionFileError(f"{path.name} is a program that torch compiled, and no GVHMR result", _CHOOSE)
    if any(name.endswith("/data.pkl") for name in names):
        return _told(read_torch_zip(archive, size))
    if not any(name.endswith(".npy") for name in names):
        raise BodyMotionFileError(f"{path.name} is a zip without tensors or arrays, and no GVHMR result", _CHOOSE)
    left = [min(2 * _LARGEST_BYTES, _MOST_PACKED * size + _ROOM)]
    value: dict[str, Any] = {}
    unknown: list[str] = []
    for item in archive.infolist():
        if item.filename.endswith(".npy"):
            with opened_member(archive, item) as stream:
                value[item.filename.removesuffix(".npy")] = _npy(stream, left, unknown)
    return FileContent(value, tuple(unknown))


def _npy(stream: Any, left: list[int], unknown: list[str]) -> Any:
    """One array; `left` is how many bytes may still be read, and `unknown` gets the names that are not known."""
    shape, column_order, dtype, _ = npy_header(stream)
    if dtype.hasobject:
        data = stream.read(left[0] + 1)
        left[0] -= len(data)
        _check(left)
        content = read_inert(data, array_names())
        unknown.extend(content.unknown)
        return content.value
    count = math.prod(shape)
    left[0] -= count * max(dtype.itemsize, _BYTES_PER_NUMBER)
    _check(left)
    data = stream.read(count * dtype.itemsize)
    array = np.frombuffer(data, dtype, count).reshape(shape, order="F" if column_order else "C")
    return with_real_texts(array.astype(dtype.newbyteorder("=")))


def _check(left: list[int]) -> None:
    if left[0] < 0:
        raise ValueError("it unpacks to more than a GVHMR result can be")
