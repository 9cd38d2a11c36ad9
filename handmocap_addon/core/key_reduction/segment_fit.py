"""Bezier handles for many stretches of curves at once.

For given handle lengths, the heights of both handles follow from linear least squares. So a table of pairs of lengths is
tried, and each channel takes the best (variable projection: Golub and Pereyra 1973). Where the lengths are not a third of
the frames between the keys, time runs unevenly along the curve, which lets one stretch follow more than a plain cubic does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bezier_curves import bezier_parameter

Array = NDArray[Any]

_LENGTHS = (0.06, 0.12, 0.2, 0.27, 1.0 / 3.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_POINTS = 17
POINT_SHARES = np.linspace(0.0, 1.0, _POINTS)
_STEPS = 3
# Every second point between the ends, by which pairs of lengths are chosen.
_FEW = slice(2, -2, 2)
_PRODUCTS = np.triu_indices(len(POINT_SHARES[_FEW]))


@dataclass(frozen=True)
class _Table:
    """For P pairs of lengths and _POINTS evenly spread moments, of values less the straight line between the ends."""

    out_share: Array  # (P,)
    in_share: Array  # (P,)
    handles: Array  # (P, 2, _POINTS): both handles' heights to their parts of the values
    inverse: Array  # (P, 2, _POINTS): and back, in least squares
    chooser: Array  # (F, P): products of two values at every second point to the squares that each pair leaves


@lru_cache(maxsize=1)
def _table() -> _Table:
    pairs = np.array([(out, into) for out in _LENGTHS for into in _LENGTHS if out + into <= 1.0])
    handles, inverse = _fit(pairs, POINT_SHARES)
    few, back = _fit(pairs, POINT_SHARES[_FEW])
    leftover = np.eye(few.shape[-1]) - np.swapaxes(few, 1, 2) @ back
    squares = np.swapaxes(leftover, 1, 2) @ leftover
    # Products of two different values stand for both orders.
    chooser = squares[:, *_PRODUCTS] * np.where(_PRODUCTS[0] == _PRODUCTS[1], 1.0, 2.0)
    handles, inverse, chooser = (array.astype(np.float32) for array in (handles, inverse, chooser.T))
    return _Table(pairs[:, 0], pairs[:, 1], handles, inverse, np.ascontiguousarray(chooser))


def _fit(pairs: Array, share: Array) -> tuple[Array, Array]:
    """Handles' parts (P, 2, points) and their inverse (P, 2, points), for pairs of lengths (P, 2) at moments."""
    t = bezier_parameter(share, pairs[:, :1], pairs[:, 1:])
    rest = 1.0 - t
    handles = np.stack((3.0 * rest**2 * t, 3.0 * rest * t**2), axis=-1)
    return np.swapaxes(handles, 1, 2), np.linalg.pinv(handles)


@dataclass(frozen=True)
class Handles:
    """Of S stretches and C channels each (S, C): lengths as shares of the frames between the keys, and values."""

    out_share: Array
    in_share: Array
    out_value: Array
    in_value: Array

    def of(self, chosen: Array) -> Handles:
        return Handles(self.out_share[chosen], self.in_share[chosen], self.out_value[chosen], self.in_value[chosen])


def fitted_handles(values: Array) -> tuple[Handles, Array]:
    """Handles that bring the curves near to quaternions' values (S, C, POINT_SHARES) of S stretches, whose ends are kept.

    Least squares first, then a few steps of fitting again what is left, weighted by each joint's distance, which lowers the
    largest one; each stretch keeps its best. Also returns the largest distance (S,) of a joint's four values at the points.
    """
    table = _table()
    stretches, channels, _ = values.shape
    flat = values.reshape(-1, _POINTS)
    start, rise = flat[:, 0], flat[:, -1] - flat[:, 0]
    # A curve whose handles lie on the straight line is that line, for any lengths: single precision serves for the rest.
    left = (flat - start[:, None] - rise[:, None] * POINT_SHARES).astype(np.float32)
    few = left[:, _FEW]
    pair = np.argmin((few[:, _PRODUCTS[0]] * few[:, _PRODUCTS[1]]) @ table.chooser, axis=1)
    inverse, handles = table.inverse[pair], table.handles[pair]
    height = np.zeros((len(flat), 2), dtype=np.float32)
    best, smallest = height, np.full(stretches, np.inf, dtype=np.float32)
    weighted = left
    for step in range(_STEPS + 1):
        change = (inverse @ weighted[..., None])[..., 0]
        height = height + change
        left = left - (change[:, None] @ handles)[:, 0]
        apart = np.sqrt(np.square(left).reshape(stretches, channels // 4, 4, _POINTS).sum(axis=2))
        largest = apart.max(axis=(1, 2))
        better = largest < smallest
        best = np.where(np.repeat(better, channels)[:, None], height, best)
        smallest = np.where(better, largest, smallest)
        if step < _STEPS:
            weight = 2.0 * np.square(apart / np.maximum(largest, 1e-12)[:, None, None])
            weighted = np.repeat(weight, 4, axis=1).reshape(-1, _POINTS) * left
    out_share, in_share = table.out_share[pair], table.in_share[pair]
    out_value, in_value = start + rise * out_share + best[:, 0], start + rise * (1.0 - in_share) + best[:, 1]
    shape = (stretches, channels)
    fitted = (of.reshape(shape) for of in (out_share, in_share, out_value, in_value))
    return Handles(*fitted), smallest
