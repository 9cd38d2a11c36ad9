"""How many pictures a TIFF file holds one behind the other; FFmpeg shows the first."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_SUBFILE_TYPE = 254
_REDUCED, _MASK = 1, 4  # a smaller copy of another page, or where that one is transparent
_MOST = 100_000


def page_count(path: Path) -> int:
    """The pages of a TIFF, its thumbnails and masks not counted; 1 for whatever else, or where it is damaged."""
    try:
        with path.open("rb") as file:
            return max(_pages(file), 1)
    except (OSError, struct.error):
        return 1


def _pages(file: BinaryIO) -> int:
    head = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None:
        return 1
    (at,) = struct.unpack(order + "I", head[4:])
    known: set[int] = set()
    count = 0
    while at and at not in known and len(known) < _MOST:
        known.add(at)
        file.seek(at)
        (entries,) = struct.unpack(order + "H", file.read(2))
        directory = file.read(12 * entries)
        (at,) = struct.unpack(order + "I", file.read(4))
        count += not _is_of_another(directory, order)
    return count


def _is_of_another(directory: bytes, order: str) -> bool:
    for start in range(0, len(directory), 12):
        tag, kind, _ = struct.unpack_from(order + "HHI", directory, start)
        if tag == _SUBFILE_TYPE:
            (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), directory, start + 8)
            return bool(value & (_REDUCED | _MASK))
    return False
