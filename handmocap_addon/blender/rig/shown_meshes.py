"""Meshes as Blender evaluates them on the current frame."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def world_vertices(mesh: Any) -> Array:
    """Evaluated vertices (V, 3) of a mesh object on the current frame, in world space."""
    evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(len(evaluated.data.vertices) * 3, dtype=np.float32)
    # The attribute is copied in one piece, the vertices' `co` one by one.
    evaluated.data.attributes["position"].data.foreach_get("vector", points)
    matrix = np.array(evaluated.matrix_world)
    return points.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
