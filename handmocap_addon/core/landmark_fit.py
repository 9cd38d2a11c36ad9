"""From 21 landmarks to 15 joint rotations, on a rig's own rest skeleton.

Image landmarks are exact to a few pixels but flat; world landmarks have depth but bones that are not rigid. The fit turns
the rig's hinges until its projection lies on the first and its shape near the second, for all frames at once, by damped
least squares (Levenberg 1944, Marquardt 1963) with Huber's weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .hand_hinges import Hinge, coupled_hinges, hand_hinges, hinge_pose, hinged_landmarks
from .hand_skeleton import HandSkeleton
from .landmark_definition import MEDIAPIPE, LandmarkDefinition
from .rotations import axis_angle_to_rotmat, fitted_rotation, normalized, rotmat_to_axis_angle
from .skeleton import FINGERS, LANDMARK_COUNT, finger_landmarks

Array = NDArray[Any]


@dataclass(frozen=True)
class LandmarkNoise:
    """Standard deviations in metres on a hand of the rig's size: in the picture, and in the world's x, y and z."""

    image: float = 0.004
    world: tuple[float, float, float] = (0.015, 0.015, 0.03)


@dataclass(frozen=True)
class FittedHand:
    """Hand poses (N, 45) axis-angle, and the hand's orientation (N, 3) axis-angle in the landmarks' axes.

    The orientation is relative to the ray through the hand: an estimator sees a crop as if it were in the picture's middle.
    """

    pose_axis_angle: Array
    global_orient_axis_angle: Array


_PALM_FINGERS = ("index", "middle", "ring", "pinky")
_ITERATIONS = 12
_DAMPING = 0.01
_LARGEST_STEP = 0.5  # radians; the landmarks' curvature is not to be trusted further
_HUBER = 2.0  # standard deviations
# The end joint follows the middle one at about this share (tendon of the deep flexor), loosely.
_END_SHARE, _END_DEVIATION = 0.55, np.radians(20.0)
_LIMIT_DEVIATION = np.radians(5.0)
# Parameters before the hinges: turn (3), logarithm of the scale, shift (2).
_POSE = 6


def fit_landmarks(
    world: ArrayLike,
    skeleton: HandSkeleton,
    image: ArrayLike | None = None,
    definition: LandmarkDefinition = MEDIAPIPE,
    noise: LandmarkNoise | None = None,
) -> FittedHand:
    """Fit one hand over N frames.

    Args:
        world: landmarks (N, 21, 3), OpenPose order, of any origin and scale, x right, y down, z forward.
        skeleton: the rig's hand.
        image: landmarks (N, 21, 2) of the same frames in pixels, x right, y down; None fits the shape alone.
        definition: where the detector's points lie on the rig.
        noise: how exact the landmarks are.
    """
    problem = _Problem.of(np.asarray(world, dtype=np.float64), skeleton, image, definition, noise or LandmarkNoise())
    state = problem.start()
    for _ in range(_ITERATIONS if len(state.angles) else 0):
        residuals, jacobian = problem.linearized(state)
        state = state.stepped(_damped_step(residuals, jacobian))
    return FittedHand(hinge_pose(problem.hinges, state.angles), rotmat_to_axis_angle(state.turn))


def palm_orientation(world: ArrayLike, skeleton: HandSkeleton, definition: LandmarkDefinition = MEDIAPIPE) -> Array:
    """Rotations (N, 3, 3) that turn the resting palm onto the palm of world landmarks (N, 21, 3), by its knuckles."""
    points = np.asarray(world, dtype=np.float64)
    rest = skeleton.landmarks() + definition.offsets_on(skeleton)
    knuckles = [finger_landmarks(finger)[0] for finger in _PALM_FINGERS]
    seen = points[:, knuckles] - points[:, :1]
    return fitted_rotation(np.broadcast_to(rest[knuckles] - rest[0], seen.shape), seen)


@dataclass(frozen=True)
class _State:
    """The present solution of N frames."""

    turn: Array  # (N, 3, 3)
    log_scale: Array  # (N,)
    shift: Array  # (N, 2)
    angles: Array  # (N, H)

    def stepped(self, step: Array) -> _State:
        return _State(
            axis_angle_to_rotmat(step[:, :3]) @ self.turn,
            self.log_scale + step[:, 3],
            self.shift + step[:, 4:_POSE],
            self.angles + step[:, _POSE:],
        )


@dataclass(frozen=True)
class _Problem:
    """What the fit compares: everything in metres on a hand of the rig's size."""

    skeleton: HandSkeleton
    hinges: tuple[Hinge, ...]
    offsets: Array  # (21, 3)
    world: Array  # (N, 21, 3), centred
    turn: Array  # (N, 3, 3), from the palm
    image: Array | None  # (N, 21, 2)
    noise: LandmarkNoise

    @staticmethod
    def of(
        world: Array, skeleton: HandSkeleton, image: ArrayLike | None, definition: LandmarkDefinition, noise: LandmarkNoise
    ) -> _Problem:
        offsets = definition.offsets_on(skeleton)
        rest = skeleton.landmarks() + offsets
        palm = [0, *(finger_landmarks(finger)[0] for finger in _PALM_FINGERS)]
        size = np.linalg.norm(np.diff(world[:, palm], axis=1), axis=-1).sum(axis=-1)
        world = world * (np.linalg.norm(np.diff(rest[palm], axis=0), axis=-1).sum() / np.maximum(size, 1e-9))[:, None, None]
        pixels = None if image is None else np.asarray(image, dtype=np.float64)
        if pixels is not None:
            # The pixels of a metre, from the spread of the same points in the picture and in the world.
            seen = np.sum(_centred(pixels) ** 2, axis=(1, 2))
            spread = np.sqrt(seen / np.maximum(np.sum(_centred(world)[..., :2] ** 2, axis=(1, 2)), 1e-12))
            pixels = _centred(pixels) / np.maximum(spread, 1e-12)[:, None, None]
        turn = palm_orientation(world, skeleton, definition)
        return _Problem(skeleton, hand_hinges(skeleton), offsets, _centred(world), turn, pixels, noise)

    def start(self) -> _State:
        """The palm by its knuckles, and each hinge by the bend that the world landmarks show."""
        count = len(self.world)
        local: Array = self.world @ self.turn - self.offsets
        angles = np.zeros((count, len(self.hinges)))
        for number, finger in enumerate(FINGERS):
            bones = normalized(np.diff(local[:, list(finger_landmarks(finger))], axis=1))
            rest = normalized(np.diff(self.skeleton.landmarks()[list(finger_landmarks(finger))], axis=0))
            axis = self.skeleton.flexion_axes[number]
            heading = np.stack([_angle_about(axis, rest[0], bones[:, step]) for step in range(3)], axis=1)
            heading -= np.array([_angle_about(axis, rest[0], bone[None])[0] for bone in rest])
            bend = np.diff(heading, axis=1, prepend=0.0)
            for index, hinge in enumerate(self.hinges):
                if hinge.finger == number and np.array_equal(hinge.axis, axis):
                    angles[:, index] = np.clip(_wrapped(bend[:, hinge.step]), *hinge.limits)
        return _State(self.turn, np.zeros(count), np.zeros((count, 2)), angles)

    def linearized(self, state: _State) -> tuple[Array, Array]:
        """Weighted residuals (N, r) and their derivatives (N, r, p)."""
        count, parameters = len(state.angles), _POSE + len(self.hinges)
        local, bending = hinged_landmarks(self.skeleton, self.hinges, state.angles)
        points = (local + self.offsets) @ np.swapaxes(state.turn, -1, -2)
        # Derivatives of the turned points by turn (3) and hinges.
        moving = np.zeros((count, LANDMARK_COUNT, 3, parameters))
        for axis, unit in enumerate(np.eye(3)):
            moving[..., axis] = np.cross(unit, points)
        moving[..., _POSE:] = np.einsum("nab,nkhb->nkah", state.turn, bending)

        residuals, jacobians = [], []
        world_residual = (_centred(points) - self.world) / np.array(self.noise.world)
        world_jacobian = _centred(moving) / np.array(self.noise.world)[:, None]
        residuals.append(world_residual)
        jacobians.append(world_jacobian)
        if self.image is not None:
            scale = np.exp(state.log_scale)[:, None, None]
            centre = points[..., :2].mean(axis=1, keepdims=True)
            flat = scale * (points[..., :2] - centre) + state.shift[:, None]
            image_jacobian = scale[..., None] * _centred(moving[:, :, :2])
            image_jacobian[..., 3] = flat - state.shift[:, None]
            image_jacobian[:, :, 0, 4] = image_jacobian[:, :, 1, 5] = 1.0
            residuals.append((flat - self.image) / self.noise.image)
            jacobians.append(image_jacobian / self.noise.image)
        for block, (residual, jacobian) in enumerate(zip(residuals, jacobians, strict=True)):
            weight = np.sqrt(_HUBER / np.maximum(np.linalg.norm(residual, axis=-1), _HUBER))[..., None]
            residuals[block] = (residual * weight).reshape(count, -1)
            jacobians[block] = (jacobian * weight[..., None]).reshape(count, -1, parameters)
        likely, likely_jacobian = self._likelihood(state.angles)
        return np.concatenate([*residuals, likely], axis=1), np.concatenate([*jacobians, likely_jacobian], axis=1)

    def _likelihood(self, angles: Array) -> tuple[Array, Array]:
        """Residuals of what a hand usually does, and of leaving its range."""
        count, hinge_count = angles.shape
        usual = np.array([hinge.usual for hinge in self.hinges])
        deviation = np.array([hinge.deviation for hinge in self.hinges])
        limits = np.array([hinge.limits for hinge in self.hinges])
        over = angles - np.clip(angles, limits[:, 0], limits[:, 1])
        pairs = coupled_hinges(self.hinges)
        follow = np.zeros((len(pairs), hinge_count))
        for row, (end, middle) in enumerate(pairs):
            follow[row, end], follow[row, middle] = 1.0 / _END_DEVIATION, -_END_SHARE / _END_DEVIATION
        residual = np.concatenate(((angles - usual) / deviation, over / _LIMIT_DEVIATION, angles @ follow.T), axis=1)
        jacobian = np.zeros((count, residual.shape[1], _POSE + hinge_count))
        diagonal = np.arange(hinge_count)
        jacobian[:, diagonal, _POSE + diagonal] = 1.0 / deviation
        jacobian[:, hinge_count + diagonal, _POSE + diagonal] = (over != 0.0) / _LIMIT_DEVIATION
        jacobian[:, 2 * hinge_count :, _POSE:] = follow
        return residual, jacobian


