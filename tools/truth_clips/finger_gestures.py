"""The gestures of the clips as joint angles, and how a hand goes from one to the next.

A gesture is a row of `ANGLE_COUNT` angles in degrees, written for a left hand: for index, middle, pinky and ring the
spread at the knuckle (positive towards the little finger) and the bends of knuckle, middle and last joint; for the
thumb the axis-angle vector of its root (in the rest frame) and the bends of its two other joints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.model import BodyModel, local_rotmat, posed_joints
from handmocap_addon.core.maths.rotations import axis_angle_to_rotmat, mirrored_axis_angle, normalized, rotmat_to_axis_angle
from handmocap_addon.core.skeleton import FINGERS, HAND_POSE_VALUES, JOINT_INDEX, finger_landmarks

from .hand_geometry import PALM_DIRECTION, RestHand, hand_landmarks

Array = NDArray[Any]

LONG_FINGERS: Final = FINGERS[:4]
ANGLE_COUNT: Final = 4 * len(LONG_FINGERS) + 5
THUMB_ANGLES: Final = slice(16, 21)

# Spread and bends per finger, in degrees. The little finger of the rest pose already points 38 degrees outwards.
OPEN: Final = {"index": (-4, 4, 6, 4), "middle": (-2, 3, 6, 4), "pinky": (-10, 5, 8, 5), "ring": (-2, 4, 6, 4)}
FIST: Final = {
    "index": (4, 76, 96, 52),
    "middle": (-2, 79, 98, 54),
    "pinky": (-18, 80, 94, 54),
    "ring": (-7, 80, 97, 55),
}
_RING_SHAPE: Final = {"middle": (-2, 20, 22, 12), "pinky": (-10, 8, 14, 8), "ring": (-2, 13, 18, 10)}
THUMB_OPEN: Final = (14.0, 4.0, -4.0, 6.0, 6.0)

# Degrees: how far the searches below may bend a thumb or a finger that meets it.
LOWER_THUMB: Final = np.array((-5.0, -30.0, -45.0, 0.0, 0.0))
UPPER_THUMB: Final = np.array((65.0, 45.0, 35.0, 50.0, 65.0))
_LOWER_BENDS: Final = np.array((20.0, 20.0, 8.0))
_UPPER_BENDS: Final = np.array((65.0, 75.0, 40.0))


def finger_slice(finger: str) -> slice:
    """Where a long finger's four angles are in a gesture."""
    first = 4 * LONG_FINGERS.index(finger)
    return slice(first, first + 4)


def gesture(shapes: Mapping[str, tuple[float, ...]], thumb: tuple[float, ...] | Array) -> Array:
    """(ANGLE_COUNT,) degrees from the long fingers' shapes by name and the thumb's five angles."""
    angles = np.zeros(ANGLE_COUNT)
    for finger in LONG_FINGERS:
        angles[finger_slice(finger)] = shapes[finger]
    angles[THUMB_ANGLES] = thumb
    return angles


def hand_pose(left_hand: RestHand, angles: Array) -> Array:
    """Left hand pose (N, 45), absolute axis-angle in radians, from gestures (N, ANGLE_COUNT) in degrees."""
    radians = np.radians(angles)
    pose = np.zeros((len(radians), len(FINGERS), 3, 3))
    for finger in LONG_FINGERS:
        values = radians[:, finger_slice(finger)]
        axis = left_hand.bend_axis[finger]
        spread = axis_angle_to_rotmat(values[:, :1] * np.array((0.0, 1.0, 0.0)))
        # Bend first, then spread: a curled finger still swings sideways about the palm's normal.
        knuckle = spread @ axis_angle_to_rotmat(values[:, 1:2] * axis)
        pose[:, FINGERS.index(finger), 0] = rotmat_to_axis_angle(knuckle)
        pose[:, FINGERS.index(finger), 1:] = values[:, 2:, None] * axis
    thumb = radians[:, THUMB_ANGLES]
    pose[:, FINGERS.index("thumb"), 0] = thumb[:, :3]
    pose[:, FINGERS.index("thumb"), 1:] = thumb[:, 3:, None] * left_hand.bend_axis["thumb"]
    return pose.reshape(-1, HAND_POSE_VALUES)


