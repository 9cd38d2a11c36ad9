"""The pelvis's keys, which make up for what the bones above it do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ...core.maths.rotations import quat_wxyz_to_rotmat, sign_continuous_quat_wxyz
from .armatures import RigMap
from .bone_parents import bones_above_pelvis, may_move, rest_throughout
from .posed_frames import posed_frames, spread

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class PelvisKeys:
    """Rotations (K, 4) about the pelvis bone's own rest axes, and its locations (K, 3)."""

    quat_wxyz: Array
    location: Array


def pelvis_keys(armature: Any, rig: RigMap, quat_wxyz: Array, position: Array, frames: Array) -> PelvisKeys:
    """The pelvis bone's keys by which it is turned and placed so in the armature, whatever the bones above it do.

    Args:
        armature: the armature object.
        rig: what its bones are.
        quat_wxyz: (K, 4) the pelvis's rotations, model's axes.
        position: (K, 3) its places, metres, model's axes.
        frames: (K,) timeline frames.
    """
    bone = armature.data.bones[rig.bone_of_joint["pelvis"]]
    above = bones_above_pelvis(armature, rig)
    posed = posed_frames(armature, frames[spread(frames)]) if above else None
    is_plain = posed is None or rest_throughout(armature, above, posed, rig.units_per_metre)
    if is_plain and bone.use_local_location and bone.use_inherit_rotation:
        return PelvisKeys(rig.bone_quat_wxyz("pelvis", quat_wxyz), rig.bone_location("pelvis", position))
    axes = rig.model_to_armature
    turned = axes @ quat_wxyz_to_rotmat(quat_wxyz) @ axes.T @ rig.t_pose_rotmat("pelvis")
    placed = rig.to_armature(position)
    rest = bone.matrix_local
    if posed is not None and (not is_plain and may_move(armature, above)):
        parents = posed_frames(armature, frames).bones[bone.parent.name]
    elif posed is not None:
        parents = np.broadcast_to(posed.bones[bone.parent.name][:1], (len(frames), 4, 4))
    quats, locations = np.empty((len(frames), 4)), np.empty((len(frames), 3))
    for row in range(len(frames)):
        wanted = Matrix.Translation(placed[row].tolist()) @ Matrix(turned[row].tolist()).to_4x4()
        if above:
            parent = {"parent_matrix": Matrix(parents[row].tolist()), "parent_matrix_local": bone.parent.matrix_local}
        else:
            parent = {}
        basis = bone.convert_local_to_pose(wanted, rest, invert=True, **parent)
        quats[row], locations[row] = basis.to_quaternion(), basis.to_translation()
    return PelvisKeys(sign_continuous_quat_wxyz(quats), locations)
