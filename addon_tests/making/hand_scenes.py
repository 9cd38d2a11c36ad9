"""Clips of hands that nobody filmed: what a detector would say of hands on known paths, and whose each detection is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.hands.hand_detections import HAND_LENGTH, HandDetections
from handmocap_addon.core.skeleton import Side
from handmocap_addon.core.whose_hands.projected_arms import ProjectedArms

Array = NDArray[Any]
LENGTH = 90.0  # pixels
PICTURE = (1280, 720)


def _right_hand() -> Array:
    """Landmarks (21, 3) metres of a right hand, its palm to the camera and its fingers up: the thumb at the picture's right."""
    points = [(0.0, 0.0, 0.0)]
    for across, first, last, sideways in (
        (0.03, 0.03, 0.09, 0.045), (0.025, 0.085, 0.165, 0.01), (0.005, 0.088, 0.18, 0.0), (-0.015, 0.082, 0.165, -0.008),
        (-0.033, 0.075, 0.14, -0.02),
    ):  # fmt: skip
        for share in (0.0, 0.45, 0.75, 1.0):
            points.append((across + share * sideways, -(first + share * (last - first)), -0.01 * share))
    return np.array(points)


RIGHT_HAND = _right_hand()


@dataclass(frozen=True)
class Hand:
    """A hand on its way. Arrays have one row a frame."""

    side: Side
    wrist: Array  # (N, 2) pixels
    turn: Array  # (N,) radians in the picture, 0 fingers up
    length: float = LENGTH
    seen: Array | None = None  # (N,) bool
    named: Array | None = None  # (N,) bool, called right
    score: float = 0.9

    @property
    def frame_count(self) -> int:
        return len(self.wrist)


def hand(side: Side, start: tuple[float, float], end: tuple[float, float], frames: int, **options: Any) -> Hand:
    """A hand that goes straight from place to place, a little slower at its ends, its fingers up."""
    share = (1.0 - np.cos(np.linspace(0.0, np.pi, frames))) / 2.0
    wrist = np.array(start) + share[:, None] * (np.array(end) - np.array(start))
    return Hand(side, wrist, np.zeros(frames), **options)


def detections_of(hands: list[Hand], noise: float = 1.5, seed: int = 0) -> tuple[HandDetections, Array]:
    """What a detector says, in the order of the frames, and the number of the hand (D,) that each detection is."""
    random = np.random.default_rng(seed)
    rows: list[tuple[int, int]] = []
    for frame in range(max(one.frame_count for one in hands)):
        for number, one in enumerate(hands):
            if frame < one.frame_count and (one.seen is None or one.seen[frame]):
                rows.append((frame, number))
    detections = HandDetections.empty(len(rows))
    for row, (frame, number) in enumerate(rows):
        one = hands[number]
        points = RIGHT_HAND * ((-1.0 if one.side == "left" else 1.0), 1.0, 1.0)
        cosine, sine = np.cos(one.turn[frame]), np.sin(one.turn[frame])
        points = points @ np.array(((cosine, -sine, 0.0), (sine, cosine, 0.0), (0.0, 0.0, 1.0))).T
        flat = one.wrist[frame] + points[:, :2] * one.length / HAND_LENGTH + random.normal(0.0, noise, (21, 2))
        detections.frame[row] = frame
        detections.is_right[row] = one.side == "right" if one.named is None else one.named[frame]
        detections.score[row] = one.score + random.uniform(-0.04, 0.04)
        detections.bbox[row] = np.concatenate((flat.min(axis=0) - 8.0, flat.max(axis=0) + 8.0))
        detections.keypoints_2d[row] = flat
        detections.keypoints_3d[row] = points
    return detections, np.array([number for _, number in rows], dtype=np.int64)


def arms_of(left: Hand, right: Hand, error: Array | float = 0.0) -> ProjectedArms:
    """The arms that carry two hands; their wrists may be some pixels off."""
    wrist = np.stack((left.wrist, right.wrist), axis=1) + error
    length = np.stack((np.full(left.frame_count, left.length), np.full(right.frame_count, right.length)), axis=1)
    elbow = wrist + np.array((0.0, 1.4)) * length[..., None]
    knuckle = wrist - np.array((0.0, 0.5)) * length[..., None]
    return ProjectedArms(elbow, wrist, knuckle, length, np.ones(length.shape, bool))


def reversed_in_time(detections: HandDetections, frame_count: int) -> tuple[HandDetections, Array]:
    """The same clip run backwards, and the old index (D,) of each of its detections."""
    order = np.argsort(frame_count - 1 - detections.frame, kind="stable")
    turned = detections.taken(order)
    return replace(turned, frame=frame_count - 1 - turned.frame), order


def mirrored(detections: HandDetections, width: float = PICTURE[0]) -> HandDetections:
    """The same clip seen in a mirror: x becomes width - x and sides change."""
    points = detections.keypoints_2d * (-1.0, 1.0) + (width, 0.0)
    box = detections.bbox[:, [2, 1, 0, 3]] * (-1.0, 1.0, -1.0, 1.0) + (width, 0.0, width, 0.0)
    space = detections.keypoints_3d * (-1.0, 1.0, 1.0)
    return replace(detections, is_right=~detections.is_right, bbox=box, keypoints_2d=points, keypoints_3d=space)
