"""Which frames of a motion an animator would key: where it turns round, and where it begins and ends to hold still."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import quat_wxyz_inverse, quat_wxyz_multiply, quat_wxyz_to_axis_angle

Array = NDArray[Any]

# Rows that a hold lasts at least: a quarter of a second at 30 frames a second.
_LEAST_HOLD = 8


def turning_rows(quat_wxyz: Array, least_degrees: float) -> Array:
    """Rows (N,) bool on which joints (N, J, 4) turn round, along the main direction of their motion.

    A turn counts where the motion to the turns before and after it is at least `least_degrees`, all joints together.
    """
    turns = np.zeros(len(quat_wxyz), bool)
    if len(quat_wxyz) < 3:
        return turns
    away = quat_wxyz_to_axis_angle(quat_wxyz_multiply(quat_wxyz_inverse(quat_wxyz[:1]), quat_wxyz)).reshape(len(turns), -1)
    away = away - away.mean(axis=0)
    main = np.linalg.eigh(away.T @ away)[1][:, -1]
    along = np.degrees(away @ main)
    steps = np.sign(np.diff(along))
    moving = np.flatnonzero(steps)
    changes = moving[1:][steps[moving[1:]] != steps[moving[:-1]]]
    rows = np.concatenate(([0], changes, [len(turns) - 1]))
    while len(rows) > 2:
        swings = np.abs(np.diff(along[rows]))
        # A small swing goes together with its two turns; of small swings beside each other, the smallest first.
        padded = np.concatenate(([np.inf], swings, [np.inf]))
        smallest = (swings < least_degrees) & (swings <= padded[:-2]) & (swings < padded[2:])
        if not smallest.any():
            break
        gone = np.flatnonzero(smallest)
        keep = np.ones(len(rows), bool)
        keep[gone], keep[gone + 1] = False, False
        # The first and the last row stand for what lies beyond them: they stay, and a swing at an end loses its inner turn.
        keep[0] = keep[-1] = True
        rows = rows[keep]
    turns[rows[1:-1]] = True
    return turns


def holds(quat_wxyz: Array, most_degrees: float) -> Array:
    """First and last rows (H, 2) of the runs in which each joint of (N, J, 4) moves at most `most_degrees` within the time
    that a hold lasts at least."""
    count = len(quat_wxyz)
    if count < _LEAST_HOLD:
        return np.empty((0, 2), dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(quat_wxyz, _LEAST_HOLD, axis=0)
    spread = 2.0 * np.linalg.norm(windows.max(axis=-1) - windows.min(axis=-1), axis=-1).max(axis=-1)
    still = np.degrees(spread) <= most_degrees
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still, [False])).astype(np.int8)))
    found = np.stack((edges[::2], edges[1::2] + _LEAST_HOLD - 2), axis=-1)
    # Windows of one hold and of the next may overlap where the motion between them is short.
    apart = found[1:, 0] > found[:-1, 1] if len(found) > 1 else np.empty(0, bool)
    return np.stack((found[np.append(True, apart), 0], found[np.append(apart, True), 1]), axis=-1) if len(found) else found
