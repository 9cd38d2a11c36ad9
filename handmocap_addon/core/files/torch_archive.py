"""Reads tensors out of a `torch.save` file with numpy, without torch and without running anything that the file names.

Such a file is a zip with a pickle that only arranges the tensors, and one raw file a storage; before torch 1.6 it was five
pickles and then the storages one after the other. Layout: torch/serialization.py, `_save` and `_legacy_save`.
"""

from __future__ import annotations

import math
import struct
import zipfile
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from .array_rebuilding import array_names
from .inert_pickle import InertContent, Rebuilder, Unknown, extents, plain, read_inert
from .zip_files import read_member

Array = NDArray[Any]

_STORAGE_TYPES: Final = {
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "LongStorage": "i8", "IntStorage": "i4",
    "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?", "ComplexFloatStorage": "c8",
    "ComplexDoubleStorage": "c16",
}  # fmt: skip
_TYPES: Final = {
    "float64": "f8", "double": "f8", "float32": "f4", "float": "f4", "float16": "f2", "half": "f2", "int64": "i8",
    "int32": "i4", "int16": "i2", "int8": "i1", "uint8": "u1", "uint16": "u2", "uint32": "u4", "uint64": "u8", "bool": "?",
    "complex64": "c8", "complex128": "c16",
}  # fmt: skip
# Torch stores tensors as they are, so that what is read is at most as large as the file. Rows may be repeated without being
# stored again, which is fair, but not until the memory is full. All numbers are worked on as doubles.
_BYTES_PER_NUMBER: Final = 8
_MOST_REPEATED_BYTES: Final = 1 << 26
# Begins the files of torch before 1.6: the pickled number 0x1950a86a20f9469cfc6c.
LEGACY_MAGIC: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


@dataclass(frozen=True)
class _StorageType:
    dtype: str
    is_bfloat16: bool = False  # the upper half of a float32, which numpy does not have
    is_bytes: bool = False  # of any type; the tensor says which

    def shaped(self, content: bytes, byte_order: Literal["<", ">"]) -> Array:
        numbers = np.frombuffer(content, dtype=np.dtype(self.dtype).newbyteorder(byte_order))
        return (numbers.astype(np.uint32) << 16).view(np.float32) if self.is_bfloat16 else numbers


_BFLOAT16: Final = _StorageType("u2", is_bfloat16=True)
_BYTES: Final = _StorageType("u1", is_bytes=True)


def read_torch_zip(archive: zipfile.ZipFile, file_size: int) -> InertContent:
    """The object in a `torch.save` zip of so many bytes, every tensor as a numpy array.

    Raises:
        Exception: it is damaged, in any way.
    """
    return _ZipReader(archive, file_size).read()


def read_legacy_torch(data: bytes) -> InertContent:
    """The object in a file of torch before 1.6; as above."""
    position = len(LEGACY_MAGIC)
    for _ in ("protocol", "system"):
        position += read_inert(data[position:], {}).end
    kinds: dict[str, tuple[_StorageType, int]] = {}

    def note(pid: Any) -> Array:
        # Which storages there are is only known when the tensors have been read; they are read again with them.
        kind, storage_type, key, _location, count, *view = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType) or view != [None]:
            raise ValueError("unknown persistent id")
        kinds[plain(key)] = (storage_type, int(count))
        return np.zeros(0, storage_type.dtype)

    shapes = _Tensors(0, only_shapes=True)
    first = read_inert(data[position:], shapes.names(), note)
    if first.unknown:
        return first
    keys = read_inert(data[position + first.end :], {})
    offset = position + first.end + keys.end
    storages: dict[str, Array] = {}
    for key in keys.value:
        storage_type, count = kinds[plain(key)]
        size = np.dtype(storage_type.dtype).itemsize
        (stored,) = struct.unpack_from("<q", data, offset)
        content = data[offset + 8 : offset + 8 + stored * size]
        if stored != count or len(content) != stored * size:
            raise ValueError(f"storage {key} has another size than its header says")
        storages[plain(key)] = storage_type.shaped(content, "<")
        offset += 8 + stored * size
    return read_inert(
        data[position:], _Tensors(len(data)).names(), lambda pid: storages[plain(pid[2])], _most_bytes(len(data))
    )


def _most_bytes(file_size: int) -> int:
    """Of all tensors that a file may make."""
    return _BYTES_PER_NUMBER * file_size + _MOST_REPEATED_BYTES


