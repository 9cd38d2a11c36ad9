"""The doorway to curves: channels are written in bulk, and keys that a person made stay."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.keys.hand_key_ease import numbers_around_keys, rotations_around_keys
from ...core.keys.split_handles import handles_after_split
from ...core.maths.rotation_modes import AXIS_ANGLE, EULER_ORDERS, QUATERNION, quat_wxyz_of_mode
from .. import version_differences
from .curve_changes import keys_changed
from .key_arrays import (
    INTERPOLATION,
    Keys,
    chosen,
    enum_number,
    handle_type_numbers,
    key_type_number,
    read_details,
    read_handles,
    read_keys,
    replace_keys,
    rounded,
)
from .locks import is_locked
from .tool_actions import ToolAction, ensure_tool_action, find_tool_action
from .written_record import WrittenKeys, forget_full_keys, forget_records, read_record, write_record

Array = NDArray[Any]

# Types that animators rarely use by hand mark what the tool measured, filled in and relaxed; the dope sheet colours them.
MEASURED_KEY = "GENERATED"
FILLED_KEY = "JITTER"
RELAXED_KEY = "MOVING_HOLD"
# Keys by hand that have one of these get the type of ordinary keys: no person chose it.
_NOBODYS_TYPES = (MEASURED_KEY, FILLED_KEY)

# How far a stored handle may be from what was written, in frames (single precision, far down the timeline) and values.
_SAME_HANDLE = np.array((2e-3, 1e-6, 2e-3, 1e-6))
# The same for a handle that Blender shortened, which it does in single precision.
_SPLIT_HANDLE = np.array((5e-3, 1e-4))
# Blender takes keys nearer than this for one.
_ONE_KEY = 0.01


@dataclass(frozen=True, eq=False)
class Channel:
    """One animated value of a datablock: frames (N,), ascending, values (N,) and key types (N,) as Blender's integers.

    `handles` (N, 4) are frame and value of the left and the right one; None lets Blender make them.
    """

    data_path: str
    index: int
    group: str
    frames: Array
    values: Array
    key_types: Array
    handles: Array | None = None

    def written(self, values: Array) -> WrittenKeys:
        """What of it is stored, with values (N,) of its own."""
        keys = np.stack((self.frames, values), axis=-1).astype(np.float32)
        if self.handles is None:
            return WrittenKeys.automatic(keys, np.asarray(self.key_types))
        return WrittenKeys(keys, np.asarray(self.key_types), self.handles.astype(np.float32))


@dataclass(frozen=True)
class Written:
    """Keys that were written, keys of a person's own that were kept, and channels that are locked.

    `unkeyed` and `hardly_keyed` are the data paths of properties of which no frame, and less than half of what is open, got
    keys.
    """

    keys: int = 0
    kept: int = 0
    locked: int = 0
    unkeyed: tuple[str, ...] = ()
    hardly_keyed: tuple[str, ...] = ()

    def __add__(self, other: Written) -> Written:
        return Written(
            self.keys + other.keys,
            self.kept + other.kept,
            self.locked + other.locked,
            self.unkeyed + other.unkeyed,
            self.hardly_keyed + other.hardly_keyed,
        )


@dataclass(frozen=True, eq=False)
class ToolKeys:
    """Of a property of C channels, the keys (n) that the tool wrote on all of them and nobody changed.

    `others` (m,) are the frames of all other keys of the property.
    """

    frames: Array  # (n,)
    values: Array  # (n, C)
    left_handles: Array  # (n, C, 2)
    right_handles: Array  # (n, C, 2)
    key_types: Array  # (n,)
    others: Array
    key_count: int


def write_channels(datablock: Any, action_name: str, channels: Iterable[Channel], ease_frames: float = 0.0) -> int:
    """As `write_keys`; returns how many keys of a person's own were kept."""
    return write_keys(datablock, action_name, channels, ease_frames).kept


