"""What `meta["clip"]` of a `hand_poses.npz` says about how the worker read the clip. Every part of it may be absent."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

ClipKind = Literal["video", "images"]
_WIDEST_PIXEL = 4
_LARGEST = 1 << 62  # for arrays of whole numbers


@dataclass(frozen=True)
class ClipNotes:
    """One clip as it was read. Boxes and landmarks are in the upright picture of square pixels."""

    kind: ClipKind | None = None
    # Degrees clockwise by which the stored picture was turned to stand upright: 0, 90, 180 or 270; mirrored before that.
    rotation: int = 0
    mirrored: bool = False
    pixel_aspect: Fraction = Fraction(1)  # width over height of the stored picture's pixels
    stored_size: tuple[int, int] | None = None  # width and height before squaring and turning
    lost_frames: tuple[int, ...] = ()  # rows that could not be read, or whose number is missing in a folder
    resized_frames: tuple[int, ...] = ()  # rows that have another size than the first, and were scaled to that
    smeared_frames: tuple[int, ...] = ()  # rows that stand on lost ones, up to the next key frame
    cut_frames: tuple[int, ...] = ()  # first rows of what follows a cut
    is_first_stream: bool = True  # of the pictures in a video, covers counted
    first_number: int | None = None  # of the first picture's file name
    number_step: int = 1  # between the numbers of two rows
    pattern: str | None = None  # of the files' names, with # for the number
    color: str | None = None  # the view transform: srgb (none), linear, log, pq or hlg


def clip_notes(meta: dict[str, Any]) -> ClipNotes:
    """What a file's notes say; whatever is absent or makes no sense is left at what a plain clip has."""
    clip = meta.get("clip")
    if not isinstance(clip, dict):
        return ClipNotes()
    kind, rotation = clip.get("kind"), _whole(clip.get("rotation"))
    pattern, color = clip.get("pattern"), clip.get("color")
    return ClipNotes(
        kind if kind in ("video", "images") else None,
        rotation % 360 if rotation is not None and rotation % 90 == 0 else 0,
        clip.get("mirrored") is True,
        _pixel_aspect(clip.get("pixel_aspect")),
        _pair(clip.get("stored_size")),
        _rows(clip.get("lost_frames")),
        _rows(clip.get("resized_frames")),
        _rows(clip.get("smeared_frames")),
        _rows(clip.get("cut_frames")),
        clip.get("first_stream") is not False,
        _whole(clip.get("first_number")),
        max(_whole(clip.get("number_step")) or 1, 1),
        pattern if isinstance(pattern, str) else None,
        color if isinstance(color, str) else None,
    )


def _rows(values: Any) -> tuple[int, ...]:
    rows = map(_whole, values) if isinstance(values, list) else ()
    return tuple(row for row in rows if row is not None and row >= 0)


def _whole(value: Any) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and abs(value) <= _LARGEST else None


def _pair(value: Any) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    first, second = map(_whole, value)
    return (first, second) if first is not None and second is not None and first > 0 and second > 0 else None


def _pixel_aspect(value: Any) -> Fraction:
    pair = _pair(value)
    aspect = Fraction(*pair) if pair is not None else Fraction(1)
    return aspect if Fraction(1, _WIDEST_PIXEL) <= aspect <= _WIDEST_PIXEL else Fraction(1)
