"""Where on the timeline a clip begins, and at which rate its times were laid on it. Kept with the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..curves.kept_text import MOST_FRAME, ignored, kept_numbers
from ..curves.tool_actions import written_action
from ..scene_time import FIRST_FRAME, frame_rate
from ..version_differences import drop_older_copy

_MOST_FPS = 100_000.0
PLACE_PROPERTY = "handmocap_clip_place"


@dataclass(frozen=True)
class ClipPlace:
    """The timeline frame of the clip's first one before any retiming, and the timeline's frames a second."""

    first_frame: float
    fps: float


def place_of(scene: Any, armature: Any) -> ClipPlace:
    """Where a clip's keys on an armature are; as long as there are none, where they would go: on the scene's first frame.

    Files from before this was kept have their clips on frame 1, at the scene's rate.
    """
    place = written_action(armature)
    if place is None:
        return ClipPlace(float(scene.frame_start), frame_rate(scene))
    kept = kept_numbers(place.action.get(PLACE_PROPERTY), PLACE_PROPERTY)
    if len(kept) != 2 or not 0.0 < kept[1] <= _MOST_FPS or abs(kept[0]) > MOST_FRAME:
        if kept:
            ignored(PLACE_PROPERTY)
        return ClipPlace(float(FIRST_FRAME), frame_rate(scene))
    return ClipPlace(kept[0], kept[1])


def keep_place(armature: Any, clip_place: ClipPlace) -> None:
    """Keep it with the keys; nothing where no run has keyed the armature."""
    place = written_action(armature)
    if place is None:
        return
    place.action[PLACE_PROPERTY] = [clip_place.first_frame, clip_place.fps]
    drop_older_copy(place.action, PLACE_PROPERTY)
