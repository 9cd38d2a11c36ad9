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
_STEPS = 6


@dataclass(frozen=True)
class _Table:
    """For P pairs of lengths and _POINTS evenly spread moments."""

    out_share: Array  # (P,)
    in_share: Array  # (P,)
    handles: Array  # (P, _POINTS, 2): both handles' heights to their parts of the values
    inverse: Array  # (P, 2, _POINTS): and back, in least squares
    heights: Array  # (P, 2, _POINTS): values, ends included, to both handles' heights
    leftover: Array  # (P, _POINTS, _POINTS): values to what the fit leaves
    chooser: Array  # (P * points, points): the same for every second point, by which pairs are chosen


@lru_cache(maxsize=1)
def _table() -> _Table:
    pairs = np.array([(out, into) for out in _LENGTHS for into in _LENGTHS if out + into <= 1.0])
    handles, inverse, heights, leftover = _fit(pairs, POINT_SHARES)
    chooser = _fit(pairs, POINT_SHARES[::2])[3]
    chooser = chooser.reshape(-1, chooser.shape[-1]).astype(np.float32)
    return _Table(pairs[:, 0], pairs[:, 1], handles, inverse, heights, leftover, chooser)


def _fit(pairs: Array, share: Array) -> tuple[Array, Array, Array, Array]:
    """Handles' parts, their inverse, values to heights and values to leftovers, for pairs of lengths (P, 2) at moments."""
    t = bezier_parameter(share, pairs[:, :1], pairs[:, 1:])
    rest = 1.0 - t
    # The ends are given: what is left to fit is the values less the ends' parts.
    others = np.broadcast_to(np.eye(len(share)), (len(pairs), len(share), len(share))).copy()
    others[:, :, 0] -= rest**3
    others[:, :, -1] -= t**3
    handles = np.stack((3.0 * rest**2 * t, 3.0 * rest * t**2), axis=-1)
    inverse = np.linalg.pinv(handles)
    heights = inverse @ others
    return handles, inverse, heights, others - handles @ heights


@dataclass(frozen=True)
class Handles:
    """Of S stretches and C channels each (S, C): lengths as shares of the frames between the keys, and values."""

    out_share: Array
    in_share: Array
    out_value: Array
    in_value: Array

    def of(self, chosen: Array) -> Handles:
        return Handles(self.out_share[chosen], self.in_share[chosen], self.out_value[chosen], self.in_value[chosen])


def fitted_handles(values: Array) -> Handles:
    """Handles that bring the curves near to quaternions' values (S, C, POINT_SHARES) of S stretches, whose ends are kept.

    Least squares first, then a few steps of fitting again what is left, weighted by each joint's distance, which lowers the
    largest one; each stretch keeps its best.
    """
    table = _table()
    stretches, channels, _ = values.shape
    flat = values.reshape(-1, _POINTS)
    left = (np.float32(flat[:, ::2]) @ table.chooser.T).reshape(len(flat), len(table.out_share), len(POINT_SHARES[::2]))
    pair = np.argmin(np.einsum("sph,sph->sp", left, left), axis=1)
    left = (table.leftover[pair] @ flat[..., None])[..., 0]
    height = np.einsum("shp,sp->sh", table.heights[pair], flat)
    inverse, handles = table.inverse[pair], table.handles[pair]
    best, smallest = height, np.full(stretches, np.inf)
    for step in range(_STEPS + 1):
        apart = np.linalg.norm(left.reshape(stretches, channels // 4, 4, _POINTS), axis=2)
        largest = apart.max(axis=(1, 2))
        better = largest < smallest
        best = np.where(np.repeat(better, channels)[:, None], height, best)
        smallest = np.where(better, largest, smallest)
        if step < _STEPS:
            weight = 2.0 * (apart / np.maximum(largest, 1e-12)[:, None, None]) ** 2
            change = np.einsum("shp,sp->sh", inverse, np.repeat(weight, 4, axis=1).reshape(-1, _POINTS) * left)
            height = height + change
            left = left - np.einsum("sph,sh->sp", handles, change)
    shape = (stretches, channels)
    return Handles(
        table.out_share[pair].reshape(shape),
        table.in_share[pair].reshape(shape),
        best[:, 0].reshape(shape),
        best[:, 1].reshape(shape),
    )
