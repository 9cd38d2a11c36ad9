"""Writes files laid out as `torch.save` lays them out, without torch, good ones and bad ones.

This is our own writer: alone it would only show that reader and writer agree on the layout (torch/serialization.py,
`_save`). The demo's `hmr4d_results.pt` is written by real torch, and the tests read that too.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addon_tests.making.formulas import random_axis_angle

Array = NDArray[Any]
_STORAGE_NAMES = {
    "f8": "DoubleStorage", "f4": "FloatStorage", "f2": "HalfStorage", "i8": "LongStorage", "i4": "IntStorage",
    "i2": "ShortStorage", "i1": "CharStorage", "u1": "ByteStorage", "b1": "BoolStorage",
}  # fmt: skip


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as the file describes it: a flat storage, and the part of it that is the tensor.

    `claimed_count` is the storage's length by its header, where it is not the true one; `storage_name` is torch's name of its
    kind, where that is not the array's own.
    """

    storage: Array
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int = 0
    claimed_count: int | None = None
    storage_name: str | None = None


@dataclass(frozen=True)
class Storage:
    """A storage by itself, of torch's kind of this name."""

    content: Array
    name: str


@dataclass(frozen=True)
class Name:
    """A place in the pickle at which something is named and not called."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """A place in the pickle at which a function is called; no tensor file has one."""

    module: str
    name: str
    arguments: tuple[Any, ...]


def stored(array: Array) -> StoredTensor:
    """An array as a tensor with a storage of its own."""
    steps = np.cumprod((1, *array.shape[:0:-1]))[::-1]
    return StoredTensor(array.ravel(), array.shape, tuple(int(step) for step in steps) if array.ndim else ())


def stored_bfloat16(array: Array) -> StoredTensor:
    """An array as a tensor of bfloat16: the upper half of its float32, cut off."""
    halves = (array.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return replace(stored(halves), storage_name="BFloat16Storage")


def as_parameter(array: Array) -> Call:
    """An array as a tensor that gradients were wanted of."""
    return Call("torch._utils", "_rebuild_parameter", (stored(array), True, Call("collections", "OrderedDict", ())))


def write_legacy_torch(path: Path, content: Any) -> None:
    """Write a file as torch before 1.6 did: pickles of its magic number, protocol, system, content and keys, then storages."""
    pickler = _Pickler(is_legacy=True)
    pickle_bytes = pickler.dumped(content)
    with path.open("wb") as file:
        file.write(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")
        for value in (1001, {"protocol_version": 1001, "little_endian": True}):
            file.write(_Pickler().dumped(value))
        file.write(pickle_bytes)
        file.write(_Pickler().dumped([str(key) for key in range(len(pickler.storages))]))
        for storage in pickler.storages:
            file.write(struct.pack("<q", len(storage)) + storage.tobytes())


def write_torch_archive(path: Path, content: Any, root: str = "hmr4d_results", byte_order: str = "little") -> None:
    """Write content made of dicts, lists, numbers, text, arrays, StoredTensor and Call."""
    pickler = _Pickler()
    pickle_bytes = pickler.dumped(content)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{root}/data.pkl", pickle_bytes)
        archive.writestr(f"{root}/byteorder", byte_order)
        for key, storage in enumerate(pickler.storages):
            order = "<" if byte_order == "little" else ">"
            archive.writestr(f"{root}/data/{key}", storage.astype(storage.dtype.newbyteorder(order)).tobytes())
        archive.writestr(f"{root}/version", "3\n")


class _Pickler:
    """Protocol 2, with the opcodes that torch's pickles have."""

    def __init__(self, is_legacy: bool = False) -> None:
        self.storages: list[Array] = []
        self._is_legacy = is_legacy
        self._out = io.BytesIO()

    def dumped(self, content: Any) -> bytes:
        self._out.write(b"\x80\x02")
        self._put(content)
        self._out.write(b".")
        return self._out.getvalue()

    def _put(self, value: Any) -> None:
        write = self._out.write
        if value is None:
            write(b"N")
        elif isinstance(value, bool):
            write(b"\x88" if value else b"\x89")
        elif isinstance(value, int):
            write(b"J" + struct.pack("<i", value) if abs(value) < 1 << 31 else self._long(value))
        elif isinstance(value, float):
            write(b"G" + struct.pack(">d", value))
        elif isinstance(value, str):
            text = value.encode()
            write(b"X" + struct.pack("<I", len(text)) + text)
        elif isinstance(value, tuple):
            self._put_tuple(value)
        elif isinstance(value, list):
            write(b"](")
            for item in value:
                self._put(item)
            write(b"e")
        elif isinstance(value, dict):
            write(b"}(")
            for key, item in value.items():
                self._put(key)
                self._put(item)
            write(b"u")
        elif isinstance(value, Call):
            self._put_global(value.module, value.name)
            self._put_tuple(value.arguments)
            write(b"R")
        elif isinstance(value, Name):
            self._put_global(value.module, value.name)
        elif isinstance(value, Storage):
            self._put_storage(value.content, value.name, len(value.content))
        else:
            self._put_tensor(value if isinstance(value, StoredTensor) else stored(np.asarray(value)))

    @staticmethod
    def _long(value: int) -> bytes:
        content = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes((len(content),)) + content

    def _put_tuple(self, items: Sequence[Any]) -> None:
        self._out.write(b"(")
        for item in items:
            self._put(item)
        self._out.write(b"t")

    def _put_global(self, module: str, name: str) -> None:
        self._out.write(f"c{module}\n{name}\n".encode())

    def _put_tensor(self, tensor: StoredTensor) -> None:
        count = len(tensor.storage) if tensor.claimed_count is None else tensor.claimed_count
        self._put_global("torch._utils", "_rebuild_tensor_v2")
        self._out.write(b"(")
        self._put_storage(tensor.storage, tensor.storage_name or _STORAGE_NAMES[tensor.storage.dtype.str[1:]], count)
        for part in (tensor.offset, tensor.size, tensor.stride, False):
            self._put(part)
        self._put_global("collections", "OrderedDict")
        self._out.write(b")RtR")

    def _put_storage(self, content: Array, name: str, count: int) -> None:
        self._out.write(b"(")
        self._put("storage")
        self._put_global("torch", name)
        for item in (str(len(self.storages)), "cpu", count, *((None,) if self._is_legacy else ())):
            self._put(item)
        self._out.write(b"tQ")
        self.storages.append(content)


