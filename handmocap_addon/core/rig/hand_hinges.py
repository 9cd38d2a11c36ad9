"""The degrees of freedom of a hand as hinges, and what each of them moves.

A finger has flexion and spread at the knuckle, a little give about its own length, and flexion alone beyond it; the
thumb has three turns at its base. Ranges are those of healthy adults as in goniometry tables, slightly widened; at the
thumb's base, which rests spread in SMPL-X, they are as wide as the committed clips' thumbs that cross the palm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import axis_angle_to_rotmat, normalized, rotmat_to_axis_angle
from ..skeleton import FINGERS, HAND_JOINT_COUNT, HAND_POSE_VALUES, LANDMARK_COUNT, finger_landmarks
from .hand_skeleton import HandSkeleton

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Hinge:
    """One degree of freedom: its joint, its axis at rest, its range, and its usual angle with its deviation (radians)."""

    finger: int
    step: int  # joint within the finger, 0 at the base
    axis: Array  # (3,)
    limits: tuple[float, float]
    usual: float
    deviation: float


def _degrees(*values: float) -> tuple[float, ...]:
    return tuple(np.radians(values))


def hand_hinges(skeleton: HandSkeleton) -> tuple[Hinge, ...]:
    """All hinges of a hand, in the order in which they turn; equal angles on left and right are mirrored hands."""
    rest = skeleton.landmarks()
    hinges: list[Hinge] = []
    # A mirror turns the sense of a rotation: with this, the same angles make mirrored hands of the two sides.
    handed = 1.0 if skeleton.side == "right" else -1.0
    for number, finger in enumerate(FINGERS):
        flexion = skeleton.flexion_axes[number]
        bone = handed * normalized(np.diff(rest[list(finger_landmarks(finger))[:2]], axis=0)[0])
        across = normalized(np.cross(bone, flexion))

        def hinge(
            step: int, axis: Array, low: float, high: float, usual: float, deviation: float, of: int = number
        ) -> Hinge:
            low, high, usual, deviation = _degrees(low, high, usual, deviation)
            return Hinge(of, step, axis, (low, high), usual, deviation)

        if finger == "thumb":
            hinges += [
                hinge(0, flexion, -40, 85, 0, 40),  # as far as the little finger's base
                hinge(0, across, -50, 50, 0, 40),
                hinge(0, bone, -45, 45, 0, 20),
                hinge(1, flexion, -20, 70, 0, 35),
                hinge(2, flexion, -25, 85, 0, 45),
            ]
        else:
            hinges += [
                hinge(0, flexion, -30, 95, 17, 70),
                # The little finger rests spread wide; beside the others it is turned in by more than they ever are.
                hinge(0, across, *((-32, 32) if finger == "pinky" else (-25, 25)), 0, 11),
                hinge(0, bone, -20, 20, 0, 6),
                hinge(1, flexion, -5, 115, 23, 70),
                hinge(2, flexion, -10, 85, 15, 70),
            ]
    return tuple(hinges)


def coupled_hinges(hinges: tuple[Hinge, ...]) -> list[tuple[int, int]]:
    """Pairs (end joint, middle joint) of the four fingers, which one tendon bends together."""
    pairs = []
    for index, hinge in enumerate(hinges):
        if hinge.step == 2 and FINGERS[hinge.finger] != "thumb":
            pairs.append((index, index - 1))
    return pairs


def hinged_landmarks(skeleton: HandSkeleton, hinges: tuple[Hinge, ...], angles: Array) -> tuple[Array, Array]:
    """Landmarks (N, 21, 3) in the wrist's frame for hinge angles (N, H), and their derivatives (N, 21, H, 3).

    A hinge moves every point beyond it along the cross product of its axis and the arm to the point.
    """
    count = len(angles)
    rest = skeleton.landmarks()
    points = np.zeros((count, LANDMARK_COUNT, 3))
    derivatives = np.zeros((count, LANDMARK_COUNT, len(hinges), 3))
    for number, finger in enumerate(FINGERS):
        chain = finger_landmarks(finger)
        frame = np.broadcast_to(np.eye(3), (count, 3, 3))
        position = np.broadcast_to(rest[chain[0]], (count, 3))
        passed: list[tuple[int, Array, Array]] = []
        for step, landmark in enumerate(chain):
            points[:, landmark] = position
            for index, axis, pivot in passed:
                derivatives[:, landmark, index] = np.cross(axis, position - pivot)
            if step == len(chain) - 1:
                break
            for index, hinge in enumerate(hinges):
                if (hinge.finger, hinge.step) == (number, step):
                    passed.append((index, frame @ hinge.axis, position))
                    frame = frame @ axis_angle_to_rotmat(angles[:, index, None] * hinge.axis)
            position = position + frame @ (rest[chain[step + 1]] - rest[landmark])
    return points, derivatives


def hinge_pose(hinges: tuple[Hinge, ...], angles: Array) -> Array:
    """Hand poses (N, 45) in axis-angle for hinge angles (N, H)."""
    rotmat = np.broadcast_to(np.eye(3), (len(angles), HAND_JOINT_COUNT, 3, 3)).copy()
    for index, hinge in enumerate(hinges):
        joint = hinge.finger * 3 + hinge.step
        rotmat[:, joint] = rotmat[:, joint] @ axis_angle_to_rotmat(angles[:, index, None] * hinge.axis)
    return rotmat_to_axis_angle(rotmat).reshape(len(angles), HAND_POSE_VALUES)
