"""How far estimated fingers and wrists are from known ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body.motion import BodyMotion, joint_quat_wxyz
from ..maths.rotations import normalized, quat_wxyz_inverse, quat_wxyz_multiply, quat_wxyz_to_axis_angle
from ..skeleton import FINGERS, Side, finger_landmarks

Array = NDArray[Any]


def finger_bone_directions(landmarks_in_wrist_frame: ArrayLike) -> Array:
    """Unit directions (N, 15, 3) of the finger bones, fingers in the order of a hand pose, from landmarks (N, 21, 3)."""
    points = np.asarray(landmarks_in_wrist_frame, dtype=np.float64)
    bones = [np.diff(points[:, list(finger_landmarks(finger))], axis=1) for finger in FINGERS]
    return normalized(np.concatenate(bones, axis=1))


def bone_direction_errors(estimated: ArrayLike, truth: ArrayLike) -> Array:
    """Angles (N, 15) in radians between the finger bones of two sets of landmarks (N, 21, 3), each in its wrist's frame."""
    cosine = np.sum(finger_bone_directions(estimated) * finger_bone_directions(truth), axis=-1)
    return np.arccos(np.clip(cosine, -1.0, 1.0))


def wrist_errors(estimated: BodyMotion, truth: BodyMotion, side: Side) -> Array:
    """Angles (N,) in radians between the wrist's global rotations of two motions, in the camera's space."""
    first, second = (joint_quat_wxyz(motion, motion.seen().track, f"{side}_wrist") for motion in (estimated, truth))
    between = quat_wxyz_multiply(quat_wxyz_inverse(first), second)
    return np.asarray(np.linalg.norm(quat_wxyz_to_axis_angle(between), axis=-1))
