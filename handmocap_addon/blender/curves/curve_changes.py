"""What has to follow when keys were written in bulk: Blender then neither sorts them nor draws what they move."""

from __future__ import annotations

from typing import Any

import bpy

# The editors in which keys, or what they move, are to be seen.
_EDITORS = ("VIEW_3D", "DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR", "PROPERTIES")


def keys_changed(curve: Any) -> None:
    """Have a curve's keys sorted, what they move evaluated and both drawn again, without a change of the frame."""
    curve.update()  # tags what they move, too, but asks no editor to draw
    draw_motion_again()


def draw_motion_again() -> None:
    """Draw the editors of all windows again in which motion is to be seen."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in _EDITORS:
                area.tag_redraw()
