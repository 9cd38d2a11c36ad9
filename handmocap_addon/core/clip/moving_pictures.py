"""Picture files that hold an animation, told by their first bytes. Standard library only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..errors import ClipError

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_HEAD_BYTES: Final = 1 << 16


def is_moving(head: bytes) -> bool:
    """Whether a picture's first bytes say that it is an animation."""
    if head.startswith(_PNG):
        return b"acTL" in head and head.find(b"acTL") < (head.find(b"IDAT") if b"IDAT" in head else len(head))
    return is_moving_webp(head)


def is_moving_webp(head: bytes) -> bool:
    """Whether it is an animation that FFmpeg's decoders know nothing of."""
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20:21]) and bool(head[20] & 2)


def head_of(path: Path) -> bytes:
    """A file's first bytes; none where it is no file or cannot be read."""
    try:
        # A pipe would be waited for.
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(_HEAD_BYTES)
    except OSError:
        return b""


def refuse_moving_webp(path: Path) -> None:
    """Refuse a clip that nobody here can read, before anything is started for it.

    Raises:
        ClipError: it is an animated WebP.
    """
    if is_moving_webp(head_of(path)):
        raise ClipError(
            f"{path.name} is an animated WebP, which is not read",
            "write it as an mp4 or as numbered PNG files and choose that",
        )
