"""How far finger rotations of any source leave what a hand's joints can do.

An estimator with free joints can bend a finger backwards or twist it, which hinges cannot. Each rotation is read as what
it does to its bone: the bend and the lean of the bone's direction, and the twist that is left about the bone.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..maths.rotations import normalized, quat_wxyz_inverse, quat_wxyz_multiply, quat_wxyz_to_rotmat, rotation_between
from ..skeleton import FINGERS, HAND_JOINT_COUNT, finger_landmarks
from .hand_hinges import Hinge, hand_hinges
from .hand_skeleton import HandSkeleton

Array = NDArray[Any]

# A joint that cannot lean or twist still does so by this much in healthy hands and in the models' own poses.
_GIVE, _KNUCKLE_GIVE = np.radians((15.0, 25.0))


class Violation(enum.IntEnum):
    """What a joint does that it cannot."""

    BENT_BACKWARDS = 0
    BENT_TOO_FAR = 1
    LEANING = 2
    TWISTED = 3


@dataclass(frozen=True, eq=False)
class LimitViolations:
    """Radians beyond the limits, 0 within them, and what is wrong, for N frames and the joints of a hand pose."""

    beyond: Array  # (N, 15)
    kind: Array  # (N, 15) of Violation


def limit_violations(quat_wxyz: ArrayLike, skeleton: HandSkeleton) -> LimitViolations:
    """Hold finger rotations (N, 15, 4) against the ranges of the hand's hinges."""
    quat = np.asarray(quat_wxyz, dtype=np.float64)
    hinges = hand_hinges(skeleton)
    excess = np.stack(
        [_excess(quat[:, joint], skeleton, hinges, joint) for joint in range(HAND_JOINT_COUNT)], axis=1
    )  # (N, 15, 4)
    return LimitViolations(np.max(excess, axis=-1), np.argmax(excess, axis=-1))


def _excess(quat: Array, skeleton: HandSkeleton, hinges: tuple[Hinge, ...], joint: int) -> Array:
    """Radians (N, 4) beyond the limits of one joint, in the order of Violation."""
    finger, step = divmod(joint, HAND_JOINT_COUNT // len(FINGERS))
    rest = skeleton.landmarks()[list(finger_landmarks(FINGERS[finger]))]
    bone = normalized(rest[step + 1] - rest[step])
    flexion = skeleton.flexion_axes[finger]
    moved = quat_wxyz_to_rotmat(quat) @ bone
    # At right angles to the flexion axis: where the bone points at rest, and where it goes as it bends.
    straight = normalized(bone - flexion * (bone @ flexion))
    bend = np.arctan2(moved @ np.cross(flexion, straight), moved @ straight)
    lean = np.arcsin(np.clip(moved @ flexion, -1.0, 1.0)) - np.arcsin(np.clip(bone @ flexion, -1.0, 1.0))
    swing = rotation_between(np.broadcast_to(bone, moved.shape), moved)
    left = quat_wxyz_multiply(quat_wxyz_inverse(swing), quat)
    twist = 2.0 * np.arctan2(left[:, 1:] @ bone, left[:, 0])
    twist = (twist + np.pi) % (2.0 * np.pi) - np.pi
    own = [hinge for hinge in hinges if (hinge.finger, hinge.step) == (finger, step)]
    across = np.cross(bone, flexion)
    give = _GIVE if step else _KNUCKLE_GIVE
    low, high = _limits(own, flexion, give)
    return np.stack(
        (
            np.maximum(low - bend, 0.0),
            np.maximum(bend - high, 0.0),
            _outside(lean, _limits(own, across, give)),
            _outside(twist, _limits(own, bone, give)),
        ),
        axis=-1,
    )


def _limits(hinges: list[Hinge], axis: Array, give: float) -> tuple[float, float]:
    """The range about an axis: that of the hinge which turns about it, else what the joint gives."""
    for hinge in hinges:
        along = float(hinge.axis @ axis)
        if abs(along) > 0.7:
            low, high = hinge.limits if along > 0.0 else (-hinge.limits[1], -hinge.limits[0])
            return float(low), float(high)
    return -give, give


def _outside(angle: Array, limits: tuple[float, float]) -> Array:
    return np.abs(angle - np.clip(angle, *limits))
