"""What a fitted hand should agree with: each term gives residuals in standard deviations, and their derivatives.

Parameters of a frame: a turn of the whole hand (3, radians in the landmarks' axes), the logarithm of the picture's scale,
its shift (2), then the hinges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import rotmat_to_axis_angle
from ..rig.hand_hinges import Hinge, coupled_hinges
from ..skeleton import FINGERS, finger_landmarks
from .reading import LandmarkReading

Array = NDArray[Any]

SCALE = 3
SHIFT = slice(4, 6)
POSE = 6  # parameters before the hinges
_HUBER = 2.0  # standard deviations
# The end joint follows the middle one at about this share (tendon of the deep flexor), loosely.
_END_SHARE, _END_DEVIATION = 0.55, np.radians(20.0)
_LIMIT_DEVIATION = np.radians(5.0)
_CHAINS = [list(finger_landmarks(finger)) for finger in FINGERS]


@dataclass(frozen=True, eq=False)
class HandState:
    """The present solution of N frames."""

    turn: Array  # (N, 3, 3) the hand's frame to the landmarks' axes
    log_scale: Array  # (N,)
    shift: Array  # (N, 2)
    angles: Array  # (N, H)

    def rows(self, rows: slice) -> HandState:
        """Some of the frames."""
        return HandState(self.turn[rows], self.log_scale[rows], self.shift[rows], self.angles[rows])


@dataclass(frozen=True, eq=False)
class PosedHand:
    """Where the state puts the hand: in its own frame and turned, with derivatives by the parameters."""

    state: HandState
    local: Array  # (N, 21, 3) the rig's own joints in the wrist's frame
    bending: Array  # (N, 21, H, 3)
    points: Array  # (N, 21, 3) where the detector would see them, in the landmarks' axes
    moving: Array  # (N, 21, 3, P)


Term = tuple[Array, Array]  # residuals (N, r), derivatives (N, r, P)


class FitTerm(Protocol):
    """One thing to agree with."""

    def rows(self, rows: slice) -> FitTerm:
        """The same for some of the frames."""
        ...

    def linearized(self, hand: PosedHand) -> Term:
        """Residuals and derivatives at a posed hand."""
        ...


def normal_equations(terms: Sequence[Term]) -> tuple[Array, Array]:
    """Sums over the terms of J^T J (N, P, P) and of J^T r (N, P)."""
    squares, products = [], []
    for residual, jacobian in terms:
        transposed = np.swapaxes(jacobian, -1, -2)
        squares.append(transposed @ jacobian)
        products.append((transposed @ residual[..., None])[..., 0])
    return sum(squares[1:], squares[0]), sum(products[1:], products[0])


def centred(points: Array) -> Array:
    """Points (N, k, …) about their mean over k."""
    return points - points.mean(axis=1, keepdims=True)


def _robust(residual: Array, jacobian: Array) -> Term:
    """Huber's weights by the length of each point's residual: (N, k, d) and (N, k, d, P) to one row a number."""
    count, points, size = residual.shape
    weight = np.sqrt(_HUBER / np.maximum(np.linalg.norm(residual, axis=-1), _HUBER))[..., None]
    return (residual * weight).reshape(count, points * size), (jacobian * weight[..., None]).reshape(
        count, points * size, jacobian.shape[-1]
    )


@dataclass(frozen=True, eq=False)
class WorldLandmarks:
    """Landmarks (N, 21, 3) in metres on a hand of the rig's size, centred, with deviations (3,) in metres."""

    landmarks: Array
    deviation: Array

    def rows(self, rows: slice) -> FitTerm:
        """See `FitTerm`."""
        return replace(self, landmarks=self.landmarks[rows])

    def linearized(self, hand: PosedHand) -> Term:
        """See `FitTerm`."""
        return _robust(
            (centred(hand.points) - self.landmarks) / self.deviation, centred(hand.moving) / self.deviation[:, None]
        )


