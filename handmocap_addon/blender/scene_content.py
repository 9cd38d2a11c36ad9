"""Whether a scene is a person's own already, so that its clock must be left alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .tool_actions import actions_of
from .written_record import has_record


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
