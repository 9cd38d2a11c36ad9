"""Reads the user's own `SMPLX_NEUTRAL/MALE/FEMALE.npz`, without unpickling anything in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import BodyModelError
from ..files.npz_files import NpzError, PickledArrayError, read_npz
from ..skeleton import JOINT_NAMES, PARENTS
from .model import Array, BodyModel, strongest_influences

VERTEX_COUNT = 10_475
_MOST_FACES = 4 * VERTEX_COUNT  # twice as many as it has
SHAPE_COEFFICIENTS = 10
SKIN_INFLUENCES = 8
MODEL_LICENCE = "SMPL-X model licence (non-commercial research; commercial use through Meshcapade)"
_NEEDED = ("v_template", "f", "shapedirs", "J_regressor", "weights", "kintree_table")
_GET_IT = "choose an SMPLX_NEUTRAL.npz, SMPLX_MALE.npz or SMPLX_FEMALE.npz from smpl-x.is.tue.mpg.de"


def _read(path: Path, wanted: Sequence[str]) -> dict[str, Array]:
    """The wanted arrays that are there, none of them in doubt of its kind.

    Raises:
        BodyModelError: no such file, or not an npz.
    """
    if not path.is_file():
        raise BodyModelError(f"There is no model file {path}", _GET_IT)
    try:
        return read_npz(path, wanted, as_doubles=True)
    except PickledArrayError as error:
        raise BodyModelError(f"{path.name} {error.message}", _GET_IT) from error
    except NpzError as error:
        raise BodyModelError(
            f"{path.name} is not an SMPL-X model file, it cannot be read as npz: it {error.message}", _GET_IT
        ) from error


def _has_enough(shape_directions: Array) -> bool:
    return shape_directions.ndim == 3 and shape_directions.shape[2] >= SHAPE_COEFFICIENTS


def read_smplx_arrays(path: Path, also: Sequence[str] = ()) -> dict[str, Array]:
    """The arrays of a model file that every body needs, and those named in `also`, checked.

    Raises:
        BodyModelError: no such file, not an npz, or not SMPL-X.
    """
    path = Path(path)
    needed = (*_NEEDED, *also)
    arrays = _read(path, needed)
    missing = [key for key in needed if key not in arrays]
    if missing:
        raise BodyModelError(f"{path.name} is not an SMPL-X model file, it has no {missing[0]}", _GET_IT)

    for key in ("f", "kintree_table"):
        if arrays[key].dtype.kind not in "fiu" or not np.isfinite(arrays[key]).all():
            raise BodyModelError(f"{path.name} is damaged, {key} holds no whole numbers", _GET_IT)
    template, faces, shape_directions, regressor, weights, kinematic_tree = (arrays[key] for key in _NEEDED)
    joint_count = len(JOINT_NAMES)
    if template.shape != (VERTEX_COUNT, 3) or weights.shape != (VERTEX_COUNT, joint_count):
        found = f"{template.shape[0] if template.ndim else 0} vertices and weights {weights.shape}"
        raise BodyModelError(f"{path.name} is not an SMPL-X model file, it has {found}", _GET_IT)
    if regressor.shape != (joint_count, VERTEX_COUNT):
        raise BodyModelError(f"{path.name} is not an SMPL-X model file, its joint regressor has another shape", _GET_IT)
    if shape_directions.shape[:2] != (VERTEX_COUNT, 3) or not _has_enough(shape_directions):
        raise BodyModelError(f"{path.name} is not an SMPL-X model file, its shapedirs have another shape", _GET_IT)
    if kinematic_tree.shape != (2, joint_count) or tuple(int(parent) for parent in kinematic_tree[0][1:]) != PARENTS[1:]:
        raise BodyModelError(f"{path.name} has another skeleton than SMPL-X", _GET_IT)
    if faces.ndim != 2 or faces.shape[1] != 3 or len(faces) > _MOST_FACES:
        raise BodyModelError(f"{path.name} is not an SMPL-X model file, its faces have another shape", _GET_IT)
    if faces.min(initial=0) < 0 or faces.max(initial=0) >= VERTEX_COUNT:
        raise BodyModelError(f"{path.name} is damaged, its faces name vertices that are not there", _GET_IT)
    for key in ("v_template", "shapedirs", "J_regressor", "weights", *also):
        if arrays[key].dtype.kind not in "fiu" or not np.isfinite(arrays[key]).all():
            raise BodyModelError(f"{path.name} is damaged, {key} holds numbers that are not finite", _GET_IT)
    return arrays


def read_texture_coordinates(path: Path) -> Array | None:
    """Texture coordinates (F, 3, 2) of each face's corners, of a file that is an SMPL-X model; None where it has none.

    Raises:
        BodyModelError: they are damaged.
    """
    arrays = _read(Path(path), ("vt", "ft", "f"))
    if len(arrays) < 3:
        return None
    coordinates, corners, faces = (arrays[key] for key in ("vt", "ft", "f"))
    if any(array.dtype.kind not in "fiu" or not np.isfinite(array).all() for array in arrays.values()):
        raise BodyModelError(f"{path.name} is damaged, its texture coordinates are no numbers", _GET_IT)
    if coordinates.ndim != 2 or coordinates.shape[1] != 2 or corners.shape != faces.shape:
        raise BodyModelError(f"{path.name} is damaged, its texture coordinates have another shape", _GET_IT)
    if corners.min(initial=0) < 0 or corners.max(initial=0) >= max(len(coordinates), 1):
        raise BodyModelError(f"{path.name} is damaged, its faces name texture coordinates that are not there", _GET_IT)
    return np.asarray(coordinates, dtype=np.float64)[corners.astype(np.int64)]


def read_smplx_model(path: Path, betas: Array | None = None) -> BodyModel:
    """The model file shaped by up to ten betas: 10,475 vertices, 55 joints.

    Raises:
        BodyModelError: no such file, not an npz, or not SMPL-X.
    """
    arrays = read_smplx_arrays(path)
    coefficients = np.zeros(SHAPE_COEFFICIENTS)
    if betas is not None:
        given = np.asarray(betas, dtype=np.float64).ravel()[:SHAPE_COEFFICIENTS]
        coefficients[: len(given)] = given
    # Columns past the shape coefficients are the face's expression; the older release has 10 + 10, the newer 300 + 100.
    first_shapes = np.asarray(arrays["shapedirs"][:, :, :SHAPE_COEFFICIENTS], dtype=np.float64)
    shaped = arrays["v_template"] + first_shapes @ coefficients
    skin_joints, skin_weights = strongest_influences(arrays["weights"], SKIN_INFLUENCES)
    return BodyModel(
        name=Path(path).stem,
        rest_joints=np.asarray(arrays["J_regressor"], dtype=np.float64) @ shaped,
        vertices=shaped,
        faces=np.asarray(arrays["f"], dtype=np.int64),
        skin_joints=skin_joints,
        skin_weights=skin_weights,
        betas=coefficients,
        licence=MODEL_LICENCE,
        file=Path(path).absolute(),
    )
