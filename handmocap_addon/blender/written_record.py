"""What the last run wrote on each curve, kept in the action itself, so that it travels with the file, appends and undo."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scene_time import one_step

Array = NDArray[Any]

_GROUP = "handmocap_written"


def _name(data_path: str, index: int) -> str:
    # Property names end at 63 bytes, data paths do not.
    return f"{hashlib.sha1(data_path.encode(), usedforsecurity=False).hexdigest()[:24]}_{index}"


def has_record(action: Any) -> bool:
    """Whether a run has written on the action."""
    return action.get(_GROUP) is not None


def read_record(action: Any, data_path: str, index: int) -> Array | None:
    """Frames and values (n, 2) that the last run wrote on a curve, or None where none did."""
    group = action.get(_GROUP)
    if group is None:
        return None
    stored = group.get(_name(data_path, index))
    if stored is None:
        return None
    return np.array(stored, dtype=np.float32).reshape(-1, 2)


def write_record(action: Any, data_path: str, index: int, written: Array) -> None:
    """Remember frames and values (n, 2)."""
    if action.get(_GROUP) is None:
        action[_GROUP] = {}
    action[_GROUP][_name(data_path, index)] = written.astype(np.float64).ravel().tolist()


def retime_record(action: Any, scale: float, shift: float) -> None:
    """Move what is remembered in time, as its keys were moved."""
    for name, stored in (action.get(_GROUP) or {}).items():
        written = np.array(stored, dtype=np.float64).reshape(-1, 2)
        written[:, 0] = one_step(written[:, 0], scale, shift)
        action[_GROUP][name] = written.ravel().tolist()


def forget_record(action: Any, data_path: str, index: int, first: float, last: float) -> None:
    """Forget what was written on a curve between two frames, both included."""
    written = read_record(action, data_path, index)
    if written is not None:
        write_record(action, data_path, index, written[(written[:, 0] < first) | (written[:, 0] > last)])
