"""The world of a body that was fitted in front of a camera that stands still: y up, the floor at zero.

One picture does not show which way is down. Where the whole body is seen to stand, down is where its legs and trunk
point most of the time; else the camera is taken to be level.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..body.motion import BodyTrack
from ..maths.rotations import (
    normalized,
    quat_wxyz_to_rotmat,
    rotation_between,
    rotmat_to_quat_wxyz,
    sign_continuous_quat_wxyz,
)
from ..skeleton import JOINT_INDEX

Array = NDArray[Any]

# The camera's axes (x right, y down, z forward) to a level world's (y up): a half turn about x.
_LEVEL: Final = np.diag((1.0, -1.0, -1.0))
_LARGEST_TILT: Final = np.radians(35.0)
_STANDING: Final = ("left_hip", "right_hip", "left_knee", "right_knee", "left_shoulder", "right_shoulder")


def world_track(rotmat: Array, place: Array, positions: Array, measured: Array, rest_joints: Array) -> BodyTrack:
    """The pelvis' track in the world.

    Args:
        rotmat: (N, 3, 3) of the pelvis in the camera's axes.
        place: (N, 3) metres, of the pelvis.
        positions: (N, 22, 3) metres, of the body's joints.
        measured: (N, 22) joints that were seen.
        rest_joints: (55, 3) metres.
    """
    to_world = _upright(positions, measured)
    turned = positions @ to_world.T
    floor = np.percentile(turned[..., 1].min(axis=1), 5.0)
    start = place[0] @ to_world.T
    # As GVHMR's: the body starts above the origin.
    origin = np.array((start[0], floor, start[2]))
    orient = sign_continuous_quat_wxyz(rotmat_to_quat_wxyz(to_world @ rotmat))
    return BodyTrack(orient, place @ to_world.T - origin - rest_joints[0])


def _upright(positions: Array, measured: Array) -> Array:
    """The rotation (3, 3) from the camera's axes to the world's."""
    seen = measured[:, [JOINT_INDEX[name] for name in _STANDING]].all(axis=1)
    if seen.mean() < 0.5:
        return _LEVEL
    shoulders = positions[seen][:, [JOINT_INDEX["left_shoulder"], JOINT_INDEX["right_shoulder"]]].mean(axis=1)
    ankles = positions[seen][:, [JOINT_INDEX["left_ankle"], JOINT_INDEX["right_ankle"]]].mean(axis=1)
    up = normalized(np.median(normalized(shoulders - ankles), axis=0)) @ _LEVEL
    if np.arccos(np.clip(up[1], -1.0, 1.0)) > _LARGEST_TILT:
        return _LEVEL
    # Only the camera's pitch: what leans to a side is more often the person than the camera.
    up = normalized(np.array((0.0, up[1], up[2])))
    return quat_wxyz_to_rotmat(rotation_between(up, (0.0, 1.0, 0.0))) @ _LEVEL
