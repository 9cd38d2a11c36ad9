"""The meshes of a bake, made ready in the background copy of the file."""

from __future__ import annotations

from typing import Any

from ..core.bake_options import Geometry
from ..core.errors import BadUsageError


def prepare_meshes(geometry: Geometry, armature: Any, meshes: list[Any]) -> list[Any]:
    """The mesh objects to export for a geometry, instead of the ones that the armature deforms.

    Raises:
        BadUsageError: there is no such geometry here.
    """
    if geometry == "exact":
        raise BadUsageError(f"The exact surface of {armature.name} cannot be baked yet", "bake the skinned mesh")
    return meshes
