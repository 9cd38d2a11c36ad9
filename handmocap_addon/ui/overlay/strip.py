"""The strip of what is known of each hand on each frame: its drawing, and going to a frame by a click on it."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...blender.cleanup.seen_clip import SeenClip, strip_end
from ...blender.version_differences import key_colour
from ...core.cleanup.gap_filling import Provenance
from ...core.overlay.shapes import BOX_COLOURS, ColouredPoints, HandLabel
from ...core.overlay.state_strip import StripPlace, StripRuns, rectangles
from ...core.skeleton import SIDES
from ..common.blender_types import Answer
from .looking import clip_view, strip_place
from .pens import draw_label, draw_triangles

Array = NDArray[Any]

# The strip's colours are those of the keys in the dope sheet, by the names of the theme. What is missing stays empty.
_KEYS = {
    Provenance.MEASURED: "keyframe_generated",
    Provenance.FILLED: "keyframe_jitter",
}
_LOOK = (1.0, 0.45, 0.1, 1.0)
_BACKGROUND = (0.0, 0.0, 0.0, 0.55)
_PLAYHEAD = (1.0, 1.0, 1.0, 0.95)
_LOOK_SHARE = 0.35  # of a line's height
# Pixels at 100 % interface scale.
_TEXT, _BORDER, _LABEL, _UNDER_KEYS, _REACH = 10.0, 3.0, 40.0, 4.0, 3.0


def draw_strip(clip: SeenClip, place: StripPlace, context: bpy.types.Context) -> None:
    """Draw a line for each hand, the left one above, and the current frame."""
    scale = context.preferences.system.ui_scale
    if place.right - place.left < 20.0:
        return
    border = _BORDER * scale
    back = rectangles([place.left - _LABEL * scale], [place.right + border], place.bottom - border, place.top + border)
    x = place.x_of([context.scene.frame_current_final, context.scene.frame_current_final + 1.0]).mean()
    shown = [x] if place.left <= x <= place.right else []
    head = rectangles(np.subtract(shown, scale), np.add(shown, scale), place.bottom - border, place.top + border)
    parts = [ColouredPoints.of(back, _BACKGROUND), *_lines(clip, place), ColouredPoints.of(head, _PLAYHEAD)]
    draw_triangles(ColouredPoints.together(parts))
    for line, side in enumerate(SIDES):
        position = (place.left - (_LABEL - 4.0) * scale, place.line_bottom(line))
        draw_label(HandLabel(side, position, (*BOX_COLOURS[side], 1.0)), _TEXT * scale)


def draw_strip_under_keys(clip: SeenClip, context: bpy.types.Context) -> None:
    """The same along the bottom of a region with a timeline of its own."""
    first, end = float(clip.frames[0]), strip_end(clip)
    region = context.region
    assert region is not None
    view = region.view2d
    # A key's middle is on its frame, and so is that of a row.
    left, right = (view.view_to_region(frame - 0.5, 0.0, clip=False)[0] for frame in (first, end))
    if right <= left:
        return
    height = _UNDER_KEYS * context.preferences.system.ui_scale
    place = StripPlace(left, right, bottom=1.0, line_height=height, first_frame=first, end_frame=end)
    draw_triangles(ColouredPoints.together(_lines(clip, place)))


def _lines(clip: SeenClip, place: StripPlace) -> list[ColouredPoints]:
    """The rectangles of both hands, what needs a look over the rest."""
    parts = []
    for line, side in enumerate(SIDES):
        bottom, top = place.line_bottom(line), place.line_bottom(line) + place.line_height
        runs, looks = clip.states[side], clip.looks[side]
        for provenance, name in _KEYS.items():
            corners = _rectangles_of(runs, runs.state == provenance, place, bottom, top)
            parts.append(ColouredPoints.of(corners, (*key_colour(name), 1.0)))
        corners = _rectangles_of(looks, looks.state, place, bottom, bottom + place.line_height * _LOOK_SHARE)
        parts.append(ColouredPoints.of(corners, _LOOK))
    return parts


def _rectangles_of(runs: StripRuns, chosen: Array, place: StripPlace, bottom: float, top: float) -> Array:
    return rectangles(place.x_of(runs.first[chosen]), place.x_of(runs.end[chosen]), bottom, top)


class HANDMOCAP_GT_strip(bpy.types.Gizmo):
    """Where the strip takes clicks. A drag on it goes through the frames"""

    bl_idname = "HANDMOCAP_GT_strip"

    def setup(self) -> None:
        self.use_draw_modal = True

    def draw(self, context: bpy.types.Context) -> None:
        """The strip itself is drawn with the hands, also where gizmos are switched off."""

    def test_select(self, context: bpy.types.Context, location: Any) -> int:
        place = _place(context)
        reach = _REACH * context.preferences.system.ui_scale
        return 0 if place is not None and place.has_inside(location[0], location[1], reach) else -1

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        return _go_to(context, event)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event, tweak: Any) -> Answer:
        return _go_to(context, event)

    def exit(self, context: bpy.types.Context, cancel: bool | None) -> None:
        """Nothing is held."""


class HANDMOCAP_GGT_strip(bpy.types.GizmoGroup):
    """Makes the strip clickable where it is drawn"""

    bl_idname = "HANDMOCAP_GGT_strip"
    bl_label = "Hands over the Clip"
    bl_space_type = "VIEW_3D"
    bl_region_type = "WINDOW"
    bl_options = {"PERSISTENT", "SHOW_MODAL_ALL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _place(context) is not None

    def setup(self, context: bpy.types.Context) -> None:
        self.gizmos.new(HANDMOCAP_GT_strip.bl_idname)


def _place(context: bpy.types.Context) -> StripPlace | None:
    """Where the strip lies in the context's region; None where none is drawn."""
    if not context.scene.handmocap.shown.strip or not context.space_data.overlay.show_overlays:
        return None
    seen = clip_view(context)
    return strip_place(seen.clip, context) if seen is not None else None


def _go_to(context: bpy.types.Context, event: bpy.types.Event) -> Answer:
    place = _place(context)
    if place is None:
        return {"CANCELLED"}
    frame = place.frame_at(event.mouse_region_x)
    if frame != context.scene.frame_current:
        context.scene.frame_current = frame
    return {"RUNNING_MODAL"}


CLASSES = (HANDMOCAP_GT_strip, HANDMOCAP_GGT_strip)
