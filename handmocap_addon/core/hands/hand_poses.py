"""The raw hands of one person over a clip: what the estimator measured, frame by frame, never changed by cleanup."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..skeleton import Side
from .clip_notes import ClipNotes, clip_notes

Array = NDArray[Any]

# Of a clip and of its file: well over two hours at 60 frames a second.
MOST_FRAMES = 600_000
# Pixels, and frames a second: what is beyond is no clip's, and may be too large to reckon with.
_LONGEST_SIDE, _FASTEST = 1 << 20, Fraction(10**6)


@dataclass(frozen=True, eq=False)
class HandTrack:
    """One hand over N frames. Rows where `detected` is False hold zeros that mean nothing."""

    pose_axis_angle: Array  # (N, 45) absolute, flat convention
    detected: Array  # (N,) bool
    score: Array  # (N,) 0..1, the detector's confidence, or how far the fingers can be trusted where that is less
    detector_score: Array  # (N,) the detector's confidence 0..1 alone, by which frames weigh against one another
    bbox: Array  # (N, 4) x1 y1 x2 y2, pixels of the source frame
    keypoints_2d: Array  # (N, 21, 2) pixels, OpenPose order
    keypoints_3d: Array  # (N, 21, 3) metres, relative to the wrist, camera axes
    global_orient_axis_angle: Array  # (N, 3) camera axes, relative to the ray through the crop
    betas: Array  # (N, 10) MANO's, zero where the estimator has none

    @staticmethod
    def empty(frame_count: int) -> HandTrack:
        """A track of the given length with nothing detected."""
        return HandTrack(
            pose_axis_angle=np.zeros((frame_count, 45), np.float32),
            detected=np.zeros(frame_count, bool),
            score=np.zeros(frame_count, np.float32),
            detector_score=np.zeros(frame_count, np.float32),
            bbox=np.zeros((frame_count, 4), np.float32),
            keypoints_2d=np.zeros((frame_count, 21, 2), np.float32),
            keypoints_3d=np.zeros((frame_count, 21, 3), np.float32),
            global_orient_axis_angle=np.zeros((frame_count, 3), np.float32),
            betas=np.zeros((frame_count, 10), np.float32),
        )


@dataclass(frozen=True, eq=False)
class HandPoses:
    """Both hands of one person. `frame_time` is None in files of other pipelines that carry no times."""

    left: HandTrack
    right: HandTrack
    frame_index: Array  # (N,) decoded source frame of each row
    frame_time: Array | None  # (N,) seconds
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def frame_count(self) -> int:
        return len(self.frame_index)

    def track(self, side: Side) -> HandTrack:
        return self.left if side == "left" else self.right

    def frames_per_second(self) -> Fraction | None:
        """The clip's own rate, where the file says it."""
        try:
            numerator, denominator = self.meta["clip"]["fps"]
            fps = Fraction(numerator, denominator)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            return None
        return fps if 1 / _FASTEST <= fps <= _FASTEST else None

    def clip_name(self) -> str | None:
        """File name of the clip, where the file says it."""
        clip = self.meta.get("clip")
        name = clip.get("name") if isinstance(clip, dict) else None
        return str(name) if name else None

    def picture_size(self) -> tuple[int, int] | None:
        """Width and height of the clip in pixels, where the file says them."""
        try:
            width, height = (int(value) for value in self.meta["clip"]["size"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        return (width, height) if min(width, height) > 0 and max(width, height) <= _LONGEST_SIDE else None

    def clip_notes(self) -> ClipNotes:
        """How the clip was read, as far as the file says it."""
        return clip_notes(self.meta)

    def warnings(self) -> tuple[str, ...]:
        """What should be known of a result that is right: sentences."""
        said = self.meta.get("warnings")
        return tuple(text for text in said if isinstance(text, str)) if isinstance(said, list) else ()
