"""What inserting a key makes of the handles on both sides: Blender splits the Bezier segment and shortens them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def handles_after_split(start: ArrayLike, end: ArrayLike, frame: ArrayLike) -> tuple[Array, Array]:
    """The right handles (n, 2) of segments' first keys and the left ones of their last, after keys came between them.

    Args:
        start: (n, 4) the first key and its right handle: frame, value, frame, value.
        end: (n, 4) the left handle of the last key, and that key.
        frame: (n,) of the key that came between.
    """
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    low, high = np.zeros(len(start)), np.ones(len(start))
    # Frames grow along a segment, so halving finds the place.
    for _ in range(50):
        middle = (low + high) / 2.0
        rest = 1.0 - middle
        at = (
            rest**3 * start[:, 0]
            + 3 * rest**2 * middle * start[:, 2]
            + 3 * rest * middle**2 * end[:, 0]
            + middle**3 * end[:, 2]
        )
        before = at < frame
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    share = ((low + high) / 2.0)[:, None]
    right = start[:, :2] + (start[:, 2:] - start[:, :2]) * share
    left = end[:, 2:] + (end[:, :2] - end[:, 2:]) * (1.0 - share)
    return right, left
