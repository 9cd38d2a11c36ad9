"""What the last run wrote on each curve, kept in the action itself, so that it travels with the file, appends and undo.

Where keys were reduced, the full ones are kept beside it.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_WRITTEN, _HANDLES, _FULL = "handmocap_written", "handmocap_handles", "handmocap_full_keys"
# Quick; what it leaves is mostly noise that no level packs.
_ZLIB_LEVEL = 1


@dataclass(frozen=True)
class WrittenKeys:
    """Of one curve: frames and values (n, 2), and handles (n, 4), left and right, NaN where they are automatic."""

    keys: Array
    handles: Array

    def of(self, chosen: Array) -> WrittenKeys:
        return WrittenKeys(self.keys[chosen], self.handles[chosen])


@dataclass(frozen=True)
class StoredFullKeys:
    """Of one property of C channels: frames (n,), values (n, C) and key types (n,), all handles automatic."""

    frames: Array
    values: Array
    key_types: Array


def read_record(datablock: Any, data_path: str, index: int) -> WrittenKeys | None:
    """What the last run wrote on a curve of the datablock's action, or None where none did."""
    name = _name(datablock, data_path, index)
    stored = _read(datablock, _WRITTEN, name)
    if stored is None:
        return None
    keys = np.frombuffer(stored, dtype="<f4").reshape(-1, 2)
    handles = _read(datablock, _HANDLES, name)
    if handles is None:
        return WrittenKeys(keys, np.full((len(keys), 4), np.nan, dtype=np.float32))
    return WrittenKeys(keys, np.frombuffer(handles, dtype="<f4").reshape(-1, 4))


def write_record(datablock: Any, data_path: str, index: int, written: WrittenKeys) -> None:
    name = _name(datablock, data_path, index)
    _write(datablock, _WRITTEN, name, np.ascontiguousarray(written.keys, dtype="<f4").tobytes())
    if np.isnan(written.handles).all():
        _remove(datablock, _HANDLES, name)
    else:
        _write(datablock, _HANDLES, name, np.ascontiguousarray(written.handles, dtype="<f4").tobytes())


def read_full_keys(datablock: Any, data_path: str, channel_count: int) -> StoredFullKeys | None:
    """The full keys of a property that was reduced, or None."""
    stored = _read(datablock, _FULL, _name(datablock, data_path))
    if stored is None:
        return None
    rows = np.frombuffer(zlib.decompress(stored), dtype=_full_row(channel_count))
    return StoredFullKeys(rows["frame"], rows["values"], rows["type"].astype(np.int32))


def write_full_keys(datablock: Any, data_path: str, full: StoredFullKeys) -> None:
    rows = np.empty(len(full.frames), dtype=_full_row(full.values.shape[1]))
    rows["frame"], rows["values"], rows["type"] = full.frames, full.values, full.key_types
    _write(datablock, _FULL, _name(datablock, data_path), zlib.compress(rows.tobytes(), _ZLIB_LEVEL))


def forget_full_keys(datablock: Any, data_path: str) -> None:
    _remove(datablock, _FULL, _name(datablock, data_path))


def _full_row(channel_count: int) -> np.dtype[Any]:
    return np.dtype([("frame", "<f4"), ("values", "<f4", (channel_count,)), ("type", "u1")])


def _name(datablock: Any, data_path: str, index: int | None = None) -> str:
    # Property names end at 63 bytes, data paths do not; datablocks that share an action have slots of their own in it.
    slot = datablock.animation_data.action_slot
    of = f"{slot.handle if slot else 0} {data_path}"
    return f"{hashlib.sha1(of.encode(), usedforsecurity=False).hexdigest()[:24]}{'' if index is None else f'_{index}'}"


def _read(datablock: Any, group: str, name: str) -> bytes | None:
    entries = datablock.animation_data.action.get(group)
    return None if entries is None else entries.get(name)


def _write(datablock: Any, group: str, name: str, content: bytes) -> None:
    action = datablock.animation_data.action
    if action.get(group) is None:
        action[group] = {}
    # Bytes that are put over others end at their first zero.
    action[group].pop(name, None)
    action[group][name] = content


def _remove(datablock: Any, group: str, name: str) -> None:
    action = datablock.animation_data.action
    if action.get(group) is not None and name in action[group]:
        del action[group][name]
        if not len(action[group]):
            del action[group]
