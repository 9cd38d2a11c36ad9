"""Hands exactly as they were measured, for comparison: not smoothed, not filled, the last seen pose held where none was."""

from __future__ import annotations

import numpy as np

from ..hands.hand_poses import HandTrack
from ..maths.rotations import axis_angle_to_quat_wxyz, sign_continuous_quat_wxyz
from ..skeleton import HAND_JOINT_COUNT
from .clean_hands import CleanHand
from .gap_filling import Provenance


def raw_hand(track: HandTrack) -> CleanHand:
    """A track (N) as rotations on every frame; before the first measured frame its pose, and at rest where there is none."""
    measured = np.asarray(track.detected, dtype=bool)
    provenance = np.where(measured, Provenance.MEASURED, Provenance.FILLED).astype(np.uint8)
    quat = axis_angle_to_quat_wxyz(track.pose_axis_angle.reshape(-1, HAND_JOINT_COUNT, 3))
    if measured.any():
        last = np.maximum.accumulate(np.where(measured, np.arange(len(measured)), -1))
        quat = quat[np.where(last >= 0, last, int(np.argmax(measured)))]
    return CleanHand(sign_continuous_quat_wxyz(quat), provenance)
