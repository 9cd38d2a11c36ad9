"""Which armature of the scene a run keys where none is named. A scene's own armature is never passed over in silence."""

from __future__ import annotations

from typing import Any

import bpy

from ...core.errors import ArmatureError
from .armatures import map_armature, smplx_armatures
from .ghosts import is_ghost


def scene_armature(several_hint: str, unfitting_hint: str) -> Any | None:
    """The scene's one SMPL-X armature; None where the scene has no armature at all, so that a body may be added.

    Args:
        several_hint: what to do where more than one fits.
        unfitting_hint: what to do where there are armatures and none fits.

    Raises:
        ArmatureError: several fit, or there are armatures and none does.
    """
    found = smplx_armatures()
    if len(found) > 1:
        names = ", ".join(armature.name for armature in found)
        raise ArmatureError(f"The file has more than one SMPL-X armature ({names})", several_hint)
    if not found:
        refuse_unfitting(unfitting_hint)
    return found[0] if found else None


def refuse_unfitting(hint: str) -> None:
    """Raises ArmatureError, which says why the first armature of the scene does not fit, where the scene has any.

    To be called where none fits.
    """
    others = [thing for thing in bpy.context.scene.objects if thing.type == "ARMATURE" and not is_ghost(thing)]
    for armature in others:
        try:
            map_armature(armature)
        except ArmatureError as error:
            raise ArmatureError(error.message, hint) from error
