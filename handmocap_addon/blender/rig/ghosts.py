"""What of the scene is only there for comparison and takes part in nothing else."""

from __future__ import annotations

from typing import Any

import bpy

# On ghosts and their collection: whose they are.
GHOST_OF = "handmocap_ghost_of"


def is_ghost(thing: Any) -> bool:
    """Whether an object is only a picture of another one."""
    return GHOST_OF in thing


def ghosts_of(armature: Any) -> list[Any]:
    """Collections with ghosts of an armature, and of armatures that are gone."""
    return [
        collection
        for collection in bpy.data.collections
        if collection.library is None
        and GHOST_OF in collection
        and (collection[GHOST_OF] == armature or not _is_there(collection[GHOST_OF]))
    ]


def _is_there(armature: Any) -> bool:
    return armature is not None and bool(armature.users_scene)
