"""The check without independent readers: Blender imports the file that it wrote and compares it on whole frames."""

from __future__ import annotations

import time
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.bake.expectation import FileExpectation, MeshExpectation
from ....core.bake.progress import ProgressSink, progress_of
from ....core.errors import BakeError
from ....core.files.file_hashes import sha256_of
from ...rig.shown_meshes import world_vertices
from ...saving import disk_is_full, write_error
from ...version_differences import supported_options

Array = NDArray[Any]

_HINT = "report this with the log"
_Y_UP_FROM_Z_UP = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))  # for row vectors


def read_back(scene: Any, expected: FileExpectation, report_progress: ProgressSink, stage: str) -> dict[str, Any]:
    """Import the file into the open scene and measure it against what the scene had on every whole frame.

    Raises:
        BakeError, OutputError: the file is not what the scene had.
    """
    before = {thing.name for thing in bpy.data.objects}
    scene_range = (scene.frame_start, scene.frame_end)
    _import(expected)
    scene.frame_start, scene.frame_end = scene_range
    imported = [thing for thing in bpy.data.objects if thing.name not in before]
    # What was baked need not be evaluated again beside what was read.
    hidden = [thing for thing in scene.objects if thing not in imported and not thing.hide_viewport]
    for thing in hidden:
        thing.hide_viewport = True
    try:
        return _measure(scene, expected, imported, report_progress, stage)
    finally:
        for thing in hidden:
            thing.hide_viewport = False
        for thing in imported:
            bpy.data.objects.remove(thing)
        # Frees the handle on the file, without which Windows cannot move it into place.
        bpy.data.batch_remove(list(bpy.data.cache_files))


def _import(expected: FileExpectation) -> None:
    path = expected.path
    try:
        if path.suffix == ".abc":
            unit = 1.0 / expected.units_per_metre
            bpy.ops.wm.alembic_import(filepath=str(path), scale=unit, set_frame_range=False, as_background_job=False)
        else:
            values = {"filepath": str(path), "set_frame_range": False, "apply_unit_conversion_scale": True}
            bpy.ops.wm.usd_import(**supported_options(bpy.ops.wm.usd_import, values))
    except RuntimeError as error:
        # A file that the exporter cut short without a word fails here.
        if disk_is_full(path.parent):
            raise write_error(path, error) from error
        raise BakeError(f"{path.suffix} was written but cannot be read back", "look at the log for the reason") from error


def _measure(
    scene: Any, expected: FileExpectation, imported: list[Any], report_progress: ProgressSink, stage: str
) -> dict[str, Any]:
    # Blender's Alembic importer takes every file for y up.
    turn = _Y_UP_FROM_Z_UP if expected.path.suffix == ".abc" and expected.up_axis == "z" else np.eye(3)
    meshes = [thing for thing in imported if thing.type == "MESH"]
    cameras = [thing for thing in imported if thing.type == "CAMERA"]
    if (len(meshes), len(cameras)) != (len(expected.meshes), len(expected.cameras)):
        raise BakeError(
            f"{expected.path.suffix} holds {len(meshes)} meshes and {len(cameras)} cameras "
            f"instead of {len(expected.meshes)} and {len(expected.cameras)}", _HINT,
        )  # fmt: skip
    # Blender takes each time code for a frame.
    codes = round(expected.time_codes_per_second / expected.frames_per_second)
    whole = [(sample, round(frame) * codes) for sample, frame in enumerate(expected.frames) if frame == round(frame)]
    if whole:
        scene.frame_set(whole[0][1])
    pairs = [(mesh, _nearest(mesh, meshes, turn, whole[0][0] if whole else 0)) for mesh in expected.meshes]
    started, largest = time.monotonic(), 0.0
    lows = [np.full((mesh.vertex_count, 3), np.inf) for mesh, _ in pairs]
    highs = [-low for low in lows]
    for number, (sample, frame) in enumerate(whole, start=1):
        scene.frame_set(frame)
        for (mesh, found), low, high in zip(pairs, lows, highs, strict=True):
            points, wanted = world_vertices(found) @ turn, mesh.world_points(sample)
            if points.shape != wanted.shape:
                raise BakeError(f"Frame {frame} has {len(points)} vertices instead of {len(wanted)}", _HINT)
            if not np.isfinite(points).all():
                raise BakeError(f"Frame {frame} holds positions that are not finite", _HINT)
            difference = points - wanted
            largest = max(largest, float(np.sqrt(np.einsum("ij,ij->i", difference, difference).max(initial=0.0))))
            # By vertex first: numpy is many times slower at the smallest of each column.
            np.minimum(low, points, out=low)
            np.maximum(high, points, out=high)
        report_progress(progress_of(stage, number, len(whole), started))
    if largest > expected.largest_distance_m:
        raise BakeError(f"The baked file is {largest * 1000:.2f} mm off the scene", _HINT)
    return {
        "reader": f"Blender {bpy.app.version_string} alone: the independent readers are not set up",
        "vertices": sum(mesh.vertex_count for mesh in expected.meshes),
        "faces": sum(len(mesh.face_sizes) for mesh in expected.meshes),
        "constant_vertex_count": True,
        "largest_distance_m": largest,
        "bounds_m": [
            np.min([low.min(axis=0) for low in lows], axis=0).tolist(),
            np.max([high.max(axis=0) for high in highs], axis=0).tolist(),
        ]
        if pairs and whole
        else None,
        "sha256": sha256_of(expected.path),
    }


def _nearest(mesh: MeshExpectation, candidates: list[Any], turn: Array, sample: int) -> Any:
    """The read-back mesh nearest to one; names change on the way in."""
    wanted = mesh.world_points(sample)
    same = []
    for candidate in candidates:
        points = world_vertices(candidate) @ turn
        if points.shape == wanted.shape:
            same.append((float(np.abs(points - wanted).max(initial=0.0)), candidate))
    if not same:
        raise BakeError(f"{mesh.path} has another vertex count when read back", _HINT)
    return min(same, key=lambda pair: pair[0])[1]
