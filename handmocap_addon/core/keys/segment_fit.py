"""Bezier handles for many stretches of curves at once.

For given handle lengths, the heights of both handles follow from linear least squares. So a table of pairs of lengths is
tried, and each channel takes the best (variable projection: Golub and Pereyra 1973). Where the lengths are not a third of
the frames between the keys, time runs unevenly along the curve, which lets one stretch follow more than a plain cubic does.
The heights then bring the angles of the joints down, all channels of a joint together: what changes a quaternion's length
turns nothing, and that freedom lets a stretch reach further still.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bezier_curves import bezier_parameter

Array = NDArray[Any]

_LENGTHS = (0.06, 0.12, 0.2, 0.27, 1.0 / 3.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_POINTS = 17
POINT_SHARES = np.linspace(0.0, 1.0, _POINTS)
_STEPS = 5
# Of the mean of the normal equations' diagonal: what nothing depends on stays small.
_DAMPING = 1e-4
# Points that are near their full ones may matter again in the next step.
_LEAST_WEIGHT = 0.05
# Every second point between the ends, by which pairs of lengths are chosen.
_FEW = slice(2, -2, 2)
_PRODUCTS = np.triu_indices(len(POINT_SHARES[_FEW]))


@dataclass(frozen=True, eq=False)
class _Table:
    """For P pairs of lengths and _POINTS evenly spread moments, of values less the straight line between the ends."""

    out_share: Array  # (P,)
    in_share: Array  # (P,)
    basis: Array  # (P, 2, _POINTS): both handles' heights to their parts of the values
    chooser: Array  # (F, P): products of two values at every second point to the squares that each pair leaves


@lru_cache(maxsize=1)
def _table() -> _Table:
    pairs = np.array([(out, into) for out in _LENGTHS for into in _LENGTHS if out + into <= 1.0])
    few = _basis(pairs, POINT_SHARES[_FEW])
    leftover = np.eye(few.shape[-1]) - np.swapaxes(few, 1, 2) @ np.linalg.pinv(np.swapaxes(few, 1, 2))
    squares = np.swapaxes(leftover, 1, 2) @ leftover
    # Products of two different values stand for both orders.
    chooser = squares[:, *_PRODUCTS] * np.where(_PRODUCTS[0] == _PRODUCTS[1], 1.0, 2.0)
    basis = _basis(pairs, POINT_SHARES).astype(np.float32)
    return _Table(pairs[:, 0], pairs[:, 1], basis, np.ascontiguousarray(chooser.T.astype(np.float32)))


def _basis(pairs: Array, share: Array) -> Array:
    """Parts (P, 2, points) of both handles in the values, for pairs of lengths (P, 2) at moments."""
    t = bezier_parameter(share, pairs[:, :1], pairs[:, 1:])
    rest = 1.0 - t
    return np.stack((3.0 * rest**2 * t, 3.0 * rest * t**2), axis=1)


@dataclass(frozen=True, eq=False)
class Handles:
    """Of S stretches and C channels each (S, C): lengths as shares of the frames between the keys, and values."""

    out_share: Array
    in_share: Array
    out_value: Array
    in_value: Array

    def of(self, chosen: Array) -> Handles:
        return Handles(*(getattr(self, field.name)[chosen] for field in fields(self)))


def fitted_handles(values: Array, metric: Array) -> tuple[Handles, Array]:
    """Handles that bring curves near to full ones, by the angle between the rotations of joints.

    Args:
        values: (S, POINT_SHARES, C) of the full curves over S stretches, whose ends are kept.
        metric: (S, POINT_SHARES, J, k, k) as `angle_metric` has them, for J joints of k channels each.

    Returns:
        Handles, and the largest angle (S,) of a joint at the points, radians.
    """
    table = _table()
    stretches, points, joints, size, _ = metric.shape
    count = stretches * joints
    full = values.reshape(stretches, points, joints, size).transpose(0, 2, 3, 1).reshape(count, size, points)
    metric = metric.transpose(0, 2, 1, 3, 4).reshape(count, points, size, size)
    start, rise = full[..., 0], full[..., -1] - full[..., 0]
    # A curve whose handles lie on the straight line is that line, for any lengths: single precision serves for the rest.
    bow = (full - start[..., None] - rise[..., None] * POINT_SHARES).astype(np.float32)
    pair = _pairs(bow)
    height, largest = _heights(bow, metric, table.basis[pair])
    out_share, in_share = table.out_share[pair], table.in_share[pair]
    out_value, in_value = start + rise * out_share + height[..., 0], start + rise * (1.0 - in_share) + height[..., 1]
    found = (out_share, in_share, out_value, in_value)
    return Handles(*(of.reshape(stretches, joints * size) for of in found)), largest.reshape(stretches, joints).max(axis=1)


def _pairs(bow: Array) -> Array:
    """Which pair (n, k) of lengths follows curves (n, k, _POINTS) best in least squares."""
    table = _table()
    few = bow[..., _FEW].reshape(-1, len(POINT_SHARES[_FEW]))
    products = few[:, _PRODUCTS[0]] * few[:, _PRODUCTS[1]]
    return np.argmin(products @ table.chooser, axis=1).reshape(bow.shape[:2])


def _heights(bow: Array, metric: Array, basis: Array) -> tuple[Array, Array]:
    """Heights (n, k, 2) of handles for curves (n, k, _POINTS) of joints, and the largest angle (n,) that each leaves.

    Least squares, again and again, with weights that grow where the angle is large (Lawson 1961), which lowers the largest.
    """
    count, size, points = bow.shape
    unknowns = 2 * size
    products = np.einsum("npcd,ncip,ndjp->ncidjp", metric, basis, basis, optimize=True).reshape(count, unknowns**2, points)
    weight = np.full((count, points), 1.0 / points, dtype=np.float32)
    height = np.zeros((count, size, 2), dtype=np.float32)
    best, smallest = height, np.full(count, np.inf, dtype=np.float32)
    pull = np.einsum("npcd,ndp->ncp", metric, bow)
    for _ in range(_STEPS):
        wanted = np.einsum("ncip,ncp->nci", basis, pull * weight[:, None])
        normal = (products @ weight[..., None]).reshape(count, unknowns, unknowns)
        change = _solved(normal, wanted, _DAMPING)
        height = height + change
        bow = bow - np.einsum("nci,ncip->ncp", change, basis)
        pull = np.einsum("npcd,ndp->ncp", metric, bow)
        apart = np.sqrt(np.maximum(np.einsum("ncp,ncp->np", bow, pull), 0.0))
        largest = apart.max(axis=1)
        better = largest < smallest
        best = np.where(better[:, None, None], height, best)
        smallest = np.where(better, largest, smallest)
        weight = _grown(weight, apart, largest)
    return best, smallest


def _solved(normal: Array, wanted: Array, damping: float) -> Array:
    """Solutions of damped normal equations (n, u, u), in the shape of what is wanted (n, k, u / k)."""
    unknowns = normal.shape[-1]
    damped = damping * np.trace(normal, axis1=1, axis2=2) / unknowns + 1e-12
    normal = normal + damped[:, None, None] * np.eye(unknowns, dtype=np.float32)
    solved: Array = np.linalg.solve(normal, wanted.reshape(len(wanted), unknowns, 1)).reshape(wanted.shape)
    return solved


def _grown(weight: Array, apart: Array, largest: Array) -> Array:
    weight = weight * (_LEAST_WEIGHT + apart / np.maximum(largest, 1e-12)[:, None])
    grown: Array = weight / weight.sum(axis=1, keepdims=True)
    return grown
