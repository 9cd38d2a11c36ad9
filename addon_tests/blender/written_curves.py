"""Reading curves back, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from bpy_extras.anim_utils import action_get_channelbag_for_slot

from addon_tests.making.formulas import angle_of


def bag_of(datablock: Any) -> Any:
    """The curves of the slot that is assigned to the datablock."""
    animation = datablock.animation_data
    return action_get_channelbag_for_slot(animation.action, animation.action_slot)


def curve_of(datablock: Any, data_path: str, index: int) -> Any:
    curve = bag_of(datablock).fcurves.find(data_path, index=index)
    assert curve is not None, f"no curve {data_path}[{index}]"
    return curve


def rotation_path(bone: str) -> str:
    return f'pose.bones["{bone}"].rotation_quaternion'


def rotation_values(armature: Any, bone: str) -> np.ndarray:
    """Values (N, 4) of a bone's keys as they are stored."""
    curves = [curve_of(armature, rotation_path(bone), index) for index in range(4)]
    return np.array([[key.co[1] for key in curve.keyframe_points] for curve in curves]).T


def angle_to(matrix: Any, rotmat: np.ndarray) -> float:
    """Radians between a 4x4 matrix of Blender and a rotation matrix."""
    return float(angle_of(np.array(matrix.to_3x3()).T @ rotmat))
