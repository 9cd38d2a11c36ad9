"""Rotations as the values that Blender keys in a rotation mode, and which of the many values of one rotation to take.

A mode is "QUATERNION" (w x y z), "AXIS_ANGLE" (angle x y z) or an order of Euler angles (x y z).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .euler_angles import rotmat_to_euler
from .rotations import (
    axis_angle_to_quat_wxyz,
    normalized,
    quat_wxyz_multiply,
    quat_wxyz_to_rotmat,
    sign_continuous_quat_wxyz,
)

Array = NDArray[Any]

QUATERNION: Final = "QUATERNION"
AXIS_ANGLE: Final = "AXIS_ANGLE"
EULER_ORDERS: Final = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")

_TURN: Final = 2.0 * np.pi


def rotation_property(mode: str) -> str:
    """The property that a bone or object in this mode turns by."""
    return {QUATERNION: "rotation_quaternion", AXIS_ANGLE: "rotation_axis_angle"}.get(mode, "rotation_euler")


def values_in_mode(quat_wxyz: ArrayLike, mode: str) -> Array:
    """Rotations (N, 4) over frames as a mode's values (N, 4 or 3), without jumps from frame to frame; radians."""
    if mode == QUATERNION:
        return sign_continuous_quat_wxyz(quat_wxyz)
    if mode == AXIS_ANGLE:
        return _axis_angle_values(sign_continuous_quat_wxyz(quat_wxyz))
    return rotmat_to_euler(quat_wxyz_to_rotmat(quat_wxyz), mode)


def quat_wxyz_of_mode(values: ArrayLike, mode: str) -> Array:
    """A mode's values (…, 4 or 3) as unit quaternions (…, 4); four zeros are no rotation."""
    values = np.asarray(values, dtype=np.float64)
    if mode == QUATERNION:
        quat = normalized(values)
        return np.where(np.any(quat != 0.0, axis=-1, keepdims=True), quat, np.array((1.0, 0.0, 0.0, 0.0)))
    if mode == AXIS_ANGLE:
        return axis_angle_to_quat_wxyz(normalized(values[..., 1:]) * values[..., :1])
    about = [axis_angle_to_quat_wxyz(values[..., "XYZ".index(axis), None] * np.eye(3)["XYZ".index(axis)]) for axis in mode]
    return quat_wxyz_multiply(about[2], quat_wxyz_multiply(about[1], about[0]))


@dataclass(frozen=True, eq=False)
class Forms:
    """Which of the equal forms of a rotation to take, for each of H of them.

    `other` (H,): the quaternion of the other sign, the axis of the other sense, the second set of Euler angles. `turns`
    (H, 3 or 1): whole turns added to each Euler angle, or to the angle about the axis.
    """

    mode: str
    other: Array
    turns: Array

    def of(self, number: Array, values: Array) -> Array:
        """Values (N, k) in the forms with these numbers (N,)."""
        changed = np.where(self.other[number, None], _other_form(values, self.mode), values)
        if self.mode == AXIS_ANGLE:
            changed[:, :1] += self.turns[number] * _TURN
        elif self.mode != QUATERNION:
            changed = changed + self.turns[number] * _TURN
        return changed


def nearest_forms(values: ArrayLike, wanted: ArrayLike, mode: str) -> Forms:
    """The forms in which `values` (H, k) come nearest to `wanted` (H, k), of which unknown ones are NaN."""
    values, wanted = np.asarray(values, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    distances, all_turns = [], []
    for candidate in (values, _other_form(values, mode)):
        gap = np.where(np.isnan(wanted), 0.0, wanted - candidate)
        turned = gap[:, :1] if mode == AXIS_ANGLE else gap
        turns = np.zeros_like(turned) if mode == QUATERNION else np.round(turned / _TURN)
        if mode == AXIS_ANGLE:
            # The axis says more than the angle: the same angle about the opposite axis is another rotation.
            distances.append(np.sum(gap[:, 1:] ** 2, axis=-1))
        else:
            distances.append(np.sum((gap - turns * _TURN) ** 2, axis=-1))
        all_turns.append(turns)
    other = distances[1] < distances[0]
    return Forms(mode, other, np.where(other[:, None], all_turns[1], all_turns[0]))


def _other_form(values: Array, mode: str) -> Array:
    if mode in (QUATERNION, AXIS_ANGLE):
        return -values
    changed = values + np.pi
    middle = "XYZ".index(mode[1])
    changed[..., middle] = np.pi - values[..., middle]
    return changed


def _axis_angle_values(quat_wxyz: Array) -> Array:
    sine = np.linalg.norm(quat_wxyz[:, 1:], axis=-1)
    turning = sine > 1e-6
    # Where nothing turns the axis is the last that there was, else the first that comes, else any.
    last = np.maximum.accumulate(np.where(turning, np.arange(len(sine)), -1))
    source = np.where(last >= 0, last, int(np.argmax(turning))) if turning.any() else np.zeros(len(sine), dtype=int)
    axis = normalized(quat_wxyz[:, 1:])[source] if turning.any() else np.tile((0.0, 1.0, 0.0), (len(sine), 1))
    axis = sign_continuous_quat_wxyz(axis)
    along = np.sum(axis * quat_wxyz[:, 1:], axis=-1)
    angle = np.unwrap(2.0 * np.arctan2(along, quat_wxyz[:, 0]))
    return np.concatenate((angle[:, None], axis), axis=-1)
