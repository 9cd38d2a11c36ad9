"""Bezier curves between keys, evaluated as Blender evaluates them (`fcurve_eval_keyframes_interpolate` in `fcurve.cc`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_NEWTON_STEPS = 6
_CLOSE_ENOUGH = 1e-8
_HALVINGS = 60


def bezier_parameter(share: Array, out_share: Array, in_share: Array) -> Array:
    """The curve's parameter t (…) at which it has covered a `share` (…) of the frames between two keys.

    Args:
        share: 0 to 1.
        out_share: length of the first key's right handle in frames, as a share of the frames between the keys.
        in_share: the same of the second key's left handle. The two together are at most 1, so there is one such t.
    """
    share, out_share, in_share = np.broadcast_arrays(share, out_share, in_share)
    cubic, square, linear = 3.0 * (out_share + in_share) - 2.0, 3.0 - 3.0 * in_share - 6.0 * out_share, 3.0 * out_share
    t: Array = share.astype(np.float64)
    beyond: Array = np.empty_like(t)
    for _ in range(_NEWTON_STEPS):
        beyond = ((cubic * t + square) * t + linear) * t - share
        if np.abs(beyond).max(initial=0.0) < _CLOSE_ENOUGH:
            return t
        slope = (3.0 * cubic * t + 2.0 * square) * t + linear
        t = np.clip(t - beyond / np.where(slope > 1e-9, slope, 1e-9), 0.0, 1.0)
    beyond = ((cubic * t + square) * t + linear) * t - share
    open_ = np.abs(beyond) >= _CLOSE_ENOUGH
    if open_.any():
        low, high = np.zeros(int(open_.sum())), np.ones(int(open_.sum()))
        of = [values[open_] for values in (cubic, square, linear, share)]
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            before = ((of[0] * middle + of[1]) * middle + of[2]) * middle < of[3]
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        t[open_] = 0.5 * (low + high)
    return t


def bezier_values(start: Array, out_handle: Array, in_handle: Array, end: Array, share: Array) -> Array:
    """Values (…) at a `share` (…) of the frames from key `start` to key `end`.

    Args:
        start: (…, 2) frame and value of the first key, as are
        out_handle: its right handle,
        in_handle: the second key's left handle, and
        end: the second key. Leading axes broadcast.
        share: 0 to 1.
    """
    length = end[..., 0] - start[..., 0]
    out_share, in_share = (out_handle[..., 0] - start[..., 0]) / length, (end[..., 0] - in_handle[..., 0]) / length
    out_share, in_share = np.maximum(out_share, 0.0), np.maximum(in_share, 0.0)
    # Handles that are too long for the room between their keys are shortened alike (`BKE_fcurve_correct_bezpart`).
    room = np.maximum(out_share + in_share, 1.0)
    out_value = start[..., 1] + (out_handle[..., 1] - start[..., 1]) / room
    in_value = end[..., 1] + (in_handle[..., 1] - end[..., 1]) / room
    t = bezier_parameter(share, out_share / room, in_share / room)
    rest = 1.0 - t
    return rest**3 * start[..., 1] + 3.0 * rest * t * (rest * out_value + t * in_value) + t**3 * end[..., 1]
