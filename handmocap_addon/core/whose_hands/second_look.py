"""Where to look again, more closely, for hands that were missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hands.hand_detections import HandDetections
from ..maths.frame_spans import at_most
from ..skeleton import LANDMARK_WRIST, SIDES, Side
from .hand_evidence import LARGEST_SIZE_RATIO, WRIST_REACH
from .hand_sides import HandAssociation
from .projected_arms import ProjectedArms

Array = NDArray[Any]
# Hands smaller than this in the picture give no landmarks worth having, pixels.
_SMALLEST_HAND = 25.0
# Side of the crop, and how far inside the picture the middle of the hand must lie, in hand lengths.
_CROP_SIDE, _INSIDE = 3.0, 0.25
# Gaps in a track without a body are looked at up to this long, seconds.
_LONGEST_GAP = 1.0
# Found hands must be this near to where the gap's ends say, in hand lengths, and of this size against theirs.
_GAP_REACH, _GAP_SIZE_RATIO = 1.0, 1.6


@dataclass(frozen=True, eq=False)
class Looks:
    """K crops to look into, in the order of the frames, and the hand that is expected there."""

    frame: Array  # (K,) int
    box: Array  # (K, 4) int x1 y1 x2 y2, inside the picture
    place: Array  # (K, 2) pixels of the wrist, or of the hand's middle
    is_wrist: Array  # (K,) bool
    length_px: Array  # (K,) hand length

    @property
    def count(self) -> int:
        return len(self.frame)

    def taken(self, indices: Array) -> Looks:
        """The looks of these indices."""
        return Looks(**{field.name: getattr(self, field.name)[indices] for field in fields(self)})

    def accept(self, look: Array, found: HandDetections) -> Array:
        """Whether hands (M,) found in the crops `look` (M,) can be the ones that were expected there."""
        points = found.keypoints_2d
        place = np.where(self.is_wrist[look][:, None], points[:, LANDMARK_WRIST], points.mean(axis=1))
        away = np.linalg.norm(place - self.place[look], axis=1) / self.length_px[look]
        ratio = np.abs(np.log(found.hand_length_px() / self.length_px[look]))
        reach = np.where(self.is_wrist[look], WRIST_REACH, _GAP_REACH)
        return (away < reach) & (ratio < np.log(np.where(self.is_wrist[look], LARGEST_SIZE_RATIO, _GAP_SIZE_RATIO)))


def missed_hands(
    detections: HandDetections,
    association: HandAssociation,
    frame_time: Array,
    picture_size: tuple[int, int],
    arms: Sequence[ProjectedArms],
    hands: Sequence[tuple[int, Side]],
) -> Looks:
    """Frames on which a hand was not seen where a body puts it in the picture, or, without bodies, within a short gap.

    `hands` are those that are looked for, by person and side.
    """
    found = []
    for person, side in hands:
        given = association.of(person, side)
        found.append(_by_body(given, arms[person], SIDES.index(side)) if arms else _by_gap(given, detections, frame_time))
    frame, place, middle, length = (np.concatenate(parts) for parts in zip(*found, strict=True))
    size = np.array(picture_size, dtype=np.float64)
    margin = _INSIDE * length[:, None]
    usable = ((middle > margin) & (middle < size - margin)).all(axis=1) & (length >= _SMALLEST_HAND)
    order = np.flatnonzero(usable)[np.argsort(frame[usable], kind="stable")]
    half = _CROP_SIDE / 2.0 * length[order, None]
    low, high = np.maximum(middle[order] - half, 0.0), np.minimum(middle[order] + half, size)
    box = np.concatenate((np.floor(low), np.ceil(high)), axis=1).astype(np.int64)
    return Looks(frame[order], box, place[order], np.full(len(order), bool(arms)), length[order])


def _by_body(given: Array, arms: ProjectedArms, side: int) -> tuple[Array, Array, Array, Array]:
    frame = np.flatnonzero((given < 0) & arms.in_front[:, side])
    wrist, length = arms.wrist[frame, side], arms.hand_length_px[frame, side]
    # The hand lies beyond the wrist, on the whole where the forearm points.
    forearm = wrist - arms.elbow[frame, side]
    along = forearm / np.maximum(np.linalg.norm(forearm, axis=1), length)[:, None]
    return frame, wrist, wrist + 0.5 * length[:, None] * along, length


def _by_gap(given: Array, detections: HandDetections, frame_time: Array) -> tuple[Array, Array, Array, Array]:
    seen = np.flatnonzero(given >= 0)
    frame = np.flatnonzero(given < 0)
    if len(seen) < 2:
        return np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0)
    after = np.searchsorted(seen, frame)
    inside = (after > 0) & (after < len(seen))
    before_frame, after_frame = seen[np.maximum(after - 1, 0)], seen[np.minimum(after, len(seen) - 1)]
    frame = frame[inside & at_most(frame_time[after_frame] - frame_time[before_frame], _LONGEST_GAP)]
    rows = given[seen]
    centre, length = detections.keypoints_2d[rows].mean(axis=1), detections.hand_length_px()[rows]
    time = frame_time[frame]
    middle = np.stack([np.interp(time, frame_time[seen], centre[:, axis]) for axis in (0, 1)], axis=1)
    return frame, middle, middle, np.interp(time, frame_time[seen], length)