def write_keys(datablock: Any, action_name: str, channels: Iterable[Channel], ease_frames: float = 0.0) -> Written:
    """Write channels in bulk into the tool's action, around the keys of a person's own.

    Keys that an earlier run wrote are replaced. A key that a person made, moved, or changed in any way stays, and so do the
    other channels of its property on that frame; a key that a person deleted stays deleted. What is whose follows from the
    record that the action carries of the last run; a curve whose keys are all gone starts afresh. Locked channels are left
    as they are. Full keys that were stored where keys had been reduced are forgotten.

    Args:
        datablock: an object.
        action_name: name of the action where it has none.
        channels: what to write; all those of one property together.
        ease_frames: how far, on each side, the keys around one of a person's own carry its difference, fading.
    """
    place = ensure_tool_action(datablock, action_name)
    by_path: dict[str, list[Channel]] = {}
    for channel in channels:
        by_path.setdefault(channel.data_path, []).append(channel)
    written = Written()
    for group in by_path.values():
        written += _write_property(datablock, place, group, ease_frames)
    return written


def keys_in_the_way(datablock: Any, channels: Iterable[Channel]) -> Written | None:
    """What `write_keys` would come to where it could write no key at all; None where there is room, or nothing to write."""
    place = find_tool_action(datablock)
    bag = place.channelbag() if place else None
    by_path: dict[str, list[tuple[Channel, _CurveState | None]]] = {}
    kept, locked = 0, 0
    for channel in channels:
        if len(channel.frames) == 0:
            return None
        curve = bag.fcurves.find(channel.data_path, index=channel.index) if bag else None
        is_held = is_locked(datablock, channel.data_path, channel.index, curve)
        if not is_held and (place is None or curve is None):
            return None
        record = read_record(place.action, place.slot, channel.data_path, channel.index) if place else None
        by_path.setdefault(channel.data_path, []).append((channel, None if is_held else _CurveState.of(curve, record)))
    for of_property in by_path.values():
        states = [state for _, state in of_property if state is not None]
        hand_frames = np.unique(np.concatenate([np.empty(0), *(state.hand_frames for state in states)]))
        for channel, state in of_property:
            if state is not None and state.free(channel.frames, hand_frames).any():
                return None
        kept += sum(int(state.by_hand.sum()) for state in states)
        locked += len(of_property) - len(states)
    return Written(0, kept, locked, tuple(by_path))


def _write_property(datablock: Any, place: ToolAction, channels: list[Channel], ease_frames: float) -> Written:
    curves = [_open_curve(datablock, place, channel) for channel in channels]
    states = [
        _CurveState.of(curve, read_record(place.action, place.slot, channel.data_path, channel.index)) if curve else None
        for channel, curve in zip(channels, curves, strict=True)
    ]
    hand_frames = np.unique(np.concatenate([np.empty(0), *(state.hand_frames for state in states if state)]))
    own = [state.keys_on(hand_frames) if state and len(hand_frames) else None for state in states]
    values = _values_around(datablock, channels, hand_frames, own, ease_frames)
    count = 0
    for number, (channel, curve, state) in enumerate(zip(channels, curves, states, strict=True)):
        if curve is None or state is None:
            continue
        kept = own[number]
        free = state.free(channel.frames, hand_frames)
        written = channel.written(values[:, number]).of(free)
        replace_keys(curve, written, kept)
        count += len(written.keys)
        if state.record is not None:
            # What a person changed or deleted stays known as once written, or the next run could not tell.
            recorded = rounded(state.record.keys[:, 0])
            spared = np.isin(recorded, hand_frames) | np.isin(recorded, state.deleted)
            written = written.and_also(state.record.of(spared))
        write_record(place.action, place.slot, channel.data_path, channel.index, written)
    forget_full_keys(place.action, place.slot, channels[0].data_path)
    by_hand = sum(int(state.by_hand.sum()) for state in states if state)
    wanted = sum(len(channel.frames) for channel in channels)
    path = (channels[0].data_path,)
    is_open = sum(len(channel.frames) for channel, state in zip(channels, states, strict=True) if state is not None)
    unkeyed, hardly_keyed = path if wanted and not count else (), path if 0 < 2 * count < is_open else ()
    return Written(count, by_hand, sum(curve is None for curve in curves), unkeyed, hardly_keyed)