def mirrored_hand_pose(pose: Array) -> Array:
    """The other side's pose (N, 45) of a hand pose (N, 45)."""
    return mirrored_axis_angle(pose.reshape(-1, 15, 3)).reshape(-1, HAND_POSE_VALUES)


def pattern_search(cost: Callable[[Array], float], start: Array, lower: Array, upper: Array) -> Array:
    """The bounded minimum near `start`: tries each coordinate both ways and halves the step when none helps."""
    best, step = np.clip(start, lower, upper), 8.0
    best_cost = cost(best)
    while step > 0.2:
        improved = False
        for coordinate in range(len(best)):
            for sign in (-1.0, 1.0):
                trial = best.copy()
                trial[coordinate] = np.clip(trial[coordinate] + sign * step, lower[coordinate], upper[coordinate])
                trial_cost = cost(trial)
                if trial_cost < best_cost - 1e-12:
                    best, best_cost, improved = trial, trial_cost, True
        if not improved:
            step /= 2.0
    return best


def between(start: Array, end: Array) -> Array:
    """(9, 3) points spread evenly from one point to another."""
    return start + np.linspace(0.0, 1.0, 9)[:, None] * (end - start)


def distance(first: Array, second: Array) -> float:
    """The smallest one between points (m, 3) and points (n, 3)."""
    return float(np.linalg.norm(first[:, None] - second, axis=-1).min())


class GestureMaker:
    """Gestures of a left hand; where the thumb meets other fingers, a search on the body finds its angles."""

    def __init__(self, model: BodyModel, left_hand: RestHand) -> None:
        self._model = model
        self._hand = left_hand
        self._thumb_in = self._thumb_over_fist()

    def _posed(self, angles: Array) -> tuple[Array, dict[str, Array]]:
        """Landmarks (21, 3) in the rest frame, and the pads' directions (3,) by finger."""
        local = local_rotmat(np.zeros((1, 63)), np.zeros((1, 3)), {"left": hand_pose(self._hand, angles[None])})
        posed = posed_joints(self._model.rest_joints, local, np.zeros((1, 3)))
        pads = {
            finger: posed.rotmat[0, JOINT_INDEX[f"left_{finger}3"]] @ self._hand.pad_direction[finger] for finger in FINGERS
        }
        return hand_landmarks(self._hand, posed)[0], pads

    def _thumb_over_fist(self) -> Array:
        """(5,) degrees: the thumb lies across the middle bones of the bent index and middle finger, outside them."""

        def cost(thumb: Array) -> float:
            landmarks, pads = self._posed(gesture(FIST, thumb))
            index_middle = 0.5 * (landmarks[6] + landmarks[7])
            middle_middle = 0.5 * (landmarks[10] + landmarks[11])
            outside = np.array((0.0, -0.019, 0.0))
            tip_error = landmarks[4] - (0.4 * index_middle + 0.6 * middle_middle + outside)
            joint_error = landmarks[3] - (index_middle + outside + np.array((0.002, 0.0, 0.014)))
            # The pad rests on the fingers, so it looks up, back at the palm.
            facing = 1.0 + pads["thumb"] @ PALM_DIRECTION
            bent = np.sum(((thumb - (40.0, 15.0, -5.0, 20.0, 30.0)) / 40.0) ** 2)
            return float(1e6 * (tip_error @ tip_error + 0.3 * joint_error @ joint_error) + 30.0 * facing + 10.0 * bent)

        return pattern_search(cost, np.array((40.0, 15.0, -5.0, 20.0, 30.0)), LOWER_THUMB, UPPER_THUMB)

    def open(self) -> Array:
        """A flat hand, slightly spread."""
        return gesture(OPEN, THUMB_OPEN)

    def fist(self) -> Array:
        """A closed hand with the thumb outside."""
        return gesture(FIST, self._thumb_in)

    def count(self, number: int) -> Array:
        """One to five stretched fingers, from the index finger on; the thumb is the fifth."""
        stretched = ("index", "middle", "ring", "pinky")[:number]
        shapes = {finger: (OPEN if finger in stretched else FIST)[finger] for finger in LONG_FINGERS}
        return gesture(shapes, THUMB_OPEN if number == 5 else self._thumb_in)

    def pinch(self, others_curled: bool) -> Array:
        """The pads of thumb and index finger touch; the other fingers are stretched, or half curled."""
        half_curled = {finger: tuple(0.55 * np.array(FIST[finger])) for finger in LONG_FINGERS}
        return self.touch("index", half_curled if others_curled else _RING_SHAPE, spread=0.0)

    def touch(self, finger: str, others: Mapping[str, tuple[float, ...]], spread: float, clearance: float = 0.0) -> Array:
        """The pads of thumb and one long finger touch; the other fingers have the shapes given.

        The last bones of the two stay `clearance` metres apart.
        """

        def angles_of(values: Array) -> Array:
            return gesture({**others, finger: (spread, *values[:3])}, values[3:])

        start = np.array((45.0, 50.0, 22.0, 40.0, 5.0, -5.0, 15.0, 25.0))
        tip = finger_landmarks(finger)[3]

        def cost(values: Array) -> float:
            landmarks, pads = self._posed(angles_of(values))
            # Pads lie a little behind the tips and off the bone by half a finger's thickness.
            touching = [
                landmarks[end] + 0.007 * pads[name] - 0.006 * normalized(landmarks[end] - landmarks[end - 1])
                for name, end in (("thumb", 4), (finger, tip))
            ]
            gap = touching[0] - touching[1]
            facing = 1.0 + pads["thumb"] @ pads[finger]
            bones = [between(landmarks[end - 1], landmarks[end]) for end in (4, tip)]
            inside = max(clearance - distance(*bones), 0.0)
            return float(1e6 * (gap @ gap + 4.0 * inside**2) + 20.0 * facing + 8.0 * np.sum(((values - start) / 40.0) ** 2))

        lower, upper = np.concatenate((_LOWER_BENDS, LOWER_THUMB)), np.concatenate((_UPPER_BENDS, UPPER_THUMB))
        return angles_of(pattern_search(cost, start, lower, upper))


