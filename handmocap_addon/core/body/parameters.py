"""SMPL-X parameters of one body over frames: what other programs call pose and trans."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..maths.rotations import (
    normalized,
    quat_wxyz_multiply,
    quat_wxyz_to_rotmat,
    rotmat_to_quat_wxyz,
    sign_continuous_quat_wxyz,
)
from ..skeleton import FIRST_HAND_JOINT, HAND_JOINT_COUNT, JOINT_INDEX, Side

Array = NDArray[Any]
UpAxis = Literal["y", "z"]

# (x, y up, z) to Blender's and AMASS's (x, -z, y), z up: a quarter turn about x.
Y_UP_TO_Z_UP: Final = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))


@dataclass(frozen=True, eq=False)
class BodyParameters:
    """N frames of one SMPL-X body in a world with the given axis up; gravity is along the other way.

    Rotations are each joint's against its parent, in the model's axes (x left, y up, z forward), fingers absolute in the
    flat convention; the pelvis's stands in the world, and is the identity for a figure that rests upright where y is up.

    What SMPL-X cannot say is measured: how far bones stand from where these rotations and the rest joints put them (moved
    or scaled bones), and by what share bones are scaled against the whole body.
    """

    up_axis: UpAxis
    frames: Array  # (N,) of the timeline
    local_quat_wxyz: Array  # (N, 55, 4), without sign flips over frames
    translation: Array  # (N, 3) metres, added to the rest pelvis
    rest_joints: Array  # (55, 3) metres in the model's axes
    has_bone: Array  # (55,) bool; where it is False the joint rests, and its rest joint is its parent's
    world_scale: Array  # (N,) units of the world for a metre of the body
    largest_offset: Array  # (N,) metres, over the body's joints
    largest_scale: Array  # (N,) share; 0.1 is a bone a tenth too long or too short

    @property
    def frame_count(self) -> int:
        return len(self.frames)

    @property
    def pose_axis_angle(self) -> Array:
        """(N, 55, 3) radians, without jumps over frames: angles may pass pi."""
        return continuous_axis_angle(self.local_quat_wxyz)

    def hand_quat_wxyz(self, side: Side) -> Array:
        """The fingers of a side (N, 15, 4)."""
        first = FIRST_HAND_JOINT[side]
        return self.local_quat_wxyz[:, first : first + HAND_JOINT_COUNT]

    def pelvis_position(self) -> Array:
        """(N, 3) metres."""
        return self.rest_joints[JOINT_INDEX["pelvis"]] + self.translation

    def with_up(self, up_axis: UpAxis) -> BodyParameters:
        """The same in a world with this axis up.

        The rest pelvis is the model's and does not turn with the world, so translations need more than a turn.
        """
        if up_axis == self.up_axis:
            return self
        turn = Y_UP_TO_Z_UP if up_axis == "z" else Y_UP_TO_Z_UP.T
        quat = self.local_quat_wxyz.copy()
        quat[:, 0] = quat_wxyz_multiply(rotmat_to_quat_wxyz(turn), quat[:, 0])
        translation = self.pelvis_position() @ turn.T - self.rest_joints[JOINT_INDEX["pelvis"]]
        return replace(self, up_axis=up_axis, local_quat_wxyz=sign_continuous_quat_wxyz(quat), translation=translation)

    def local_rotmat(self) -> Array:
        """(N, 55, 3, 3)."""
        return quat_wxyz_to_rotmat(self.local_quat_wxyz)


def continuous_axis_angle(quat_wxyz: ArrayLike) -> Array:
    """Quaternions (N, …, 4) over frames as axis-angle (N, …, 3) that does not jump where a joint turns past half a turn.

    Curves through axis-angle that is kept below pi spin a joint back the other way there. The first frame has at most pi.
    """
    quat = sign_continuous_quat_wxyz(quat_wxyz)
    quat = np.where(quat[:1, ..., :1] < 0.0, -quat, quat)
    sine = np.linalg.norm(quat[..., 1:], axis=-1)
    axis = normalized(quat[..., 1:])
    angle = 2.0 * np.arctan2(sine, quat[..., 0])
    if len(axis) > 1:
        # Near no rotation at all the axis may turn over from one frame to the next; the angle's sign goes with it.
        over = np.sum(axis[1:] * axis[:-1], axis=-1) < 0.0
        sign = np.where(np.cumsum(over, axis=0) % 2 == 1, -1.0, 1.0)
        sign = np.concatenate((np.ones_like(sign[:1]), sign))
        axis, angle = axis * sign[..., None], np.unwrap(angle * sign, axis=0)
    return axis * angle[..., None]
