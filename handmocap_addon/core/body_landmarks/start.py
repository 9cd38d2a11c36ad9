"""From where a body's fit starts: each limb turned as its world landmarks say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maths.rotations import fitted_rotation, normalized
from ..skeleton import JOINT_INDEX, SIDES
from .definition import LandmarksOnBody
from .freedom import BodyState, Freedom
from .landmarks import LANDMARK_INDEX

Array = NDArray[Any]

_TRUNK = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
_STRAIGHT = 0.2  # sine of an angle below which a limb does not show in which plane it bends


def trunk_rotmat(world: Array, where: LandmarksOnBody, rest_joints: Array) -> Array:
    """Rotations (N, 3, 3) of the trunk, by shoulders and hips of world landmarks (N, 33, 3)."""
    rest = np.stack(
        [rest_joints[where.joints[row]] + where.offsets[row] for row in (where.position(name) for name in _TRUNK)]
    )
    seen = world[:, [LANDMARK_INDEX[name] for name in _TRUNK]]
    rest, seen = rest - rest.mean(axis=0), seen - seen.mean(axis=1, keepdims=True)
    return fitted_rotation(np.broadcast_to(rest, seen.shape), seen)


def starting_state(freedom: Freedom, world: Array, place: Array, where: LandmarksOnBody, rest_joints: Array) -> BodyState:
    """A state near world landmarks (N, 33, 3) in the camera's axes, with the pelvis at `place` (N, 3)."""
    usual = freedom.usual_state(len(world))
    local, bending = usual.local_rotmat.copy(), usual.bending.copy()
    trunk = trunk_rotmat(world, where, rest_joints)
    local[:, 0] = trunk
    for side in SIDES:
        outwards = 1.0 if side == "left" else -1.0
        arm, forearm = _bones(world, f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist")
        forward = _bending_direction(arm, forearm, trunk[..., 2])
        along = outwards * arm
        upper = np.stack((along, np.cross(forward, along), forward), axis=-1)
        local[:, JOINT_INDEX[f"{side}_shoulder"]] = np.swapaxes(trunk, -1, -2) @ upper
        thigh, shin = _bones(world, f"{side}_hip", f"{side}_knee", f"{side}_ankle")
        ahead = -_bending_direction(thigh, shin, -trunk[..., 2])
        leg = np.stack((np.cross(-thigh, ahead), -thigh, ahead), axis=-1)
        local[:, JOINT_INDEX[f"{side}_hip"]] = np.swapaxes(trunk, -1, -2) @ leg
        for joint, one, other in (("elbow", arm, forearm), ("knee", thigh, shin)):
            number = [index for index, _ in freedom.hinges].index(JOINT_INDEX[f"{side}_{joint}"])
            bending[:, number] = np.arccos(np.clip(np.sum(one * other, axis=-1), -1.0, 1.0))
    return freedom.within_limits(BodyState(place, local, bending))


def _bones(world: Array, *names: str) -> tuple[Array, Array]:
    points = [world[:, LANDMARK_INDEX[name]] for name in names]
    return normalized(points[1] - points[0]), normalized(points[2] - points[1])


def _bending_direction(first: Array, second: Array, usual: Array) -> Array:
    """Unit vectors (N, 3) across the first bone to which the second bends; the usual one's where it hardly does."""
    across = second - np.sum(second * first, axis=-1, keepdims=True) * first
    clear = np.clip(np.linalg.norm(across, axis=-1, keepdims=True) / _STRAIGHT, 0.0, 1.0)
    mixed = normalized(across) * clear + usual * (1.0 - clear)
    direction = normalized(mixed - np.sum(mixed * first, axis=-1, keepdims=True) * first)
    # Straight towards where it would usually bend: any direction across will do.
    other = np.where(np.abs(first[..., :1]) < 0.9, np.array((1.0, 0.0, 0.0)), np.array((0.0, 1.0, 0.0)))
    fallback = normalized(np.cross(first, other))
    return np.where(np.linalg.norm(direction, axis=-1, keepdims=True) > 0.5, direction, fallback)
