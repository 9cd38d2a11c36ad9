"""Draws hands and strip over the clip in the 3D viewport, and the strip in the dope sheet and the timeline."""

from __future__ import annotations

from typing import Any

import bpy
import gpu

from ...core.overlay.seen_hands import row_at
from ...core.overlay.shapes import ColouredPoints, box_lines, hand_label, joint_dots, skeleton_lines
from ...core.skeleton import SIDES
from ..common.guards import quiet
from . import session
from .looking import ClipView, clip_view, strip_place, to_region
from .pens import draw_label, draw_lines, draw_triangles
from .strip import draw_strip, draw_strip_under_keys

# Pixels at 100 % interface scale.
_BONE, _BOX, _OUTLINE, _DOT, _TEXT, _LABEL_GAP = 2.0, 1.5, 1.0, 2.0, 12.0, 5.0


def draw_viewport() -> None:
    """Draw over the current region, if it looks through the clip's camera."""
    context = bpy.context
    shown = context.scene.handmocap.shown
    if not (shown.hands or shown.boxes or shown.strip) or not context.space_data.overlay.show_overlays:
        return
    seen = clip_view(context)
    if seen is None:
        return
    gpu.state.blend_set("ALPHA")
    if shown.hands or shown.boxes:
        _draw_hands(seen, context, shown)
    if shown.strip:
        draw_strip(seen.clip, strip_place(seen.clip, context), context)
    gpu.state.blend_set("NONE")


def draw_dope_sheet() -> None:
    """Draw the strip along the bottom of the current dope sheet or timeline."""
    context = bpy.context
    clip = session.shown_clip(context.scene) if context.scene.handmocap.shown.strip else None
    if clip is not None:
        gpu.state.blend_set("ALPHA")
        draw_strip_under_keys(clip, context)
        gpu.state.blend_set("NONE")


def _draw_hands(seen: ClipView, context: bpy.types.Context, shown: Any) -> None:
    row = row_at(seen.clip.frames, context.scene.frame_current_final)
    affine = to_region(seen, context)
    if row is None or affine is None:
        return
    scale = context.preferences.system.ui_scale
    hands = seen.clip.hands
    if shown.hands:
        bones = [skeleton_lines(hands[side], row, affine) for side in SIDES]
        draw_lines(ColouredPoints.together(bones), _BONE * scale, _OUTLINE * scale)
        draw_triangles(ColouredPoints.together([joint_dots(hands[side], row, affine, _DOT * scale) for side in SIDES]))
    if shown.boxes:
        boxes = [box_lines(side, hands[side], row, affine) for side in SIDES]
        draw_lines(ColouredPoints.together(boxes), _BOX * scale)
        for side in SIDES:
            label = hand_label(side, hands[side], row, affine, _LABEL_GAP * scale)
            if label is not None:
                draw_label(label, _TEXT * scale)


# Blender's own handles of what is drawn where.
_HANDLES: list[tuple[Any, Any]] = []


def register() -> None:
    for space, draw in ((bpy.types.SpaceView3D, draw_viewport), (bpy.types.SpaceDopeSheetEditor, draw_dope_sheet)):
        _HANDLES.append((space, space.draw_handler_add(quiet(draw), (), "WINDOW", "POST_PIXEL")))


def unregister() -> None:
    while _HANDLES:
        space, handle = _HANDLES.pop()
        space.draw_handler_remove(handle, "WINDOW")
    session.forget()
    session.redraw()
