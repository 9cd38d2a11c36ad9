"""The doorway to curves: channels are written in bulk, and keys that a person made stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import version_differences

Array = NDArray[Any]

# A type that animators rarely use by hand marks what the tool filled in; both show in the dope sheet by their colour.
MEASURED_KEY = "GENERATED"
FILLED_KEY = "JITTER"
TOOL_KEY_TYPES = (MEASURED_KEY, FILLED_KEY)

_PAIRS = ("co", "handle_left", "handle_right")
_ENUMS = ("type", "interpolation", "handle_left_type", "handle_right_type")


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

    Tool-made keys of an earlier run are replaced; where a person's key is on the same frame, the person's stays.
    """
    action = ensure_action(datablock, action_name)
    kept = 0
    for channel in channels:
        curve = version_differences.ensure_curve(action, datablock, channel.data_path, channel.index, channel.group)
        kept += _write_curve(curve, channel)
    return kept


def _write_curve(curve: Any, channel: Channel) -> int:
    own = _keys_by_hand(curve)
    own_frames = own["co"][:, 0]
    free = ~np.isin(np.round(channel.frames, 4), np.round(own_frames, 4))
    frames, values, key_types = channel.frames[free], channel.values[free], channel.key_types[free]
    points = curve.keyframe_points
    points.clear()
    points.add(len(frames) + len(own_frames))
    for name in _PAIRS:
        added = np.stack((frames, values), axis=-1)
        points.foreach_set(name, np.concatenate((own[name], added)).astype(np.float32).ravel())
    defaults = {
        "type": key_types,
        "interpolation": np.full(len(frames), _enum_number("interpolation", "BEZIER")),
        "handle_left_type": np.full(len(frames), _enum_number("handle_left_type", "AUTO_CLAMPED")),
        "handle_right_type": np.full(len(frames), _enum_number("handle_right_type", "AUTO_CLAMPED")),
    }
    for name in _ENUMS:
        points.foreach_set(name, np.concatenate((own[name], defaults[name])).astype(np.int32))
    curve.update()
    return len(own_frames)


def _keys_by_hand(curve: Any) -> dict[str, Array]:
    """Everything about the keys of a curve that no run of this tool made."""
    points = curve.keyframe_points
    count = len(points)
    keys: dict[str, Array] = {}
    for name in _PAIRS:
        values = np.empty(count * 2, dtype=np.float32)
        points.foreach_get(name, values)
        keys[name] = values.reshape(count, 2)
    for name in _ENUMS:
        values = np.empty(count, dtype=np.int32)
        points.foreach_get(name, values)
        keys[name] = values
    mine = np.isin(keys["type"], [key_type_number(identifier) for identifier in TOOL_KEY_TYPES])
    return {name: values[~mine] for name, values in keys.items()}


def _enum_number(property_name: str, identifier: str) -> int:
    return int(bpy.types.Keyframe.bl_rna.properties[property_name].enum_items[identifier].value)


def count_keys(datablock: Any) -> int:
    """Keys in the datablock's action."""
    animation = datablock.animation_data
    if animation is None or animation.action is None:
        return 0
    bag = version_differences.channelbag(animation.action, datablock)
    return sum(len(curve.keyframe_points) for curve in bag.fcurves) if bag else 0
