"""Keeps the folder of proxies from growing without end: the oldest go, which can be made again, and none that is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import bpy

from .shown_pictures import DIGEST_DIGITS, ClipPicture

# As much as some ten minutes of proxies take.
MOST_BYTES: Final = 2 << 30
_OURS: Final = re.compile(rf".+ [0-9a-f]{{{DIGEST_DIGITS}}}\.mov", re.DOTALL)


def remove_oldest_proxies(picture: ClipPicture, most_bytes: int = MOST_BYTES) -> list[Path]:
    """Remove proxies beside a picture's until the rest takes no more than this; returns what went.

    What is shown in the open file stays, and so does everything that has another name than a proxy's.
    """
    if picture.request is None:
        return []
    shown = {Path(bpy.path.abspath(clip.filepath)).absolute() for clip in bpy.data.movieclips} | {picture.file.absolute()}
    found = []
    try:
        for path in picture.file.parent.iterdir():
            if _OURS.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                found.append((path.stat().st_mtime_ns, path.stat().st_size, path))
    except OSError:
        return []
    left, gone = sum(size for _, size, _ in found), []
    for _, size, path in sorted(found):
        if left <= most_bytes:
            break
        if path.absolute() in shown:
            continue
        try:
            path.unlink()
        except OSError:
            continue  # another program has it open, or it is another's
        left -= size
        gone.append(path)
    return gone
