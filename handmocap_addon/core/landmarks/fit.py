"""From 21 landmarks to 15 joint rotations, on a rig's own rest skeleton.

The fit turns the rig's hinges, so bones keep their lengths over the whole clip and joints bend as joints do. Where a
detector's landmarks can be read (`landmark_reading`), it starts from what they usually mean, holds to it as far as that is
to be trusted, and moves the hand onto the points in the picture. Without a reading it takes image landmarks as exact to a
few pixels but flat, and world landmarks as deep but not rigid. All frames are solved at once, by damped least squares
(Levenberg 1944, Marquardt 1963).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..maths.rotations import axis_angle_to_rotmat, fitted_rotation, normalized, rotmat_to_axis_angle
from ..rig.accuracy import finger_bone_directions
from ..rig.hand_hinges import Hinge, hand_hinges, hinge_pose, hinged_landmarks
from ..rig.hand_skeleton import HandSkeleton
from ..skeleton import FINGERS, LANDMARK_COUNT, finger_landmarks
from .definition import MEDIAPIPE, LandmarkDefinition
from .fit_terms import (
    POSE,
    SCALE,
    SHIFT,
    FitTerm,
    HandState,
    HingeRanges,
    ImageLandmarks,
    PosedHand,
    ReadHand,
    UsualHand,
    WorldLandmarks,
    centred,
    normal_equations,
)
from .reading import LandmarkReading, read_mediapipe_landmarks

Array = NDArray[Any]


@dataclass(frozen=True)
class LandmarkNoise:
    """Standard deviations in metres on a hand of the rig's size: in the picture, and in the world's x, y and z."""

    image: float = 0.004
    world: tuple[float, float, float] = (0.015, 0.015, 0.03)


@dataclass(frozen=True, eq=False)
class FittedHand:
    """Hand poses (N, 45) axis-angle, and the hand's orientation (N, 3) axis-angle in the landmarks' axes.

    The orientation is relative to the ray through the hand: an estimator sees a crop as if it were in the picture's middle.
    """

    pose_axis_angle: Array
    global_orient_axis_angle: Array


_PALM_FINGERS = ("index", "middle", "ring", "pinky")
_ITERATIONS = 12
_BLOCK = 128
_DAMPING = 0.01
_LARGEST_STEP = 0.5  # radians; the landmarks' curvature is not to be trusted further
# With a reading the start is near: further steps changed the mean error of 738 rendered hands by 0.01 degrees.
_ITERATIONS_FROM_READING = 1
# Both measured as best on the same hands: the picture's noise in metres, and the share of the reading's expected error.
_IMAGE_NOISE_WITH_READING = 0.008
_SHARE_OF_READING_ERROR = 0.5


def fit_landmarks(
    world: ArrayLike,
    skeleton: HandSkeleton,
    image: ArrayLike | None = None,
    definition: LandmarkDefinition = MEDIAPIPE,
    noise: LandmarkNoise | None = None,
) -> FittedHand:
    """Fit one hand over N frames to landmarks that are taken at their word.

    Args:
        world: landmarks (N, 21, 3), OpenPose order, of any origin and scale, x right, y down, z forward.
        skeleton: the rig's hand.
        image: landmarks (N, 21, 2) of the same frames in pixels, x right, y down; None fits the shape alone.
        definition: where the detector's points lie on the rig.
        noise: how exact the landmarks are.
    """
    noise = noise or LandmarkNoise()
    hinges = hand_hinges(skeleton)
    points = _at_rig_size(np.asarray(world, dtype=np.float64), skeleton, definition)
    terms: list[FitTerm] = [WorldLandmarks(centred(points), np.array(noise.world)), UsualHand(hinges), HingeRanges(hinges)]
    if image is not None:
        # The pixels of a metre, from the spread of the same points in the picture and in the world.
        terms.append(ImageLandmarks(_in_metres(np.asarray(image, dtype=np.float64), centred(points)[..., :2]), noise.image))
    start = _start(points, skeleton, hinges, definition)
    return _solved(start, terms, skeleton, hinges, definition, _ITERATIONS)


def fit_read_landmarks(
    image: ArrayLike, reading: LandmarkReading, skeleton: HandSkeleton, definition: LandmarkDefinition = MEDIAPIPE
) -> FittedHand:
    """Fit one hand over N frames to what was read from its landmarks, and to the picture.

    Args:
        image: landmarks (N, 21, 2) in pixels, x right, y down.
        reading: what they usually mean, of the same side as the skeleton.
        skeleton: the rig's hand.
        definition: where the detector's points lie on the rig.
    """
    hinges = hand_hinges(skeleton)
    count = len(reading.angles)
    start = HandState(reading.palm_rotmat, np.zeros(count), np.zeros((count, 2)), reading.angles)
    read = _posed(start, skeleton, hinges, definition)
    pixels = _in_metres(np.asarray(image, dtype=np.float64), centred(read.points)[..., :2])
    terms: list[FitTerm] = [
        ImageLandmarks(pixels, _IMAGE_NOISE_WITH_READING),
        ReadHand(finger_bone_directions(read.local), reading, _SHARE_OF_READING_ERROR),
        HingeRanges(hinges),
    ]
    return _solved(start, terms, skeleton, hinges, definition, _ITERATIONS_FROM_READING)


def fit_mediapipe_landmarks(world: ArrayLike, image: ArrayLike, skeleton: HandSkeleton) -> FittedHand:
    """Read MediaPipe's landmarks (N, 21, 3) and (N, 21, 2) and fit the rig's hand to them; see `fit_read_landmarks`."""
    return fit_read_landmarks(image, read_mediapipe_landmarks(world, image, skeleton.side), skeleton)


def palm_orientation(world: ArrayLike, skeleton: HandSkeleton, definition: LandmarkDefinition = MEDIAPIPE) -> Array:
    """Rotations (N, 3, 3) that turn the resting palm onto the palm of world landmarks (N, 21, 3), by its knuckles."""
    points = np.asarray(world, dtype=np.float64)
    rest = skeleton.landmarks() + definition.offsets_on(skeleton)
    knuckles = [finger_landmarks(finger)[0] for finger in _PALM_FINGERS]
    seen = points[:, knuckles] - points[:, :1]
    return fitted_rotation(np.broadcast_to(rest[knuckles] - rest[0], seen.shape), seen)


def _solved(
    start: HandState,
    terms: list[FitTerm],
    skeleton: HandSkeleton,
    hinges: tuple[Hinge, ...],
    definition: LandmarkDefinition,
    iterations: int,
) -> FittedHand:
    solved = []
    # Frames do not touch each other; so many at a time stay in the processor's cache.
    for first in range(0, len(start.angles), _BLOCK):
        rows = slice(first, first + _BLOCK)
        state, block = start.rows(rows), [term.rows(rows) for term in terms]
        for _ in range(iterations):
            hand = _posed(state, skeleton, hinges, definition)
            normal, gradient = normal_equations([term.linearized(hand) for term in block])
            state = _stepped(state, _damped_step(normal, gradient))
        solved.append(state)
    angles = np.concatenate([state.angles for state in solved]) if solved else start.angles
    turn = np.concatenate([state.turn for state in solved]) if solved else start.turn
    # The term gives way a little under landmarks that no hand can take; what is handed out does not.
    limits = np.array([hinge.limits for hinge in hinges])
    return FittedHand(hinge_pose(hinges, np.clip(angles, limits[:, 0], limits[:, 1])), rotmat_to_axis_angle(turn))


def _posed(state: HandState, skeleton: HandSkeleton, hinges: tuple[Hinge, ...], definition: LandmarkDefinition) -> PosedHand:
    local, bending = hinged_landmarks(skeleton, hinges, state.angles)
    points = (local + definition.offsets_on(skeleton)) @ np.swapaxes(state.turn, -1, -2)
    moving = np.empty((len(points), LANDMARK_COUNT, 3, POSE + len(hinges)))
    for axis, unit in enumerate(np.eye(3)):
        moving[..., axis] = np.cross(unit, points)
    moving[..., SCALE] = 0.0
    moving[..., SHIFT] = 0.0
    moving[..., POSE:] = np.swapaxes(bending @ np.swapaxes(state.turn, -1, -2)[:, None], -1, -2)
    return PosedHand(state, local, bending, points, moving)


def _stepped(state: HandState, step: Array) -> HandState:
    return HandState(
        axis_angle_to_rotmat(step[:, :3]) @ state.turn,
        state.log_scale + step[:, SCALE],
        state.shift + step[:, SHIFT],
        state.angles + step[:, POSE:],
    )


def _damped_step(normal: Array, gradient: Array) -> Array:
    """One step (N, P) of damped least squares from the normal equations (N, P, P) and the gradient (N, P)."""
    diagonal = np.arange(normal.shape[-1])
    normal[:, diagonal, diagonal] = normal[:, diagonal, diagonal] * (1.0 + _DAMPING) + 1e-9
    step = -np.linalg.solve(normal, gradient[..., None])[..., 0]
    return step * np.minimum(1.0, _LARGEST_STEP / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-12))


def _at_rig_size(world: Array, skeleton: HandSkeleton, definition: LandmarkDefinition) -> Array:
    """World landmarks (N, 21, 3) scaled so that their palm is as big as the rig's."""
    rest = skeleton.landmarks() + definition.offsets_on(skeleton)
    palm = [0, *(finger_landmarks(finger)[0] for finger in _PALM_FINGERS)]
    size = np.linalg.norm(np.diff(world[:, palm], axis=1), axis=-1).sum(axis=-1)
    return world * (np.linalg.norm(np.diff(rest[palm], axis=0), axis=-1).sum() / np.maximum(size, 1e-9))[:, None, None]


