"""Reads a .glb by the letter of glTF 2.0, without Blender: where each node is in the world at the times of its animation."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True)
class GlbFile:
    """`worlds` are each node's matrices (N, 4, 4) by name, y up, at `times` (N,) seconds; `content` is the file's JSON."""

    content: dict[str, Any]
    times: Array
    worlds: dict[str, Array]
    joints: tuple[str, ...]
    vertex_count: int


def read_glb(path: Path) -> GlbFile:
    """Read a file with one animation whose channels all have the same times, linear in between."""
    content, binary = _chunks(path)
    (animation,) = content["animations"]
    samplers = animation["samplers"]
    times = _accessor(content, binary, samplers[0]["input"])[:, 0]
    nodes = content["nodes"]
    parts: list[dict[str, Array]] = [
        {
            "translation": np.tile(node.get("translation", (0.0, 0.0, 0.0)), (len(times), 1)),
            "rotation": np.tile(node.get("rotation", (0.0, 0.0, 0.0, 1.0)), (len(times), 1)),
            "scale": np.tile(node.get("scale", (1.0, 1.0, 1.0)), (len(times), 1)),
        }
        for node in nodes
    ]
    for channel in animation["channels"]:
        target, sampler = channel["target"], samplers[channel["sampler"]]
        if target["path"] == "weights":
            continue
        own_times = _accessor(content, binary, sampler["input"])[:, 0]
        values = _accessor(content, binary, sampler["output"]).astype(np.float64)
        rows = np.searchsorted(own_times, times - 1e-6).clip(0, len(own_times) - 1)
        parts[target["node"]][target["path"]] = values[rows]
    local = [_matrices(**part) for part in parts]
    worlds: dict[str, Array] = {}

    def visit(number: int, above: Array) -> None:
        world = above @ local[number]
        worlds[nodes[number]["name"]] = world
        for child in nodes[number].get("children", ()):
            visit(child, world)

    for number in content["scenes"][content["scene"]]["nodes"]:
        visit(number, np.broadcast_to(np.eye(4), (len(times), 4, 4)))
    joints = tuple(nodes[number]["name"] for skin in content.get("skins", ()) for number in skin["joints"])
    count = sum(
        content["accessors"][primitive["attributes"]["POSITION"]]["count"]
        for mesh in content.get("meshes", ())
        for primitive in mesh["primitives"]
    )
    return GlbFile(content, times, worlds, joints, count)


def _chunks(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    json_length, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON"
    start = 20 + json_length
    _, kind = struct.unpack_from("<I4s", data, start)
    assert kind == b"BIN\0"
    return json.loads(data[20:start]), data[start + 8 :]


def _accessor(content: dict[str, Any], binary: bytes, number: int) -> Array:
    accessor = content["accessors"][number]
    view = content["bufferViews"][accessor["bufferView"]]
    width = _WIDTHS[accessor["type"]]
    assert "sparse" not in accessor and "byteStride" not in view
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    values = np.frombuffer(binary, _TYPES[accessor["componentType"]], accessor["count"] * width, start)
    return values.reshape(accessor["count"], width)


def _matrices(translation: Array, rotation: Array, scale: Array) -> Array:
    x, y, z, w = np.moveaxis(rotation / np.linalg.norm(rotation, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    matrices = np.zeros((len(translation), 4, 4))
    matrices[:, :3, :3] = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2) * scale[:, None, :]
    matrices[:, :3, 3] = translation
    matrices[:, 3, 3] = 1.0
    return matrices
