"""A bone's rotation as its curves have it, in whatever rotation mode the bone is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mathutils import Euler, Quaternion
from numpy.typing import NDArray

from ..core.rotations import normalized, sign_continuous_quat_wxyz
from . import version_differences

Array = NDArray[Any]

_WIDTHS = {"rotation_quaternion": 4, "rotation_axis_angle": 4, "rotation_euler": 3}


@dataclass(frozen=True)
class RotationChannels:
    """Where a bone's rotation is keyed: its property, and the Euler order where it is one."""

    bone: str
    attribute: str
    order: str

    @property
    def data_path(self) -> str:
        return f'pose.bones["{self.bone}"].{self.attribute}'

    @property
    def width(self) -> int:
        """How many numbers it has."""
        return _WIDTHS[self.attribute]

    def quat_wxyz(self, values: Array) -> Array:
        """Values (n, width) as unit quaternions (n, 4)."""
        if self.attribute == "rotation_quaternion":
            return normalized(values)
        if self.attribute == "rotation_axis_angle":
            turns = [Quaternion(value[1:], value[0]) for value in values.tolist()]
        else:
            turns = [Euler(value, self.order).to_quaternion() for value in values.tolist()]
        return np.array(turns, dtype=np.float64).reshape(-1, 4)

    def values(self, quat_wxyz: Array, near: Array) -> Array:
        """Unit quaternions (n, 4) as values (n, width), continuous, from values (width,) of the frame before them."""
        if self.attribute == "rotation_quaternion":
            before = near if np.any(near) else quat_wxyz[0]
            return sign_continuous_quat_wxyz(np.concatenate((before[None], quat_wxyz)))[1:]
        if self.attribute == "rotation_axis_angle":
            turns = [Quaternion(quat).to_axis_angle() for quat in quat_wxyz.tolist()]
            return np.array([(angle, *axis) for axis, angle in turns])
        angles: list[Sequence[float]] = []
        last = Euler(near.tolist(), self.order)
        for quat in quat_wxyz.tolist():
            last = Quaternion(quat).to_euler(self.order, last)
            angles.append(tuple(last))
        return np.array(angles)


def rotation_channels(pose_bone: Any) -> RotationChannels:
    """Where a pose bone's rotation is keyed."""
    mode = pose_bone.rotation_mode
    attribute = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(mode, "rotation_euler")
    return RotationChannels(pose_bone.name, attribute, mode if attribute == "rotation_euler" else "")


def rotation_values_at(armature: Any, action: Any, channels: RotationChannels, frames: Array) -> Array:
    """Values (n, width) of the bone's curves; of a channel without any, what the bone has now."""
    bag = version_differences.channelbag_of(action, armature)
    now = np.array(getattr(armature.pose.bones[channels.bone], channels.attribute), dtype=np.float64)
    values = np.repeat(now[None], len(frames), axis=0)
    for index in range(channels.width):
        curve = bag.fcurves.find(channels.data_path, index=index) if bag is not None else None
        if curve is not None and len(curve.keyframe_points):
            values[:, index] = [curve.evaluate(frame) for frame in frames.tolist()]
    return values
