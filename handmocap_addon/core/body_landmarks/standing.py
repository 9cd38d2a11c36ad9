"""Feet that stand: on which frames, and where."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..skeleton import SIDES
from .definition import LandmarksOnBody
from .terms import StillPoints

Array = NDArray[Any]

_POINTS: Final = ("heel", "foot_index")
_STILL: Final = 0.25  # metres a second in the picture; a walking foot swings at 1 to 3
_SHORTEST: Final = 0.15  # seconds that a foot stands at least
_DEVIATION: Final = 0.01  # metres


def standing_feet(
    points: Array, picture: Array, trust: Array, time: Array, where: LandmarksOnBody, focal: float
) -> StillPoints:
    """What holds the feet that stand.

    Args:
        points: (N, L, 3) metres, the used landmarks of a first fit, in the axes of a camera that stands still.
        picture: (N, 33, 2) pixels, as they were seen.
        trust: (N, 33) 0..1.
        time: (N,) seconds.
        where: the landmarks on the body.
        focal: of the lens in pixels.
    """
    rows = np.array([where.position(f"{side}_{name}") for side in SIDES for name in _POINTS])
    places = points[:, rows].copy()
    deviation = np.full(places.shape[:2], np.inf)
    for foot in range(len(SIDES)):
        own = slice(foot * len(_POINTS), (foot + 1) * len(_POINTS))
        landmarks = where.landmarks[rows[own]]
        is_seen = (trust[:, landmarks] > 0.5).all(axis=1)
        metres = focal / np.maximum(places[:, own, 2], 0.1)  # pixels of one
        speed = _speed(np.nan_to_num(picture[:, landmarks]), time) / metres
        for first, last in _runs(is_seen & (speed < _STILL).all(axis=1)):
            if time[last] - time[first] >= _SHORTEST:
                run = slice(first, last + 1)
                places[run, own] = np.median(places[run, own], axis=0)
                deviation[run, own] = _DEVIATION
    return StillPoints(rows, places, deviation)


def _speed(pixels: Array, time: Array) -> Array:
    """Pixels a second (N, K), over a tenth of a second so that a detector's trembling is no movement."""
    reach = max(1, round(0.05 / max(float(np.median(np.diff(time))), 1e-3))) if len(time) > 1 else 1
    before = np.maximum(np.arange(len(time)) - reach, 0)
    after = np.minimum(np.arange(len(time)) + reach, len(time) - 1)
    seconds = np.maximum(time[after] - time[before], 1e-3)
    speed: Array = np.linalg.norm(pixels[after] - pixels[before], axis=-1) / seconds[:, None]
    return speed


def _runs(mask: Array) -> list[tuple[int, int]]:
    """First and last row of each unbroken run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(int)))
    return [(int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]
