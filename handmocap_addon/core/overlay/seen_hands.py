"""What of a hand can be shown over its clip: where it was seen on each frame, how surely, and where it is only guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cleanup.corrected_hands import corrected_tracks
from ..cleanup.corrections import Correction
from ..cleanup.gap_filling import provenance_of
from ..cleanup.settings import CleanupSettings
from ..hands.hand_poses import HandPoses, HandTrack
from ..skeleton import SIDES, Side

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class SeenHand:
    """One hand over N rows, in pixels of the source picture."""

    provenance: Array  # (N,) of Provenance
    score: Array  # (N,) 0..1
    keypoints: Array  # (N, 21, 2), mean something where `has_keypoints`
    has_keypoints: Array  # (N,) bool: measured here, with landmarks
    box: Array  # (N, 4) x1 y1 x2 y2, between measured frames on the way from one to the other
    has_place: bool  # whether the boxes mean anything


def picture_side_of(poses: HandPoses) -> HandPoses:
    """The same hands without poses and landmarks in space, which take most of the memory: zeros that take none."""
    return replace(poses, left=_picture_side(poses.left), right=_picture_side(poses.right))


def _picture_side(track: HandTrack) -> HandTrack:
    count = len(track.detected)
    return replace(
        track,
        pose_axis_angle=_zeros(count, 45),
        keypoints_3d=_zeros(count, 21, 3),
        global_orient_axis_angle=_zeros(count, 3),
        betas=_zeros(count, 10),
    )


def _zeros(*shape: int) -> Array:
    return np.broadcast_to(np.float32(0.0), shape)


def seen_hands(
    poses: HandPoses, frame_time: ArrayLike, corrections: Iterable[Correction], settings: CleanupSettings
) -> dict[Side, SeenHand]:
    """Both hands as corrected, by what cleanup takes for measured and filled.

    Args:
        poses: N rows; their poses are not looked at.
        frame_time: (N,) seconds.
        corrections: a person's.
        settings: of the cleanup.
    """
    tracks = corrected_tracks({side: poses.track(side) for side in SIDES}, corrections, None)
    time = np.asarray(frame_time, dtype=np.float64)
    return {side: _seen_hand(tracks[side], time, settings) for side in SIDES}


def _seen_hand(track: HandTrack, time: Array, settings: CleanupSettings) -> SeenHand:
    measured = np.asarray(track.detected, bool) & (track.score >= settings.lowest_score)
    has_keypoints = measured & (np.ptp(track.keypoints_2d, axis=1).min(axis=-1) > 0.0)
    box = np.array(track.bbox, dtype=np.float32)
    has_box = (box[:, 2:] > box[:, :2]).all(axis=1)
    around = np.concatenate((track.keypoints_2d.min(axis=1), track.keypoints_2d.max(axis=1)), axis=1)
    box[~has_box] = around[~has_box]
    known = np.flatnonzero(measured & (has_box | has_keypoints))
    if len(known):
        box = np.column_stack([np.interp(time, time[known], box[known, edge]) for edge in range(4)]).astype(np.float32)
    return SeenHand(
        provenance=provenance_of(measured, time, settings.longest_gap),
        score=track.score,
        keypoints=track.keypoints_2d,
        has_keypoints=has_keypoints,
        box=box,
        has_place=len(known) > 0,
    )


def row_at(frames: ArrayLike, frame: float) -> int | None:
    """The row that is shown on a frame of the timeline, of rows on ascending frames (N,); None beside the clip."""
    placed = np.asarray(frames, dtype=np.float64)
    if len(placed) == 0 or not placed[0] - 0.5 <= frame <= placed[-1] + 0.5:
        return None
    after = int(np.clip(np.searchsorted(placed, frame), 1, max(len(placed) - 1, 1)))
    return after if after < len(placed) and placed[after] - frame <= frame - placed[after - 1] else after - 1
