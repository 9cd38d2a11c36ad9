"""How bones stand on frames, as Blender shows them: whatever moves them, at the price of evaluating the scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.maths.rotations import normalized, quat_wxyz_to_rotmat, rotmat_to_quat_wxyz

Array = NDArray[Any]
# An armature object with the names of its bones.
Asked = list[tuple[Any, list[str]]]


def sampled_rotmats(asked: Asked, frames: Iterable[int]) -> list[dict[str, Array]]:
    """Axes (N, 3, 3) of bones in their armature's own, over frames; the scene is left on the frame it was on."""
    scene = bpy.context.scene
    before = scene.frame_current, scene.frame_subframe
    rows = []
    try:
        for frame in frames:
            scene.frame_set(frame)
            rows.append(_matrices(asked))
    finally:
        scene.frame_set(before[0], subframe=before[1])
    return [_by_name(asked, number, rows) for number in range(len(asked))]


def rotmats_now(asked: Asked) -> list[dict[str, Array]]:
    """The same (1, 3, 3) of the scene as it stands."""
    bpy.context.view_layer.update()
    rows = [_matrices(asked)]
    return [_by_name(asked, number, rows) for number in range(len(asked))]


def _matrices(asked: Asked) -> list[Array]:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = []
    for armature, names in asked:
        bones = armature.evaluated_get(depsgraph).pose.bones
        found.append(np.array([bones[name].matrix.to_3x3() for name in names]).reshape(-1, 3, 3))
    return found


def _by_name(asked: Asked, number: int, rows: list[list[Array]]) -> dict[str, Array]:
    matrices = np.stack([row[number] for row in rows])
    # Scale is no part of it; what shear there is goes to the nearest rotation's quaternion.
    unscaled = np.swapaxes(normalized(np.swapaxes(matrices, -1, -2)), -1, -2)
    rotmats = quat_wxyz_to_rotmat(rotmat_to_quat_wxyz(unscaled))
    return {name: rotmats[:, place] for place, name in enumerate(asked[number][1])}