def eased(fraction: Array) -> Array:
    """Progress from 0 to 1 that starts and ends without speed."""
    clipped = np.clip(fraction, 0.0, 1.0)
    return clipped**2 * (3.0 - 2.0 * clipped)


def eased_keys(keys: list[tuple[float, float, Array]], frames: Array) -> Array:
    """Rows (N, k) at frames (N,) through keys of (first frame held, last frame held, row (k,))."""
    rows = np.repeat(keys[0][2][None], len(frames), axis=0)
    for (_, left_at, before), (reached_at, _, after) in pairwise(keys):
        rows += eased((frames - left_at) / (reached_at - left_at))[:, None] * (after - before)
    return rows


def animated(
    keys: list[tuple[float, float, Array]], frames: Array, finger_lag: float = 0.0, thumb_lift: float = 0.0
) -> Array:
    """Gestures (N, ANGLE_COUNT) at frames (N,) through keys of (first frame held, last frame held, gesture).

    A thumb that goes over the fingers comes after them, and leaves before them, or it would pass through them. The long
    fingers follow each other from the index finger on, each `finger_lag` frames later; half-way between two gestures the
    thumb is moved by the share `thumb_lift` towards that of an open hand.
    """
    angles = eased_keys(keys, frames)
    for position, finger in enumerate(("index", "middle", "ring", "pinky")):
        columns = finger_slice(finger)
        angles[:, columns] = eased_keys(keys, frames - position * finger_lag)[:, columns]
    lifted = np.zeros(len(frames))
    for (_, left_at, before), (reached_at, _, after) in pairwise(keys):
        fraction = (frames - left_at) / (reached_at - left_at)
        closing = np.sum(after[:16]) > np.sum(before[:16])
        thumb_fraction = (fraction - 0.3) / 0.7 if closing else fraction / 0.7
        correction = eased(thumb_fraction) - eased(fraction)
        angles[:, THUMB_ANGLES] += correction[:, None] * (after - before)[THUMB_ANGLES]
        lifted += thumb_lift * np.sin(np.pi * np.clip(fraction, 0.0, 1.0)) ** 2
    angles[:, THUMB_ANGLES] += lifted[:, None] * (np.array(THUMB_OPEN) - angles[:, THUMB_ANGLES])
    return angles
