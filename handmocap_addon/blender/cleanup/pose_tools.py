"""The animator's key tools: hold, relax, blend to a pose, copy from the other hand. They write a person's keys.

Reduced fingers get their full keys back first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadUsageError
from ...core.keys.hand_key_ease import EASE_FRAMES
from ...core.maths.rotations import axis_angle_to_quat_wxyz, slerp_quat_wxyz
from ...core.rig.hand_pose_set import built_in_hand_pose
from ...core.rig.stand_in_hands import stand_in_hands
from ...core.skeleton import SIDES, hand_joint_names
from ..motion.key_edits import FingerCurves, finger_curves, key_rotations
from ..motion.key_reduction import is_reduced, restore_full_keys
from ..rig.armatures import HAND_JOINTS, map_armature
from ..rig.finger_target import FingerTarget, target_of_joints

Array = NDArray[Any]

# Rotations (4,) by joint, about the rest axes of the joint's own bone.
Pose = Mapping[str, Array]
_MIRRORED = np.array((1.0, 1.0, -1.0, -1.0))


def hold(
    armature: Any, target: FingerTarget, first: float, last: float, at: float | None = None, ease: float = EASE_FRAMES
) -> int:
    """Hold the pose of frame `at`, else of the first, over a range: two equal keys on each channel; returns how many keys.

    Raises:
        BadUsageError: nothing was keyed yet.
    """
    frame = np.array([first if at is None else at], dtype=np.float64)
    return _keyed(
        armature, target, ease, lambda curves: (_ends(first, last), np.repeat(curves.quat_wxyz_at(frame), 2, axis=0))
    )


def relax(armature: Any, target: FingerTarget, first: float, last: float, ease: float = EASE_FRAMES) -> int:
    """Lead from the pose of the first frame to the relaxed hand on the last; returns how many keys.

    Raises:
        BadUsageError: nothing was keyed yet.
    """
    pose = built_in_pose(armature, "relaxed")

    def keys(curves: FingerCurves) -> tuple[Array, Array]:
        start = curves.quat_wxyz_at(np.array([first], dtype=np.float64))[0]
        frames = _ends(first, last)
        return frames, np.stack((start, pose[curves.joint]))[-len(frames) :]

    return _keyed(armature, target, ease, keys)


def blend_to_pose(
    armature: Any,
    target: FingerTarget,
    first: float,
    last: float,
    pose: Pose,
    factor: float = 1.0,
    ease: float = EASE_FRAMES,
) -> int:
    """Turn the fingers towards a pose by a factor over a range; returns how many keys.

    At 1 the pose is held by two keys; below, every key in the range is turned and stays a key. Joints that the pose does
    not know stay as they are.

    Raises:
        BadUsageError: nothing was keyed yet, or the factor is not from 0 to 1.
    """
    if not 0.0 <= factor <= 1.0:
        raise BadUsageError(f"The factor is {factor:g}", "give a number from 0 to 1")

    def keys(curves: FingerCurves) -> tuple[Array, Array]:
        frames = _ends(first, last)
        if factor < 1.0:
            frames = np.union1d(frames, curves.keyed_frames(first, last))
        here = curves.quat_wxyz_at(frames)
        return frames, slerp_quat_wxyz(here, np.broadcast_to(pose[curves.joint], here.shape), np.full(len(frames), factor))

    known = target_of_joints(joint for joint in target.joints if joint in pose)
    return _keyed(armature, known, ease, keys)


def copy_from_other_hand(armature: Any, target: FingerTarget, first: float, last: float, ease: float = EASE_FRAMES) -> int:
    """Give the fingers of one hand the other's motion over a range, mirrored; returns how many keys.

    Raises:
        ArmatureError: the armature has no such fingers.
        BadUsageError: nothing was keyed yet, or both hands are meant.
    """
    if len(target.sides) != 1:
        raise BadUsageError("Only one hand can be copied to", "choose the left or the right hand")
    rig = map_armature(armature, HAND_JOINTS)
    names = {side: hand_joint_names(side) for side in SIDES}
    twin = dict(zip(names["left"] + names["right"], names["right"] + names["left"], strict=True))
    others = {curves.joint: curves for curves in finger_curves(armature, target_of_joints(twin[j] for j in target.joints))}

    def keys(curves: FingerCurves) -> tuple[Array, Array]:
        other = others[twin[curves.joint]]
        frames = np.union1d(_ends(first, last), other.keyed_frames(first, last))
        model = rig.joint_quat_wxyz(other.joint, other.quat_wxyz_at(frames))
        return frames, rig.bone_quat_wxyz(curves.joint, model * _MIRRORED)

    return _keyed(armature, target, ease, keys)


def built_in_pose(armature: Any, name: str) -> Pose:
    """A pose of the built-in set on an armature's bones.

    Raises:
        ArmatureError: the armature has no fingers.
        BadUsageError: there is no such pose.
    """
    rig = map_armature(armature, HAND_JOINTS)
    pose: dict[str, Array] = {}
    for side in SIDES:
        angles = built_in_hand_pose(name, stand_in_hands()[side]).reshape(-1, 3)
        for joint, quat in zip(hand_joint_names(side), axis_angle_to_quat_wxyz(angles), strict=True):
            pose[joint] = rig.bone_quat_wxyz(joint, quat)
    return pose


def _ends(first: float, last: float) -> Array:
    return np.unique(np.array([first, last], dtype=np.float64))


def _keyed(armature: Any, target: FingerTarget, ease: float, keys: Callable[[FingerCurves], tuple[Array, Array]]) -> int:
    if not ease >= 0.0:
        raise BadUsageError(f"The ease is {ease:g} frames", "give 0 or more")
    if is_reduced(armature):
        # A curve of few keys would change its course far beyond the ones that are replaced.
        restore_full_keys(armature)
    # All are read before any is changed.
    found = [(curves, *keys(curves)) for curves in finger_curves(armature, target)]
    return sum(key_rotations(curves, frames, quat[: len(frames)], ease) for curves, frames, quat in found)