def _open_curve(datablock: Any, place: ToolAction, channel: Channel) -> Any | None:
    """The channel's curve, made where there is none; None where it is locked."""
    bag = place.channelbag()
    curve = bag.fcurves.find(channel.data_path, index=channel.index) if bag else None
    if is_locked(datablock, channel.data_path, channel.index, curve):
        return None
    return curve or version_differences.ensure_curve(
        place.action, place.slot, channel.data_path, channel.index, channel.group
    )


@dataclass(frozen=True, eq=False)
class _CurveState:
    """A curve before a run: its keys, whose they are, and which of the last run's are gone."""

    curve: Any
    keys: Keys
    record: WrittenKeys | None
    by_hand: Array
    deleted: Array

    @classmethod
    def of(cls, curve: Any, record: WrittenKeys | None) -> _CurveState:
        keys = read_keys(curve)
        by_hand = made_by_hand(curve, keys, record)
        deleted = np.empty(0)
        if record is not None and len(keys["co"]):
            deleted = np.setdiff1d(rounded(record.keys[:, 0]), rounded(keys["co"][:, 0]))
        return cls(curve, keys, record, by_hand, deleted)

    @property
    def hand_frames(self) -> Array:
        return rounded(self.keys["co"][self.by_hand, 0])

    def free(self, frames: Array, hand_frames: Array) -> Array:
        """Which frames (n,) are the tool's: without keys by hand on any channel, or near one here, and not deleted."""
        frames = rounded(frames)
        free: Array = ~(np.isin(frames, hand_frames) | np.isin(frames, self.deleted))
        if len(hand_frames):
            kept = self.by_hand | np.isin(rounded(self.keys["co"][:, 0]), hand_frames)
            free &= ~_is_near(frames, self.keys["co"][kept, 0].astype(np.float64))
        return free

    def keys_on(self, hand_frames: Array) -> Keys:
        """The person's keys, and on frames that have one on another channel what stands here with it."""
        frames = rounded(self.keys["co"][:, 0])
        kept = self.by_hand | (np.isin(frames, hand_frames) & ~np.isin(frames, self.hand_frames))
        own = chosen(self.keys | read_details(self.curve), kept)
        if self.record is not None:
            nobodys = [key_type_number(identifier) for identifier in _NOBODYS_TYPES]
            as_recorded = _recorded_types(self.keys, self.record) == self.keys["type"]
            changed = self.by_hand & (np.isin(self.keys["type"], nobodys) | as_recorded)
            own["type"] = np.where(changed[kept], key_type_number("KEYFRAME"), own["type"])
        return own


def made_by_hand(curve: Any, keys: Keys, record: WrittenKeys | None) -> Array:
    """Which of a curve's keys (n,) no run of this tool left as they are."""
    if record is None or len(record.keys) == 0:
        return np.ones(len(keys["co"]), dtype=bool)
    place = _recorded_places(keys, record)
    written = record.of(place)
    as_written = rounded(written.keys[:, 0]) == rounded(keys["co"][:, 0])
    as_written &= np.isclose(written.keys[:, 1], keys["co"][:, 1], rtol=0, atol=1e-6)
    older = np.isin(keys["type"], [key_type_number(identifier) for identifier in _NOBODYS_TYPES])
    as_written &= np.where(written.types < 0, older, written.types == keys["type"])
    as_written &= keys["interpolation"] == enum_number("interpolation", INTERPOLATION)
    handle_types = handle_type_numbers(written.handles)
    as_written &= (keys["handle_left_type"] == handle_types) & (keys["handle_right_type"] == handle_types)
    if not np.isnan(written.handles).all():
        found = np.concatenate(list(read_handles(curve).values()), axis=-1)
        same = np.isnan(written.handles) | (np.abs(found - written.handles) <= _SAME_HANDLE)
        if (as_written & ~same.all(axis=-1)).any():
            same |= _is_split(keys, record, found, as_written)
        as_written &= same.all(axis=-1)
    return ~as_written


