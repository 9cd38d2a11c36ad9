"""Bones that are no joints: above the pelvis and between joints, and whether they rest."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.maths.rotations import angle_between_rotmats
from ..curves.animated_paths import animated_paths
from .armatures import RigMap
from .posed_frames import PosedFrames, inverse

Array = NDArray[Any]

# Less than this is the noise of single precision: of rotation, of place in metres, and of scale.
_ANGLE, DISTANCE, SCALE = np.radians(0.02), 1e-4, 1e-3


def bones_between(armature: Any, rig: RigMap, joint: str) -> list[Any]:
    """Bones from a joint's up to the next joint's, which are none; nearest first."""
    joint_bones = set(rig.bone_of_joint.values())
    found = []
    bone = armature.data.bones[rig.bone_of_joint[joint]].parent
    while bone is not None and bone.name not in joint_bones:
        found.append(bone)
        bone = bone.parent
    return found if bone is not None else []


def bones_above_pelvis(armature: Any, rig: RigMap) -> list[Any]:
    """What the pelvis hangs on, nearest first."""
    found = []
    bone = armature.data.bones[rig.bone_of_joint["pelvis"]].parent
    while bone is not None:
        found.append(bone)
        bone = bone.parent
    return found


def _own_change(posed: PosedFrames, bone: Any) -> Array:
    """How a bone stands (N, 4, 4) against how it would if only its parent were posed."""
    rest = np.array(bone.matrix_local)
    if bone.parent is None:
        return posed.bones[bone.name] @ inverse(rest)
    parent = posed.bones[bone.parent.name] @ inverse(np.array(bone.parent.matrix_local))
    change: Array = inverse(parent @ rest) @ posed.bones[bone.name]
    return change


def is_at_rest(posed: PosedFrames, bone: Any, units_per_metre: float) -> bool:
    """Whether a bone stands on all frames as its parent alone would carry it."""
    change = _own_change(posed, bone)
    lengths = np.linalg.norm(change[:, :3, :3], axis=-2)
    head = np.array(bone.head_local) if bone.parent is None else np.zeros(3)
    moved = change[:, :3, :3] @ head + change[:, :3, 3] - head
    return bool(
        (np.abs(lengths - 1.0) < SCALE).all()
        and (angle_between_rotmats(np.eye(3), change[:, :3, :3] / lengths[:, None]) < _ANGLE).all()
        and (np.linalg.norm(moved, axis=-1) < DISTANCE * units_per_metre).all()
    )


def rest_throughout(armature: Any, bones: list[Any], posed: PosedFrames, units_per_metre: float) -> bool:
    """Whether bones rest on all frames, also on those that were not looked at."""
    return not may_move(armature, bones) and all(is_at_rest(posed, bone, units_per_metre) for bone in bones)


def may_move(armature: Any, bones: list[Any]) -> bool:
    """Whether anything is there that may pose these bones otherwise from frame to frame."""
    if any(not constraint.mute for bone in bones for constraint in armature.pose.bones[bone.name].constraints):
        return True
    names = {f'pose.bones["{name}"]' for name in (bpy.utils.escape_identifier(bone.name) for bone in bones)}
    return any(path.rpartition("]")[0] + "]" in names for path in animated_paths(armature))
