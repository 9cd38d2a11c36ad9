"""Moves everything that was keyed for a clip in time, together, a person's own keys exactly with the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadUsageError
from .cameras import cameras_of
from .problem_markers import has_markers
from .problems import mark_problems, read_problems, write_problems
from .retimed_frames import clip_start, remember_step
from .scene_time import LAST_FRAME, one_step
from .tool_actions import ToolAction, written_action
from .written_record import WrittenKeys, read_full_keys, read_record, write_full_keys, write_record

Array = NDArray[Any]

_PAIRS = ("co", "handle_left", "handle_right")


def retime(armature: Any, speed: float, around: float, offset: float, scene: Any) -> int:
    """Make what was keyed on an armature `speed` times as fast about a frame, then shift it; returns how many keys moved.

    Fingers, body, scores and the clip's camera move with the keys that a person made on them; the clip behind the camera
    moves by whole frames; markers of this tool follow, and the scene's range where it was that of the keys.

    Raises:
        BadUsageError: the speed is not above 0, nothing was keyed yet, or keys would leave the timeline.
    """
    place = written_action(armature)
    if place is None:
        raise BadUsageError("There are no keys to retime", "press Apply Fingers first")
    if not speed > 0.0:
        raise BadUsageError(f"The speed is {speed:g}", "give a number above 0; 2 is twice as fast")
    scale, shift = 1.0 / speed, around - around / speed + offset
    cameras = cameras_of(armature)
    places = [place, *(found for camera in cameras if (found := written_action(camera)) is not None)]
    keys = [_Keys(each, curve) for each in places for curve in _curves_of(each)]
    frames = np.concatenate([each.pairs["co"][:, 0] for each in keys]).astype(np.float64)
    moved = one_step(frames, scale, shift)
    if np.abs(moved).max(initial=0.0) > LAST_FRAME:
        raise BadUsageError(f"Keys would come to lie on frame {np.abs(moved).max():.3g}", "give a smaller shift")
    for each in keys:
        each.retime(scale, shift)
    remember_step(place.action, scale, shift)
    for clip in {background.clip for camera in cameras for background in camera.data.background_images if background.clip}:
        clip.frame_start = clip_start(armature)
    if len(frames) and (scene.frame_start, scene.frame_end) == _range(frames):
        _set_range(scene, *_range(moved))
    _retime_problems(armature, scale, shift)
    if has_markers(scene):
        mark_problems(scene, read_problems(armature))
    return len(frames)


def _curves_of(place: ToolAction) -> list[Any]:
    bag = place.channelbag()
    return list(bag.fcurves) if bag is not None else []


class _Keys:
    """A curve's keys, and what is remembered of it."""

    def __init__(self, place: ToolAction, curve: Any) -> None:
        self._place, self._curve = place, curve
        self.pairs = {}
        for name in _PAIRS:
            values = np.empty(len(curve.keyframe_points) * 2, dtype=np.float32)
            curve.keyframe_points.foreach_get(name, values)
            self.pairs[name] = values.reshape(-1, 2)

    def retime(self, scale: float, shift: float) -> None:
        self._retime_record(scale, shift)
        for name, points in self.pairs.items():
            points[:, 0] = one_step(points[:, 0], scale, shift)
            self._curve.keyframe_points.foreach_set(name, points.ravel())
        self._curve.update()

    def _retime_record(self, scale: float, shift: float) -> None:
        action, slot, path = self._place.action, self._place.slot, self._curve.data_path
        record = read_record(action, slot, path, self._curve.array_index)
        if record is None:
            return
        keys, handles = record.keys.copy(), record.handles.copy()
        gone = ~np.isin(keys[:, 0], self.pairs["co"][:, 0])
        for array, columns in ((keys, [0]), (handles, [0, 2])):
            array[:, columns] = one_step(array[:, columns], scale, shift)
        moved = WrittenKeys(keys, record.types, handles)
        write_record(action, slot, path, self._curve.array_index, moved.and_also(_between_frames(moved, gone)))
        if self._curve.array_index == 0:
            self._retime_full_keys(scale, shift)

    def _retime_full_keys(self, scale: float, shift: float) -> None:
        action, slot, path = self._place.action, self._place.slot, self._curve.data_path
        channels = sum(curve.data_path == path for curve in _curves_of(self._place))
        full = read_full_keys(action, slot, path, channels)
        if full is not None:
            frames = one_step(full.frames, scale, shift).astype(np.float32)
            write_full_keys(action, slot, path, replace(full, frames=frames))


def _between_frames(record: WrittenKeys, gone: Array) -> WrittenKeys:
    """What stands for deleted keys that fell between two frames: runs key whole frames, and these are to stay free too."""
    order = np.argsort(record.keys[:, 0], kind="stable")
    frames = record.keys[order, 0].astype(np.float64)
    if not gone.any():
        return record.of(np.zeros(0, dtype=int))
    whole = np.arange(np.ceil(frames[0]), np.floor(frames[-1]) + 1.0)
    after = np.clip(np.searchsorted(frames, whole), 0, len(frames) - 1)
    before = np.maximum(after - 1, 0)
    beside_gone = gone[order[before]] | gone[order[after]]
    chosen = beside_gone & ~np.isin(whole, np.round(frames, 3))
    made = record.of(order[after[chosen]])
    made.keys[:, 0] = whole[chosen]
    return made


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
