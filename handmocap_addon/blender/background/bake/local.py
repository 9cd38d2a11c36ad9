"""Linked characters in the background copy that is baked: made local there, since parts, names and places are changed."""

from __future__ import annotations

from typing import Any

import bpy

from ....core.errors import BadInputError
from .export import show


def make_local(things: list[Any]) -> None:
    """Make objects local with all that they are made of; the open file is a copy that nobody keeps.

    Raises:
        BadInputError: one of them cannot be made local.
    """
    if not any(_is_linked(thing) for thing in things):
        return
    show(bpy.context.scene, things)
    bpy.ops.object.select_all(action="DESELECT")
    for thing in things:
        thing.select_set(True)
    bpy.context.view_layer.objects.active = things[0]
    bpy.ops.object.make_local(type="ALL")
    for thing in things:
        if _is_linked(thing):
            raise BadInputError(
                f"{thing.name} is linked from another file and cannot be baked as it is",
                "make a library override of it first (Object > Library Override)",
            )


def _is_linked(thing: Any) -> bool:
    return thing.library is not None or (thing.data is not None and thing.data.library is not None)
