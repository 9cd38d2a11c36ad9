"""Reads SMPL-X parameters from an armature as it is shown, whatever moves it: edits, NLA, constraints, its parents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.body.model import posed_joints
from ...core.body.parameters import Y_UP_TO_Z_UP, BodyParameters
from ...core.errors import ArmatureError
from ...core.maths.rotations import quat_wxyz_to_rotmat, rotmat_to_quat_wxyz, sign_continuous_quat_wxyz
from ...core.skeleton import BODY_JOINTS, JOINT_NAMES, PARENTS
from .armatures import map_armature

Array = NDArray[Any]


def read_body_parameters(
    armature: Any,
    frames: ArrayLike,
    on_frame: Callable[[int], None] | None = None,
    needed: Sequence[str] = BODY_JOINTS,
) -> BodyParameters:
    """The body on frames of the timeline, y up, in metres of the body itself; the scene is left on the frame it was on.

    A body that is scaled up moves in its own metres too, so that feet that stand do so in the parameters.

    Args:
        armature: an SMPL-X armature object of any make, in the open scene and evaluated there (not excluded or hidden).
        frames: (N,) with parts of frames where wanted.
        on_frame: gets the count of frames that are read.
        needed: joints that must have bones; others that have none rest.

    Raises:
        ArmatureError: it lacks bones, or is mirrored or flattened by its scale.
    """
    rig = map_armature(armature, needed)
    frames = np.atleast_1d(np.asarray(frames, dtype=np.float64))
    matrices, places = _sampled(armature, frames, on_frame)
    names = {name: index for index, name in enumerate(armature.pose.bones.keys())}
    has_bone = np.array([joint in rig.bone_of_joint for joint in JOINT_NAMES])
    present = [joint for joint in JOINT_NAMES if joint in rig.bone_of_joint]
    posed = matrices[:, [names[rig.bone_of_joint[joint]] for joint in present]]

    turned, scale = _turn_and_scale(posed[..., :3, :3])
    place_turned, place_scale = _turn_and_scale(places[:, :3, :3])
    if not (np.linalg.det(places[:, :3, :3]) > 0.0).all():
        raise ArmatureError(f"The armature {armature.name} is mirrored or flattened by its scale", "apply its scale")

    # What each bone does to what it deforms, in the model's axes.
    rest = np.stack([rig.t_pose_rotmat(joint) for joint in present])
    axes = rig.model_to_armature
    given = axes.T @ turned @ np.swapaxes(rest, -1, -2) @ axes
    global_rotmat = np.empty((len(frames), len(JOINT_NAMES), 3, 3))
    global_rotmat[:, has_bone] = given
    rest_joints = rig.rest_joints.copy()
    for joint in np.flatnonzero(~has_bone):
        rest_joints[joint] = rest_joints[PARENTS[joint]]
        global_rotmat[:, joint] = global_rotmat[:, PARENTS[joint]]
    local = global_rotmat.copy()
    local[:, 1:] = np.swapaxes(global_rotmat[:, PARENTS[1:]], -1, -2) @ global_rotmat[:, 1:]

    heads = posed[..., :3, 3] @ axes / rig.units_per_metre
    standing = posed_joints(rest_joints, local, heads[:, 0] - rest_joints[0])
    offset = np.linalg.norm(heads - standing.positions[:, has_bone], axis=-1)

    world_scale = np.cbrt(np.prod(place_scale, axis=-1)) * rig.units_per_metre
    pelvis = np.einsum("nab,nb->na", places[:, :3, :3], posed[:, 0, :3, 3]) + places[:, :3, 3]
    to_y_up = Y_UP_TO_Z_UP.T
    local[:, 0] = to_y_up @ place_turned @ axes @ local[:, 0]
    uneven = np.abs(place_scale / np.cbrt(np.prod(place_scale, axis=-1))[:, None] - 1.0)
    return BodyParameters(
        up_axis="y",
        frames=frames,
        local_quat_wxyz=sign_continuous_quat_wxyz(rotmat_to_quat_wxyz(local)),
        translation=pelvis @ to_y_up.T / world_scale[:, None] - rest_joints[0],
        rest_joints=rest_joints,
        has_bone=has_bone,
        world_scale=world_scale,
        largest_offset=offset.max(axis=1),
        largest_scale=np.maximum(np.abs(scale - 1.0).max(axis=(1, 2)), uneven.max(axis=1)),
    )


def _sampled(armature: Any, frames: Array, on_frame: Callable[[int], None] | None) -> tuple[Array, Array]:
    """All bones (N, B, 4, 4) in the armature's space, and the armature (N, 4, 4) in the world."""
    scene = bpy.context.scene
    before = scene.frame_current, scene.frame_subframe
    count = len(armature.pose.bones)
    matrices = np.empty((len(frames), count, 4, 4), dtype=np.float32)
    places = np.empty((len(frames), 4, 4))
    try:
        for row, frame in enumerate(frames.tolist()):
            whole = math.floor(frame)
            scene.frame_set(whole, subframe=frame - whole)
            evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            evaluated.pose.bones.foreach_get("matrix", matrices[row].reshape(-1))
            places[row] = evaluated.matrix_world
            if on_frame is not None:
                on_frame(row + 1)
    finally:
        scene.frame_set(before[0], subframe=before[1])
    # Blender hands matrices over column by column.
    return np.swapaxes(matrices, -1, -2).astype(np.float64), places


def _turn_and_scale(matrices: Array) -> tuple[Array, Array]:
    """Rotations (…, 3, 3) and the lengths of the axes (…, 3) of matrices (…, 3, 3); shear goes to neither."""
    lengths = np.linalg.norm(matrices, axis=-2)
    unscaled = matrices / np.where(lengths > 0.0, lengths, 1.0)[..., None, :]
    return quat_wxyz_to_rotmat(rotmat_to_quat_wxyz(unscaled)), lengths
