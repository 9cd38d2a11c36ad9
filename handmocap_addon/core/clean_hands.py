"""From raw hands to a rotation on every frame, with the truth about each frame kept beside it.

Short gaps are bridged on the rotation group; long gaps and the clip's ends ease to a relaxed hand. The raw file stays as it
is, so this can be run again with other settings.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hand_poses import HandTrack
from .rotations import axis_angle_to_quat_wxyz, sign_continuous_quat_wxyz, slerp_quat_wxyz
from .skeleton import HAND_JOINT_COUNT

Array = NDArray[Any]


class Provenance(enum.IntEnum):
    """Where a frame's fingers come from."""

    MEASURED = 0
    FILLED = 1  # between two measured frames
    RELAXED = 2  # nothing near enough was measured


@dataclass(frozen=True)
class CleanupSettings:
    """Settings of the cleanup, seconds."""

    longest_gap: float = 0.5
    ease: float = 0.3


@dataclass(frozen=True)
class CleanHand:
    """Finger rotations (N, 15, 4) of one hand, sign-continuous, and where each frame comes from (N,)."""

    quat_wxyz: Array
    provenance: Array


def clean_hand(
    track: HandTrack, frame_time: Array, relaxed_pose_axis_angle: Array, settings: CleanupSettings | None = None
) -> CleanHand:
    """Fill the frames of a track (N) on which no hand was measured.

    Args:
        track: the raw hand.
        frame_time: (N,) seconds.
        relaxed_pose_axis_angle: (45,) the pose of a hand about which nothing is known.
        settings: gap limit and ease; the defaults where None.
    """
    settings = settings or CleanupSettings()
    frame_count = len(track.detected)
    relaxed = axis_angle_to_quat_wxyz(np.asarray(relaxed_pose_axis_angle).reshape(HAND_JOINT_COUNT, 3))
    seen = np.flatnonzero(track.detected)
    provenance = np.full(frame_count, Provenance.RELAXED, dtype=np.uint8)
    if len(seen) == 0:
        return CleanHand(np.broadcast_to(relaxed, (frame_count, *relaxed.shape)).copy(), provenance)

    quat = axis_angle_to_quat_wxyz(track.pose_axis_angle.reshape(frame_count, HAND_JOINT_COUNT, 3))
    provenance[seen] = Provenance.MEASURED
    position = np.searchsorted(seen, np.arange(frame_count))
    before = seen[np.clip(position - 1, 0, None)]
    after = seen[np.clip(position, None, len(seen) - 1)]
    inside = (position > 0) & (position < len(seen)) & ~track.detected
    span = frame_time[after] - frame_time[before]
    short = inside & (span <= settings.longest_gap)
    provenance[short] = Provenance.FILLED
    fraction = (frame_time[short] - frame_time[before[short]]) / span[short]
    quat[short] = slerp_quat_wxyz(quat[before[short]], quat[after[short]], _eased(fraction)[:, None])

    far = ~track.detected & ~short
    to_before = np.where(position > 0, frame_time - frame_time[before], np.inf)
    to_after = np.where(position < len(seen), frame_time[after] - frame_time, np.inf)
    nearest = np.where(to_before <= to_after, before, after)
    away = np.minimum(to_before, to_after) / settings.ease if settings.ease > 0 else np.full(frame_count, np.inf)
    quat[far] = slerp_quat_wxyz(
        quat[nearest[far]], np.broadcast_to(relaxed, quat[far].shape), _eased(np.clip(away[far], 0.0, 1.0))[:, None]
    )
    return CleanHand(sign_continuous_quat_wxyz(quat), provenance)


def _eased(fraction: Array) -> Array:
    """Smoothstep: starts and ends without a jump in speed."""
    return fraction * fraction * (3.0 - 2.0 * fraction)


def longest_gap_frames(detected: Array) -> int:
    """Length in frames of the longest run on which the hand was not measured."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ~np.asarray(detected, bool), [False])).astype(np.int8)))
    lengths: Array = edges[1::2] - edges[::2]
    return int(lengths.max(initial=0))