def _in_metres(pixels: Array, metres: Array) -> Array:
    """Image landmarks (N, 21, 2), centred, at the spread of the same points in metres (N, 21, 2)."""
    seen = np.sum(centred(pixels) ** 2, axis=(1, 2))
    spread = np.sqrt(seen / np.maximum(np.sum(metres**2, axis=(1, 2)), 1e-12))
    return centred(pixels) / np.maximum(spread, 1e-12)[:, None, None]


def _start(world: Array, skeleton: HandSkeleton, hinges: tuple[Hinge, ...], definition: LandmarkDefinition) -> HandState:
    """The palm by its knuckles, and each hinge by the bend that the world landmarks show."""
    count = len(world)
    turn = palm_orientation(world, skeleton, definition)
    local: Array = centred(world) @ turn - definition.offsets_on(skeleton)
    angles = np.zeros((count, len(hinges)))
    for number, finger in enumerate(FINGERS):
        bones = normalized(np.diff(local[:, list(finger_landmarks(finger))], axis=1))
        rest = normalized(np.diff(skeleton.landmarks()[list(finger_landmarks(finger))], axis=0))
        axis = skeleton.flexion_axes[number]
        heading = np.stack([_angle_about(axis, rest[0], bones[:, step]) for step in range(3)], axis=1)
        heading -= np.array([_angle_about(axis, rest[0], bone[None])[0] for bone in rest])
        bend = np.diff(heading, axis=1, prepend=0.0)
        for index, hinge in enumerate(hinges):
            if hinge.finger == number and np.array_equal(hinge.axis, axis):
                angles[:, index] = np.clip(_wrapped(bend[:, hinge.step]), *hinge.limits)
    return HandState(turn, np.zeros(count), np.zeros((count, 2)), angles)


def _wrapped(angles: Array) -> Array:
    return (angles + np.pi) % (2.0 * np.pi) - np.pi


def _angle_about(axis: Array, start: Array, ends: Array) -> Array:
    """Signed angles (N,) about `axis` from `start` (3,) to `ends` (N, 3), seen along the axis."""
    flat_start: Array = start - axis * (start @ axis)
    flat_ends = ends - axis * (ends @ axis)[:, None]
    return np.arctan2(np.cross(flat_start, flat_ends) @ axis, flat_ends @ flat_start)
