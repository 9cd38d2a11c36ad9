"""By how much a rotation turns where the values it is keyed by change a little."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maths.rotation_modes import AXIS_ANGLE, QUATERNION

Array = NDArray[Any]

# Blender takes quaternions and axes of any length. By so much the length may leave that of the full ones; a curve with this
# freedom follows further.
_SLACK = 0.3


def angle_metric(values: Array, mode: str, limit: float) -> Array:
    """Squares of angles, in radians, to which small changes d of values (…, k) turn a rotation: d G d, with G (…, k, k).

    The length of a quaternion or axis turns nothing; there its change counts so that the largest one allowed is `limit`.
    """
    if mode == QUATERNION:
        return _across(values, 4.0, limit)
    if mode == AXIS_ANGLE:
        metric = np.zeros((*values.shape, 4), dtype=np.float32)
        metric[..., 0, 0] = 1.0
        metric[..., 1:, 1:] = _across(values[..., 1:], 4.0 * np.sin(0.5 * values[..., 0]) ** 2, limit)
        return metric
    first, second, third = ("XYZ".index(axis) for axis in mode)
    sign = -1.0 if (second - first) % 3 == 1 else 1.0
    metric = np.zeros((*values.shape, 3), dtype=np.float32)
    metric[..., range(3), range(3)] = 1.0
    # The middle turn leans the first axis towards the last; the middle axis is upright on both.
    metric[..., first, third] = metric[..., third, first] = sign * np.sin(values[..., second])
    return metric


def _across(vectors: Array, weight: Array | float, limit: float) -> Array:
    """Metric (…, k, k) of changes across vectors (…, k), with a weight (…), and by a little of those along them."""
    square = np.sum(vectors**2, axis=-1)[..., None, None]
    along = vectors[..., :, None] * vectors[..., None, :] / square
    weight = np.asarray(weight)[..., None, None]
    metric: Array = weight * (np.eye(vectors.shape[-1]) - along) + (limit / _SLACK) ** 2 * along
    return (metric / square).astype(np.float32)
