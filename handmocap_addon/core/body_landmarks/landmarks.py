"""The 33 landmarks of MediaPipe's pose over a clip, as they were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# The order of MediaPipe's PoseLandmarker; left and right are the person's own.
LANDMARK_NAMES: Final = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
LANDMARK_INDEX: Final = {name: index for index, name in enumerate(LANDMARK_NAMES)}
LANDMARK_COUNT: Final = len(LANDMARK_NAMES)


def _other_side(name: str) -> str:
    return "_".join({"left": "right", "right": "left"}.get(word, word) for word in name.split("_"))


# Of each landmark the one on the other side; those of the middle are their own.
OTHER_SIDE: Final = [LANDMARK_INDEX[_other_side(name)] for name in LANDMARK_NAMES]


@dataclass(frozen=True, eq=False)
class BodyLandmarks:
    """One person over N frames. Places are NaN, visibility and presence zero, where nobody was found."""

    picture: Array  # (N, 33, 2) pixels of the source frame
    world: Array  # (N, 33, 3) metres, x right, y down, z away from the camera, origin between the hips
    visibility: Array  # (N, 33) 0..1, whether the point is in the picture and not hidden
    presence: Array  # (N, 33) 0..1, whether the point is in the picture
    found: Array  # (N,) bool

    @staticmethod
    def empty(frame_count: int) -> BodyLandmarks:
        """Landmarks of nobody."""
        return BodyLandmarks(
            picture=np.full((frame_count, LANDMARK_COUNT, 2), np.nan),
            world=np.full((frame_count, LANDMARK_COUNT, 3), np.nan),
            visibility=np.zeros((frame_count, LANDMARK_COUNT)),
            presence=np.zeros((frame_count, LANDMARK_COUNT)),
            found=np.zeros(frame_count, bool),
        )

    def only(self, kept: Array) -> BodyLandmarks:
        """The same with nobody found but on some frames (N,)."""

        def chosen(values: Array, other: float) -> Array:
            return np.where(kept.reshape(-1, *[1] * (values.ndim - 1)), values, other)

        return BodyLandmarks(
            picture=chosen(self.picture, np.nan),
            world=chosen(self.world, np.nan),
            visibility=chosen(self.visibility, 0.0),
            presence=chosen(self.presence, 0.0),
            found=kept,
        )

    @property
    def frame_count(self) -> int:
        return len(self.found)


def weight_of(visibility: Array, least: float) -> Array:
    """How much each landmark (N, 33) counts (N, 33, 1), together 1: the more it is seen beyond `least`."""
    weight = np.maximum(visibility - least, 0.0) + 1e-6
    weight = weight / weight.sum(axis=1, keepdims=True)
    return weight[..., None]


def about_their_middle(points: Array, weight: Array) -> tuple[Array, Array]:
    """The weighted middle (N, k) of points (N, 33, k), and the points counted from it (N, 33, k)."""
    middle = (points * weight).sum(axis=1)
    return middle, points - middle[:, None]


def either_way_apart(points: Array, others: Array, weight: Array) -> Array:
    """How far points (N, 33, 2) are from others on weighted average (N,), whichever way left and right are called.

    Who is taken for one that turns the back, left for right, is the same person still.
    """
    ways = [
        (np.linalg.norm(one - others, axis=-1) * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0)
        for one in (points, points[:, OTHER_SIDE])
    ]
    return np.minimum(*ways)
