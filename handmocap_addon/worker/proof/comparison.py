"""Compares a baked file with what the scene had while it was written, sample by sample."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np

from ...core.audience import way_out
from ...core.bake.expectation import CameraExpectation, FileExpectation, MeshExpectation, points_digest
from ...core.errors import BakeError, MissingSetupError, PointsDifferError
from ...core.files.file_hashes import sha256_of
from .baked_content import Array, BakedCamera, BakedContent, BakedMesh

# Seconds by which a sample's time may be off: fps over fps_base is float32 in Blender, some hours of it are this far off.
_TIME_TOLERANCE = 1e-4
_POSE_TOLERANCE = 1e-4
_LENS_TOLERANCE = 1e-3
_HINT = "report this with the log"


def prove(expected: FileExpectation) -> dict[str, Any]:
    """What the file holds, once it is what the scene had.

    Raises:
        BakeError: it is not.
        PointsDifferError: its points are not the scene's to the bit, and the scene's were not kept.
        MissingSetupError: its format's reader is not there.
    """
    content = _open(expected.path)
    to_scene = _file_to_scene(expected, content)
    _check_names(expected, content)
    seconds = np.array(expected.frames) / expected.frames_per_second
    largest, whole, bounds = 0.0, 0.0, []
    for mesh in expected.meshes:
        found = content.meshes[mesh.path]
        _check_topology(mesh, found)
        times = _times(mesh.path, found.seconds, seconds)
        low, high = np.full((mesh.vertex_count, 3), np.inf), np.full((mesh.vertex_count, 3), -np.inf)
        for sample, frame in enumerate(expected.frames):
            local = found.local_points(float(times[sample]))
            points = found.in_world(float(times[sample]), local) @ to_scene
            distance = _distance(mesh, sample, local, points, frame)
            largest = max(largest, distance)
            whole = max(whole, distance) if frame == round(frame) else whole
            # By vertex first: numpy is many times slower at the smallest of each column.
            np.minimum(low, points, out=low)
            np.maximum(high, points, out=high)
        bounds.append((low.min(axis=0), high.max(axis=0)))
    if largest > expected.largest_distance_m:
        raise BakeError(f"The baked file is {largest * 1000:.2f} mm off the scene", _HINT)
    for camera in expected.cameras:
        _check_camera(camera, content.cameras[camera.path], seconds, to_scene)
    return {
        "reader": f"{content.reader} {importlib.metadata.version(content.reader)}",
        "names": [*content.meshes, *content.cameras],
        "vertices": sum(mesh.vertex_count for mesh in expected.meshes),
        "faces": sum(len(mesh.face_sizes) for mesh in expected.meshes),
        "constant_vertex_count": True,
        "own_points_equal_to_the_bit": all(mesh.points_file is None for mesh in expected.meshes),
        "time_samples": len(expected.frames),
        "first_second": float(seconds[0]),
        "last_second": float(seconds[-1]),
        "up_axis": content.up_axis or expected.up_axis,
        "metres_per_unit": content.metres_per_unit or 1.0 / expected.units_per_metre,
        "time_codes_per_second": content.frames_per_second,
        "largest_distance_m": largest,
        "largest_distance_whole_frames_m": whole,
        "bounds_m": _around(bounds),
        "sha256": sha256_of(expected.path),
    }


def _around(bounds: list[tuple[Array, Array]]) -> list[list[float]] | None:
    if not bounds:
        return None
    return [np.min([low for low, _ in bounds], axis=0).tolist(), np.max([high for _, high in bounds], axis=0).tolist()]


def _open(path: Path) -> BakedContent:
    try:
        if path.suffix.lower() == ".abc":
            from .alembic_reader import read_alembic

            return read_alembic(path)
        from .usd_reader import read_usd

        return read_usd(path)
    except ImportError as error:
        raise MissingSetupError(
            f"The readers lack {error.name}",
            way_out("press Set Up Readers in Set-up", "run handmocap.py setup --only readers"),
        ) from error
    except Exception as error:  # What the libraries raise has no common type.
        raise BakeError(f"{path.suffix} was written but cannot be read ({type(error).__name__})", _HINT) from error


def _file_to_scene(expected: FileExpectation, content: BakedContent) -> Array:
    """(3, 3) for row vectors: the file's axes and unit to metres with z up, once it says the ones that were asked for."""
    if content.up_axis not in (None, expected.up_axis):
        raise BakeError(f"The file has {content.up_axis} up instead of {expected.up_axis}", _HINT)
    rate = expected.time_codes_per_second
    if content.frames_per_second is not None and not np.isclose(content.frames_per_second, rate, rtol=1e-6):
        raise BakeError(f"The file has {content.frames_per_second:g} time codes a second instead of {rate:g}", _HINT)
    unit = 1.0 / expected.units_per_metre
    if content.metres_per_unit is not None and not np.isclose(content.metres_per_unit, unit, rtol=1e-6):
        raise BakeError(f"The file has units of {content.metres_per_unit:g} m instead of {unit:g}", _HINT)
    axes = np.eye(3) if expected.up_axis == "z" else np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))
    return axes * unit


