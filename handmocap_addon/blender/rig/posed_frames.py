"""An armature as Blender evaluates it on some frames, without touching the frame, the pose or the visibility that are shown.

It is evaluated in a scene of its own for a moment, together with nothing but what it depends on: no mesh has to be deformed,
and a collection that is excluded from the view layer does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

_OF_TIME = ("fps", "fps_base", "frame_map_old", "frame_map_new")


@dataclass(frozen=True, eq=False)
class PosedFrames:
    """N frames of an armature: its place in the world (N, 4, 4), and bones in its own space (N, 4, 4) by name."""

    frames: Array
    world: Array
    bones: dict[str, Array]


def posed_frames(armature: Any, frames: ArrayLike) -> PosedFrames:
    """Evaluate an armature object on frames (N,) with parts of frames where wanted."""
    frames = np.atleast_1d(np.asarray(frames, dtype=np.float64))
    count = len(armature.pose.bones)
    matrices = np.empty((len(frames), count, 4, 4), dtype=np.float32)
    world = np.empty((len(frames), 4, 4))
    with _scene_with(armature) as scene:
        for row, frame in enumerate(frames.tolist()):
            whole = math.floor(frame)
            scene.frame_set(whole, subframe=frame - whole)
            evaluated = armature.evaluated_get(scene.view_layers[0].depsgraph)
            evaluated.pose.bones.foreach_get("matrix", matrices[row].reshape(-1))
            world[row] = evaluated.matrix_world
    # Blender hands matrices over column by column.
    upright = np.swapaxes(matrices, -1, -2).astype(np.float64)
    return PosedFrames(frames, world, {bone.name: upright[:, index] for index, bone in enumerate(armature.pose.bones)})


@contextmanager
def _scene_with(armature: Any) -> Iterator[Any]:
    shown = bpy.context.scene
    scene = bpy.data.scenes.new("handmocap look")
    was_disabled = armature.hide_viewport
    try:
        for name in _OF_TIME:
            setattr(scene.render, name, getattr(shown.render, name))
        scene.collection.objects.link(armature)
        if was_disabled:
            # What is disabled in viewports is not evaluated anywhere.
            armature.hide_viewport = False
        yield scene
    finally:
        if was_disabled:
            armature.hide_viewport = True
        bpy.data.scenes.remove(scene)


def inverse(matrices: Array) -> Array:
    """Inverses of matrices (…, 4, 4), also where one is flattened to nothing."""
    try:
        return np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        return np.linalg.pinv(matrices)


def spread(frames: Array, count: int = 10) -> Array:
    """Rows of some frames, first and last among them, evenly between."""
    rows: Array = np.unique(np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int))
    return rows