class _ZipReader:
    def __init__(self, archive: zipfile.ZipFile, file_size: int) -> None:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("no data.pkl in the archive")
        self._archive = archive
        self._left = self._file_size = file_size
        self._root = pickles[0][: -len("data.pkl")]
        self._storages: dict[str, Array] = {}
        self._byte_order: Literal["<", ">"] = "<"
        if f"{self._root}byteorder" in archive.namelist():
            self._byte_order = ">" if self._content("byteorder").strip() == b"big" else "<"

    def read(self) -> InertContent:
        return read_inert(
            self._content("data.pkl"), _Tensors(self._file_size).names(), self._storage, _most_bytes(self._file_size)
        )

    def _content(self, name: str) -> bytes:
        info = self._archive.getinfo(f"{self._root}{name}")
        self._left -= info.file_size
        if self._left < 0:
            raise ValueError("it unpacks to more than it is")
        return read_member(self._archive, info)

    def _storage(self, pid: Any) -> Array:
        kind, storage_type, key, _location, count = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise ValueError("unknown persistent id")
        key = plain(key)
        if key not in self._storages:
            info = self._archive.getinfo(f"{self._root}data/{key}")
            if info.file_size != int(count) * np.dtype(storage_type.dtype).itemsize:
                raise ValueError(f"storage {key} has another size than its header says")
            self._storages[key] = storage_type.shaped(self._content(f"data/{key}"), self._byte_order)
        return self._storages[key]


class _Tensors:
    """The table of names for one file, which may make so many bytes of tensors and some more."""

    def __init__(self, file_size: int, only_shapes: bool = False) -> None:
        self._left = _most_bytes(file_size)
        self._only_shapes = only_shapes

    def names(self) -> dict[tuple[str, str], Any]:
        names = array_names()
        for module in ("torch", "torch.cuda"):
            names |= {(module, name): _StorageType(dtype) for name, dtype in _STORAGE_TYPES.items()}
            names[module, "BFloat16Storage"] = _BFLOAT16
        names |= {("torch", name): _StorageType(dtype) for name, dtype in _TYPES.items()}
        names["torch", "bfloat16"] = _BFLOAT16
        for module in ("torch", "torch.storage"):
            names[module, "UntypedStorage"] = _BYTES
        for version in ("", "_v2"):
            names["torch._utils", f"_rebuild_tensor{version}"] = Rebuilder(self._tensor)
        names["torch._utils", "_rebuild_tensor_v3"] = Rebuilder(self._typed_tensor)
        for state in ("", "_with_state"):
            names["torch._utils", f"_rebuild_parameter{state}"] = Rebuilder(lambda tensor, *_state: tensor)
        names["torch._tensor", "_rebuild_from_type_v2"] = Rebuilder(self._of_type)
        names["torch", "Tensor"] = names["torch.nn.parameter", "Parameter"] = "a kind of tensor"
        names["torch", "Size"] = Rebuilder(tuple)
        names["torch", "device"] = Rebuilder(lambda *place: ":".join(map(plain, place)))
        return names

    def _of_type(self, function: Any, _kind: Any, arguments: Any, _state: Any) -> Any:
        if not isinstance(function, Rebuilder) or function.function == self._of_type:
            raise TypeError("a tensor made in an unknown way")
        return function.function(*arguments)

    def _typed_tensor(
        self, storage: Any, offset: int, size: Any, stride: Any, _gradient: Any, _hooks: Any, kind: Any, *_metadata: Any
    ) -> Array:
        if not isinstance(kind, _StorageType) or not isinstance(storage, np.ndarray):
            raise TypeError("a tensor of an unknown kind")
        if storage.dtype == np.uint8 and not self._only_shapes:
            self._left -= storage.nbytes
            storage = kind.shaped(storage.tobytes(), "<")
        return self._tensor(storage, offset, size, stride)

    def _tensor(self, storage: Any, offset: Any, size: Any, stride: Any, *_autograd: Any) -> Array:
        if isinstance(storage, Unknown) or self._only_shapes:
            return np.zeros(0)
        size, stride = extents(size), extents(stride)
        if not isinstance(storage, np.ndarray) or len(size) != len(stride):
            raise ValueError("a tensor without storage")
        if not isinstance(offset, int) or offset < 0:
            raise ValueError("a tensor before its storage")
        count = math.prod(size)
        last = offset + sum((extent - 1) * step for extent, step in zip(size, stride, strict=True)) if count else offset
        self._left -= count * max(storage.itemsize, _BYTES_PER_NUMBER)
        # Strides are the file's own word: without this check they could point outside the storage.
        if count and (last >= len(storage) or self._left < 0):
            raise ValueError("a tensor outside its storage")
        steps = tuple(step * storage.itemsize for step in stride)
        view = np.lib.stride_tricks.as_strided(storage[offset:], shape=size, strides=steps, writeable=False)
        return view.astype(storage.dtype.newbyteorder("="))
