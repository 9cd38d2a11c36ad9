"""Landmarks of single pictures, each for itself a little off, steadied over time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .landmarks import BodyLandmarks

Array = NDArray[Any]

_DEVIATION: Final = 0.04  # seconds, of the Gaussian
_REACH: Final = 3  # deviations
_LEAST: Final = 1e-3


def steadied(landmarks: BodyLandmarks, time: Array, shots: Array) -> BodyLandmarks:
    """The same with each point averaged over a few frames (N,) of `time` in seconds, by its visibility.

    Nothing is averaged over a cut: `shots` (N,) has the number of each frame's shot.
    Where several people may be followed, MediaPipe hands out every frame for itself. Both sides of a frame count alike, so
    nothing comes late.
    """
    weight = np.where(landmarks.found[:, None], np.maximum(landmarks.visibility, _LEAST), 0.0)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    reach = min(int(np.ceil(_REACH * _DEVIATION / max(step, 1e-3))), len(time) - 1)
    total = np.zeros_like(weight)
    sums = [np.zeros_like(landmarks.picture), np.zeros_like(landmarks.world)]
    values = [np.nan_to_num(landmarks.picture), np.nan_to_num(landmarks.world)]
    for shift in range(-reach, reach + 1):
        here = slice(max(-shift, 0), len(time) - max(shift, 0))
        there = slice(max(shift, 0), len(time) - max(-shift, 0))
        share = np.exp(-0.5 * ((time[there] - time[here]) / _DEVIATION) ** 2)[:, None] * weight[there]
        share = share * (shots[there] == shots[here])[:, None]
        total[here] += share
        for one, value in zip(sums, values, strict=True):
            one[here] += share[..., None] * value[there]
    with np.errstate(invalid="ignore", divide="ignore"):
        picture, world = (np.where(landmarks.found[:, None, None], one / total[..., None], np.nan) for one in sums)
    return replace(landmarks, picture=picture, world=world)
