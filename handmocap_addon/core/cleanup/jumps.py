"""Frames on which a finger jumps away and straight back: mistakes of the estimator, faster than a finger can move."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# A finger needs about this long to bend and to stretch again; what takes longer is a gesture.
_LONGEST_SECONDS = 0.11
# How far away, in the noise's standard deviations, and against what the finger does beside the jump.
_NOISES, _RETURNS, _SPEEDS = 6.0, 3.0, 3.0


def without_jumps(fingers: Array, time: Array, noise: Array) -> Array:
    """Fingers (N, F, 12) of sign-continuous quaternions with jumps of one or two frames taken back onto their neighbours.

    A test of Hampel's kind: a frame loses its say as it leaves the straight way between its neighbours by far more than
    the noise (F,), than the neighbours differ, and than they move. The values stay sums of the input's, so a constant
    turn of all frames turns the result.
    """
    result = fingers.copy()
    most = np.zeros(fingers.shape[:2])
    for length in (1, 2):
        count = len(fingers) - length - 3
        if count < 1:
            continue
        # Two frames before the jump and two after it.
        before, after = fingers[1 : 1 + count], fingers[2 + length : 2 + length + count]
        start, end = time[1 : 1 + count], time[2 + length : 2 + length + count]
        beside = np.maximum(_length(before - fingers[:count]), _length(fingers[3 + length :] - after))
        straight, away = [], []
        for inner in range(length):
            frames = slice(2 + inner, 2 + inner + count)
            share = ((time[frames] - start) / (end - start))[:, None, None]
            straight.append(before + share * (after - before))
            away.append(_length(fingers[frames] - straight[inner]))
        allowed = np.maximum(_NOISES * noise, np.maximum(_RETURNS * _length(after - before), _SPEEDS * beside))
        doubt = np.clip(2.0 * (np.min(away, axis=0) / allowed - 1.0), 0.0, 1.0)
        doubt = np.where((end - start <= _LONGEST_SECONDS)[:, None], doubt, 0.0)
        for inner in range(length):
            frames = slice(2 + inner, 2 + inner + count)
            taken = doubt > most[frames]
            most[frames][taken] = doubt[taken]
            kept = (1.0 - doubt[..., None]) * fingers[frames] + doubt[..., None] * straight[inner]
            result[frames] = np.where(taken[..., None], kept, result[frames])
    return result


def _length(values: Array) -> Array:
    return np.sqrt(np.einsum("nfv,nfv->nf", values, values))
