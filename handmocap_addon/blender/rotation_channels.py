"""Rotations as curves of a bone, in the rotation mode that it has and without those channels that are locked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.euler_angles import rotmat_to_euler
from ..core.rotations import normalized, rotmat_to_quat_wxyz, sign_continuous_quat_wxyz
from .actions import Channel
from .plain_curves import rotation_property

Array = NDArray[Any]


def is_locked(pose_bone: Any) -> bool:
    """Whether the bone can take no rotation. Quaternions and axis-angle are whole or nothing, Euler angles go one by one."""
    if rotation_property(pose_bone) == "rotation_euler":
        return all(pose_bone.lock_rotation)
    return any(pose_bone.lock_rotation) or (pose_bone.lock_rotations_4d and pose_bone.lock_rotation_w)


def rotation_channels(pose_bone: Any, rotmat: Array, frames: Array, group: str, key_types: Array) -> list[Channel]:
    """Channels of a bone's own rotation (N, 3, 3), in its rest axes, on frames (N,)."""
    name = rotation_property(pose_bone)
    path = pose_bone.path_from_id(name)
    open_channels = list(range(4))
    if name == "rotation_euler":
        values = rotmat_to_euler(rotmat, pose_bone.rotation_mode)
        open_channels = [index for index in range(3) if not pose_bone.lock_rotation[index]]
    else:
        values = sign_continuous_quat_wxyz(rotmat_to_quat_wxyz(rotmat))
        if name == "rotation_axis_angle":
            values = _continuous_axis_angle(values)
    return [Channel(path, index, group, frames, values[:, index], key_types) for index in open_channels]


def _continuous_axis_angle(quat_wxyz: Array) -> Array:
    """Angle and unit axis (N, 4) of sign-continuous quaternions: the axis never turns about, the angle goes through zero."""
    sine = np.linalg.norm(quat_wxyz[:, 1:], axis=-1)
    # What has no angle has no axis either: it keeps the one before.
    known = np.maximum.accumulate(np.where(sine > 1e-6, np.arange(len(sine)), 0))
    axis = normalized(quat_wxyz[known, 1:])
    axis[sine[known] <= 1e-6] = (0.0, 1.0, 0.0)
    angle = 2.0 * np.arctan2(sine, quat_wxyz[:, 0])
    flips = np.sum(axis[1:] * axis[:-1], axis=-1) < 0.0
    signs = np.concatenate(([1.0], np.where(np.cumsum(flips) % 2 == 1, -1.0, 1.0)))[:, None]
    return np.concatenate((angle[:, None] * signs, axis * signs), axis=-1)
