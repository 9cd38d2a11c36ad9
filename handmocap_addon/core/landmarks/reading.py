"""What a detector's landmarks usually mean: the hand that was there when it put its points so.

MediaPipe's points are off in ways that repeat: depth is flattened, fists are drawn open, the bases of the fingers lie nearer
to the wrist than the joints. A small network, trained on pictures of hands whose joints are known
(tools/landmark_reading), gives the joint angles that such points stood for, and how far off it expects to be.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..files.npz_files import read_npz
from ..maths.rotations import normalized
from ..skeleton import LANDMARK_COUNT, LANDMARK_WRIST, Side, finger_landmarks

Array = NDArray[Any]

_WEIGHTS = Path(__file__).with_name("mediapipe_reading.npz")
_KNUCKLES = [finger_landmarks(finger)[0] for finger in ("index", "middle", "ring", "pinky")]
_MIRROR = np.array((-1.0, 1.0, 1.0))
# The network gives angles about this one, in units of this, so that its outputs are of the order of one.
ANGLE_OFFSET, ANGLE_SCALE = 0.3, 0.5
# Logarithm of the expected error in radians: from one degree to more than a turn.
LOG_DEVIATION_RANGE = (-4.0, 2.0)
_FINGER_BONES = 15


@dataclass(frozen=True, eq=False)
class LandmarkReading:
    """N hands as read from their landmarks, in the convention of `hand_hinges` on the hand's own side."""

    angles: Array  # (N, H) radians, in the order of hand_hinges
    palm_rotmat: Array  # (N, 3, 3) the hand's orientation in the landmarks' axes
    bone_deviation: Array  # (N, 15) expected error of each finger bone's direction, radians
    palm_deviation: Array  # (N,) expected error of the orientation, radians

    def rows(self, rows: slice) -> LandmarkReading:
        """Some of the frames."""
        return LandmarkReading(
            self.angles[rows], self.palm_rotmat[rows], self.bone_deviation[rows], self.palm_deviation[rows]
        )


def aligned_landmarks(world: ArrayLike, image: ArrayLike, side: Side) -> tuple[Array, Array]:
    """The network's input (N, 100), and the turns (N, 3, 3) from the right-handed picture's axes to its own.

    Left hands are mirrored; the palm points up in the picture; size and place are taken out.

    Args:
        world: landmarks (N, 21, 3), OpenPose order, any origin and scale, camera axes.
        image: the same landmarks in pixels (N, 21, 2).
        side: the person's own side.
    """
    mirror = _MIRROR if side == "left" else np.ones(3)
    points = np.asarray(world, dtype=np.float64) * mirror
    pixels = np.asarray(image, dtype=np.float64) * mirror[:2]
    points = points - points[:, [LANDMARK_WRIST]]
    pixels = pixels - pixels[:, [LANDMARK_WRIST]]
    palm = pixels[:, _KNUCKLES].mean(axis=1)
    angle = np.arctan2(palm[:, 0], -palm[:, 1])
    cosine, sine, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    rows = ((cosine, sine, zero), (-sine, cosine, zero), (zero, zero, one))
    turn = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    points = points @ np.swapaxes(turn, -1, -2)
    pixels = pixels @ np.swapaxes(turn[:, :2, :2], -1, -2)
    flat = [
        _unit_size(values)[:, 1:].reshape(len(values), (LANDMARK_COUNT - 1) * size)
        for values, size in ((pixels, 2), (points, 3))
    ]
    return np.concatenate(flat, axis=1), turn


def _unit_size(points: Array) -> Array:
    size = np.sqrt(np.sum(points**2, axis=-1).mean(axis=1))
    return points / np.maximum(size, 1e-9)[:, None, None]


def read_mediapipe_landmarks(world: ArrayLike, image: ArrayLike, side: Side) -> LandmarkReading:
    """Read MediaPipe's landmarks; arguments as for `aligned_landmarks`."""
    features, turn = aligned_landmarks(world, image, side)
    weights = _weights()
    values = ((features - weights["mean"]) / weights["deviation"]).astype(np.float32)
    layers = sum(name.startswith("weight") for name in weights)
    for layer in range(layers):
        values = values @ weights[f"weight_{layer}"].T + weights[f"bias_{layer}"]
        if layer < layers - 1:
            values = _gelu(values)
    values = values.astype(np.float64)
    hinge_count = values.shape[1] - 6 - (_FINGER_BONES + 1)
    palm = np.swapaxes(turn, -1, -2) @ _rotation_of_six(values[:, hinge_count : hinge_count + 6])
    if side == "left":
        palm = palm * np.outer(_MIRROR, _MIRROR)
    deviation = np.exp(np.clip(values[:, hinge_count + 6 :], *LOG_DEVIATION_RANGE))
    angles = values[:, :hinge_count] * ANGLE_SCALE + ANGLE_OFFSET
    return LandmarkReading(angles, palm, deviation[:, :_FINGER_BONES], deviation[:, _FINGER_BONES])


def _rotation_of_six(values: Array) -> Array:
    """Rotations (N, 3, 3) from their first two columns, not yet orthonormal (Zhou et al. 2019)."""
    first = normalized(values[:, :3])
    second = normalized(values[:, 3:] - np.sum(values[:, 3:] * first, axis=1, keepdims=True) * first)
    return np.stack((first, second, np.cross(first, second)), axis=-1)


def _gelu(values: Array) -> Array:
    """Hendrycks and Gimpel (2016), by the hyperbolic tangent."""
    result: Array = 0.5 * values * (1.0 + np.tanh(np.float32(np.sqrt(2.0 / np.pi)) * (values + 0.044715 * values**3)))
    return result


@functools.cache
def _weights() -> dict[str, Array]:
    return {name: weight.astype(np.float32) for name, weight in read_npz(_WEIGHTS).items()}
