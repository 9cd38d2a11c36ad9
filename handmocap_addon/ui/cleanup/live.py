"""Fingers that follow the smoothing slider. In a window the keys come when the slider rests, in a script at once."""

from __future__ import annotations

import bpy

from ..common.guards import quiet

_RESTING_SECONDS = 0.12


def smoothing_changed(context: bpy.types.Context) -> None:
    """Called whenever the slider moves."""
    if not context.scene.handmocap_cleanup.live:
        return
    if bpy.app.background:
        _apply()
        return
    stop()
    bpy.app.timers.register(_apply, first_interval=_RESTING_SECONDS)


def stop() -> None:
    """Forget what has not been applied yet."""
    if bpy.app.timers.is_registered(_apply):
        bpy.app.timers.unregister(_apply)


@quiet
def _apply() -> None:
    if bpy.ops.handmocap.apply_hands.poll():
        # With an undo step of its own, since Blender's own for the slider comes before the keys.
        bpy.ops.handmocap.apply_hands("EXEC_DEFAULT", True, match_scene=False)
