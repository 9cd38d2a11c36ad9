"""What the scene had while a file was baked from it, as the file's proof reads it in another process.

Points are kept as a digest of each sample, or in raw files: so neither side holds more than a sample of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files.json_files import parsed_json
from ..files.npz_files import read_npz
from .options import UpAxis

Array = NDArray[Any]


DIGEST_BYTES = 32


def points_digest(points: Array) -> Array:
    """(DIGEST_BYTES,) of float32 points. Zeros of either sign are the same."""
    plain = np.add(points, np.float32(0.0), dtype=np.float32)
    return np.frombuffer(hashlib.sha256(plain.data).digest(), np.uint8)


@dataclass(frozen=True, eq=False)
class MeshExpectation:
    """A mesh by its path in the file, its points in its own space.

    `digests` (S, DIGEST_BYTES) are its points' on each sample; `points_file` holds the points (S, V, 3) float32
    themselves, where they were kept. `matrices` (S, 4, 4) take column vectors to the world: metres, z up. `loops` are the
    corners' vertices, face after face.
    """

    path: str
    vertex_count: int
    face_sizes: Array
    loops: Array
    matrices: Array
    digests: Array
    points_file: Path | None

    def world_points(self, sample: int) -> Array:
        """(V, 3) of a sample whose points were kept."""
        assert self.points_file is not None
        count = self.vertex_count * 3
        return self.in_world(
            sample, np.fromfile(self.points_file, np.float32, count, offset=sample * count * 4).reshape(-1, 3)
        )

    def in_world(self, sample: int, points: Array) -> Array:
        """(V, 3) in the mesh's own space, as they lie in the world on a sample."""
        return points @ self.matrices[sample, :3, :3].T + self.matrices[sample, :3, 3]


@dataclass(frozen=True, eq=False)
class CameraExpectation:
    """A camera by its path in the file: `poses` (S, 4, 4) in the world, and `lenses` (S, 3), focal length and film in mm."""

    path: str
    poses: Array
    lenses: Array


@dataclass(frozen=True)
class FileExpectation:
    """A baked file, its axes and unit, and what it must hold at each of `frames` of the timeline (S,)."""

    path: Path
    up_axis: UpAxis
    units_per_metre: float
    frames_per_second: float
    time_codes_per_second: float
    frames: tuple[float, ...]
    largest_distance_m: float
    meshes: tuple[MeshExpectation, ...] = ()
    cameras: tuple[CameraExpectation, ...] = ()

    def save(self, path: Path) -> None:
        """Write it as an .npz, for `load`."""
        arrays: dict[str, Any] = {}
        items = {kind: [_packed(item, f"{kind}{number}_", arrays) for number, item in enumerate(getattr(self, kind))]
                 for kind in ("meshes", "cameras")}  # fmt: skip
        meta = {field.name: getattr(self, field.name) for field in fields(self)} | items
        np.savez(path, meta=np.array(json.dumps(meta, default=str)), **arrays)

    @classmethod
    def load(cls, path: Path) -> FileExpectation:
        """What `save` wrote."""
        content = read_npz(path)
        meta: dict[str, Any] = parsed_json(str(content["meta"]))
        meshes = [
            {**item, "points_file": _path(item["points_file"]), **_arrays(content, f"meshes{number}_")}
            for number, item in enumerate(meta.pop("meshes"))
        ]
        cameras = [{**item, **_arrays(content, f"cameras{number}_")} for number, item in enumerate(meta.pop("cameras"))]
        meta |= {"path": Path(meta["path"]), "frames": tuple(meta["frames"])}
        lists = tuple(MeshExpectation(**item) for item in meshes), tuple(CameraExpectation(**item) for item in cameras)
        return cls(**meta, meshes=lists[0], cameras=lists[1])


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _packed(item: MeshExpectation | CameraExpectation, prefix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """The item's other fields; its arrays go to `arrays`."""
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    arrays |= {prefix + name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return {name: value for name, value in values.items() if not isinstance(value, np.ndarray)}


def _arrays(content: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): value for name, value in content.items() if name.startswith(prefix)}
