"""What a reader gives of a baked file: the same for Alembic and USD."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class BakedMesh:
    """A mesh of a file, its own space having the axes that it has in Blender.

    `local_points` gives the points (V, 3) at a time of `seconds`, as the file holds them; `placement` the matrix (4, 4)
    that takes column vectors of that space to the file's world, in the file's axes and unit. `loops` are the corners'
    vertices of all faces, one after another, in the order that Blender has them in.
    """

    seconds: Array  # (S,) samples of the points
    face_sizes: Array  # (F,)
    loops: Array  # (sum of face_sizes,)
    local_points: Callable[[float], Array]
    placement: Callable[[float], Array]

    def world_points(self, at: float) -> Array:
        """The points (V, 3) in the file's world, axes and unit."""
        return self.in_world(at, self.local_points(at))

    def in_world(self, at: float, points: Array) -> Array:
        """Points (V, 3) of the mesh's own space in the file's world."""
        matrix = self.placement(at)
        return points @ matrix[:3, :3].T + matrix[:3, 3]


@dataclass(frozen=True)
class BakedCamera:
    """A camera of a file. `pose` gives its matrix in the world (4, 4), for column vectors, looking along -z with y up.

    `lens` gives focal length, width and height of the film at a time, all in one unit.
    """

    pose: Callable[[float], Array]
    lens: Callable[[float], Array]


@dataclass(frozen=True)
class BakedContent:
    """Meshes and cameras by their path, and what the file says about itself; None where its format does not say it."""

    reader: str
    meshes: dict[str, BakedMesh]
    cameras: dict[str, BakedCamera]
    up_axis: str | None = None
    metres_per_unit: float | None = None
    frames_per_second: float | None = None


def reversed_faces(face_sizes: Array, loops: Array) -> Array:
    """The corners of each face in the opposite order."""
    ends = np.cumsum(face_sizes)
    starts = ends - face_sizes
    return loops[np.repeat(starts + ends - 1, face_sizes) - np.arange(len(loops))]
