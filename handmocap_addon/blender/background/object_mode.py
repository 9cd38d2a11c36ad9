"""Takes a background copy of the file out of the mode that the artist works in."""

from __future__ import annotations

import bpy


def leave_modes() -> None:
    """Everything in object mode. What is edited is evaluated as it rests, and exporters leave it out.

    Only for a copy: what is hidden while it is edited is shown.
    """
    objects = bpy.context.view_layer.objects
    for thing in objects:
        if thing.mode == "OBJECT":
            continue
        thing.hide_viewport = False
        thing.hide_set(False)
        objects.active = thing
        bpy.ops.object.mode_set(mode="OBJECT")
