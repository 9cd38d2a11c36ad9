"""Bones that nothing but plain curves moves, and their rotations read straight from those curves."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.maths.rotation_modes import quat_wxyz_of_mode, rotation_property
from ...core.maths.rotations import quat_wxyz_to_rotmat
from .. import version_differences

Array = NDArray[Any]

_BONE_IN_PATH = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\]')


def bones_in_path(data_path: str) -> list[str]:
    """Names of the bones that a data path goes through."""
    return [re.sub(r"\\(.)", r"\1", name) for name in _BONE_IN_PATH.findall(data_path)]


def has_only_an_action(armature: Any) -> bool:
    """Whether no NLA takes part in the armature's animation."""
    animation = armature.animation_data
    if animation is None:
        return True
    return (
        not any(track.strips and not track.mute for track in animation.nla_tracks)
        and animation.action_blend_type == "REPLACE"
        and animation.action_influence == 1.0
    )


def moves_by_curves_alone(armature: Any, bone_name: str) -> bool:
    """Whether a bone's pose is its own rotation on its parent's, and that rotation nothing but curves."""
    pose_bone = armature.pose.bones[bone_name]
    drivers = armature.animation_data.drivers if armature.animation_data else ()
    return (
        pose_bone.bone.use_inherit_rotation
        and all(constraint.mute or constraint.influence == 0.0 for constraint in pose_bone.constraints)
        and not any(bone_name in bones_in_path(driver.data_path) for driver in drivers)
    )


def curves_of(armature: Any) -> dict[tuple[str, int], Any]:
    """The curves of the armature's action by data path and index, muted ones left out."""
    animation = armature.animation_data
    if animation is None or animation.action is None or animation.action_slot is None:
        return {}
    bag = version_differences.channelbag(animation.action, animation.action_slot)
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves if not curve.mute} if bag else {}


def local_rotmat(armature: Any, bone_name: str, curves: dict[tuple[str, int], Any], frames: Array) -> Array:
    """A bone's own rotation (N, 3, 3) on frames (N,), in its own rest axes; still where it has no curves."""
    pose_bone = armature.pose.bones[bone_name]
    name = rotation_property(pose_bone.rotation_mode)
    path = pose_bone.path_from_id(name)
    values = np.tile(np.array(getattr(pose_bone, name), dtype=np.float64), (len(frames), 1))
    for index in range(values.shape[1]):
        curve = curves.get((path, index))
        if curve is not None:
            values[:, index] = curve_values(curve, frames)
    return quat_wxyz_to_rotmat(quat_wxyz_of_mode(values, pose_bone.rotation_mode))


def curve_values(curve: Any, frames: Array) -> Array:
    """What a curve shows on frames (N,); keys on these very frames are read in bulk, all else is evaluated by Blender."""
    points = curve.keyframe_points
    if len(points) and not curve.modifiers:
        pairs = np.empty(len(points) * 2, dtype=np.float32)
        points.foreach_get("co", pairs)
        keys = pairs.reshape(-1, 2)
        place = np.clip(np.searchsorted(keys[:, 0], frames), 0, len(keys) - 1)
        if np.array_equal(keys[place, 0], frames):
            return keys[place, 1].astype(np.float64)
    return np.array([curve.evaluate(frame) for frame in frames.tolist()])
