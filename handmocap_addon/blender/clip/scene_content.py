"""Whether a scene is a person's own already, so that its clock, size, camera and view must be left alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from ..curves.tool_actions import actions_of
from ..curves.written_record import has_record
from ..version_differences import drop_older_copy

_Clock = tuple[float, ...]
# Rate as Blender keeps it, first and last frame, width and height of Blender's own start-up scene.
_START_UP: _Clock = (24.0, 1.0, 1.0, 250.0, 1920.0, 1080.0)
# On the scene: the same as this tool left them.
_MATCHED = "handmocap_matched"


def is_a_persons(scene: Any) -> bool:
    """Whether clock, size, camera and view of a scene are a person's, to be changed only where that is asked for.

    They are where something is animated that this tool did not key, and in a saved file where rate, range or size are
    neither those of Blender's start-up scene nor those that this tool gave it.
    """
    if has_own_animation(scene):
        return True
    return bool(bpy.data.filepath) and not any(np.allclose(_clock(scene), known) for known in _known_clocks(scene))


def remember_match(scene: Any) -> None:
    """Note that clock and size of a scene are as this tool set them."""
    scene[_MATCHED] = list(_clock(scene))
    drop_older_copy(scene, _MATCHED)


def _known_clocks(scene: Any) -> list[_Clock]:
    kept = tuple(float(value) for value in scene.get(_MATCHED, ()))
    return [_START_UP, *([kept] if len(kept) == len(_START_UP) else [])]


def _clock(scene: Any) -> _Clock:
    render = scene.render
    rate = (float(render.fps), float(render.fps_base))
    return (*rate, scene.frame_start, scene.frame_end, render.resolution_x, render.resolution_y)


def has_own_animation(scene: Any) -> bool:
    """Whether anything in the scene moves that this tool did not key: actions, drivers, edited strips."""
    if scene.sequence_editor is not None and len(scene.sequence_editor.strips):
        return True
    return any(_is_animated(datablock) for datablock in _datablocks(scene))


def _datablocks(scene: Any) -> Iterator[Any]:
    yield from (thing for thing in (scene, scene.world) if thing is not None)
    for item in scene.objects:
        yield item
        if item.data is not None:
            yield item.data
            shapes = getattr(item.data, "shape_keys", None)
            if shapes is not None:
                yield shapes


def _is_animated(datablock: Any) -> bool:
    animation = getattr(datablock, "animation_data", None)
    if animation is None:
        return False
    return bool(len(animation.drivers)) or any(not has_record(one.action, one.slot) for one in actions_of(animation))
