"""Finger poses from actions: pose assets, or any action that keys bones of the same names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadInputError
from ...core.maths.rotation_modes import AXIS_ANGLE, QUATERNION, quat_wxyz_of_mode
from ..curves.key_arrays import key_count
from ..rig.finger_target import finger_bones
from ..version_differences import all_curves
from .pose_tools import Pose

Array = NDArray[Any]

_PATH = re.compile(r'pose\.bones\["(?P<bone>.+)"\]\.(?P<property>rotation_quaternion|rotation_axis_angle|rotation_euler)')
_RESTS = {
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
    "rotation_euler": (0.0,) * 3,
}


def pose_of_action(armature: Any, action: Any) -> Pose:
    """The finger rotations of an action at its first frame, by joint; Euler angles in the order of the armature's bones.

    Raises:
        BadInputError: it keys none of the armature's fingers.
    """
    joint_of = {bone: joint for joint, bone in finger_bones(armature).items()}
    frame = action.frame_range[0]
    values: dict[tuple[str, str], Array] = {}
    for curve in all_curves(action):
        found = _PATH.fullmatch(curve.data_path)
        if found and found["bone"] in joint_of and key_count(curve):
            numbers = values.setdefault((found["bone"], found["property"]), np.array(_RESTS[found["property"]]))
            numbers[curve.array_index] = curve.evaluate(frame)
    if not values:
        raise BadInputError(f"The action {action.name} keys no finger of {armature.name}", "choose a pose of these bones")
    modes = {"rotation_quaternion": QUATERNION, "rotation_axis_angle": AXIS_ANGLE}
    pose = {}
    for (bone, attribute), numbers in values.items():
        order = armature.pose.bones[bone].rotation_mode
        mode = modes.get(attribute, order if order not in (QUATERNION, AXIS_ANGLE) else "XYZ")
        pose[joint_of[bone]] = quat_wxyz_of_mode(numbers, mode)
    return pose


def pose_of_library(armature: Any, path: Path, name: str) -> Pose:
    """As `pose_of_action`, of an action in another file, such as an asset library's; nothing of it stays in this one.

    Raises:
        BadInputError: the file cannot be read, has no such action, or it keys none of the armature's fingers.
    """
    libraries: Any = bpy.data.libraries
    before = set(libraries)
    try:
        with libraries.load(str(path), link=False) as (inside, wanted):
            wanted.actions = [action for action in inside.actions if action == name]
    except OSError as error:
        raise BadInputError(f"{path} cannot be read as a Blender file", "choose the library that holds the pose") from error
    if not wanted.actions:
        raise BadInputError(f"{path.name} has no action {name}", "choose the name of a pose in it")
    (action,) = wanted.actions
    try:
        return pose_of_action(armature, action)
    finally:
        bpy.data.actions.remove(action)
        bpy.data.batch_remove([library for library in bpy.data.libraries if library not in before])
