"""How far a human wrist goes, and the part of its turn that the forearm makes.

SMPL-X has no bone between elbow and wrist, so the forearm's own turn (pronation, supination) is shared by these two
joints: with the elbow as swing after twist and the wrist as swing before twist, both twists are about the same axis, the
resting forearm, and add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..maths.rotations import (
    axis_angle_to_quat_wxyz,
    normalized,
    quat_wxyz_inverse,
    quat_wxyz_multiply,
    quat_wxyz_to_axis_angle,
)
from ..skeleton import JOINT_INDEX, WRIST, Side

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class WristAxes:
    """Unit axes (3,) of one wrist at rest, in the body model's axes; they are those of the elbow's and the wrist's frames.

    Positive rotation about `flexion` bends the hand towards the palm, about `ulnar` towards the little finger; `forearm`
    points from the elbow to the wrist.
    """

    forearm: Array
    flexion: Array
    ulnar: Array


def wrist_axes(rest_joints: ArrayLike, side: Side) -> WristAxes:
    """The axes for rest joints (55, 3), y up, facing +z, in which both palms face down and both thumbs point forwards."""
    rest = np.asarray(rest_joints, dtype=np.float64)
    forearm = normalized(rest[WRIST[side]] - rest[JOINT_INDEX[f"{side}_elbow"]])
    flexion = normalized(np.cross(forearm, (0.0, -1.0, 0.0)))
    # The little finger rests at the back on both sides, which are each other's mirror image: hence the two orders.
    ulnar = np.cross(flexion, forearm) if side == "right" else np.cross(forearm, flexion)
    return WristAxes(forearm, flexion, ulnar)


@dataclass(frozen=True)
class WristLimits:
    """Ranges in radians: passive ranges of healthy adults as in goniometry tables, rounded.

    `twist` is the forearm's whole turn, elbow and wrist together, from the resting pose, which is its middle: the thumb
    points where the elbow bends to.
    """

    flexion: tuple[float, float] = (-np.radians(80.0), np.radians(80.0))
    ulnar: tuple[float, float] = (-np.radians(25.0), np.radians(35.0))
    twist: tuple[float, float] = (-np.radians(85.0), np.radians(85.0))


def twist_angle(quat_wxyz: ArrayLike, axis: ArrayLike) -> Array:
    """Angles (…) in radians, -pi to pi, of the part of rotations (…, 4) that turns about a unit axis (3,)."""
    quat = np.asarray(quat_wxyz, dtype=np.float64)
    angle: Array = 2.0 * np.arctan2(quat[..., 1:] @ np.asarray(axis, dtype=np.float64), quat[..., 0])
    return (angle + np.pi) % (2.0 * np.pi) - np.pi


def about_axis(axis: ArrayLike, angles: ArrayLike) -> Array:
    """Rotations (…, 4) by angles (…) about one axis (3,)."""
    return axis_angle_to_quat_wxyz(np.asarray(angles)[..., None] * np.asarray(axis))


def limited_wrist(wrist_quat_wxyz: ArrayLike, elbow_quat_wxyz: ArrayLike, axes: WristAxes, limits: WristLimits) -> Array:
    """Local wrist rotations (N, 4) with swing and twist brought into their ranges; inside these nothing changes.

    Args:
        wrist_quat_wxyz: (N, 4) the wrist's local rotations.
        elbow_quat_wxyz: (N, 4) the elbow's, whose twist the forearm has already made.
        axes: of this wrist.
        limits: the ranges.
    """
    wrist = np.asarray(wrist_quat_wxyz, dtype=np.float64)
    twist, flexion, ulnar = wrist_angles(wrist, axes)
    turned = twist_angle(elbow_quat_wxyz, axes.forearm)
    # The nearest whole turn to the middle, so that a forearm past half a circle comes back the short way.
    total = (turned + twist + np.pi) % (2.0 * np.pi) - np.pi
    kept_twist = twist + np.clip(total, *limits.twist) - total
    kept_flexion, kept_ulnar = np.clip(flexion, *limits.flexion), np.clip(ulnar, *limits.ulnar)
    swing = kept_flexion[..., None] * axes.flexion + kept_ulnar[..., None] * axes.ulnar
    limited = quat_wxyz_multiply(about_axis(axes.forearm, kept_twist), axis_angle_to_quat_wxyz(swing))
    inside = (kept_twist == twist) & (kept_flexion == flexion) & (kept_ulnar == ulnar)
    return np.where(inside[..., None], wrist, limited)


def wrist_angles(wrist_quat_wxyz: ArrayLike, axes: WristAxes) -> tuple[Array, Array, Array]:
    """Twist, flexion and ulnar deviation (…) in radians of local wrist rotations (…, 4): the twist first, then the swing."""
    wrist = np.asarray(wrist_quat_wxyz, dtype=np.float64)
    twist = twist_angle(wrist, axes.forearm)
    swing = quat_wxyz_to_axis_angle(quat_wxyz_multiply(quat_wxyz_inverse(about_axis(axes.forearm, twist)), wrist))
    return twist, swing @ axes.flexion, swing @ axes.ulnar
