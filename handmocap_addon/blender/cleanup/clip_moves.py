"""What was keyed for a clip goes along where the clip's place on the timeline changes, a person's own keys too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.hands.hand_poses import HandPoses
from ..clip.cameras import show_clips_on
from ..clip.clock import clip_start, frames_at
from ..clip.place import ClipPlace, keep_place, place_of
from ..curves.retimed_frames import retimed_as
from ..curves.tool_actions import written_action
from .retiming import move_keys

Array = NDArray[Any]


def bring_to_place(armature: Any, scene: Any, place: ClipPlace, poses: HandPoses | None) -> None:
    """Move the keys of earlier runs from where the clip lay to where it shall; nothing where no run has keyed the armature.

    So a run after a change of the scene's rate finds its own keys, and a person's keys stay on the pictures that they were
    made for.

    Raises:
        BadUsageError: keys would leave the timeline.
    """
    if written_action(armature) is None:
        return
    before = place_of(scene, armature)
    if math.isclose(before.first_frame, place.first_frame) and math.isclose(before.fps, place.fps, rel_tol=1e-6):
        return
    known = _knots(before, poses, armature), _knots(place, poses, armature)
    move_keys(armature, scene, lambda frames: _moved(frames, *known))
    keep_place(armature, place)
    show_clips_on(armature, clip_start(scene, armature))


def _knots(place: ClipPlace, poses: HandPoses | None, armature: Any) -> Array:
    """Frames (n,) that are at the same times of the clip at every place, two at least."""
    ends = retimed_as(armature, np.array((place.first_frame, place.first_frame + place.fps)))
    rows = frames_at(place, poses, armature) if poses is not None else ends
    return rows if len(rows) > 1 and rows[-1] > rows[0] else ends


def _moved(frames: Array, before: Array, after: Array) -> Array:
    """Frames (N,) as the known ones went, exactly on them and evenly between and beside them; float32 as Blender's keys."""
    given = np.asarray(frames, dtype=np.float64)
    known = before.astype(np.float32).astype(np.float64)
    moved = np.interp(given, known, after)
    share = (after[-1] - after[0]) / (before[-1] - before[0])
    moved = np.where(given < known[0], after[0] + (given - known[0]) * share, moved)
    moved = np.where(given > known[-1], after[-1] + (given - known[-1]) * share, moved)
    kept: Array = moved.astype(np.float32).astype(np.float64)
    return kept
