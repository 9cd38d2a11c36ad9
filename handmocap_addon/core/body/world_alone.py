"""Motions that stand in the world alone, without a camera that saw them, brought to y up on SMPL-X."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import quat_wxyz_multiply, quat_wxyz_to_rotmat, rotmat_to_quat_wxyz
from .gaps import without_gaps
from .motion import BodyMotion, BodyTrack
from .parameters import Y_UP_TO_Z_UP, UpAxis
from .pose_arrays import BODY_JOINTS, PoseFile
from .smpl_bodies import on_average_smplx
from .stand_in import load_stand_in_body

Array = NDArray[Any]
SMPLX: Final = "SMPL-X"
_AXES: Final[dict[UpAxis, int]] = {"y": 1, "z": 2}
# Mean height of the head's direction above which a figure stands, and how much more that is than along the other axis.
_UPRIGHT, _MUCH_MORE = 0.6, 2.0
_STRAIGHT: Final = 1e-6


@dataclass(frozen=True, eq=False)
class WorldParts:
    """What such a file says, in its own axes."""

    pose_quat_wxyz: Array  # (N, 22 or more, 4), the pelvis first; NaN where it is not finite
    translation: Array  # (N, 3)
    betas: Array  # (10,)
    body: str  # whose joints these are, in words
    fingers_quat_wxyz: Array | None  # (N, …, 4)
    fps: Fraction | None
    usual_up: UpAxis  # of files of this kind
    said_up: UpAxis | None  # by the file itself
    gender: str = ""


def world_motion(file: PoseFile, parts: WorldParts) -> BodyMotion:
    """The motion with y up; what was taken for granted about it is in its warnings.

    Raises:
        BodyMotionFileError: it is not finite on too many frames.
    """
    pose, name = parts.pose_quat_wxyz, file.path.name
    motion = BodyMotion(
        pose[:, 1:BODY_JOINTS], BodyTrack(pose[:, 0], parts.translation), None, parts.betas, None,
        str(file.path), maker=file.maker, fps=parts.fps,
    )  # fmt: skip
    motion = without_gaps(motion, name)
    if parts.body != SMPLX:
        motion = on_average_smplx(motion, parts.body)
    elif parts.gender in ("male", "female"):
        motion = motion.with_warning(
            f"The shape in {name} is the {parts.gender} SMPL-X's, and looks a little different on others"
        )
    up = parts.said_up or _up_axis(motion, parts.usual_up)
    if parts.said_up is None and up != parts.usual_up:
        motion = motion.with_warning(
            f"The figure in {name} stands along {up}, so {up} was taken for up, and not {parts.usual_up} as is usual in "
            "such files"
        )
    if parts.fingers_quat_wxyz is not None and parts.fingers_quat_wxyz.size:
        motion = motion.with_warning(_of_fingers(name, parts.fingers_quat_wxyz))
    return _turned(motion) if up == "z" else motion


def _up_axis(motion: BodyMotion, usual: UpAxis) -> UpAxis:
    """The axis along which the figure stands, where it does so clearly, else the usual one."""
    head = quat_wxyz_to_rotmat(motion.world.orient_quat_wxyz)[:, :, 1].mean(axis=0)
    other: UpAxis = "y" if usual == "z" else "z"
    along, across = float(head[_AXES[other]]), abs(float(head[_AXES[usual]]))
    return other if along > _UPRIGHT and along > _MUCH_MORE * across else usual


def _turned(motion: BodyMotion) -> BodyMotion:
    """From z up to y up; the translation is what is added to the pelvis at rest, which does not turn along."""
    turn, pelvis = Y_UP_TO_Z_UP.T, load_stand_in_body(motion.betas).rest_joints[0]
    orient = quat_wxyz_multiply(rotmat_to_quat_wxyz(turn), motion.world.orient_quat_wxyz)
    return replace(motion, world=BodyTrack(orient, (motion.world.translation + pelvis) @ turn.T - pelvis))


def _of_fingers(name: str, quat_wxyz: Array) -> str:
    straight = np.abs(np.nan_to_num(quat_wxyz)[..., 1:]).max(initial=0.0) < _STRAIGHT
    if straight:
        return f"The fingers in {name} are all zeros and are left out"
    return f"The fingers in {name} move and are left out: the hands are taken from the clip, or from a hand_poses.npz"
