"""Blender's status bar, which is in no screen's list of areas."""

from __future__ import annotations

import bpy


def redraw_status_bars() -> None:
    """Have the status bar of every window drawn again, and nothing else.

    A window in which a modal operator runs is left out: the call takes back what that operator says there.
    """
    for window in bpy.context.window_manager.windows:
        if not window.modal_operators:
            with bpy.context.temp_override(window=window):
                # The public status_text_set would also take away what other add-ons draw there.
                window.workspace.status_text_set_internal(None)
