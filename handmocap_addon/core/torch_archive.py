"""Reads tensors out of a `torch.save` file with numpy, without torch and without running anything that the file names.

Such a file is a zip with a pickle that only arranges the tensors, and one raw file a storage. The pickle is read by an
unpickler that knows nothing but tensor rebuilding, so a file that asks for any other call is refused before the call.
(`ptloader` does the same but needs numpy 2, which Blender 4.5 does not have.) Layout: torch/serialization.py,
`_save` and `_rebuild_tensor_v2`.
"""

from __future__ import annotations

import collections
import io
import math
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from .errors import BodyMotionFileError

_STORAGE_TYPES: Final = {
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "LongStorage": "i8", "IntStorage": "i4",
    "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
}  # fmt: skip
# A two-hour GVHMR result is under 2 GB; a header that claims more than this is damaged or hostile.
_LARGEST_STORAGE_BYTES: Final = 4 << 30
_MOST_REPEATED_VALUES: Final = 1 << 24


@dataclass(frozen=True)
class _StorageType:
    dtype: str


class _UnsafePickleError(pickle.UnpicklingError):
    """The pickle asks for something that is not a tensor."""


def read_torch_archive(path: Path) -> Any:
    """The saved object with every tensor as a numpy array.

    Raises:
        BodyMotionFileError: missing, truncated, not a `torch.save` zip, or asking for anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise BodyMotionFileError(f"There is no file {path}", "choose GVHMR's hmr4d_results.pt")
    try:
        with zipfile.ZipFile(path) as archive:
            return _Reader(archive).read()
    except _UnsafePickleError as error:
        raise BodyMotionFileError(
            f"{path.name} was not opened, since it asks for {error} and a GVHMR result holds only tensors",
            "use a file that GVHMR itself wrote",
        ) from error
    except zipfile.BadZipFile as error:
        raise BodyMotionFileError(
            f"{path.name} is cut short or was not saved by torch 1.6 or newer", "run GVHMR again or copy the file again"
        ) from error
    except Exception as error:
        # Damaged pickles fail in any way their bytes happen to spell; nothing of theirs has been run.
        raise BodyMotionFileError(f"{path.name} is damaged ({error})", "run GVHMR again or copy the file again") from error


class _Reader:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("no data.pkl in the archive")
        self._archive = archive
        self._root = pickles[0][: -len("data.pkl")]
        self._storages: dict[str, np.ndarray] = {}
        self._byte_order: Literal["<", ">"] = "<"
        if f"{self._root}byteorder" in archive.namelist():
            self._byte_order = ">" if archive.read(f"{self._root}byteorder").strip() == b"big" else "<"

    def read(self) -> Any:
        return _TensorUnpickler(io.BytesIO(self._archive.read(f"{self._root}data.pkl")), self.storage).load()

    def storage(self, dtype: str, key: str, count: int) -> np.ndarray:
        if key not in self._storages:
            info = self._archive.getinfo(f"{self._root}data/{key}")
            kind = np.dtype(dtype).newbyteorder(self._byte_order)
            if info.file_size > _LARGEST_STORAGE_BYTES or info.file_size != count * kind.itemsize:
                raise ValueError(f"storage {key} has another size than its header says")
            self._storages[key] = np.frombuffer(self._archive.read(info), dtype=kind)
        return self._storages[key]


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, storage: Callable[[str, str, int], np.ndarray]) -> None:
        super().__init__(stream)
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch" and name in _STORAGE_TYPES:
            return _StorageType(_STORAGE_TYPES[name])
        raise _UnsafePickleError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> np.ndarray:
        kind, storage_type, key, _location, count = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise ValueError("unknown persistent id")
        return self._storage(storage_type.dtype, str(key), int(count))


def _rebuild_tensor(
    storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_autograd: Any
) -> np.ndarray:
    if not isinstance(storage, np.ndarray) or len(size) != len(stride):
        raise ValueError("a tensor without storage")
    if offset < 0 or any(value < 0 for value in (*size, *stride)):
        raise ValueError("a tensor with negative extents")
    count = math.prod(size)
    last = offset + sum((extent - 1) * step for extent, step in zip(size, stride, strict=True)) if count else offset
    # Strides are the file's own word: without this check they could point outside the storage. A step of zero repeats a row,
    # which is fair, but not until the memory is full.
    if count and (last >= len(storage) or count > max(len(storage), _MOST_REPEATED_VALUES)):
        raise ValueError("a tensor outside its storage")
    steps = tuple(step * storage.itemsize for step in stride)
    view = np.lib.stride_tricks.as_strided(storage[offset:], shape=size, strides=steps, writeable=False)
    return view.astype(storage.dtype.newbyteorder("="))
