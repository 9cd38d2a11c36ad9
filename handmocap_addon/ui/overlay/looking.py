"""Whether a viewport looks through the clip's camera, and what it then shows where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
from numpy.typing import NDArray

from ...blender.cleanup.seen_clip import SeenClip, strip_end
from ...blender.clip.backgrounds import clip_background, pixels_to_region
from ...core.overlay.state_strip import StripPlace
from .session import shown_clip

Array = NDArray[Any]

# Pixels at 100 % interface scale.
_MARGIN, _LABEL, _LINE_HEIGHT = 12.0, 40.0, 9.0


@dataclass(frozen=True)
class ClipView:
    """The clip's camera with its background, seen from a region, and what is known of the clip's hands."""

    camera: Any
    background: Any
    clip: SeenClip


def clip_view(context: bpy.types.Context) -> ClipView | None:
    """What the context's viewport shows; None where it is not the clip, or nothing is known of its hands."""
    space, view, scene = context.space_data, context.region_data, context.scene
    if space is None or space.type != "VIEW_3D" or view is None or view.view_perspective != "CAMERA":
        return None
    path = scene.handmocap.clip_path()
    camera = space.camera if space.use_local_camera else scene.camera
    background = clip_background(camera, path) if path is not None else None
    clip = shown_clip(scene) if background is not None else None
    return ClipView(camera, background, clip) if clip is not None else None


def to_region(seen: ClipView, context: bpy.types.Context) -> Array | None:
    """The map (2, 3) from pixels of the clip to those of the context's region."""
    region, view = context.region, context.region_data
    assert region is not None
    assert view is not None
    size, matrix = (region.width, region.height), view.window_matrix
    return pixels_to_region(context.scene, seen.camera, seen.background, seen.clip.size, matrix, size)


def strip_place(clip: SeenClip, context: bpy.types.Context) -> StripPlace:
    """Where the strip lies: along the bottom of what sidebar and toolbar leave free."""
    scale = context.preferences.system.ui_scale
    area, region = context.area, context.region
    assert area is not None
    assert region is not None
    left, right, bottom = _free_area(area, region)
    return StripPlace(
        left=left + (_MARGIN + _LABEL) * scale,
        right=right - _MARGIN * scale,
        bottom=bottom + _MARGIN * scale,
        line_height=round(_LINE_HEIGHT * scale),
        first_frame=float(clip.frames[0]),
        end_frame=strip_end(clip),
    )


def _free_area(area: bpy.types.Area, window: bpy.types.Region) -> tuple[float, float, float]:
    """Left, right and bottom of the part of a region that no other region lies over, in its pixels."""
    left, right, bottom = 0, window.width, 0
    for region in area.regions:
        x, y = region.x - window.x, region.y - window.y
        if region == window or region.width <= 1 or region.height <= 1 or not (0 <= x < window.width):
            continue
        if region.type in ("TOOLS", "UI") and x < window.width / 2:
            left = max(left, x + region.width)
        elif region.type in ("TOOLS", "UI"):
            right = min(right, x)
        elif 0 <= y < window.height / 2:
            bottom = max(bottom, y + region.height)
    return left, right, bottom
