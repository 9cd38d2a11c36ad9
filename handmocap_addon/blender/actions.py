"""The doorway to curves: channels are written in bulk, and keys that a person made stay."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import version_differences
from .written_record import WrittenKeys, forget_full_keys, read_record, write_record

Array = NDArray[Any]

# A type that animators rarely use by hand marks what the tool filled in; both show in the dope sheet by their colour.
MEASURED_KEY = "GENERATED"
FILLED_KEY = "JITTER"
TOOL_KEY_TYPES = (MEASURED_KEY, FILLED_KEY)

_PAIRS = ("co", "handle_left", "handle_right")
_ENUMS = ("type", "interpolation", "handle_left_type", "handle_right_type")
# How a run leaves its keys; any other is a person's choice.
_INTERPOLATION, _AUTOMATIC, _FITTED = "BEZIER", "AUTO_CLAMPED", "FREE"
# How far a stored handle may be from what was written, in frames (single precision, far down the timeline) and values.
_SAME_HANDLE = np.array((2e-3, 1e-6, 2e-3, 1e-6))


@dataclass(frozen=True)
class Channel:
    """One animated value of a datablock: frames (N,), values (N,) and key types (N,) as Blender's integers.

    `handles` (N, 4) are frame and value of the left and the right one; None lets Blender make them.
    """

    data_path: str
    index: int
    group: str
    frames: Array
    values: Array
    key_types: Array
    handles: Array | None = None

    def written(self) -> WrittenKeys:
        """What of it is stored."""
        keys = np.stack((self.frames, self.values), axis=-1).astype(np.float32)
        automatic = np.full((len(keys), 4), np.nan, dtype=np.float32)
        return WrittenKeys(keys, automatic if self.handles is None else self.handles.astype(np.float32))


@dataclass(frozen=True)
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


def key_type_number(identifier: str) -> int:
    """`foreach_set` takes an enum's integer, not its name."""
    return int(bpy.types.Keyframe.bl_rna.properties["type"].enum_items[identifier].value)


def ensure_action(datablock: Any, name: str) -> Any:
    """The datablock's action, or a new one of that name assigned to it."""
    animation = datablock.animation_data or datablock.animation_data_create()
    if animation.action is None:
        animation.action = bpy.data.actions.new(name)
    return animation.action


def write_channels(datablock: Any, action_name: str, channels: list[Channel]) -> int:
    """Write channels in bulk and return how many keys of a person's own were kept.

    Keys that an earlier run wrote are replaced. A key that a person made, moved, changed or gave other handles stays, on all
    channels of its property, and a key that a person deleted stays deleted. What is whose follows from the record that the
    action carries of the last run; a property whose keys are all gone starts afresh. Full keys that were stored when
    keys were reduced are forgotten.
    """
    action = ensure_action(datablock, action_name)
    kept = 0
    by_path: dict[str, list[Channel]] = {}
    for channel in channels:
        by_path.setdefault(channel.data_path, []).append(channel)
    for data_path, group in by_path.items():
        curves = [
            version_differences.ensure_curve(action, datablock, data_path, channel.index, channel.group) for channel in group
        ]
        kept += _write_property(datablock, group, curves)
    return kept


def tool_keys(datablock: Any, data_path: str, channel_count: int) -> ToolKeys | None:
    """A property's keys of the tool's own, or None where a channel has no keys."""
    curves = [find_curve(datablock, data_path, index) for index in range(channel_count)]
    if any(curve is None or len(curve.keyframe_points) == 0 for curve in curves):
        return None
    existing = [_keys_of(curve) for curve in curves]
    records = [read_record(datablock, data_path, index) for index in range(channel_count)]
    frames = [_rounded(keys["co"][:, 0]) for keys in existing]
    by_hand = [of[_made_by_hand(keys, record)] for of, keys, record in zip(frames, existing, records, strict=True)]
    everywhere = functools.reduce(np.intersect1d, frames)
    own = np.setdiff1d(everywhere, np.concatenate(by_hand))
    chosen = [keys_at[np.isin(of[keys_at], own)] for of in frames for keys_at in [np.argsort(of)]]
    stacked = {
        name: np.stack([keys[name][rows] for keys, rows in zip(existing, chosen, strict=True)], axis=1) for name in _PAIRS
    }
    return ToolKeys(
        stacked["co"][:, 0, 0],
        stacked["co"][..., 1],
        stacked["handle_left"],
        stacked["handle_right"],
        existing[0]["type"][chosen[0]],
        np.setdiff1d(np.concatenate(frames), own),
        sum(len(of) for of in frames),
    )


def find_curve(datablock: Any, data_path: str, index: int) -> Any | None:
    """A curve of the datablock's action, or None."""
    animation = datablock.animation_data
    bag = version_differences.channelbag(animation.action, datablock) if animation and animation.action else None
    return bag.fcurves.find(data_path, index=index) if bag else None


