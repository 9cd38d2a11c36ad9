"""What the last run wrote on each curve, kept in the action itself, so that it travels with the file, appends and undo.

Where keys were reduced, the full ones are kept beside it. Datablocks that share an action have slots of their own in it, and
records of their own.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadInputError
from .. import version_differences
from .kept_text import MOST_FRAME, ignored

Array = NDArray[Any]

_WRITTEN, _FULL = "handmocap_written_keys", "handmocap_full_keys"
# Of files that were saved before key types were recorded: doubles by path and index, for whatever slot.
_OLDER = "handmocap_written"
# Quick; what it leaves is mostly noise that no level packs.
_ZLIB_LEVEL = 1
# Ten hours of keys at 60 frames a second.
_MOST_BYTES = 1 << 26
_ROW, _ROW_WITH_HANDLES = 3, 7


@dataclass(frozen=True, eq=False)
class WrittenKeys:
    """Of one curve: frames and values (n, 2), types (n,) and handles (n, 4), left and right, NaN where they are automatic.

    Types are Blender's integers, -1 where the record does not say.
    """

    keys: Array
    types: Array
    handles: Array

    @classmethod
    def automatic(cls, keys: Array, types: Array) -> WrittenKeys:
        return cls(keys, types, np.full((len(keys), 4), np.nan, dtype=np.float32))

    def of(self, chosen: Array) -> WrittenKeys:
        return WrittenKeys(self.keys[chosen], self.types[chosen], self.handles[chosen])

    def and_also(self, other: WrittenKeys) -> WrittenKeys:
        return WrittenKeys(
            np.concatenate((self.keys, other.keys)),
            np.concatenate((self.types, other.types)),
            np.concatenate((self.handles, other.handles)),
        )


@dataclass(frozen=True, eq=False)
class StoredFullKeys:
    """Of one property of C channels: frames (n,), values (n, C) and key types (n,), all handles automatic."""

    frames: Array
    values: Array
    key_types: Array


def has_record(action: Any, slot: Any) -> bool:
    """Whether a run wrote into a slot of the action."""
    slots = _group(action, _WRITTEN)
    return (slots is not None and _group(slots, str(slot.handle)) is not None) or _group(action, _OLDER) is not None


def read_record(action: Any, slot: Any, data_path: str, index: int) -> WrittenKeys | None:
    """What the last run wrote on a curve, or None where none did."""
    stored = _read(action, slot, _WRITTEN, f"{_name(data_path)}_{index}")
    if stored is None:
        return _read_older(action, data_path, index)
    try:
        numbers = np.frombuffer(stored, dtype="<f4")
        rows = numbers[1:].reshape(-1, round(float(numbers[0])))
        if rows.shape[1] not in (_ROW, _ROW_WITH_HANDLES) or not _are_records(rows):
            raise ValueError("no keys")
    except (ValueError, IndexError, OverflowError):
        ignored(_WRITTEN)
        return None  # what it was about is taken for a person's, which nothing overwrites
    keys, types = rows[:, :2], rows[:, 2].astype(np.int32)
    if rows.shape[1] == _ROW:
        return WrittenKeys.automatic(keys, types)
    return WrittenKeys(keys, types, rows[:, 3:])


def write_record(action: Any, slot: Any, data_path: str, index: int, written: WrittenKeys) -> None:
    """Remember the keys of a curve."""
    columns = [written.keys, written.types[:, None]]
    if not np.isnan(written.handles).all():
        columns.append(written.handles)
    rows = np.concatenate(columns, axis=-1).astype("<f4")
    content = np.concatenate((np.array((rows.shape[1],), dtype="<f4"), rows.ravel()))
    name = _name(data_path)
    _write(action, slot, _WRITTEN, f"{name}_{index}", content.tobytes())
    version_differences.drop_older_copy(action, _OLDER)
    older = _group(action, _OLDER)
    if older is not None:
        older.pop(f"{name}_{index}", None)
        if not len(older):
            del action[_OLDER]


def forget_records(action: Any, slot: Any, data_path: str, indices: Iterable[int]) -> None:
    """As if no run had ever written these curves."""
    older = _group(action, _OLDER)
    for index in indices:
        name = f"{_name(data_path)}_{index}"
        _remove(action, slot, _WRITTEN, name)
        if older is not None:
            older.pop(name, None)
    forget_full_keys(action, slot, data_path)


def read_full_keys(action: Any, slot: Any, data_path: str, channel_count: int) -> StoredFullKeys | None:
    """The full keys of a property that was reduced, or None.

    Raises:
        BadInputError: what is kept of them is damaged.
    """
    stored = _read(action, slot, _FULL, _name(data_path))
    if stored is None:
        return None
    try:
        rows = np.frombuffer(_unpacked(stored), dtype=_full_row(channel_count))
        if not _are_keys(np.column_stack((rows["frame"], rows["values"]))):
            raise ValueError("no keys")
    except (zlib.error, ValueError, TypeError) as error:
        raise BadInputError("The full keys in this file are damaged", "press Apply Fingers to make them anew") from error
    return StoredFullKeys(rows["frame"], rows["values"], rows["type"].astype(np.int32))


def write_full_keys(action: Any, slot: Any, data_path: str, full: StoredFullKeys) -> None:
    """Keep the full keys of a property whose keys are reduced."""
    rows = np.empty(len(full.frames), dtype=_full_row(full.values.shape[1]))
    rows["frame"], rows["values"], rows["type"] = full.frames, full.values, full.key_types
    _write(action, slot, _FULL, _name(data_path), zlib.compress(rows.tobytes(), _ZLIB_LEVEL))


def usable_full_keys(action: Any, slot: Any, data_path: str, channel_count: int) -> StoredFullKeys | None:
    """As `read_full_keys`, for work that goes on without them where they are damaged."""
    try:
        return read_full_keys(action, slot, data_path, channel_count)
    except BadInputError:
        ignored(_FULL)
        return None


def forget_full_keys(action: Any, slot: Any, data_path: str) -> None:
    """The keys that stand there are all there is."""
    _remove(action, slot, _FULL, _name(data_path))


def _are_keys(rows: Array) -> bool:
    """Whether frames, in the first column, and values can stand on a curve."""
    return bool(np.isfinite(rows).all() and (np.abs(rows[:, 0]) <= MOST_FRAME).all())


def _are_records(rows: Array) -> bool:
    """Whether frames, values and types can be a record's; no value stands for a key that is spared whatever it is."""
    return _are_keys(rows[:, [0, 2]]) and not np.isinf(rows[:, 1]).any()


