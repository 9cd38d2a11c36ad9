"""Hands as an estimator saw them on the frames of a clip, before anybody knows whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Wrist to middle fingertip of an adult, metres. "Hand length" is this at the hand's depth, whatever the fingers do.
HAND_LENGTH = 0.18
_HANDS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class HandDetections:
    """D hands on the frames of a clip, in the order of the frames; a frame may have any number of them."""

    frame: Array  # (D,) int, growing
    is_right: Array  # (D,) bool, what the estimator calls it
    score: Array  # (D,) its confidence, 0 to 1
    bbox: Array  # (D, 4) x1 y1 x2 y2, pixels
    keypoints_2d: Array  # (D, 21, 2) pixels, OpenPose order
    keypoints_3d: Array  # (D, 21, 3) metres from the wrist, camera axes
    has_pose: Array  # (D,) bool, the next two mean something
    hand_pose: Array  # (D, 45) axis-angle of a hand of the side that the estimator calls it
    global_orient: Array  # (D, 3) axis-angle, camera space
    betas: Array  # (D, 10) MANO's, zero where the estimator has none
    second_look: Array  # (D,) bool, found in a crop after the clip had been seen once

    @staticmethod
    def empty(count: int = 0) -> HandDetections:
        """Room for `count` hands, all of them zero."""
        return HandDetections(
            frame=np.zeros(count, np.int64),
            is_right=np.zeros(count, bool),
            score=np.zeros(count, np.float32),
            bbox=np.zeros((count, 4), np.float32),
            keypoints_2d=np.zeros((count, 21, 2), np.float32),
            keypoints_3d=np.zeros((count, 21, 3), np.float32),
            has_pose=np.zeros(count, bool),
            hand_pose=np.zeros((count, 45), np.float32),
            global_orient=np.zeros((count, 3), np.float32),
            betas=np.zeros((count, 10), np.float32),
            second_look=np.zeros(count, bool),
        )

    @property
    def count(self) -> int:
        return len(self.frame)

    def taken(self, indices: Array) -> HandDetections:
        """The detections of these indices."""
        return HandDetections(**{field.name: getattr(self, field.name)[indices] for field in fields(self)})

    def joined(self, other: HandDetections) -> HandDetections:
        """Both, in the order of the frames."""
        if other.count == 0:
            return self
        place = np.empty(self.count + other.count, np.int64)
        place[np.argsort(np.concatenate((self.frame, other.frame)), kind="stable")] = np.arange(len(place))
        both = HandDetections.empty(len(place))
        for part, rows in ((self, place[: self.count]), (other, place[self.count :])):
            for field in fields(HandDetections):
                getattr(both, field.name)[rows] = getattr(part, field.name)
        return both

    @staticmethod
    def concatenated(parts: Sequence[HandDetections]) -> HandDetections:
        """All of them, in the order in which they are given."""
        parts = parts or [HandDetections.empty()]
        names = [field.name for field in fields(HandDetections)]
        return HandDetections(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def surest_first(self) -> Array:
        """All indices (D,): the first look before the second one, then by score.

        Where these are equal the boxes decide, alike in a clip reversed or mirrored; the place in the list only where there
        is nothing else, since a detector's order means nothing.
        """
        middle, half = (self.bbox[:, 2:] + self.bbox[:, :2]) / 2.0, (self.bbox[:, 2:] - self.bbox[:, :2]) / 2.0
        aside = np.abs(middle[:, 0] - middle[:, 0].mean()) if self.count else np.zeros(0)
        return np.lexsort((self.is_right, aside, middle[:, 1], -half[:, 0], -half[:, 1], -self.score, self.second_look))

    def hand_length_px(self) -> Array:
        """Length (D,) in pixels that `HAND_LENGTH` has at each hand's depth.

        From the spread of the landmarks in the picture against their spread in metres, so that a fist or a hand that
        points at the camera is as long as an open one; from the box where there are no landmarks in space.
        """
        seen, real = _spread(self.keypoints_2d), _spread(self.keypoints_3d[..., :2])
        box = (self.bbox[:, 2:] - self.bbox[:, :2]).max(axis=1)
        usable = (real > 0.02) & (seen > 0.0)
        return np.maximum(np.where(usable, HAND_LENGTH * seen / np.where(usable, real, 1.0), box), 1.0)


def _spread(points: Array) -> Array:
    """Root of the summed squares (D,) of the distances of points (D, K, 2) from their middle."""
    spread = np.empty(len(points))
    for first in range(0, len(points), _HANDS_AT_ONCE):
        block = points[first : first + _HANDS_AT_ONCE]
        spread[first : first + _HANDS_AT_ONCE] = np.sqrt(((block - block.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2)))
    return spread
