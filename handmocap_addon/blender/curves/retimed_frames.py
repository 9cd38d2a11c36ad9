"""Where a clip's frames have gone on the timeline, after a person retimed its keys.

A speed and a shift are one step. The action keeps the steps and a run's frames go through them one by one, in float32 as
Blender's keys did, so that a run finds its own keys again to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..scene_time import one_step
from ..version_differences import drop_older_copy
from .kept_text import MOST_FRAME, ignored, kept_numbers
from .tool_actions import find_tool_action

Array = NDArray[Any]

_LEAST_SCALE, _MOST_SHIFT = 1e-4, 1e4 * MOST_FRAME
RETIMED_PROPERTY = "handmocap_retimed"


def retimed_as(armature: Any, frames: ArrayLike) -> Array:
    """Timeline frames (N,) of a clip where the armature's keys have gone; as they are without an armature."""
    moved = np.asarray(frames, dtype=np.float64)
    place = find_tool_action(armature) if armature is not None else None
    stored = kept_steps(place.action) if place is not None else []
    for scale, shift in zip(stored[::2], stored[1::2], strict=False):
        moved = one_step(moved, scale, shift)
    return moved


def kept_steps(action: Any) -> list[float]:
    """Scale and shift of each step, one after the other; none where what is kept is no such list."""
    kept = kept_numbers(action.get(RETIMED_PROPERTY), RETIMED_PROPERTY)
    scales, shifts = kept[::2], kept[1::2]
    if len(kept) % 2 or not all(_LEAST_SCALE <= abs(scale) <= 1.0 / _LEAST_SCALE for scale in scales):
        ignored(RETIMED_PROPERTY)
        return []
    if any(abs(shift) > _MOST_SHIFT for shift in shifts):
        ignored(RETIMED_PROPERTY)
        return []
    return kept


def frame_before_retiming(armature: Any, frame: float) -> float:
    """The frame that has gone to `frame`."""
    first, later = retimed_as(armature, (0.0, 1024.0))
    return float((frame - first) / ((later - first) / 1024.0))


def remember_step(action: Any, scale: float, shift: float) -> None:
    """Let later runs go through this step too."""
    action[RETIMED_PROPERTY] = [*kept_steps(action), scale, shift]
    drop_older_copy(action, RETIMED_PROPERTY)
