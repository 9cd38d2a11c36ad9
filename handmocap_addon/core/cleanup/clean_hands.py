"""From raw hands to a rotation on every frame, with the truth about each frame kept beside it.

Measured frames are smoothed, the others filled in from them. The raw file stays as it is, so this can be run again with
other settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hands.hand_poses import HandTrack
from ..maths.rotations import axis_angle_to_quat_wxyz, sign_continuous_quat_wxyz, slerp_quat_wxyz
from ..skeleton import FINGERS, HAND_JOINT_COUNT, Side
from .corrections import OwnSmoothing
from .gap_filling import Provenance, filled_hand
from .settings import CleanupSettings
from .smoothing import smoothed_fingers

__all__ = ["CleanHand", "CleanupSettings", "Provenance", "clean_hand", "longest_gap_frames"]

Array = NDArray[Any]

# Beside the frames that have a strength of their own the rest of the finger joins them over this time.
_JOINING_SECONDS = 0.15
_STEPS = HAND_JOINT_COUNT // len(FINGERS)


@dataclass(frozen=True, eq=False)
class CleanHand:
    """Finger rotations (N, 15, 4) of one hand, sign-continuous, and where each frame comes from (N,)."""

    quat_wxyz: Array
    provenance: Array


def clean_hand(
    track: HandTrack,
    frame_time: Array,
    relaxed_pose_axis_angle: Array,
    settings: CleanupSettings | None = None,
    side: Side | None = None,
    own_smoothing: Iterable[OwnSmoothing] = (),
) -> CleanHand:
    """Smooth the frames of a track (N) on which a hand was measured and fill the others from them.

    Without smoothing, measured frames keep every bit but their quaternions' signs, and gaps begin and end at rest, since
    the speed between raw frames is mostly noise.

    Args:
        track: the raw hand.
        frame_time: (N,) seconds.
        relaxed_pose_axis_angle: (45,) the pose of a hand about which nothing is known.
        settings: the defaults where None.
        side: which hand it is, for strengths that were set for one hand or finger.
        own_smoothing: strengths of some fingers on some frames, later ones before earlier ones; other sides' count nothing.
    """
    settings = settings or CleanupSettings()
    frame_count = len(track.detected)
    relaxed = axis_angle_to_quat_wxyz(np.asarray(relaxed_pose_axis_angle).reshape(HAND_JOINT_COUNT, 3))
    measured = np.asarray(track.detected, bool) & (track.score >= settings.lowest_score)
    if not measured.any():
        nowhere = np.full(frame_count, Provenance.RELAXED, dtype=np.uint8)
        return CleanHand(np.broadcast_to(relaxed, (frame_count, *relaxed.shape)).copy(), nowhere)
    time = np.asarray(frame_time, dtype=np.float64)
    strength = np.asarray(settings.finger_smoothing(side))
    raw = axis_angle_to_quat_wxyz(track.pose_axis_angle[measured].reshape(-1, HAND_JOINT_COUNT, 3))
    smooth = smoothed_fingers(raw, time[measured], track.detector_score[measured], strength)
    for own in own_smoothing:
        if own.side == side:
            smooth = _joined(smooth, raw, np.flatnonzero(measured), time, track.detector_score[measured], own)
    carried = np.repeat((strength > 0.0).astype(np.float64), _STEPS)
    quat, provenance = filled_hand(smooth, measured, time, relaxed, settings.longest_gap, settings.ease, carried)
    return CleanHand(sign_continuous_quat_wxyz(quat), provenance)


def _joined(smooth: Array, raw: Array, rows: Array, time: Array, score: Array, own: OwnSmoothing) -> Array:
    """Measured hands (M, 15, 4) with some fingers as their own strength makes them, exactly so on its rows."""
    share = own.rows.share(time, _JOINING_SECONDS)[rows, None]
    if not share.any():
        return smooth
    strength = np.where(np.isin(FINGERS, own.fingers), own.strength, 0.0)
    joints = np.repeat(np.isin(FINGERS, own.fingers), _STEPS)
    other = smoothed_fingers(raw, time[rows], score, strength)[:, joints]
    before = smooth[:, joints]
    between = slerp_quat_wxyz(before, other, share)
    result = smooth.copy()
    result[:, joints] = np.where(share[..., None] >= 1.0, other, np.where(share[..., None] > 0.0, between, before))
    return result


def longest_gap_frames(measured: Array) -> int:
    """Length in frames of the longest run on which the hand was not measured."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ~np.asarray(measured, bool), [False])).astype(np.int8)))
    lengths: Array = edges[1::2] - edges[::2]
    return int(lengths.max(initial=0))
