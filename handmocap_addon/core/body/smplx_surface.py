"""The exact SMPL-X surface: shape, expression, pose correctives and linear blend skinning, frames by the block.

The formula is the published one (Loper et al., "SMPL", 2015, equations 2 to 10; Pavlakos et al., "Expressive Body Capture",
2019, section 3.1), written from the papers with numpy alone; nothing of the `smplx` package is needed or used. Two tests
hold it to that package within 1e-5 m: one calls it where it is importable, one reads values that it gave before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BodyModelError
from ..maths.rotations import axis_angle_to_rotmat
from ..skeleton import JOINT_NAMES
from .model import Array, posed_joints
from .smplx_model_file import VERTEX_COUNT, read_smplx_arrays
from .smplx_poses import SmplxPoses

CORRECTIVE_COUNT = (len(JOINT_NAMES) - 1) * 9
# The release of 2019 has ten shapes and ten expressions, the later one 300 and 100, side by side in one array.
_OLD_SHAPES, _NEW_SHAPES, _NEW_COLUMNS = 10, 300, 400
# About 1.3 MB a frame while it is worked on; larger blocks are no faster.
FRAMES_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class SmplxSurface:
    """A model file shaped by betas, in metres and the model's axes; 3V is x of every vertex, then y, then z."""

    rest_vertices: Array  # (V, 3)
    rest_joints: Array  # (55, 3)
    pose_directions: Array  # (486, 3V) float32
    weights: Array  # (55, V) float32
    expression_directions: Array  # (E, 3V) float32
    expression_joints: Array  # (E, 55, 3)


def read_smplx_surface(path: Path, betas: ArrayLike, expression_count: int = 0) -> SmplxSurface:
    """The model file shaped by betas, with the first of its expressions.

    Raises:
        BodyModelError: no such file, not SMPL-X, or it has fewer shapes or expressions.
    """
    arrays = read_smplx_arrays(path, also=("posedirs",))
    if arrays["posedirs"].shape != (VERTEX_COUNT, 3, CORRECTIVE_COUNT):
        raise BodyModelError(
            f"{Path(path).name} has pose correctives of another shape than SMPL-X", "choose the file as it was downloaded"
        )
    directions = arrays["shapedirs"]
    shape_count = _NEW_SHAPES if directions.shape[2] >= _NEW_COLUMNS else _OLD_SHAPES
    given = np.asarray(betas, dtype=np.float64).ravel()
    if len(given) > shape_count:
        raise BodyModelError(f"{Path(path).name} has {shape_count} shapes for {len(given)} betas", "give fewer betas")
    if expression_count > directions.shape[2] - shape_count:
        raise BodyModelError(
            f"{Path(path).name} has {directions.shape[2] - shape_count} expressions for {expression_count}",
            "choose the model file that the expressions were made with",
        )
    chosen = directions[:, :, shape_count : shape_count + expression_count]
    shapes = np.asarray(directions[:, :, : len(given)], dtype=np.float64)
    regressor = np.asarray(arrays["J_regressor"], dtype=np.float64)
    rest = arrays["v_template"] + shapes @ given
    expressions = np.moveaxis(np.asarray(chosen, dtype=np.float64), 2, 0)
    return SmplxSurface(
        rest_vertices=rest,
        rest_joints=regressor @ rest,
        pose_directions=_components_first(np.moveaxis(arrays["posedirs"], 2, 0)),
        weights=np.ascontiguousarray(arrays["weights"].T, dtype=np.float32),
        expression_directions=_components_first(expressions),
        expression_joints=regressor @ expressions,
    )


def _components_first(directions: Array) -> Array:
    """(n, V, 3) as (n, 3V) float32."""
    return np.ascontiguousarray(np.swapaxes(directions, 1, 2), dtype=np.float32).reshape(len(directions), 3 * VERTEX_COUNT)


def posed_surface(surface: SmplxSurface, poses: SmplxPoses) -> Iterator[Array]:
    """Positions (n, V, 3) float32 in the poses' own place, a block of frames after the other.

    Only a block is held at a time, so memory does not grow with the number of frames. The surface was read with as many
    expressions as the poses have.
    """
    for first in range(0, poses.frame_count, FRAMES_AT_ONCE):
        yield _posed_block(surface, poses.frames(slice(first, first + FRAMES_AT_ONCE)))


def _posed_block(surface: SmplxSurface, poses: SmplxPoses) -> Array:
    local = axis_angle_to_rotmat(poses.pose_axis_angle)
    count = poses.frame_count
    features = (local[:, 1:] - np.eye(3)).reshape(count, -1).astype(np.float32)
    vertices = features @ surface.pose_directions
    vertices += surface.rest_vertices.T.reshape(-1).astype(np.float32)
    rest_joints = surface.rest_joints
    if poses.expression.shape[1]:
        vertices += poses.expression.astype(np.float32) @ surface.expression_directions
        rest_joints = rest_joints + np.tensordot(poses.expression, surface.expression_joints, axes=1)
    vertices = vertices.reshape(count, 3, VERTEX_COUNT)

    # The place is worked into the bones' matrices; what is the same for all vertices is added last, where it costs no
    # precision and does not depend on how exactly a vertex's weights add up to one.
    turned, shift = poses.placement[:, None, :3, :3], poses.placement[:, :3, 3]
    posed = posed_joints(rest_joints, local, np.zeros((count, 3)))
    offsets = posed.positions - (posed.rotmat @ np.broadcast_to(rest_joints, posed.positions.shape)[..., None])[..., 0]
    bones = turned @ np.concatenate((posed.rotmat, offsets[..., None]), axis=-1)
    shift = shift + (turned[:, 0] @ poses.translation[..., None])[..., 0]

    blended = np.moveaxis(bones, 1, 3).astype(np.float32).reshape(count * 12, -1) @ surface.weights
    blended = blended.reshape(count, 3, 4, VERTEX_COUNT)
    blended[:, :, :3] *= vertices[:, None]
    summed = blended.sum(axis=2)
    summed += shift.astype(np.float32)[..., None]
    return np.ascontiguousarray(np.swapaxes(summed, 1, 2))
