"""Puts the exact SMPL-X surface on an armature's mesh, in the background copy of the file.

The armature's final pose is read on every sample, the worker computes the points, and a Mesh Cache modifier shows them: so
everything that bakes a mesh bakes this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.bake.progress import progress_of
from ....core.body.model import BodyModel
from ....core.body.parameters import Y_UP_TO_Z_UP, BodyParameters
from ....core.body.smplx_model_file import MODEL_LICENCE, read_smplx_model, read_texture_coordinates
from ....core.body.smplx_poses import SmplxPoses, write_smplx_poses
from ....core.errors import ArmatureError, BakeError
from ....core.files.file_hashes import sha256_of
from ....core.job_protocol import Progress, parse_event
from ....core.process.child_processes import python_command
from ....core.skeleton import JOINT_NAMES
from ... import version_differences
from ...bake.exact_request import ExactRequest
from ...curves.key_arrays import add_straight_keys
from ...jobs.child_job import ReportedError
from ...jobs.speaking_child import start_speaking
from ...rig.pose_parameters import read_body_parameters
from ...rig.smplx_shape import SmplxShape, expression_of, smplx_mesh

Array = NDArray[Any]

# How far the joints may rest from the model's, metres; more is another shape.
LARGEST_REST_DISTANCE = 1e-3
# What counts as moved or scaled: Blender's own float32 keeps below a hundredth of it.
_MOVED_METRES = 1e-4
_SCALED_SHARE = 1e-3
_PACKAGE = Path(__file__).resolve().parents[3]
_READ_AT_ONCE = 256
_READING = "Reading the pose"
_MODIFIER = "Exact surface"
POSE_NAME = "pose.npz"


@dataclass(frozen=True)
class LeftOut:
    """What the pose holds and SMPL-X cannot say: bones that are moved or scaled against their parents."""

    samples: int
    largest_offset: float  # metres
    largest_scale: float  # share

    def sentence(self) -> str:
        """For the report; empty where nothing is left out."""
        if not self.samples:
            return ""
        moved = f"by up to {self.largest_offset * 1000.0:.1f} mm and {self.largest_scale:.1%}".replace("%", " %")
        return f"{self.samples} samples have moved or scaled bones ({moved}), which the exact surface leaves out"


def bake_exact_surface(
    armature: Any, exact: ExactRequest, times: Array, folder: Path, report_progress: Callable[[Progress], None]
) -> dict[str, Any]:
    """As `show_exact_surface` with what a bake asks for; returns what its report says of the surface."""
    shape = exact.shape
    left_out = show_exact_surface(armature, times, shape, exact.worker_python, folder, report_progress)
    digest = sha256_of(shape.model_file)
    return {
        "model_file": shape.model_file.name,
        "model_sha256": digest,
        "model_licence": MODEL_LICENCE,
        "same_model_as_the_bodys": None if shape.sha256 is None else digest == shape.sha256,
        "betas": shape.betas.tolist(),
        "samples": len(times),
        "samples_with_moved_or_scaled_bones": left_out.samples,
        "largest_offset_m": left_out.largest_offset,
        "largest_scale": left_out.largest_scale,
        "left_out": left_out.sentence(),
    }


def show_exact_surface(
    armature: Any,
    times: Array,
    shape: SmplxShape,
    worker_python: Path,
    folder: Path,
    report_progress: Callable[[Progress], None],
) -> LeftOut:
    """Give the armature's SMPL-X mesh the exact surface at these frames; between them it is interpolated.

    Only for a copy of the scene: shape keys and modifiers of the mesh go.

    Args:
        armature: SMPL-X armature whose objects are in the view layer and visible.
        times: frames and parts of frames (N,), rising.
        shape: the model file and betas that the armature was made from.
        worker_python: of an environment with the worker's packages.
        folder: gets the cache, which has to stay as long as the scene is open.
        report_progress: of reading and of computing.

    Raises:
        ArmatureError: the armature rests in another shape than the model with these betas.
        HandmocapError: as the worker's pose-mesh.
    """
    mesh = smplx_mesh(armature)
    for modifier in mesh.modifiers:
        modifier.show_viewport = modifier.show_render = False
    model = read_smplx_model(shape.model_file, shape.betas)
    read = _read_pose(armature, mesh, times, shape, model.rest_joints, report_progress)
    to_mesh = np.zeros((len(times), 4, 4))
    to_mesh[:, :3, :3] = Y_UP_TO_Z_UP * read.world_scale[:, None, None]
    to_mesh[:, 3, 3] = 1.0
    pose_file, cache = folder / POSE_NAME, folder / "points.pc2"
    poses = SmplxPoses(
        pose_axis_angle=read.pose_axis_angle,
        translation=read.pelvis - model.rest_joints[0],
        betas=shape.betas,
        expression=read.expression,
        placement=np.linalg.solve(read.places, to_mesh),
    )
    write_smplx_poses(pose_file, poses)
    _compute(shape.model_file, pose_file, cache, worker_python, report_progress)
    _show(mesh, model, cache, times)
    moved = (read.largest_offset > _MOVED_METRES) | (read.largest_scale > _SCALED_SHARE)
    return LeftOut(int(moved.sum()), float(read.largest_offset.max()), float(read.largest_scale.max()))


@dataclass(frozen=True, eq=False)
class _Read:
    """The pose of N frames: what is kept of the parameters, where the mesh stands in the world, and its expression."""

    pose_axis_angle: Array  # (N, 55, 3)
    pelvis: Array  # (N, 3)
    world_scale: Array  # (N,)
    places: Array  # (N, 4, 4)
    expression: Array  # (N, E)
    largest_offset: Array  # (N,)
    largest_scale: Array  # (N,)


def _read_pose(
    armature: Any, mesh: Any, times: Array, shape: SmplxShape, joints: Array, report_progress: Callable[[Progress], None]
) -> _Read:
    """Read in blocks, since the reader holds every bone's matrix of the frames that it is given."""
    started, blocks = time.monotonic(), []
    for first in range(0, len(times), _READ_AT_ONCE):
        block = times[first : first + _READ_AT_ONCE]
        places = np.empty((len(block), 4, 4))
        expressions: list[Array] = []

        def on_frame(done: int, first: int = first, places: Array = places, expressions: list[Array] = expressions) -> None:
            evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
            places[done - 1] = evaluated.matrix_world
            expressions.append(expression_of(mesh))
            report_progress(progress_of(_READING, first + done, len(times), started))

        parameters = read_body_parameters(armature, block, on_frame)
        if first == 0:
            _check_rest(armature, parameters, joints, shape)
        if not (np.abs(np.linalg.det(places[:, :3, :3])) > 0.0).all():
            raise ArmatureError(f"The mesh {mesh.name} is flattened by its scale", "apply its scale")
        pose, pelvis, scale = parameters.pose_axis_angle, parameters.pelvis_position(), parameters.world_scale
        offset, largest_scale = parameters.largest_offset, parameters.largest_scale
        blocks.append((pose, pelvis, scale, places, np.array(expressions), offset, largest_scale))
    return _Read(*(np.concatenate(values) for values in zip(*blocks, strict=True)))


