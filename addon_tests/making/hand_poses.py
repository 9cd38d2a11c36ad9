"""Hands that wave, as an estimate would have them, of a clip of any rate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from handmocap_addon.core.hands.hand_poses import HandPoses, HandTrack


def waving_hands(count: int, rate: Fraction, times: Any = None, **clip: Any) -> HandPoses:
    """Both hands on all of `count` rows; `times` (N,) in seconds for a variable rate, and what else is known of the clip."""
    tracks = []
    for phase in (0.0, 1.0):
        track = HandTrack.empty(count)
        track.pose_axis_angle[:] = (0.4 + 0.3 * np.sin(np.arange(count) / 6.0 + phase))[:, None]
        track.detected[:], track.score[:], track.detector_score[:] = True, 0.9, 0.9
        tracks.append(track)
    seconds = np.arange(count) / float(rate) if times is None else np.asarray(times, dtype=np.float64)
    known = {"name": "clip.mp4", "size": [640, 480], "frames": count, "fps": [rate.numerator, rate.denominator]}
    return HandPoses(tracks[0], tracks[1], np.arange(count), seconds, {"clip": known | clip})
