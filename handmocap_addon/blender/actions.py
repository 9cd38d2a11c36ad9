"""The doorway to curves: channels are written in bulk, and keys that a person made stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import version_differences
from .written_record import read_record, write_record

Array = NDArray[Any]

# A type that animators rarely use by hand marks what the tool filled in; both show in the dope sheet by their colour.
MEASURED_KEY = "GENERATED"
FILLED_KEY = "JITTER"
TOOL_KEY_TYPES = (MEASURED_KEY, FILLED_KEY)

_PAIRS = ("co", "handle_left", "handle_right")
# How a run leaves its keys; any other is a person's choice.
_DEFAULTS = {"interpolation": "BEZIER", "handle_left_type": "AUTO_CLAMPED", "handle_right_type": "AUTO_CLAMPED"}


@dataclass(frozen=True)
class Channel:
    """One animated value of a datablock: frames (N,), values (N,) and key types (N,) as Blender's integers."""

    data_path: str
    index: int
    group: str
    frames: Array
    values: Array
    key_types: Array


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
    action carries of the last run; a property whose keys are all gone starts afresh.
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
        kept += _write_property(action, group, curves)
    return kept


def _write_property(action: Any, channels: list[Channel], curves: list[Any]) -> int:
    existing = [_keys_of(curve) for curve in curves]
    records = [read_record(action, channel.data_path, channel.index) for channel in channels]
    kept = 0
    frames_by_hand: list[Array] = []
    frames_deleted: list[Array] = []
    for keys, record in zip(existing, records, strict=True):
        frames_by_hand.append(keys["co"][_made_by_hand(keys, record), 0])
        kept += len(frames_by_hand[-1])
        if record is not None and len(keys["co"]):
            frames_deleted.append(np.setdiff1d(_rounded(record[:, 0]), _rounded(keys["co"][:, 0])))
    by_hand = _rounded(np.unique(np.concatenate(frames_by_hand)))
    deleted = np.unique(np.concatenate(frames_deleted)) if frames_deleted else np.empty(0)
    for channel, curve, keys, record in zip(channels, curves, existing, records, strict=True):
        own = {name: values[np.isin(_rounded(keys["co"][:, 0]), by_hand)] for name, values in keys.items()}
        free = ~np.isin(_rounded(channel.frames), np.concatenate((by_hand, deleted)))
        _replace_keys(curve, own, channel, free)
        written = np.stack((channel.frames[free], channel.values[free]), axis=-1)
        if record is not None:
            # What a person changed or deleted stays known as once written, or the next run could not tell.
            spared = np.isin(_rounded(record[:, 0]), np.concatenate((by_hand, deleted)))
            written = np.concatenate((written, record[spared]))
        write_record(action, channel.data_path, channel.index, written)
    return kept


def _made_by_hand(keys: dict[str, Array], record: Array | None) -> Array:
    """Which keys (n,) no run of this tool left as they are."""
    by_hand = ~np.isin(keys["type"], [key_type_number(identifier) for identifier in TOOL_KEY_TYPES])
    for name, identifier in _DEFAULTS.items():
        by_hand |= keys[name] != _enum_number(name, identifier)
    if record is None:
        return by_hand
    order = np.argsort(record[:, 0])
    frames, values = _rounded(record[order, 0]), record[order, 1]
    if len(frames) == 0:
        return np.ones_like(by_hand)
    place = np.clip(np.searchsorted(frames, _rounded(keys["co"][:, 0])), 0, len(frames) - 1)
    as_written = (frames[place] == _rounded(keys["co"][:, 0])) & np.isclose(
        values[place], keys["co"][:, 1], rtol=0, atol=1e-6
    )
    return by_hand | ~as_written


def _replace_keys(curve: Any, own: dict[str, Array], channel: Channel, free: Array) -> None:
    frames, values = channel.frames[free], channel.values[free]
    points = curve.keyframe_points
    points.clear()
    points.add(len(frames) + len(own["co"]))
    added = np.stack((frames, values), axis=-1)
    for name in _PAIRS:
        points.foreach_set(name, np.concatenate((own[name], added)).astype(np.float32).ravel())
    enums = {name: np.full(len(frames), _enum_number(name, identifier)) for name, identifier in _DEFAULTS.items()}
    for name, numbers in {**enums, "type": channel.key_types[free]}.items():
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
    for name in ("type", *_DEFAULTS):
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
