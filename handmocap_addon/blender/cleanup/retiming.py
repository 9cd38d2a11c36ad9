"""Moves everything that was keyed for a clip in time, together, a person's own keys exactly with the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadUsageError
from ..clip.cameras import cameras_of, show_clips_on
from ..clip.clock import clip_start
from ..clip.scene_content import is_a_persons, remember_match
from ..curves.key_arrays import read_pairs, write_pairs
from ..curves.retimed_frames import remember_step
from ..curves.tool_actions import ToolAction, written_action
from ..curves.written_record import WrittenKeys, read_record, usable_full_keys, write_full_keys, write_record
from ..scene_time import LAST_FRAME, one_step
from .problem_markers import has_markers
from .problems import mark_problems, read_problems, write_problems

Array = NDArray[Any]
Move = Callable[[Array], Array]  # of timeline frames (N,), ascending ones to ascending ones

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

    def move(frames: Array) -> Array:
        return one_step(frames, scale, shift)

    frames = _frames_of_keys(armature)
    was_matched = not is_a_persons(scene)
    move_keys(armature, scene, move)
    remember_step(place.action, scale, shift)
    show_clips_on(armature, clip_start(scene, armature))
    if len(frames) and (scene.frame_start, scene.frame_end) == _range(frames):
        _set_range(scene, *_range(move(frames)))
        if was_matched:
            remember_match(scene)
    return len(frames)


def move_keys(armature: Any, scene: Any, move: Move) -> None:
    """Move what was keyed on an armature and its clip's cameras, with all that is remembered of it, and its markers.

    Raises:
        BadUsageError: keys would leave the timeline.
    """
    moved = move(_frames_of_keys(armature))
    if np.abs(moved).max(initial=0.0) > LAST_FRAME:
        raise BadUsageError(f"Keys would come to lie on frame {np.abs(moved).max():.3g}", "give a smaller shift")
    for each in _keys_of(armature):
        each.retime(move)
    _retime_problems(armature, move)
    if has_markers(scene):
        mark_problems(scene, read_problems(armature))


def _keys_of(armature: Any) -> list[_Keys]:
    places = [written_action(thing) for thing in (armature, *cameras_of(armature))]
    return [_Keys(each, curve) for each in places if each is not None for curve in _curves_of(each)]


def _frames_of_keys(armature: Any) -> Array:
    frames = [each.pairs["co"][:, 0] for each in _keys_of(armature)]
    return np.concatenate([np.zeros(0), *frames]).astype(np.float64)


def _curves_of(place: ToolAction) -> list[Any]:
    bag = place.channelbag()
    return list(bag.fcurves) if bag is not None else []


class _Keys:
    """A curve's keys, and what is remembered of it."""

    def __init__(self, place: ToolAction, curve: Any) -> None:
        self._place, self._curve = place, curve
        self.pairs = {name: read_pairs(curve, name) for name in _PAIRS}

    def retime(self, move: Move) -> None:
        self._retime_record(move)
        for points in self.pairs.values():
            points[:, 0] = move(points[:, 0])
        write_pairs(self._curve, self.pairs)

    def _retime_record(self, move: Move) -> None:
        action, slot, path = self._place.action, self._place.slot, self._curve.data_path
        record = read_record(action, slot, path, self._curve.array_index)
        if record is None:
            return
        keys, handles = record.keys.copy(), record.handles.copy()
        gone = ~np.isin(keys[:, 0], self.pairs["co"][:, 0])
        for array, columns in ((keys, [0]), (handles, [0, 2])):
            array[:, columns] = move(array[:, columns])
        moved = WrittenKeys(keys, record.types, handles)
        write_record(action, slot, path, self._curve.array_index, moved.and_also(_between_frames(moved, gone)))
        if self._curve.array_index == 0:
            self._retime_full_keys(move)

    def _retime_full_keys(self, move: Move) -> None:
        action, slot, path = self._place.action, self._place.slot, self._curve.data_path
        channels = sum(curve.data_path == path for curve in _curves_of(self._place))
        full = usable_full_keys(action, slot, path, channels)
        if full is not None:
            frames = move(full.frames).astype(np.float32)
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


def _retime_problems(armature: Any, move: Move) -> None:
    moved = []
    for problem in read_problems(armature):
        first, last = move(np.array([problem.first_frame, problem.last_frame]))
        moved.append(replace(problem, first_frame=float(first), last_frame=float(last)))
    write_problems(armature, moved)
