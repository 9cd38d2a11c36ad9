"""Rotation matrices as Euler angles of any order, continuous over frames, as Blender names the orders.

Order "XYZ" turns about X first: the matrix is Rz·Ry·Rx. Formulas: Shoemake, "Euler Angle Conversion", Graphics Gems IV.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def rotmat_to_euler(rotmat: ArrayLike, order: str) -> Array:
    """Matrices (N, 3, 3) over frames to angles (N, 3) about x, y and z, radians, without jumps from frame to frame.

    Every rotation has two sets of angles, each again after whole turns; each frame takes the one nearest to the one before.
    """
    matrix = np.asarray(rotmat, dtype=np.float64)
    first, second, third = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (second - first) % 3 == 1 else -1.0
    cosine = np.hypot(matrix[:, first, first], matrix[:, second, first])
    locked = cosine < 1e-7
    angles = np.empty((len(matrix), 3))
    angles[:, first] = np.where(
        locked,
        np.arctan2(-sign * matrix[:, second, third], matrix[:, second, second]),
        np.arctan2(sign * matrix[:, third, second], matrix[:, third, third]),
    )
    angles[:, second] = np.arctan2(-sign * matrix[:, third, first], cosine)
    angles[:, third] = np.where(locked, 0.0, np.arctan2(sign * matrix[:, second, first], matrix[:, first, first]))
    other = angles + np.pi
    other[:, second] = np.pi - angles[:, second]
    # Whether a frame is nearer to the one before by the other set depends on the pair alone: a running count tells which.
    flips = _turn(other[1:] - angles[:-1]) < _turn(angles[1:] - angles[:-1])
    takes_other = np.concatenate(([False], np.cumsum(flips) % 2 == 1))
    return np.unwrap(np.where(takes_other[:, None], other, angles), axis=0)


def _turn(difference: Array) -> Array:
    """How far apart (N,) angles (N, 3) are, whole turns aside."""
    return np.linalg.norm((difference + np.pi) % (2.0 * np.pi) - np.pi, axis=-1)
