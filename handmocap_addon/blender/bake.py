"""Export to a temporary name, read the file back beside the scene it came from, and compare every frame."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..core.atomic_files import output_error, replacing
from ..core.bake_options import BakeOptions
from ..core.errors import BakeError
from ..core.job_protocol import Progress
from .bake_geometry import make_visible, prepare_exact_surface
from .exact_request import ExactRequest
from .saving import disk_is_full, write_error
from .version_differences import supported_options

# What the file must reach against the evaluated scene, metres: float32 positions of a person some metres from the origin.
LARGEST_DISTANCE = 1e-4
ProgressSink = Callable[[Progress], None]


def bake_request(order: dict[str, Any], report_progress: ProgressSink) -> list[dict[str, Any]]:
    """Open the request's file and bake each target; returns one report a file.

    Raises:
        BakeError, OutputError: no target was changed by the one that failed.
    """
    bpy.ops.wm.open_mainfile(filepath=order["blend"])
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = order["first_frame"], order["last_frame"]
    options = BakeOptions.from_json(order["options"])
    armature, meshes = bpy.data.objects[order["armature"]], [bpy.data.objects[name] for name in order["meshes"]]
    for thing in (armature, *meshes):
        make_visible(scene, thing)
    notes = {}
    if order["exact"] is not None:
        exact = ExactRequest.from_json(order["exact"])
        times = options.sample_times(scene.frame_start, scene.frame_end)
        notes["exact_surface"] = prepare_exact_surface(armature, times, exact, Path(order["folder"]), report_progress)
    return [{**_bake_file(scene, meshes, Path(target), report_progress), **notes} for target in order["targets"]]


def _bake_file(scene: Any, meshes: list[Any], target: Path, report_progress: ProgressSink) -> dict[str, Any]:
    started = time.monotonic()
    with replacing(target) as temporary:
        _export(scene, meshes, temporary, report_progress, f"Writing {target.name}")
        if not temporary.is_file() or temporary.stat().st_size == 0:
            raise write_error(target, RuntimeError("the exporter left no file"))
        written = time.monotonic()
        try:
            report = _compare(scene, meshes, temporary, report_progress, f"Checking {target.name}")
        except OSError as error:
            raise output_error(target, error) from error
        report["bytes"] = temporary.stat().st_size
    return {
        "path": str(target),
        **report,
        "seconds_writing": round(written - started, 3),
        "seconds_checking": round(time.monotonic() - written, 3),
    }


def _export(scene: Any, meshes: list[Any], path: Path, report_progress: ProgressSink, stage: str) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    for mesh in meshes:
        mesh.select_set(True)
    bpy.context.view_layer.objects.active = meshes[0]
    counted = _progress_by_frame(scene, report_progress, stage)
    bpy.app.handlers.frame_change_post.append(counted)
    try:
        if path.suffix == ".abc":
            options = {
                "filepath": str(path), "start": scene.frame_start, "end": scene.frame_end, "selected": True,
                "normals": False, "uvs": True, "vcolors": False, "face_sets": False, "as_background_job": False,
                "evaluation_mode": "RENDER",
            }  # fmt: skip
            bpy.ops.wm.alembic_export(**supported_options(bpy.ops.wm.alembic_export, options))
        else:
            options = {
                "filepath": str(path), "selected_objects_only": True, "export_animation": True,
                # With armatures the exporter writes a skeleton instead of the points.
                "export_armatures": False, "export_shapekeys": False, "export_normals": False, "export_uvmaps": True,
                "export_materials": False, "export_lights": False, "export_cameras": False, "convert_world_material": False,
                "evaluation_mode": "RENDER", "root_prim_path": "/root",
            }  # fmt: skip
            bpy.ops.wm.usd_export(**supported_options(bpy.ops.wm.usd_export, options))
    except RuntimeError as error:
        raise write_error(path, error) from error
    finally:
        bpy.app.handlers.frame_change_post.remove(counted)


def _progress_by_frame(scene: Any, report_progress: ProgressSink, stage: str) -> Callable[..., None]:
    started = time.monotonic()
    total = scene.frame_end - scene.frame_start + 1

    def counted(current: Any, *_: Any) -> None:
        done = min(max(current.frame_current - scene.frame_start + 1, 0), total)
        report_progress(_progress(stage, done, total, started))

    return counted


def _progress(stage: str, done: int, total: int, started: float) -> Progress:
    elapsed = time.monotonic() - started
    fps = done / elapsed if elapsed > 0 else 0.0
    return Progress(stage, done, total, round(fps, 2), round((total - done) / fps, 1) if fps else None)


def _compare(scene: Any, meshes: list[Any], path: Path, report_progress: ProgressSink, stage: str) -> dict[str, Any]:
    """Import the file into the same scene and measure it against the meshes on every frame of the range."""
    before = {thing.name for thing in bpy.data.objects}
    first, last = scene.frame_start, scene.frame_end
    try:
        if path.suffix == ".abc":
            bpy.ops.wm.alembic_import(filepath=str(path), set_frame_range=True, as_background_job=False)
        else:
            bpy.ops.wm.usd_import(filepath=str(path), set_frame_range=True)
    except RuntimeError as error:
        # A file that the exporter cut short without a word fails here.
        if disk_is_full(path.parent):
            raise write_error(path, error) from error
        raise BakeError(f"{path.suffix} was written but cannot be read back", "look at the log for the reason") from error
    read_range = (scene.frame_start, scene.frame_end)
    scene.frame_start, scene.frame_end = first, last
    imported = [thing for thing in bpy.data.objects if thing.name not in before]
    read_back = [thing for thing in imported if thing.type == "MESH"]
    try:
        if read_range != (first, last):
            raise BakeError(
                f"{path.suffix} covers frames {read_range} instead of {(first, last)}", "report this with the log"
            )
        if len(read_back) != len(meshes):
            raise BakeError(
                f"{path.suffix} holds {len(read_back)} meshes instead of {len(meshes)}", "report this with the log"
            )
        return _measure(scene, meshes, _paired(scene, meshes, read_back), report_progress, stage)
    finally:
        for thing in imported:
            bpy.data.objects.remove(thing)
        # Frees the handle on the file, without which Windows cannot move it into place.
        bpy.data.batch_remove(list(bpy.data.cache_files))


def _paired(scene: Any, meshes: list[Any], read_back: list[Any]) -> list[Any]:
    """The read-back mesh nearest to each mesh on the first frame; names change on the way out and in."""
    scene.frame_set(scene.frame_start)
    found = [(other, world_vertices(other)) for other in read_back]
    paired = []
    for mesh in meshes:
        points = world_vertices(mesh)
        same = [
            (float(np.abs(read - points).max(initial=0.0)), other) for other, read in found if read.shape == points.shape
        ]
        if not same:
            raise BakeError(f"{mesh.name} has another vertex count when read back", "report this with the log")
        paired.append(min(same, key=lambda candidate: candidate[0])[1])
    return paired


def _measure(
    scene: Any, meshes: list[Any], read_back: list[Any], report_progress: ProgressSink, stage: str
) -> dict[str, Any]:
    started = time.monotonic()
    largest = 0.0
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    counts: set[tuple[int, ...]] = set()
    frames = range(scene.frame_start, scene.frame_end + 1)
    for number, frame in enumerate(frames, start=1):
        scene.frame_set(frame)
        expected = [world_vertices(mesh) for mesh in meshes]
        found = [world_vertices(mesh) for mesh in read_back]
        counts.add(tuple(len(points) for points in found))
        for points, reference in zip(found, expected, strict=True):
            if points.shape != reference.shape:
                raise BakeError(
                    f"Frame {frame} has {len(points)} vertices instead of {len(reference)}", "report this with the log"
                )
            if not np.isfinite(points).all():
                raise BakeError(f"Frame {frame} holds positions that are not finite", "report this with the log")
            largest = max(largest, float(np.linalg.norm(points - reference, axis=1).max()))
            low, high = np.minimum(low, points.min(axis=0)), np.maximum(high, points.max(axis=0))
        report_progress(_progress(stage, number, len(frames), started))
    if largest > LARGEST_DISTANCE:
        raise BakeError(f"The baked file is {largest * 1000:.2f} mm off the scene", "report this with the log")
    return {
        "frames": len(frames),
        "vertices": sum(next(iter(counts))),
        "constant_vertex_count": len(counts) == 1,
        "largest_distance_m": largest,
        "bounds_m": [low.tolist(), high.tolist()],
    }


def world_vertices(mesh: Any) -> np.ndarray:
    """Evaluated vertices (V, 3) of a mesh object on the current frame, in world space."""
    evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    data = evaluated.to_mesh()
    points = np.empty(len(data.vertices) * 3, dtype=np.float32)
    data.vertices.foreach_get("co", points)
    evaluated.to_mesh_clear()
    matrix = np.array(evaluated.matrix_world)
    return points.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
