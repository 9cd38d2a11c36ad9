"""From 21 landmarks to 15 joint rotations, on a rig's own rest skeleton.

The palm's knuckles give the hand's orientation; each finger then gets the degrees of freedom that a finger has (flexion and
spread at the knuckle, flexion alone beyond it), solved in closed form for all frames at once and held inside the range of
a healthy hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .hand_skeleton import HandSkeleton
from .rotations import (
    axis_angle_to_quat_wxyz,
    fitted_rotation,
    normalized,
    quat_wxyz_to_axis_angle,
    quat_wxyz_to_rotmat,
    rotation_between,
    rotmat_to_axis_angle,
    rotmat_to_quat_wxyz,
)
from .skeleton import FINGERS, HAND_JOINT_COUNT, finger_landmarks

Array = NDArray[Any]


@dataclass(frozen=True)
class FlexionLimits:
    """Range of motion in radians, flexion positive (values for healthy adults as in goniometry tables, slightly widened)."""

    knuckle: tuple[float, float] = (np.radians(-30.0), np.radians(95.0))
    spread: float = np.radians(25.0)
    middle: tuple[float, float] = (np.radians(-5.0), np.radians(115.0))
    end: tuple[float, float] = (np.radians(-10.0), np.radians(85.0))
    thumb_swing: float = np.radians(70.0)


@dataclass(frozen=True)
class FittedHand:
    """Hand poses (N, 45) axis-angle and the hand's orientation (N, 3) axis-angle in the landmarks' frame."""

    pose_axis_angle: Array
    global_orient_axis_angle: Array


_PALM_FINGERS = ("index", "middle", "ring", "pinky")


def fit_landmarks(landmarks: ArrayLike, skeleton: HandSkeleton, limits: FlexionLimits | None = None) -> FittedHand:
    """Fit landmarks (N, 21, 3), OpenPose order, of any origin and scale, in right-handed axes."""
    limits = limits or FlexionLimits()
    points = np.asarray(landmarks, dtype=np.float64)
    orient = palm_orientation(points, skeleton)
    # Row vectors times R are column vectors times R transposed: into the hand's own frame.
    local = (points - points[:, :1]) @ orient
    rest = skeleton.landmarks()
    quat = np.empty((len(points), HAND_JOINT_COUNT, 4))
    for number, finger in enumerate(FINGERS):
        chain = list(finger_landmarks(finger))
        rest_bones = normalized(np.diff(rest[chain], axis=0))
        seen_bones = normalized(np.diff(local[:, chain], axis=1))
        if finger == "thumb":
            rotations = _fit_thumb(rest_bones, seen_bones, limits)
        else:
            rotations = _fit_finger(rest_bones, seen_bones, skeleton.flexion_axes[number], limits)
        quat[:, number * 3 : number * 3 + 3] = rotations
    return FittedHand(quat_wxyz_to_axis_angle(quat).reshape(len(points), -1), rotmat_to_axis_angle(orient))


def palm_orientation(landmarks: ArrayLike, skeleton: HandSkeleton) -> Array:
    """Rotations (N, 3, 3) that turn the resting palm onto the palm of landmarks (N, 21, 3)."""
    points = np.asarray(landmarks, dtype=np.float64)
    knuckles = [finger_landmarks(finger)[0] for finger in _PALM_FINGERS]
    rest = skeleton.landmarks()[knuckles]
    seen = points[:, knuckles] - points[:, :1]
    return fitted_rotation(np.broadcast_to(rest, seen.shape), seen)


def _fit_finger(rest: Array, seen: Array, axis: Array, limits: FlexionLimits) -> Array:
    """Rotations (N, 3, 4) for one finger from unit bones at rest (3, 3) and seen (N, 3, 3), in the hand's frame."""
    along = rest[0] - axis * (rest[0] @ axis)
    along = along / np.linalg.norm(along)
    palmwards = np.cross(axis, along)
    first = seen[:, 0]
    # Spread about the palm's normal, then flexion about the finger's axis: asin and atan2 of the bone's components.
    flexion = np.clip(np.arctan2(first @ palmwards, first @ along), *limits.knuckle)
    rest_spread = np.arcsin(np.clip(rest[0] @ axis, -1.0, 1.0))
    spread = np.clip(np.arcsin(np.clip(first @ axis, -1.0, 1.0)) - rest_spread, -limits.spread, limits.spread)
    # Rotating `along` about `palmwards` moves it away from `axis`, so the sign turns.
    turn_spread = quat_wxyz_to_rotmat(axis_angle_to_quat_wxyz(-spread[:, None] * palmwards))
    turn_flexion = quat_wxyz_to_rotmat(axis_angle_to_quat_wxyz(flexion[:, None] * axis))
    knuckle = turn_flexion @ turn_spread

    rotations = [knuckle]
    frame = knuckle
    for step, bounds in ((1, limits.middle), (2, limits.end)):
        bone = np.einsum("nba,nb->na", frame, seen[:, step])
        angle = _angle_about(axis, rest[step], bone)
        bend = quat_wxyz_to_rotmat(axis_angle_to_quat_wxyz(np.clip(angle, *bounds)[:, None] * axis))
        rotations.append(bend)
        frame = frame @ bend
    return rotmat_to_quat_wxyz(np.stack(rotations, axis=1))


def _fit_thumb(rest: Array, seen: Array, limits: FlexionLimits) -> Array:
    """The thumb's joints each take the shortest turn onto the seen bone, limited in size."""
    frame = np.broadcast_to(np.eye(3), (len(seen), 3, 3))
    rotations = []
    for step in range(3):
        bone = np.einsum("nba,nb->na", frame, seen[:, step])
        turn = quat_wxyz_to_axis_angle(rotation_between(rest[step], bone))
        angle = np.linalg.norm(turn, axis=-1, keepdims=True)
        turn = turn * np.minimum(1.0, limits.thumb_swing / np.maximum(angle, 1e-9))
        quat = axis_angle_to_quat_wxyz(turn)
        rotations.append(quat)
        frame = frame @ quat_wxyz_to_rotmat(quat)
    return np.stack(rotations, axis=1)


def _angle_about(axis: Array, start: Array, ends: Array) -> Array:
    """Signed angles (N,) about `axis` from `start` (3,) to `ends` (N, 3), seen along the axis."""
    flat_start: Array = start - axis * (start @ axis)
    flat_ends = ends - axis * (ends @ axis)[:, None]
    return np.arctan2(np.cross(flat_start, flat_ends) @ axis, flat_ends @ flat_start)
