"""The shape of the body that an armature moves, as far as the scene tells it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ...core.body.shape import UNKNOWN_SHAPE, BodyShape, Gender, gender_in
from ..curves.kept_text import kept_numbers
from .armatures import deformed_meshes

# What Add Body leaves on the armature.
_BETAS, _GENDER = "handmocap_betas", "handmocap_gender"
# The shape keys of the SMPL-X add-ons, whose values are betas.
_SHAPE_KEY = re.compile(r"Shape(\d{3})")


def body_shape_of(armature: Any) -> BodyShape | None:
    """The shape that Add Body stored, or that an SMPL-X add-on has in its mesh's shape keys; None where none tells it."""
    stored = armature.get(_BETAS)
    if stored is not None:
        return BodyShape(np.array(kept_numbers(stored, _BETAS)), _gender_of(armature))
    for mesh in deformed_meshes(armature):
        keys = mesh.data.shape_keys.key_blocks if mesh.data.shape_keys is not None else ()
        numbered = {
            int(found[1]): 0.0 if key.mute else key.value for key in keys if (found := _SHAPE_KEY.fullmatch(key.name))
        }
        if numbered:
            betas = np.zeros(max(numbered) + 1)
            betas[list(numbered)] = list(numbered.values())
            return BodyShape(betas, _gender_of(armature))
    return None


def _gender_of(armature: Any) -> Gender:
    texts = [armature.get(_GENDER), armature.get("handmocap_body")]
    for mesh in deformed_meshes(armature):
        texts += [mesh.get("gender"), mesh.data.get("gender"), mesh.name]
    told = (gender_in(text) for text in (*texts, armature.name) if isinstance(text, str))
    return next((gender for gender in told if gender is not None), UNKNOWN_SHAPE.gender)
