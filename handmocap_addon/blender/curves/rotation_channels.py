"""Rotations as curves of a bone, in the rotation mode that it has and without those channels that are locked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.maths.rotation_modes import EULER_ORDERS, rotation_property, values_in_mode
from ...core.maths.rotations import rotmat_to_quat_wxyz
from .actions import Channel

Array = NDArray[Any]


def is_locked(pose_bone: Any) -> bool:
    """Whether the bone can take no rotation. Quaternions and axis-angle are whole or nothing, Euler angles go one by one."""
    if pose_bone.rotation_mode in EULER_ORDERS:
        return all(pose_bone.lock_rotation)
    return any(pose_bone.lock_rotation) or (pose_bone.lock_rotations_4d and pose_bone.lock_rotation_w)


def rotation_channels(pose_bone: Any, rotmat: Array, frames: Array, group: str, key_types: Array) -> list[Channel]:
    """Channels of a bone's own rotation (N, 3, 3), in its rest axes, on frames (N,)."""
    mode = pose_bone.rotation_mode
    values = values_in_mode(rotmat_to_quat_wxyz(rotmat), mode)
    # Of quaternions and axis-angle nothing is open or all of it; `is_locked` said which.
    is_open = [not lock for lock in pose_bone.lock_rotation] if mode in EULER_ORDERS else [True] * values.shape[1]
    path = pose_bone.path_from_id(rotation_property(mode))
    return [Channel(path, index, group, frames, values[:, index], key_types) for index in np.flatnonzero(is_open).tolist()]
