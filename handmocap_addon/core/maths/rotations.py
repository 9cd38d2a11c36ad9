"""Rotations, vectorised over any leading axes.

Quaternions are unit, wxyz, Hamilton product; matrices act on column vectors; axis-angle vectors are in radians. Formulas:
Diebel, "Representing Attitude" (2006), and Shepperd (1978) for matrix to quaternion.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def axis_angle_to_quat_wxyz(axis_angle: ArrayLike) -> Array:
    """(…, 3) axis-angle to (…, 4) quaternions."""
    axis_angle = np.asarray(axis_angle, dtype=np.float64)
    angle = np.linalg.norm(axis_angle, axis=-1, keepdims=True)
    # sin(a/2)/a without dividing by zero: numpy's sinc is sin(pi x)/(pi x).
    scale = 0.5 * np.sinc(angle / (2.0 * np.pi))
    return np.concatenate((np.cos(angle / 2.0), axis_angle * scale), axis=-1)


def quat_wxyz_to_axis_angle(quat_wxyz: ArrayLike) -> Array:
    """(…, 4) quaternions to (…, 3) axis-angle with an angle of at most pi."""
    quat = np.asarray(quat_wxyz, dtype=np.float64)
    quat = np.where(quat[..., :1] < 0.0, -quat, quat)
    sine = np.linalg.norm(quat[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, quat[..., :1])
    scale = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    return quat[..., 1:] * scale


def quat_wxyz_to_rotmat(quat_wxyz: ArrayLike) -> Array:
    """(…, 4) unit quaternions to (…, 3, 3) matrices."""
    w, x, y, z = np.moveaxis(np.asarray(quat_wxyz, dtype=np.float64), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def rotmat_to_quat_wxyz(rotmat: ArrayLike) -> Array:
    """(…, 3, 3) matrices to (…, 4) quaternions with w >= 0, by the numerically largest component (Shepperd)."""
    m = np.asarray(rotmat, dtype=np.float64)
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    squares = np.stack((trace, m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]), axis=-1)
    yz, zx, xy = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    s_yz, s_zx, s_xy = m[..., 2, 1] + m[..., 1, 2], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 0] + m[..., 0, 1]
    candidates = np.stack(
        (
            np.stack((1 + trace, yz, zx, xy), axis=-1),
            np.stack((yz, 1 - trace + 2 * m[..., 0, 0], s_xy, s_zx), axis=-1),
            np.stack((zx, s_xy, 1 - trace + 2 * m[..., 1, 1], s_yz), axis=-1),
            np.stack((xy, s_zx, s_yz, 1 - trace + 2 * m[..., 2, 2]), axis=-1),
        ),
        axis=-2,
    )
    best = np.argmax(squares, axis=-1)[..., None, None]
    quat = np.take_along_axis(candidates, np.broadcast_to(best, (*best.shape[:-1], 4)), axis=-2)[..., 0, :]
    quat = normalized(quat)
    return np.where(quat[..., :1] < 0.0, -quat, quat)


def axis_angle_to_rotmat(axis_angle: ArrayLike) -> Array:
    """(…, 3) axis-angle to (…, 3, 3) matrices."""
    return quat_wxyz_to_rotmat(axis_angle_to_quat_wxyz(axis_angle))


def rotmat_to_axis_angle(rotmat: ArrayLike) -> Array:
    """(…, 3, 3) matrices to (…, 3) axis-angle with an angle of at most pi."""
    return quat_wxyz_to_axis_angle(rotmat_to_quat_wxyz(rotmat))


def quat_wxyz_multiply(first: ArrayLike, second: ArrayLike) -> Array:
    """Hamilton product: the rotation that applies `second`, then `first`."""
    aw, ax, ay, az = np.moveaxis(np.asarray(first, dtype=np.float64), -1, 0)
    bw, bx, by, bz = np.moveaxis(np.asarray(second, dtype=np.float64), -1, 0)
    return np.stack(
        (
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ),
        axis=-1,
    )


def quat_wxyz_inverse(quat_wxyz: ArrayLike) -> Array:
    """Inverse of unit quaternions."""
    return np.asarray(quat_wxyz, dtype=np.float64) * np.array((1.0, -1.0, -1.0, -1.0))


def normalized(vectors: ArrayLike) -> Array:
    """(…, n) vectors at unit length; zero vectors stay zero."""
    vectors = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0.0, length, 1.0)


def slerp_quat_wxyz(start: ArrayLike, end: ArrayLike, fraction: ArrayLike) -> Array:
    """Rotations on the shortest path from `start` (…, 4) to `end` (…, 4) at `fraction` (…) between 0 and 1."""
    start = np.asarray(start, dtype=np.float64)
    step = quat_wxyz_to_axis_angle(quat_wxyz_multiply(quat_wxyz_inverse(start), end))
    return quat_wxyz_multiply(start, axis_angle_to_quat_wxyz(step * np.asarray(fraction)[..., None]))


def sign_continuous_quat_wxyz(quat_wxyz: ArrayLike) -> Array:
    """Quaternions (N, …, 4) over frames with signs chosen so that no frame flips against the one before.

    q and -q are one rotation, but curves drawn through their components are not: an interpolated flip spins the joint.
    """
    quat = np.asarray(quat_wxyz, dtype=np.float64)
    if len(quat) < 2:
        return quat.copy()
    flips = np.sum(quat[1:] * quat[:-1], axis=-1, keepdims=True) < 0.0
    signs = np.where(np.cumsum(flips, axis=0) % 2 == 1, -1.0, 1.0)
    return np.concatenate((quat[:1], quat[1:] * signs), axis=0)


def angle_between_rotmats(first: ArrayLike, second: ArrayLike) -> Array:
    """Angle in radians (…) of the rotation between (…, 3, 3) matrices."""
    between = np.swapaxes(np.asarray(first, dtype=np.float64), -1, -2) @ np.asarray(second, dtype=np.float64)
    return np.linalg.norm(rotmat_to_axis_angle(between), axis=-1)


def mirrored_axis_angle(axis_angle: ArrayLike) -> Array:
    """(…, 3) axis-angle seen in a mirror across x: conjugation with diag(-1, 1, 1), which turns left into right."""
    return np.asarray(axis_angle) * np.array((1.0, -1.0, -1.0))


def fitted_rotation(source: ArrayLike, target: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Rotations (…, 3, 3) that best turn vectors `source` (…, k, 3) onto `target` (…, k, 3), in least squares (Kabsch)."""
    source = np.asarray(source, dtype=np.float64)
    weighted = np.asarray(target, dtype=np.float64)
    if weights is not None:
        weighted = weighted * np.asarray(weights, dtype=np.float64)[..., None]
    left, _, right = np.linalg.svd(np.swapaxes(weighted, -1, -2) @ source)
    sign = np.sign(np.linalg.det(left @ right))
    left = left * np.stack((np.ones_like(sign), np.ones_like(sign), sign), axis=-1)[..., None, :]
    return left @ right


def rotation_between(start: ArrayLike, end: ArrayLike) -> Array:
    """The shortest rotations (…, 4), as quaternions, that turn unit vectors `start` (…, 3) onto `end` (…, 3)."""
    start, end = np.broadcast_arrays(np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64))
    scalar = 1.0 + np.sum(start * end, axis=-1, keepdims=True)
    # Opposite vectors have no shortest path: any axis across the start does.
    other_axis = np.where(np.abs(start[..., :1]) < 0.9, np.array((1.0, 0.0, 0.0)), np.array((0.0, 1.0, 0.0)))
    vector = np.where(scalar < 1e-9, np.cross(start, other_axis), np.cross(start, end))
    return normalized(np.concatenate((np.where(scalar < 1e-9, 0.0, scalar), vector), axis=-1))