def _check_rest(armature: Any, parameters: BodyParameters, model_joints: Array, shape: SmplxShape) -> None:
    found = parameters.rest_joints - parameters.rest_joints[0]
    distance = np.linalg.norm(found - (model_joints - model_joints[0]), axis=1)
    distance[~parameters.has_bone] = 0.0
    worst = int(np.argmax(distance))
    if distance[worst] > LARGEST_REST_DISTANCE:
        away = f"{JOINT_NAMES[worst]} is {distance[worst] * 1000.0:.0f} mm away"
        raise ArmatureError(
            f"{armature.name} rests in another shape than {shape.model_file.name} with its betas ({away})",
            "choose the model file that it was made from, or bake the skinned mesh",
        )


def _compute(
    model_file: Path, pose_file: Path, cache: Path, worker_python: Path, report_progress: Callable[[Progress], None]
) -> None:
    command = python_command(worker_python, _PACKAGE / "worker", "pose-mesh")
    command += ["--model", str(model_file), "--pose", str(pose_file), "--out", str(cache)]
    worker = start_speaking(command)
    failure: dict[str, Any] = {}
    with worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            event = parse_event(line)
            if event is not None and event.kind == "progress":
                report_progress(Progress.of(event.data))
            elif event is not None and event.kind == "error":
                failure = event.data
    if failure and failure["code"] != "failed":
        raise ReportedError(failure["code"], failure["message"], failure["hint"], worker.returncode)
    if worker.returncode != 0:
        reason = failure.get("message") or f"the worker ended with exit {worker.returncode}"
        raise BakeError(f"The exact surface could not be computed ({reason})", "see the log")


def _show(mesh: Any, model: BodyModel, cache: Path, times: Array) -> None:
    if mesh.data.users > 1:
        mesh.data = mesh.data.copy()
    if mesh.data.shape_keys is not None:
        mesh.shape_key_clear()
    mesh.modifiers.clear()
    _take_topology(mesh, model)
    modifier = mesh.modifiers.new(_MODIFIER, "MESH_CACHE")
    modifier.cache_format = "PC2"
    modifier.filepath = str(cache)
    modifier.interpolation = "LINEAR"
    modifier.play_mode = "CUSTOM"
    modifier.time_mode = "FRAME"
    _key_samples(mesh, f'modifiers["{_MODIFIER}"].eval_frame', times)


def _take_topology(mesh: Any, model: BodyModel) -> None:
    """The model's own faces, and its texture coordinates where the mesh has none."""
    if not _has_faces(mesh.data, model.faces):
        data = bpy.data.meshes.new(mesh.data.name)
        data.from_pydata(model.vertices.tolist(), [], model.faces.tolist())
        data.polygons.foreach_set("use_smooth", np.ones(len(model.faces), dtype=bool))
        for material in mesh.data.materials:
            data.materials.append(material)
        mesh.data = data
    corners = read_texture_coordinates(model.file) if model.file is not None and not mesh.data.uv_layers else None
    if corners is not None:
        layer = mesh.data.uv_layers.new(name="UVMap")
        layer.data.foreach_set("uv", np.ascontiguousarray(corners, dtype=np.float32).reshape(-1))
    mesh.data.update()


def _has_faces(data: Any, faces: Array) -> bool:
    if len(data.polygons) != len(faces) or len(data.loops) != faces.size:
        return False
    corners = np.empty(faces.size, dtype=np.int32)
    data.loops.foreach_get("vertex_index", corners)
    return bool(np.array_equal(corners.reshape(faces.shape), faces))


def _key_samples(mesh: Any, data_path: str, times: Array) -> None:
    """Sample after sample at its frame, with straight lines between them."""
    animation = mesh.animation_data_create()
    action = animation.action or bpy.data.actions.new(_MODIFIER)
    slot = animation.action_slot or action.slots.new(id_type="OBJECT", name=mesh.name)
    animation.action, animation.action_slot = action, slot
    curve = version_differences.ensure_curve(action, slot, data_path, 0, _MODIFIER)
    add_straight_keys(curve, np.stack((times, np.arange(len(times))), axis=1))
