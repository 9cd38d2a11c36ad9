"""Writes model files with the shapes and fields of `SMPLX_NEUTRAL.npz`. Every value is made up, none is SMPL-X's.

The joints are the stand-in's (mannequin-x, Apache-2.0); around each of its bones lies a tube of vertices.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handmocap_addon.core.body.stand_in import load_stand_in_body
from handmocap_addon.core.skeleton import JOINT_NAMES, PARENTS

Array = NDArray[Any]

VERTEX_COUNT = 10_475
FACE_COUNT = 20_908
# How the first betas move a point at rest: the first makes all of it larger, the second only higher.
FIRST_BETA_GROWTH = 0.02
SECOND_BETA_HEIGHT = 0.03
_PER_JOINT = VERTEX_COUNT // len(JOINT_NAMES)
_PAIRS = 20
_RADIUS = 0.004


def made_up_rest_joints() -> Array:
    """The rest joints (55, 3) of the file, for betas of zero."""
    return load_stand_in_body().rest_joints


def smplx_model_arrays(old_release: bool = False, **changes: Any) -> dict[str, Any]:
    """The arrays of a model file; `old_release` has 10 + 10 shape columns. `changes` replace arrays; None leaves one out."""
    joints = made_up_rest_joints()
    owner = np.minimum(np.arange(VERTEX_COUNT) // _PER_JOINT, len(JOINT_NAMES) - 1)
    template = np.empty((VERTEX_COUNT, 3))
    regressor = np.zeros((len(JOINT_NAMES), VERTEX_COUNT))
    for joint in range(len(JOINT_NAMES)):
        rows = np.flatnonzero(owner == joint)
        template[rows] = _tube(joints, joint, len(rows))
        # The first vertices lie in opposite pairs around the joint, so their mean is the joint.
        regressor[joint, rows[: 2 * _PAIRS]] = 1.0 / (2 * _PAIRS)
    weights = np.zeros((VERTEX_COUNT, len(JOINT_NAMES)))
    weights[np.arange(VERTEX_COUNT), owner] = 0.9
    weights[np.arange(VERTEX_COUNT), np.maximum(np.array(PARENTS), 0)[owner]] += 0.1
    directions = np.zeros((VERTEX_COUNT, 3, 20 if old_release else 400), np.float32)
    directions[:, :, 0] = template * FIRST_BETA_GROWTH
    directions[:, 1, 1] = template[:, 1] * SECOND_BETA_HEIGHT
    # Past the tenth come finer shapes and the face; nothing here may reach them.
    directions[:, :, 10:13] = 1000.0
    parents = np.array(PARENTS, dtype=np.int64).astype(np.uint32)  # the root is 4294967295 in the real file
    arrays: dict[str, Any] = {
        "v_template": template,
        "f": (np.arange(FACE_COUNT)[:, None] + np.arange(3)).astype(np.uint32) % VERTEX_COUNT,
        "shapedirs": directions,
        "posedirs": np.zeros((VERTEX_COUNT, 3, 486), np.float32),
        "J_regressor": regressor,
        "kintree_table": np.stack((parents, np.arange(len(JOINT_NAMES), dtype=np.uint32))),
        "weights": weights,
        "hands_meanl": np.full(45, 0.1),
        "hands_meanr": np.full(45, 0.1),
        "hands_componentsl": np.eye(45),
        "hands_componentsr": np.eye(45),
        "lmk_faces_idx": np.zeros(51, np.int64),
        "lmk_bary_coords": np.full((51, 3), 1.0 / 3.0),
        # The real file has such an entry, for which others switch pickles on.
        "joint2num": np.array({"Pelvis": 0}, dtype=object),
    }
    arrays |= changes
    return {key: value for key, value in arrays.items() if value is not None}


def write_smplx_model(path: Path, old_release: bool = False, **changes: Any) -> None:
    """Write a model file; see `smplx_model_arrays`."""
    np.savez_compressed(path, **smplx_model_arrays(old_release, **changes))


def _tube(joints: Array, joint: int, count: int) -> Array:
    """Points around the bone that starts at a joint; a fingertip's bone goes on for four fifths of the one before it."""
    start = joints[joint]
    children = [child for child, parent in enumerate(PARENTS) if parent == joint]
    bone = joints[children[0]] - start if children else 0.8 * (start - joints[PARENTS[joint]])
    angles = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    across = np.cross(bone, (0.3, 0.5, 0.8))
    across /= np.linalg.norm(across)
    other = np.cross(bone / np.linalg.norm(bone), across)
    ring = _RADIUS * (np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * other)
    pair = ring[:_PAIRS]
    along = np.linspace(0.0, 1.0, count - 2 * _PAIRS)[:, None] * bone
    return start + np.concatenate((pair, -pair, along + ring[2 * _PAIRS :]))
