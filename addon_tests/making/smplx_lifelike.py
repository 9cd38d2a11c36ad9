"""A made-up model file in which everything acts at once: smooth skin, pose correctives, 300 shapes and 100 expressions.

The numbers come from an integer hash, so that every machine and every numpy makes the same file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addon_tests.making.smplx_models import VERTEX_COUNT, smplx_model_arrays
from handmocap_addon.core.body.smplx_poses import SmplxPoses
from handmocap_addon.core.skeleton import FACE_JOINTS, JOINT_NAMES, PARENTS, SIDES, hand_joint_names

Array = NDArray[Any]

# Metres for a corrective of one, a beta of one, an expression of one.
_CORRECTIVE, _SHAPE, _EXPRESSION = 0.004, 0.003, 0.002
_OWNED = VERTEX_COUNT // len(JOINT_NAMES)
HAND_JOINTS = tuple(JOINT_NAMES.index(name) for side in SIDES for name in (f"{side}_wrist", *hand_joint_names(side)))


def noise(seed: int, *shape: int) -> Array:
    """Numbers between -1 and 1 (splitmix64 of their places)."""
    with np.errstate(over="ignore"):
        value = (np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(seed << 40)) * np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value ^= value >> np.uint64(31)
    return ((value >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0).reshape(shape)


def owners() -> Array:
    """The joint (V,) to whose bone each vertex belongs."""
    return np.minimum(np.arange(VERTEX_COUNT) // _OWNED, len(JOINT_NAMES) - 1)


def lifelike_arrays(old_release: bool = False) -> dict[str, Any]:
    """The arrays of the file. A joint's correctives reach its own bone and those beside it, so fingers reach only hands."""
    owner = owners()
    weights = np.zeros((VERTEX_COUNT, len(JOINT_NAMES)))
    correctives = np.zeros((VERTEX_COUNT, 3, (len(JOINT_NAMES) - 1) * 9), np.float32)
    for joint in range(len(JOINT_NAMES)):
        beside = [other for other in range(len(JOINT_NAMES)) if _are_beside(joint, other)]
        rows = np.flatnonzero(owner == joint)
        weights[rows[:, None], beside] = 0.05 + 0.1 * np.abs(noise(100 + joint, len(rows), len(beside)))
        weights[rows, joint] += 0.6
        if joint:
            near = np.flatnonzero(np.isin(owner, beside))
            values = _CORRECTIVE * noise(200 + joint, len(near), 3, 9)
            correctives[near, :, 9 * (joint - 1) : 9 * joint] = values
    weights /= weights.sum(axis=1, keepdims=True)
    shapes = 10 if old_release else 300
    directions = np.empty((VERTEX_COUNT, 3, 20 if old_release else 400), np.float32)
    fading = 1.0 / np.sqrt(1.0 + np.arange(directions.shape[2]))
    directions[:] = _SHAPE * noise(1, VERTEX_COUNT, 3, 1) * fading * noise(2, directions.shape[2])
    directions[:, :, shapes:] = 0.0
    face = np.isin(owner, [JOINT_NAMES.index(name) for name in ("head", *FACE_JOINTS)])
    directions[face, :, shapes:] = _EXPRESSION * noise(3, int(face.sum()), 3, directions.shape[2] - shapes)
    return smplx_model_arrays(
        weights=weights,
        posedirs=correctives,
        shapedirs=directions,
        vt=np.abs(noise(4, VERTEX_COUNT, 2)),
        ft=smplx_model_arrays()["f"],
    )


def _are_beside(joint: int, other: int) -> bool:
    return joint == other or PARENTS[joint] == other or PARENTS[other] == joint


def write_lifelike_model(path: Path, old_release: bool = False) -> Path:
    """Write the file and return its path."""
    np.savez(path, **lifelike_arrays(old_release))
    return path


def lifelike_poses(count: int, betas: int = 10, expressions: int = 10) -> SmplxPoses:
    """Strong poses all over the place: up to some 1.7 radians a joint, metres from the origin."""
    return SmplxPoses(
        pose_axis_angle=noise(10, count, len(JOINT_NAMES), 3),
        translation=3.0 * noise(11, count, 3),
        betas=2.0 * noise(12, betas),
        expression=1.5 * noise(13, count, expressions),
        placement=np.broadcast_to(np.eye(4), (count, 4, 4)),
    )