def _unpacked(content: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    found = unpacking.decompress(content, _MOST_BYTES)
    if not unpacking.eof:
        raise ValueError("cut off, or more than any clip has")
    return found


def _full_row(channel_count: int) -> np.dtype[Any]:
    return np.dtype([("frame", "<f4"), ("values", "<f4", (channel_count,)), ("type", "u1")])


def _name(data_path: str) -> str:
    # Property names end at 63 bytes, data paths do not.
    return hashlib.sha1(data_path.encode(), usedforsecurity=False).hexdigest()[:24]


def _read_older(action: Any, data_path: str, index: int) -> WrittenKeys | None:
    older = _group(action, _OLDER)
    stored = older.get(f"{_name(data_path)}_{index}") if older is not None else None
    if stored is None:
        return None
    try:
        keys = np.array(stored, dtype=np.float32).reshape(-1, 2)
        if not _are_keys(keys):
            raise ValueError("no keys")
    except (ValueError, TypeError):
        ignored(_OLDER)
        return None
    return WrittenKeys.automatic(keys, np.full(len(keys), -1))


def _read(action: Any, slot: Any, group: str, name: str) -> bytes | None:
    slots = _group(action, group)
    entries = _group(slots, str(slot.handle)) if slots is not None else None
    content = None if entries is None else entries.get(name)
    if content is not None and not isinstance(content, bytes):
        ignored(group)
    return content if isinstance(content, bytes) else None


def _group(holder: Any, name: str) -> Any:
    """A group of entries; None where something else has its name."""
    found = holder.get(name)
    if found is not None and not hasattr(found, "get"):
        ignored(name)
    return found if hasattr(found, "get") else None


def _write(action: Any, slot: Any, group: str, name: str, content: bytes) -> None:
    version_differences.drop_older_copy(action, group)
    if _group(action, group) is None:
        action[group] = {}
    slots, of_slot = action[group], str(slot.handle)
    if _group(slots, of_slot) is None:
        slots[of_slot] = {}
    # Bytes that are put over others end at their first zero.
    slots[of_slot].pop(name, None)
    slots[of_slot][name] = content


def _remove(action: Any, slot: Any, group: str, name: str) -> None:
    version_differences.drop_older_copy(action, group)
    slots, of_slot = _group(action, group), str(slot.handle)
    if slots is None or _group(slots, of_slot) is None:
        return
    slots[of_slot].pop(name, None)
    if not len(slots[of_slot]):
        del slots[of_slot]
    if not len(slots):
        del action[group]
