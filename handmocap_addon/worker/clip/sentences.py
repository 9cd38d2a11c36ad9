"""What is written about how a clip was read: for programs in `meta["clip"]`, for people in `meta["warnings"]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.clip.frame_marks import FrameMark
from .info import ClipInfo
from .stored import StoredPicture

_STRETCHES_NAMED = 4


def clip_entries(clip: ClipInfo, stored: StoredPicture, marks: NDArray[Any], cuts: Sequence[int] = ()) -> dict[str, Any]:
    """How the clip was read, for its entry in `meta`; see `core.hands.clip_notes.ClipNotes`."""
    aspect = stored.pixel_aspect
    entries: dict[str, Any] = {
        "kind": "images" if clip.is_image_folder else "video",
        "rotation": stored.orientation.quarter_turns * 90,
        "pixel_aspect": [aspect.numerator, aspect.denominator],
        "stored_size": list(stored.stored_size),
        "lost_frames": np.flatnonzero(marks & FrameMark.LOST).tolist(),
        "color": stored.view,
    }
    if stored.orientation.mirrored:
        entries["mirrored"] = True
    if not clip.is_first_stream:
        entries["first_stream"] = False
    resized = np.flatnonzero(marks & FrameMark.RESIZED).tolist()
    if resized:
        entries["resized_frames"] = resized
    smeared = np.flatnonzero(marks & FrameMark.SMEARED).tolist()
    if smeared:
        entries["smeared_frames"] = smeared
    if len(cuts):
        entries["cut_frames"] = list(cuts)
    if clip.sequence is not None:
        entries["first_number"] = clip.sequence.first_number
        entries["number_step"] = clip.sequence.step
        entries["pattern"] = clip.sequence.pattern
    return entries


def clip_warnings(clip: ClipInfo, entry: dict[str, Any], frame_time: NDArray[Any], marks: NDArray[Any]) -> list[str]:
    """What a person should know of a clip although its hands are right."""
    said = [*clip.remarks]
    lost = lost_sentence(entry, frame_time)
    if lost:
        said.append(lost)
    cut = cut_sentence(entry)
    if cut:
        said.append(cut)
    if clip.leaves_out_lost:
        said.append(f"Frames of {clip.path.name} that cannot be read are left out, as the GVHMR result does")
    resized, retimed = (np.flatnonzero(marks & mark) for mark in (FrameMark.RESIZED, FrameMark.RETIMED))
    if len(resized):
        width, height = entry["size"]
        said.append(
            f"{_counted(len(resized), 'frame')} of {clip.path.name} ({_stretches(resized + 1)}) had another size and "
            f"{'was' if len(resized) == 1 else 'were'} scaled to {width} x {height}"
        )
    if len(retimed):
        said.append(
            f"{_counted(len(retimed), 'frame')} of {clip.path.name} ({_stretches(retimed + 1)}) had a timestamp that did "
            "not grow and got one by the clip's rate"
        )
    if 2 * np.count_nonzero(marks & FrameMark.INTERLACED) > len(marks):
        said.append(
            f"{clip.path.name} is interlaced, so that hands that move fast have combed edges; deinterlace it if fingers are "
            "not found"
        )
    return said


def cut_sentence(entry: dict[str, Any]) -> str | None:
    """Where a clip's entry in `meta` says that it is cut, or None."""
    cuts = np.array(entry.get("cut_frames") or [], dtype=int)
    if not len(cuts):
        return None
    where = f"{'frame' if len(cuts) == 1 else 'frames'} {_stretches(cuts + 1)}"
    return f"The clip is cut at {where}; no hand is carried from one shot to the next"


def lost_sentence(entry: dict[str, Any], frame_time: NDArray[Any] | None) -> str | None:
    """Which frames a clip's entry in `meta` calls lost, or None.

    Args:
        entry: with `name`, `frames` and what `clip_entries` gives.
        frame_time: (N,) seconds.
    """
    lost = entry.get("lost_frames") or []
    if not lost:
        return None
    count, rows = entry["frames"], np.array(lost)
    if entry.get("kind") == "images":
        numbers = entry.get("first_number", 0) + rows * entry.get("number_step", 1)
        what, where = "pictures", f"{'number' if len(lost) == 1 else 'numbers'} {_stretches(numbers)}"
        which, after = "is missing or cannot be read" if len(lost) == 1 else "are missing or cannot be read", ""
    else:
        what, where = "frames", f"{'frame' if len(lost) == 1 else 'frames'} {_stretches(rows + 1)}"
        which = "could not be decoded"
        after = ""
        smeared = np.array(entry.get("smeared_frames") or [], dtype=int)
        if len(smeared):
            them = "it" if len(lost) == 1 else "them"
            one = "frame" if len(smeared) == 1 else "frames"
            after = f", and {one} {_stretches(smeared + 1)} behind {them} may be smeared, up to the next key frame"
        if frame_time is not None:
            where += f", from {float(frame_time[rows[0]]):.2f} s"
    return f"{len(lost)} of {count} {what} of {entry['name']} {which} ({where}); no hand is seen there{after}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _stretches(numbers: NDArray[Any] | Sequence[int]) -> str:
    """Growing numbers as `3, 41 to 43 and 50`; numbers that are a step apart count one by one."""
    numbers = np.asarray(numbers)
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    if len(texts) > _STRETCHES_NAMED:
        texts = [*texts[:_STRETCHES_NAMED], f"{len(runs) - _STRETCHES_NAMED} more places"]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
