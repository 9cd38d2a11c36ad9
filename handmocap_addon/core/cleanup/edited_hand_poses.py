"""Fingers as a person left them, back as the hands of a `hand_poses.npz`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..body.parameters import continuous_axis_angle
from ..hands.hand_poses import HandPoses, HandTrack
from ..skeleton import SIDES, Side

Array = NDArray[Any]


def edited_hand_poses(
    poses: HandPoses, tracks: Mapping[Side, HandTrack], hands_quat_wxyz: Mapping[Side, Array], armature_name: str
) -> HandPoses:
    """The hands with other finger rotations, known on every frame.

    The pose of every frame counts as detected, since readers take the others for unknown; frames that nobody measured have a
    score of 0. What else was measured stays: boxes, landmarks, the hand's orientation.

    Args:
        poses: N frames as they were estimated; gives frames, times and meta.
        tracks: its hands with the corrections that the fingers were made from.
        hands_quat_wxyz: fingers (N, 15, 4) by side.
        armature_name: what the meta names as the source.
    """
    left, right = (_with_fingers(tracks[side], hands_quat_wxyz[side]) for side in SIDES)
    measured = {side: int(np.count_nonzero(tracks[side].detected)) for side in SIDES}
    meta = {**poses.meta, "edited": {"armature": armature_name, "measured_frames": measured}}
    return replace(poses, left=left, right=right, meta=meta)


def hand_poses_of_keys(frames: Array, fps: Fraction, hands_quat_wxyz: Mapping[Side, Array], armature_name: str) -> HandPoses:
    """Hands that nobody measured: N frames of the timeline, whose first is at no seconds, with scores of 0."""
    count = len(frames)
    left, right = (_with_fingers(HandTrack.empty(count), hands_quat_wxyz[side]) for side in SIDES)
    times = (np.asarray(frames, dtype=np.float64) - frames[0]) / float(fps)
    meta = {
        "clip": {"fps": [fps.numerator, fps.denominator]},
        "edited": {"armature": armature_name, "measured_frames": dict.fromkeys(SIDES, 0)},
    }
    return HandPoses(left, right, np.arange(count, dtype=np.int64), times, meta)


def _with_fingers(track: HandTrack, quat_wxyz: Array) -> HandTrack:
    count = len(track.detected)
    return replace(
        track,
        pose_axis_angle=continuous_axis_angle(quat_wxyz).reshape(count, -1).astype(np.float32),
        detected=np.ones(count, bool),
        score=np.where(track.detected, track.score, 0.0).astype(np.float32),
        detector_score=np.where(track.detected, track.detector_score, 0.0).astype(np.float32),
    )
