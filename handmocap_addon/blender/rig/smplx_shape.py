"""Which SMPL-X model file and which betas an armature was made from, as far as the scene says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.body.model import BodyModel
from ...core.body.smplx_model_file import VERTEX_COUNT
from ...core.errors import BadInputError
from ...core.files.file_hashes import sha256_of
from .armatures import deformed_meshes

Array = NDArray[Any]

BETAS, MODEL_FILE, MODEL_SHA256, GENDER = (f"handmocap_{name}" for name in ("betas", "model_file", "model_sha256", "gender"))
_GENDERS = re.compile(r"(?<![a-z])(female|male|neutral)(?![a-z])", re.IGNORECASE)
# The shape keys of both makers' add-ons: their values are betas and expressions.
_SHAPE_KEY, _EXPRESSION_KEY = (re.compile(rf"{name}(\d{{3}})") for name in ("Shape", "Exp"))
_HINT = "choose the SMPLX_*.npz that it was made from, or bake the skinned mesh"


@dataclass(frozen=True, eq=False)
class SmplxShape:
    """`sha256` is that of the model file when the armature was made, where that is known."""

    model_file: Path
    betas: Array  # (B,)
    sha256: str | None


def remember_shape(armature: Any, model: BodyModel) -> None:
    """Store on an armature from which model it was made."""
    armature[BETAS] = model.betas.tolist()
    if model.file is not None:
        armature[MODEL_FILE] = str(model.file)
        armature[MODEL_SHA256] = sha256_of(model.file)
        gender = _GENDERS.search(model.file.stem)
        if gender is not None:
            armature[GENDER] = gender[1].lower()


def shape_of(armature: Any, chosen: Path | None = None) -> SmplxShape:
    """The shape of an armature of ours or of the MPI's or Meshcapade's add-on.

    Args:
        armature: an SMPL-X armature object.
        chosen: the person's own model file, for an armature that names none. With a mesh that names its gender, the file of
            that gender beside it is taken.

    Raises:
        BadInputError: no model file is known, or it is not there.
    """
    named = armature.get(MODEL_FILE)
    sha256 = armature.get(MODEL_SHA256)
    file = Path(bpy.path.abspath(named)) if named else None
    if file is None or not file.is_file():
        file = _of_gender(chosen, _gender(armature)) if chosen is not None else file
    if file is None:
        raise BadInputError(f"No SMPL-X model file is known for {armature.name}", _HINT)
    if not file.is_file():
        raise BadInputError(f"The model file {file} is not there", _HINT)
    file = file.absolute()
    betas = armature.get(BETAS)
    if betas is not None:
        return SmplxShape(file, np.array(betas, dtype=np.float64), sha256)
    return SmplxShape(file, _key_values(smplx_mesh(armature), _SHAPE_KEY), sha256)


def smplx_mesh(armature: Any) -> Any:
    """The mesh object with SMPL-X's vertices that the armature deforms.

    Raises:
        BadInputError: there is none, or more than one.
    """
    found = [mesh for mesh in deformed_meshes(armature) if len(mesh.data.vertices) == VERTEX_COUNT]
    if len(found) != 1:
        what = "no mesh" if not found else f"{len(found)} meshes"
        raise BadInputError(f"{armature.name} deforms {what} with SMPL-X's {VERTEX_COUNT} vertices", "bake the skinned mesh")
    return found[0]


def expression_of(mesh: Any) -> Array:
    """Expressions (E,) of a mesh of another add-on on the current frame; none where it has no such shape keys."""
    return _key_values(mesh, _EXPRESSION_KEY)


def _key_values(mesh: Any, pattern: re.Pattern[str]) -> Array:
    keys = mesh.data.shape_keys.key_blocks if mesh.data.shape_keys is not None else []
    numbered = {int(match[1]): 0.0 if key.mute else key.value for key in keys if (match := pattern.fullmatch(key.name))}
    values = np.zeros(max(numbered, default=-1) + 1)
    for number, value in numbered.items():
        values[number] = value
    return values


def _gender(armature: Any) -> str | None:
    """What the armature, its mesh's custom property, or their names say."""
    mesh = smplx_mesh(armature)
    for text in (armature.get(GENDER), mesh.get("gender"), mesh.data.get("gender"), mesh.name, armature.name):
        found = _GENDERS.search(text) if isinstance(text, str) else None
        if found is not None:
            return found[1].lower()
    return None


def _of_gender(file: Path, gender: str | None) -> Path:
    """The file of a gender beside a file of another one, where it is there."""
    if gender is None:
        return file
    name = _GENDERS.sub(lambda found: gender.upper() if found[1].isupper() else gender, file.name)
    return file.with_name(name) if file.with_name(name).is_file() else file