def _check_names(expected: FileExpectation, content: BakedContent) -> None:
    wanted = {mesh.path for mesh in expected.meshes} | {camera.path for camera in expected.cameras}
    found = {*content.meshes, *content.cameras}
    if wanted != found:
        raise BakeError(f"The file holds {', '.join(sorted(found))} instead of {', '.join(sorted(wanted))}", _HINT)


def _check_topology(expected: MeshExpectation, found: BakedMesh) -> None:
    sizes, loops = expected.face_sizes, expected.loops
    if not (np.array_equal(found.face_sizes, sizes) and np.array_equal(found.loops, loops)):
        raise BakeError(f"{expected.path} has other faces than in the scene", _HINT)


def _times(path: str, found: Array, expected: Array) -> Array:
    """The expected times (S,), on the file's own samples where it has them: writers leave out those that change nothing.

    Raises:
        BakeError: the file has a sample elsewhere.
    """
    if len(found) == 0:
        return expected
    apart = np.abs(found - expected[np.argmin(np.abs(found[:, None] - expected[None, :]), axis=1)])
    if apart.max() > _TIME_TOLERANCE:
        raise BakeError(f"{path} has a sample at {found[np.argmax(apart)]:.5f} s, where the scene had none", _HINT)
    nearest = found[np.argmin(np.abs(expected[:, None] - found[None, :]), axis=1)]
    return np.where(np.abs(nearest - expected) <= _TIME_TOLERANCE, nearest, expected)


def _distance(expected: MeshExpectation, sample: int, local: Array, points: Array, frame: float) -> float:
    """The largest between the file's points, in their own space and in the scene's world, and the scene's."""
    if len(points) != expected.vertex_count:
        raise BakeError(f"Frame {frame:g} has {len(points)} vertices instead of {expected.vertex_count}", _HINT)
    if expected.points_file is not None:
        wanted = expected.world_points(sample)
    elif np.array_equal(points_digest(local), expected.digests[sample]):
        wanted = expected.in_world(sample, local)
    else:
        raise PointsDifferError(f"Frame {frame:g} has other points than the scene", _HINT)
    difference = points - wanted
    squared = float(np.einsum("ij,ij->i", difference, difference).max(initial=0.0))
    if not np.isfinite(squared):
        raise BakeError(f"Frame {frame:g} holds positions that are not finite", _HINT)
    return float(np.sqrt(squared))


def _check_camera(expected: CameraExpectation, found: BakedCamera, seconds: Array, to_scene: Array) -> None:
    unit = np.linalg.norm(to_scene[0])
    for sample, second in enumerate(seconds.tolist()):
        pose, wanted = found.pose(second), expected.poses[sample]
        place = pose[:3, 3] @ to_scene
        turn = to_scene.T / unit @ (pose[:3, :3] / np.linalg.norm(pose[:3, :3], axis=0))
        if np.abs(place - wanted[:3, 3]).max() > _POSE_TOLERANCE or np.abs(turn - wanted[:3, :3]).max() > _POSE_TOLERANCE:
            raise BakeError(f"{expected.path} stands elsewhere than in the scene at {second:.4f} s", _HINT)
        lens = found.lens(second)
        if np.abs(lens[:2] / expected.lenses[sample][:2] - 1.0).max() > _LENS_TOLERANCE:
            raise BakeError(f"{expected.path} has another lens than in the scene at {second:.4f} s", _HINT)
