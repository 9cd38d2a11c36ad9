"""A skinned body with the SMPL-X skeleton, whatever file or package it came from, and its forward kinematics."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..maths.rotations import axis_angle_to_rotmat
from ..skeleton import FIRST_HAND_JOINT, HAND_JOINT_COUNT, JOINT_NAMES, PARENTS

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class BodyModel:
    """A body at rest: T-pose, y up, facing +z, left hand towards +x, metres, in the model's own frame.

    `skin_joints` and `skin_weights` hold each vertex's strongest joints; weights of a vertex add up to one.
    """

    name: str
    rest_joints: Array  # (55, 3)
    vertices: Array  # (V, 3)
    faces: Array  # (F, 3) int
    skin_joints: Array  # (V, k) int
    skin_weights: Array  # (V, k)
    betas: Array  # (10,)
    licence: str
    # The model file that it was read from. The same body from another place is the same.
    file: Path | None = field(default=None, compare=False)

    @property
    def sole_height(self) -> float:
        """Height of the lowest vertex at rest, in metres (negative: the origin is near the chest)."""
        return float(self.vertices[:, 1].min())


@dataclass(frozen=True, eq=False)
class PosedJoints:
    """Joints of N frames: global rotations (N, 55, 3, 3) and positions (N, 55, 3) in metres."""

    rotmat: Array
    positions: Array


def strongest_influences(weights: ArrayLike, count: int) -> tuple[Array, Array]:
    """The `count` strongest joints of dense (V, J) skin weights: indices (V, count) and weights that add up to one."""
    weights = np.asarray(weights, dtype=np.float64)
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :count]
    kept = np.take_along_axis(weights, joints, axis=1)
    return joints, kept / kept.sum(axis=1, keepdims=True)


def posed_joints(rest_joints: ArrayLike, local_rotmat: ArrayLike, translation: ArrayLike) -> PosedJoints:
    """Forward kinematics: rest joints (55, 3), or (N, 55, 3) where a face's expression moves them; local rotations
    (N, 55, 3, 3); translation (N, 3), which is added to the pelvis.
    """
    rest = np.asarray(rest_joints, dtype=np.float64)
    local = np.asarray(local_rotmat, dtype=np.float64)
    rotmat = np.empty_like(local)
    positions = np.empty((len(local), len(JOINT_NAMES), 3))
    rotmat[:, 0] = local[:, 0]
    positions[:, 0] = rest[..., 0, :] + np.asarray(translation, dtype=np.float64)
    for joint in range(1, len(JOINT_NAMES)):
        parent = PARENTS[joint]
        rotmat[:, joint] = rotmat[:, parent] @ local[:, joint]
        bone = rest[..., joint, :] - rest[..., parent, :]
        positions[:, joint] = positions[:, parent] + (rotmat[:, parent] @ bone[..., None])[..., 0]
    return PosedJoints(rotmat, positions)


def skinned_vertices(model: BodyModel, posed: PosedJoints, frame: int) -> Array:
    """Vertices (V, 3) of one frame by linear blend skinning, without pose correctives."""
    rotmat, positions = posed.rotmat[frame], posed.positions[frame]
    offsets = positions - np.einsum("jab,jb->ja", rotmat, model.rest_joints)
    moved = np.einsum("vkab,vb->vka", rotmat[model.skin_joints], model.vertices) + offsets[model.skin_joints]
    return np.einsum("vk,vka->va", model.skin_weights, moved)


def local_rotmat(body_pose: ArrayLike, global_orient: ArrayLike, hand_poses: dict[str, ArrayLike]) -> Array:
    """Local rotations (N, 55, 3, 3) from axis-angle: body (N, 63), pelvis (N, 3), and hands (N, 45) by side."""
    body = np.asarray(body_pose, dtype=np.float64).reshape(-1, 21, 3)
    axis_angle = np.zeros((len(body), len(JOINT_NAMES), 3))
    axis_angle[:, 0] = global_orient
    axis_angle[:, 1:22] = body
    for side, pose in hand_poses.items():
        first = FIRST_HAND_JOINT[side]
        axis_angle[:, first : first + HAND_JOINT_COUNT] = np.asarray(pose).reshape(-1, HAND_JOINT_COUNT, 3)
    return axis_angle_to_rotmat(axis_angle)
