"""A curve's keys as arrays and back, in bulk."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .curve_changes import keys_changed
from .written_record import WrittenKeys

Array = NDArray[Any]
Keys = dict[str, Array]

INTERPOLATION, AUTOMATIC_HANDLE, FITTED_HANDLE = "BEZIER", "AUTO_CLAMPED", "FREE"

# Blender copies arrays of its own types at once and converts all others key by key.
_ENUMS = ("type", "interpolation", "handle_left_type", "handle_right_type")
_HANDLES = ("handle_left", "handle_right")
_EASING = {"easing": np.uint8, "amplitude": np.float32, "back": np.float32, "period": np.float32}
_SELECTION = ("select_control_point", "select_left_handle", "select_right_handle")


def key_type_number(identifier: str) -> int:
    """`foreach_set` takes an enum's integer, not its name."""
    return enum_number("type", identifier)


def enum_number(property_name: str, identifier: str) -> int:
    """The integer of one of a key's enums."""
    return int(bpy.types.Keyframe.bl_rna.properties[property_name].enum_items[identifier].value)


def rounded(frames: Array) -> Array:
    """Frames as Blender's single precision holds them, so that they can be compared."""
    return np.round(np.asarray(frames, dtype=np.float32).astype(np.float64), 3)


def key_count(curve: Any) -> int:
    """How many keys a curve has."""
    return len(curve.keyframe_points)


def clear_keys(curve: Any) -> None:
    """Take all keys off a curve, which stays."""
    curve.keyframe_points.clear()
    curve.update()


def read_pairs(curve: Any, name: str) -> Array:
    """`co`, `handle_left` or `handle_right` (n, 2) of a curve's keys: frame and value."""
    return _pairs(curve.keyframe_points, name)


def write_pairs(curve: Any, pairs: Keys) -> None:
    """What `read_pairs` gives, back to the same keys."""
    for name, values in pairs.items():
        curve.keyframe_points.foreach_set(name, np.ascontiguousarray(values, dtype=np.float32).ravel())
    keys_changed(curve)


def add_straight_keys(curve: Any, points: Array) -> None:
    """Keys at points (n, 2) of frame and value on a curve that has none, with straight lines between them."""
    keys = curve.keyframe_points
    keys.add(len(points))
    keys.foreach_set("co", np.asarray(points, dtype=np.float32).reshape(-1))
    keys.foreach_set("interpolation", np.full(len(points), enum_number("interpolation", "LINEAR"), dtype=np.uint8))
    curve.update()


def read_keys(curve: Any) -> Keys:
    """What tells a curve's n keys apart: `co` (n, 2) and the enums (n,)."""
    points = curve.keyframe_points
    return {"co": _pairs(points, "co"), **{name: _numbers(points, name, np.uint8) for name in _ENUMS}}


def read_handles(curve: Any) -> Keys:
    """`handle_left` and `handle_right` (n, 2)."""
    return {name: _pairs(curve.keyframe_points, name) for name in _HANDLES}


def read_details(curve: Any) -> Keys:
    """Everything else about the keys, for those that are put back as they were."""
    points = curve.keyframe_points
    details = {name: _numbers(points, name, kind) for name, kind in _EASING.items()}
    return read_handles(curve) | details | {name: _numbers(points, name, np.bool_) for name in _SELECTION}


def chosen(keys: Keys, rows: Array) -> Keys:
    """Some of the keys."""
    return {name: values[rows] for name, values in keys.items()}


def generated(written: WrittenKeys) -> Keys:
    """Keys as the tool writes them."""
    count = len(written.keys)
    handles = np.where(np.isnan(written.handles), np.tile(written.keys, 2), written.handles)
    handle_types = handle_type_numbers(written.handles).astype(np.uint8)
    return {
        "co": written.keys,
        "type": written.types,
        "interpolation": np.full(count, enum_number("interpolation", INTERPOLATION)),
        "handle_left_type": handle_types,
        "handle_right_type": handle_types,
        "handle_left": handles[:, :2],
        "handle_right": handles[:, 2:],
    }


def handle_type_numbers(handles: Array) -> Array:
    """Blender's integers (n,) for handles (n, 4)."""
    automatic, fitted = (enum_number("handle_left_type", name) for name in (AUTOMATIC_HANDLE, FITTED_HANDLE))
    return np.where(np.isnan(handles[:, 0]), automatic, fitted)


def replace_keys(curve: Any, written: WrittenKeys, own: Keys | None = None) -> None:
    """Give a curve the tool's keys and a person's `own`, with all their details, and nothing else."""
    keys = generated(written)
    count = len(written.keys)
    details: Keys = {"easing": np.zeros(count), "amplitude": np.full(count, 0.8), "back": np.full(count, 1.70158)}
    details["period"] = np.full(count, 4.1)
    if own is not None:
        details |= {name: np.zeros(count, dtype=bool) for name in _SELECTION}
    keys |= details
    own_rows = np.empty(0, dtype=int)
    if own is not None:
        # In the order of frames: Blender's own sorting is slow.
        order = np.argsort(np.concatenate((own["co"][:, 0], keys["co"][:, 0])), kind="stable")
        keys = {name: np.concatenate((own[name], values))[order] for name, values in keys.items()}
        own_rows = np.flatnonzero(order < len(own["co"]))
    points = curve.keyframe_points
    if len(points) != len(keys["co"]):
        points.clear()
        points.add(len(keys["co"]))
    for name in ("co", *_HANDLES):
        points.foreach_set(name, np.ascontiguousarray(keys[name], dtype=np.float32).ravel())
    for name in _ENUMS:
        points.foreach_set(name, np.ascontiguousarray(keys[name], dtype=np.uint8))
    for name, kind in _EASING.items():
        points.foreach_set(name, np.ascontiguousarray(keys[name], dtype=kind))
    for name in _SELECTION:
        if name in keys:
            points.foreach_set(name, np.ascontiguousarray(keys[name], dtype=np.bool_))
    keys_changed(curve)
    for name in _HANDLES if len(own_rows) else ():
        _put_back_handles(points, name, keys, own_rows)


def _put_back_handles(points: Any, name: str, keys: Keys, own_rows: Array) -> None:
    """A person's handles as they were: Blender's update turns aligned ones anew."""
    free = np.isin(keys[f"{name}_type"][own_rows], [enum_number(f"{name}_type", kind) for kind in ("FREE", "ALIGNED")])
    if free.any():
        pairs = _pairs(points, name)
        pairs[own_rows[free]] = keys[name][own_rows[free]]
        points.foreach_set(name, pairs.ravel())


def _pairs(points: Any, name: str) -> Array:
    pairs = np.empty(len(points) * 2, dtype=np.float32)
    points.foreach_get(name, pairs)
    return pairs.reshape(-1, 2)


def _numbers(points: Any, name: str, kind: Any) -> Array:
    numbers = np.empty(len(points), dtype=kind)
    points.foreach_get(name, numbers)
    return numbers
