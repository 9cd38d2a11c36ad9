"""What the last run wrote on each curve, kept in the action itself, so that it travels with the file, appends and undo."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_GROUP = "handmocap_written"


def _name(data_path: str, index: int) -> str:
    # Property names end at 63 bytes, data paths do not.
    return f"{hashlib.sha1(data_path.encode(), usedforsecurity=False).hexdigest()[:24]}_{index}"


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