def _is_split(keys: Keys, record: WrittenKeys, found: Array, untouched: Array) -> Array:
    """Which handles (n, 4) are as Blender leaves them where a key came between two of the tool's: no person changed those.

    `untouched` (n,) are the keys that are otherwise as they were written.
    """
    split = np.zeros((len(untouched), 4), dtype=bool)
    order, recorded = (np.argsort(frames, kind="stable") for frames in (keys["co"][:, 0], record.keys[:, 0]))
    recorded_frames = rounded(record.keys[recorded, 0])
    # Pairs of the tool's keys that followed one another when they were written, and now have a stranger between them.
    rows = order[untouched[order]]
    first, last = rows[:-1], rows[1:]
    start, end = (np.searchsorted(recorded_frames, rounded(keys["co"][of, 0])) for of in (first, last))
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    pairs = (end == start + 1) & (place[last] > place[first] + 1)
    if not pairs.any():
        return split
    first, last = first[pairs], last[pairs]
    start, end = recorded[start[pairs]], recorded[end[pairs]]
    starts = np.concatenate((record.keys[start], record.handles[start, 2:]), axis=-1)
    ends = np.concatenate((record.handles[end, :2], record.keys[end]), axis=-1)
    for between in (order[place[first] + 1], order[place[last] - 1]):
        right, left = handles_after_split(starts, ends, keys["co"][between, 0])
        split[first, 2:] |= (np.abs(found[first, 2:] - right) <= _SPLIT_HANDLE).all(axis=-1)[:, None]
        split[last, :2] |= (np.abs(found[last, :2] - left) <= _SPLIT_HANDLE).all(axis=-1)[:, None]
    return split


def _recorded_places(keys: Keys, record: WrittenKeys) -> Array:
    """For each key (n,) the row of the record that is of its frame, where there is one."""
    order = np.argsort(record.keys[:, 0], kind="stable")
    place = np.searchsorted(rounded(record.keys[order, 0]), rounded(keys["co"][:, 0]))
    return order[np.clip(place, 0, len(order) - 1)]


def _recorded_types(keys: Keys, record: WrittenKeys) -> Array:
    """The types (n,) with which keys of these frames were written; -1 where none was."""
    if len(record.keys) == 0:
        return np.full(len(keys["co"]), -1)
    written = record.of(_recorded_places(keys, record))
    return np.where(rounded(written.keys[:, 0]) == rounded(keys["co"][:, 0]), written.types, -1)


def _values_around(
    datablock: Any, channels: list[Channel], hand_frames: Array, own: list[Keys | None], ease_frames: float
) -> Array:
    """The channels' values (N, C), eased to the person's keys."""
    values = np.stack([channel.values for channel in channels], axis=-1)
    frames = channels[0].frames
    alike = all(np.array_equal(channel.frames, frames) for channel in channels)
    if ease_frames <= 0.0 or len(hand_frames) == 0 or len(frames) == 0 or not alike:
        return values
    key_values = np.full((len(hand_frames), len(channels)), np.nan)
    for number, keys in enumerate(own):
        if keys is not None:
            key_values[np.searchsorted(hand_frames, rounded(keys["co"][:, 0])), number] = keys["co"][:, 1]
    mode = _rotation_mode(datablock, channels)
    if mode is None:
        return numbers_around_keys(frames, values, hand_frames, key_values, ease_frames)
    return rotations_around_keys(frames, quat_wxyz_of_mode(values, mode), hand_frames, key_values, mode, ease_frames)