@dataclass(frozen=True)
class MadeUpMotion:
    """A person's motion as GVHMR's file has it, in float32: what goes in and must come out again."""

    body_pose: Array  # (N, 63)
    betas: Array  # (N, 10), the same on every frame
    global_orient: Array  # (N, 3)
    transl: Array  # (N, 3)
    global_orient_incam: Array
    transl_incam: Array
    intrinsics: Array  # (N, 3, 3)


def made_up_motion(frame_count: int = 12, seed: int = 0, size: tuple[int, int] = (1280, 720)) -> MadeUpMotion:
    """Values of plausible size before pictures of that one; world and camera know nothing of each other."""
    random = np.random.default_rng(seed)
    floats = {
        "body_pose": random_axis_angle(random, frame_count, 21).reshape(frame_count, 63),
        "betas": np.repeat(random.normal(size=(1, 10)), frame_count, axis=0),
        "global_orient": random_axis_angle(random, frame_count, largest=3.0),
        "transl": random.normal(size=(frame_count, 3)),
        "global_orient_incam": random_axis_angle(random, frame_count, largest=3.0),
        "transl_incam": random.normal((0.0, 0.0, 4.0), size=(frame_count, 3)),
        "intrinsics": np.repeat(
            [[[1200.0, 0.0, size[0] / 2], [0.0, 1200.0, size[1] / 2], [0.0, 0.0, 1.0]]], frame_count, axis=0
        ),
    }
    return MadeUpMotion(**{key: value.astype(np.float32) for key, value in floats.items()})


def seen_by_camera(
    global_orient_rotmat: Array, transl: Array, rest_pelvis: Array, camera_rotmat: Array, camera_position: Array
) -> tuple[Array, Array]:
    """A pelvis in a camera's axes: rotations (N, 3, 3) and SMPL-X translations (N, 3).

    A point p of the world is R^T (p - c) in the axes of a camera at c whose axes are the columns of R; SMPL-X's
    translation is what is added to the rest pelvis.
    """
    to_camera = np.swapaxes(camera_rotmat, -1, -2)
    orient = to_camera @ global_orient_rotmat
    pelvis = np.einsum("nab,nb->na", to_camera, rest_pelvis + transl - camera_position)
    return orient, pelvis - rest_pelvis


def gvhmr_content(motion: MadeUpMotion) -> dict[str, Any]:
    """The whole structure of `hmr4d_results.pt`, with the network's outputs that an importer ignores."""
    frame_count = len(motion.body_pose)
    world = {"body_pose": motion.body_pose, "betas": motion.betas}
    world |= {"global_orient": motion.global_orient, "transl": motion.transl}
    camera = {"body_pose": motion.body_pose, "betas": motion.betas}
    camera |= {"global_orient": motion.global_orient_incam, "transl": motion.transl_incam}

    def zeros(*shape: int) -> Array:
        return np.zeros((1, frame_count, *shape), np.float32)

    def batched(group: dict[str, Array]) -> dict[str, Array]:
        return {key: value[None] for key, value in group.items()}

    return {
        "smpl_params_global": world,
        "smpl_params_incam": camera,
        "K_fullimg": motion.intrinsics,
        "net_outputs": {
            "model_output": {
                "pred_context": zeros(512),
                "pred_x": zeros(151),
                "pred_cam": zeros(3),
                "static_conf_logits": zeros(6),
            },
            "decode_dict": {
                "body_pose": motion.body_pose[None],
                "betas": motion.betas[None],
                "global_orient": motion.global_orient_incam[None],
                "global_orient_gv": motion.global_orient[None],
                "local_transl_vel": zeros(3),
            },
            "pred_smpl_params_incam": batched(camera),
            "pred_smpl_params_global": batched(world),
            "static_conf_logits": zeros(6),
        },
    }


def write_gvhmr_result(path: Path, motion: MadeUpMotion) -> None:
    """Write a good `hmr4d_results.pt`."""
    write_torch_archive(path, gvhmr_content(motion))
