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

    @property
    def frame_count(self) -> int:
        return len(self.found)