def _rotation_mode(datablock: Any, channels: list[Channel]) -> str | None:
    """The mode whose values the channels are, or None where they are no whole rotation."""
    owner, _, name = channels[0].data_path.rpartition(".")
    indices = [channel.index for channel in channels]
    if name == "rotation_euler" and indices == [0, 1, 2]:
        mode = (datablock.path_resolve(owner) if owner else datablock).rotation_mode
        return str(mode) if mode in EULER_ORDERS else None
    if indices != [0, 1, 2, 3]:
        return None
    return {"rotation_quaternion": QUATERNION, "rotation_axis_angle": AXIS_ANGLE}.get(name)


def _is_near(frames: Array, others: Array) -> Array:
    """Which frames (n,) Blender cannot tell from one of `others` (m,), ascending or not."""
    if len(others) == 0:
        return np.zeros(len(frames), dtype=bool)
    others = np.sort(others)
    after = np.clip(np.searchsorted(others, frames), 0, len(others) - 1)
    before = np.maximum(after - 1, 0)
    near: Array = np.minimum(np.abs(others[after] - frames), np.abs(others[before] - frames)) <= _ONE_KEY
    return near


def forget_property(datablock: Any, data_path: str, indices: Iterable[int]) -> None:
    """Remove all keys of a property and everything that is known about them; locked channels are left as they are."""
    place = find_tool_action(datablock)
    bag = place.channelbag() if place else None
    if place is None or bag is None:
        return
    for index in indices:
        curve = bag.fcurves.find(data_path, index=index)
        if curve is not None and not is_locked(datablock, data_path, index, curve):
            curve.keyframe_points.clear()
            keys_changed(curve)
            forget_records(place.action, place.slot, data_path, [index])


def tool_keys(datablock: Any, data_path: str, channel_count: int) -> ToolKeys | None:
    """A property's keys of the tool's own, or None where a channel has no keys."""
    place = find_tool_action(datablock)
    curves = [find_curve(datablock, data_path, index) for index in range(channel_count)]
    if place is None or any(curve is None or len(curve.keyframe_points) == 0 for curve in curves):
        return None
    existing = [read_keys(curve) | read_handles(curve) for curve in curves]
    records = [read_record(place.action, place.slot, data_path, index) for index in range(channel_count)]
    frames = [rounded(keys["co"][:, 0]) for keys in existing]
    by_hand = [
        of[made_by_hand(curve, keys, record)]
        for of, curve, keys, record in zip(frames, curves, existing, records, strict=True)
    ]
    everywhere = functools.reduce(np.intersect1d, frames)
    own = np.setdiff1d(everywhere, np.concatenate(by_hand))
    rows = [keys_at[np.isin(of[keys_at], own)] for of in frames for keys_at in [np.argsort(of)]]
    stacked = {
        name: np.stack([keys[name][rows_of] for keys, rows_of in zip(existing, rows, strict=True)], axis=1)
        for name in ("co", "handle_left", "handle_right")
    }
    return ToolKeys(
        stacked["co"][:, 0, 0],
        stacked["co"][..., 1],
        stacked["handle_left"],
        stacked["handle_right"],
        existing[0]["type"][rows[0]].astype(np.int32),
        np.setdiff1d(np.concatenate(frames), own),
        sum(len(of) for of in frames),
    )


def find_curve(datablock: Any, data_path: str, index: int) -> Any | None:
    """A curve of the tool's action of the datablock, or None."""
    place = find_tool_action(datablock)
    bag = place.channelbag() if place else None
    return bag.fcurves.find(data_path, index=index) if bag else None


def count_keys(datablock: Any) -> int:
    """Keys in the tool's action of the datablock."""
    place = find_tool_action(datablock)
    bag = place.channelbag() if place else None
    return sum(len(curve.keyframe_points) for curve in bag.fcurves) if bag else 0
