"""Moves everything that was keyed for a clip in time, together, a person's own keys exactly with the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadUsageError
from . import version_differences
from .cameras import cameras_of
from .problem_markers import has_markers
from .problems import mark_problems, read_problems, write_problems
from .retimed_frames import clip_start, remember_step
from .scene_time import LAST_FRAME, one_step
from .tools_action import tools_action
from .written_record import retime_record

Array = NDArray[Any]

_PAIRS = ("co", "handle_left", "handle_right")


def retime(armature: Any, speed: float, around: float, offset: float, scene: Any) -> int:
    """Make what was keyed on an armature `speed` times as fast about a frame, then shift it; returns how many keys moved.

    Fingers, body, scores and the clip's camera move with the keys that a person made on them; the clip behind the camera
    moves by whole frames; markers of this tool follow, and the scene's range where it was that of the keys.

    Raises:
        BadUsageError: the speed is not above 0, nothing was keyed yet, or keys would leave the timeline.
    """
    action = tools_action(armature)
    if action is None:
        raise BadUsageError("There are no keys to retime", "press Apply Fingers first")
    if not speed > 0.0:
        raise BadUsageError(f"The speed is {speed:g}", "give a number above 0; 2 is twice as fast")
    scale, shift = 1.0 / speed, around - around / speed + offset
    cameras = cameras_of(armature)
    actions = [action, *(found for camera in cameras if (found := tools_action(camera)) is not None)]
    curves = [curve for each in actions for curve in version_differences.all_curves(each)]
    keys = [_pairs_of(curve) for curve in curves]
    frames = np.concatenate([pairs["co"][:, 0] for pairs in keys]).astype(np.float64)
    moved = one_step(frames, scale, shift)
    if np.abs(moved).max(initial=0.0) > LAST_FRAME:
        raise BadUsageError(f"Keys would come to lie on frame {np.abs(moved).max():.3g}", "give a smaller shift")
    for curve, pairs in zip(curves, keys, strict=True):
        for name, points in pairs.items():
            points[:, 0] = one_step(points[:, 0], scale, shift)
            curve.keyframe_points.foreach_set(name, points.ravel())
        curve.update()
    for each in actions:
        retime_record(each, scale, shift)
    remember_step(action, scale, shift)
    for clip in {background.clip for camera in cameras for background in camera.data.background_images if background.clip}:
        clip.frame_start = clip_start(armature)
    if len(frames) and (scene.frame_start, scene.frame_end) == _range(frames):
        _set_range(scene, *_range(moved))
    _retime_problems(armature, scale, shift)
    if has_markers(scene):
        mark_problems(scene, read_problems(armature))
    return len(frames)


def _pairs_of(curve: Any) -> dict[str, Array]:
    count = len(curve.keyframe_points)
    pairs = {}
    for name in _PAIRS:
        values = np.empty(count * 2, dtype=np.float32)
        curve.keyframe_points.foreach_get(name, values)
        pairs[name] = values.reshape(count, 2)
    return pairs


def _range(frames: Array) -> tuple[int, int]:
    return int(np.floor(frames.min())), int(np.ceil(frames.max()))


def _set_range(scene: Any, first: int, last: int) -> None:
    # Blender keeps the end behind the start after each of the two.
    scene.frame_end = max(last, scene.frame_start)
    scene.frame_start = max(first, 0)
    scene.frame_end = max(last, 0)


def _retime_problems(armature: Any, scale: float, shift: float) -> None:
    moved = []
    for problem in read_problems(armature):
        first, last = one_step(np.array([problem.first_frame, problem.last_frame]), scale, shift)
        moved.append(replace(problem, first_frame=float(first), last_frame=float(last)))
    write_problems(armature, moved)