def _write_property(datablock: Any, channels: list[Channel], curves: list[Any]) -> int:
    existing = [_keys_of(curve) for curve in curves]
    records = [read_record(datablock, channel.data_path, channel.index) for channel in channels]
    kept = 0
    frames_by_hand: list[Array] = []
    frames_deleted: list[Array] = []
    for keys, record in zip(existing, records, strict=True):
        frames_by_hand.append(keys["co"][_made_by_hand(keys, record), 0])
        kept += len(frames_by_hand[-1])
        if record is not None and len(keys["co"]):
            frames_deleted.append(np.setdiff1d(_rounded(record.keys[:, 0]), _rounded(keys["co"][:, 0])))
    by_hand = _rounded(np.unique(np.concatenate(frames_by_hand)))
    deleted = np.unique(np.concatenate(frames_deleted)) if frames_deleted else np.empty(0)
    for channel, curve, keys, record in zip(channels, curves, existing, records, strict=True):
        own = {name: values[np.isin(_rounded(keys["co"][:, 0]), by_hand)] for name, values in keys.items()}
        free = ~np.isin(_rounded(channel.frames), np.concatenate((by_hand, deleted)))
        written = channel.written().of(free)
        _replace_keys(curve, own, written, channel.key_types[free])
        if record is not None:
            # What a person changed or deleted stays known as once written, or the next run could not tell.
            spared = record.of(np.isin(_rounded(record.keys[:, 0]), np.concatenate((by_hand, deleted))))
            written = WrittenKeys(
                np.concatenate((written.keys, spared.keys)), np.concatenate((written.handles, spared.handles))
            )
        write_record(datablock, channel.data_path, channel.index, written)
    forget_full_keys(datablock, channels[0].data_path)
    return kept


def _made_by_hand(keys: dict[str, Array], record: WrittenKeys | None) -> Array:
    """Which keys (n,) no run of this tool left as they are."""
    by_hand = ~np.isin(keys["type"], [key_type_number(identifier) for identifier in TOOL_KEY_TYPES])
    by_hand |= keys["interpolation"] != _enum_number("interpolation", _INTERPOLATION)
    if record is None or len(record.keys) == 0:
        by_hand |= ~_has_handle_type(keys, np.full(len(by_hand), _enum_number("handle_left_type", _AUTOMATIC)))
        return by_hand if record is None else np.ones_like(by_hand)
    order = np.argsort(record.keys[:, 0])
    frames, written = _rounded(record.keys[order, 0]), record.of(order)
    place = np.clip(np.searchsorted(frames, _rounded(keys["co"][:, 0])), 0, len(frames) - 1)
    as_written = (frames[place] == _rounded(keys["co"][:, 0])) & np.isclose(
        written.keys[place, 1], keys["co"][:, 1], rtol=0, atol=1e-6
    )
    handles = written.handles[place]
    as_written &= _has_handle_type(keys, _handle_types(handles))
    found = np.concatenate((keys["handle_left"], keys["handle_right"]), axis=-1)
    as_written &= (np.isnan(handles) | (np.abs(found - handles) <= _SAME_HANDLE)).all(axis=-1)
    return by_hand | ~as_written


def _has_handle_type(keys: dict[str, Array], numbers: Array) -> Array:
    return (keys["handle_left_type"] == numbers) & (keys["handle_right_type"] == numbers)


def _handle_types(handles: Array) -> Array:
    """Blender's integers (n,) for handles (n, 4)."""
    automatic, fitted = (_enum_number("handle_left_type", name) for name in (_AUTOMATIC, _FITTED))
    return np.where(np.isnan(handles[:, 0]), automatic, fitted)


def _replace_keys(curve: Any, own: dict[str, Array], written: WrittenKeys, key_types: Array) -> None:
    count = len(written.keys)
    points = curve.keyframe_points
    points.clear()
    points.add(count + len(own["co"]))
    handles = np.where(np.isnan(written.handles), np.tile(written.keys, 2), written.handles)
    for name, added in zip(_PAIRS, (written.keys, handles[:, :2], handles[:, 2:]), strict=True):
        points.foreach_set(name, np.concatenate((own[name], added)).astype(np.float32).ravel())
    types = _handle_types(written.handles)
    interpolation = np.full(count, _enum_number("interpolation", _INTERPOLATION))
    for name, numbers in zip(_ENUMS, (key_types, interpolation, types, types), strict=True):
        points.foreach_set(name, np.concatenate((own[name], numbers)).astype(np.int32))
    curve.update()


def _keys_of(curve: Any) -> dict[str, Array]:
    """Everything about a curve's n keys: pairs (n, 2) and enums (n,)."""
    points = curve.keyframe_points
    count = len(points)
    keys: dict[str, Array] = {}
    for name in _PAIRS:
        pairs = np.empty(count * 2, dtype=np.float32)
        points.foreach_get(name, pairs)
        keys[name] = pairs.reshape(count, 2)
    for name in _ENUMS:
        numbers = np.empty(count, dtype=np.int32)
        points.foreach_get(name, numbers)
        keys[name] = numbers
    return keys


def _rounded(frames: Array) -> Array:
    """Frames as Blender's float32 holds them, so that they can be compared."""
    return np.round(np.asarray(frames, dtype=np.float64), 3)


def _enum_number(property_name: str, identifier: str) -> int:
    return int(bpy.types.Keyframe.bl_rna.properties[property_name].enum_items[identifier].value)


def count_keys(datablock: Any) -> int:
    """Keys in the datablock's action."""
    animation = datablock.animation_data
    if animation is None or animation.action is None:
        return 0
    bag = version_differences.channelbag(animation.action, datablock)
    return sum(len(curve.keyframe_points) for curve in bag.fcurves) if bag else 0