def _damped_step(residuals: Array, jacobian: Array) -> Array:
    """One step (N, p) of damped least squares."""
    normal = np.swapaxes(jacobian, -1, -2) @ jacobian
    gradient = np.einsum("nrp,nr->np", jacobian, residuals)
    diagonal = np.arange(normal.shape[-1])
    normal[:, diagonal, diagonal] = normal[:, diagonal, diagonal] * (1.0 + _DAMPING) + 1e-9
    step = -np.linalg.solve(normal, gradient[..., None])[..., 0]
    return step * np.minimum(1.0, _LARGEST_STEP / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-12))


def _centred(points: Array) -> Array:
    """Points (N, k, …) about their mean over k."""
    return points - points.mean(axis=1, keepdims=True)


def _wrapped(angles: Array) -> Array:
    return (angles + np.pi) % (2.0 * np.pi) - np.pi


def _angle_about(axis: Array, start: Array, ends: Array) -> Array:
    """Signed angles (N,) about `axis` from `start` (3,) to `ends` (N, 3), seen along the axis."""
    flat_start: Array = start - axis * (start @ axis)
    flat_ends = ends - axis * (ends @ axis)[:, None]
    return np.arctan2(np.cross(flat_start, flat_ends) @ axis, flat_ends @ flat_start)