@dataclass(frozen=True, eq=False)
class ImageLandmarks:
    """Landmarks (N, 21, 2) of the picture, centred, in metres on a hand of the rig's size; deviation in metres."""

    landmarks: Array
    deviation: float

    def rows(self, rows: slice) -> FitTerm:
        """See `FitTerm`."""
        return replace(self, landmarks=self.landmarks[rows])

    def linearized(self, hand: PosedHand) -> Term:
        """See `FitTerm`."""
        state = hand.state
        scale = np.exp(state.log_scale)[:, None, None]
        flat = scale * centred(hand.points[..., :2])
        jacobian = scale[..., None] * centred(hand.moving[:, :, :2])
        jacobian[..., SCALE] = flat
        jacobian[:, :, 0, SHIFT.start] = jacobian[:, :, 1, SHIFT.start + 1] = 1.0
        return _robust((flat + state.shift[:, None] - self.landmarks) / self.deviation, jacobian / self.deviation)


@dataclass(frozen=True, eq=False)
class ReadHand:
    """Bone directions and the palm's orientation as read from the landmarks, as far as the reading trusts them."""

    directions: Array  # (N, 15, 3) in the wrist's frame
    reading: LandmarkReading
    share: float  # of the reading's expected error: the picture is part of it already

    def rows(self, rows: slice) -> FitTerm:
        """See `FitTerm`."""
        return replace(self, directions=self.directions[rows], reading=self.reading.rows(rows))

    def linearized(self, hand: PosedHand) -> Term:
        """See `FitTerm`."""
        count, parameters = len(hand.local), hand.moving.shape[-1]
        bones = np.concatenate([np.diff(hand.local[:, chain], axis=1) for chain in _CHAINS], axis=1)
        bending = np.concatenate([np.diff(hand.bending[:, chain], axis=1) for chain in _CHAINS], axis=1)
        length = np.linalg.norm(bones, axis=-1, keepdims=True)
        deviation = self.share * self.reading.bone_deviation[..., None]
        jacobian = np.zeros((count, bones.shape[1], 3, parameters))
        jacobian[..., POSE:] = np.swapaxes(bending / length[..., None], -1, -2) / deviation[..., None]
        bone_term = _robust((bones / length - self.directions) / deviation, jacobian)

        palm_deviation = self.share * self.reading.palm_deviation[:, None]
        off = rotmat_to_axis_angle(hand.state.turn @ np.swapaxes(self.reading.palm_rotmat, -1, -2)) / palm_deviation
        turning = np.zeros((count, 3, parameters))
        turning[:, :, :3] = np.eye(3) / palm_deviation[..., None]
        return np.concatenate((bone_term[0], off), axis=1), np.concatenate((bone_term[1], turning), axis=1)


@dataclass(frozen=True)
class HingeRanges:
    """No hinge leaves its range."""

    hinges: tuple[Hinge, ...]

    def rows(self, rows: slice) -> FitTerm:
        """See `FitTerm`; it is the same for all frames."""
        return self

    def linearized(self, hand: PosedHand) -> Term:
        """See `FitTerm`."""
        angles = hand.state.angles
        limits = np.array([hinge.limits for hinge in self.hinges])
        over = angles - np.clip(angles, limits[:, 0], limits[:, 1])
        jacobian = np.zeros((*angles.shape, POSE + angles.shape[1]))
        diagonal = np.arange(angles.shape[1])
        jacobian[:, diagonal, POSE + diagonal] = (over != 0.0) / _LIMIT_DEVIATION
        return over / _LIMIT_DEVIATION, jacobian


@dataclass(frozen=True)
class UsualHand:
    """What hands usually do: each hinge near its usual angle, end joints bent with the middle ones."""

    hinges: tuple[Hinge, ...]

    def rows(self, rows: slice) -> FitTerm:
        """See `FitTerm`; it is the same for all frames."""
        return self

    def linearized(self, hand: PosedHand) -> Term:
        """See `FitTerm`."""
        angles = hand.state.angles
        count, hinge_count = angles.shape
        usual = np.array([hinge.usual for hinge in self.hinges])
        rows = np.diag([1.0 / hinge.deviation for hinge in self.hinges])
        follow = np.zeros((0, hinge_count))
        for end, middle in coupled_hinges(self.hinges):
            row = np.zeros((1, hinge_count))
            row[0, end], row[0, middle] = 1.0 / _END_DEVIATION, -_END_SHARE / _END_DEVIATION
            follow = np.concatenate((follow, row))
        residual = np.concatenate(((angles - usual) @ rows.T, angles @ follow.T), axis=1)
        jacobian = np.zeros((count, residual.shape[1], POSE + hinge_count))
        jacobian[:, :, POSE:] = np.concatenate((rows, follow))
        return residual, jacobian
