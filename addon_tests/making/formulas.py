"""Rotation formulas for tests, written another way than the package's own, to hold the two against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def rodrigues(axis_angle: ArrayLike) -> Array:
    """(…, 3) axis-angle to (…, 3, 3) matrices: I + sin(a) K + (1 - cos(a)) K K."""
    vector = np.asarray(axis_angle, dtype=np.float64)
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(vector / np.maximum(angle[..., 0], 1e-300), -1, 0)
    zero = np.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    cross = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)


def random_axis_angle(random: np.random.Generator, *shape: int, largest: float = 1.0) -> Array:
    """Axis-angle vectors (*shape, 3) of any direction, with angles up to `largest` radians."""
    vectors = random.normal(size=(*shape, 3))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors * random.uniform(0.0, largest, (*shape, 1))


def angle_of(rotmat: Array) -> Array:
    """Angles (…) in radians of rotation matrices (…, 3, 3), exact for small ones too."""
    skew = rotmat - np.swapaxes(rotmat, -1, -2)
    sine = np.linalg.norm(np.stack((skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]), axis=-1), axis=-1)
    return np.arctan2(sine, np.trace(rotmat, axis1=-2, axis2=-1) - 1.0)
