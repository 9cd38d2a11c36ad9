"""Whether Blender shows a clip as the worker read it: on each frame of the timeline the picture of the row that lies there.

Blender opens clips by its own rules: it plays by the rate that the container declares, turns nothing, takes the first
picture stream, and files by their numbers. Where that is another picture, a proxy that the worker makes is shown instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.clip.picture_sequences import PictureSequence, picture_sequence
from ...core.clip.proxy_request import ProxyRequest
from ...core.errors import ClipError
from ...core.hands.clip_notes import ClipNotes
from ...core.hands.hand_poses import HandPoses
from ...core.overlay.seen_hands import row_at
from ..scene_time import frame_rate_fraction
from .clock import clip_start, frame_times, timeline_frames
from .footage import Footage, file_of, is_sequence, look_at
from .place import ClipPlace, place_of

Array = NDArray[Any]

_PROXY_FOLDER = "proxy"
DIGEST_DIGITS = 12  # of a digest in a file's name
# By how much of a picture's time Blender's clock may be off before it shows another one.
_SLACK = 0.4


@dataclass(frozen=True)
class ClipPicture:
    """What is shown behind a camera, and on which timeline frame its first picture stands.

    Where `request` is not None, `file` is a proxy, which may not be there yet, and `reason` says why it is needed.
    """

    file: Path
    first_frame: int
    pixel_aspect: Fraction = Fraction(1)  # width over height of the file's pixels
    request: ProxyRequest | None = None
    reason: str = ""
    place: ClipPlace | None = None  # for which it was chosen

    @property
    def is_there(self) -> bool:
        return self.request is None or self.file.is_file()


def picture_of(scene: Any, clip: Path, poses: HandPoses | None, armature: Any, folder: Path) -> ClipPicture:
    """What shows a clip as its hands have it: the clip itself, or a proxy in a sub-folder of `folder`.

    Raises:
        ClipError: Blender cannot read the clip, and nothing is known of its hands.
    """
    start = clip_start(scene, armature)
    if poses is None or poses.frame_count == 0:
        return ClipPicture(file_of(clip), start)
    notes = poses.clip_notes()
    try:
        footage = look_at(clip)
        reason = _other_picture(footage, poses, notes) or _other_time(scene, clip, footage, poses, armature, start)
    except ClipError:
        reason = "Blender cannot read it"
    place = place_of(scene, armature)
    if reason is None:
        aspect = notes.pixel_aspect if footage.size != poses.picture_size() else Fraction(1)
        return ClipPicture(file_of(clip), start, aspect, place=place)
    request = _request(scene, clip, poses, notes, armature, start)
    name = f"{clip.stem} {request.digest()[:DIGEST_DIGITS]}.mov"
    return ClipPicture(folder / _PROXY_FOLDER / name, start, Fraction(1), request, reason, place)


def _other_picture(footage: Footage, poses: HandPoses, notes: ClipNotes) -> str | None:
    """Why the pictures themselves are not those of the hands."""
    size = poses.picture_size()
    if not notes.is_first_stream:
        return "another picture comes first in its file"
    if notes.rotation or notes.mirrored:
        return "its pictures are stored turned"
    if notes.resized_frames:
        return "its pictures change their size"
    if size is None or footage.size == size:
        return None
    if notes.pixel_aspect != 1 and footage.size == notes.stored_size:
        return None  # Blender can be told of pixels that are not square.
    return f"Blender shows {footage.size[0]} x {footage.size[1]} pixels of it and the hands are in {size[0]} x {size[1]}"


def _other_time(
    scene: Any, clip: Path, footage: Footage, poses: HandPoses, armature: Any, start: int
) -> str | None:  # fmt: skip
    """Why other pictures would stand on the timeline's frames than the rows that lie there."""
    frames, notes = timeline_frames(scene, poses, armature), poses.clip_notes()
    shown = np.array([_row_at(frames, frame) for frame in _timeline(frames, start)])
    if is_sequence(clip):
        sequence = picture_sequence(clip)
        if not np.array_equal(shown, np.arange(poses.frame_count)):
            return _CLOCK
        return None if _is_blenders(sequence, poses.frame_count) else "Blender reads its files' numbers otherwise"
    if notes.lost_frames:
        return "frames of it could not be read"
    if poses.meta.get("clip", {}).get("variable_frame_rate"):
        return "its frame rate varies"
    if footage.frame_count < len(shown):
        return f"Blender finds {footage.frame_count} frames in it"
    if poses.frame_time is None or footage.fps is None:
        return None if np.array_equal(shown, np.arange(poses.frame_count)) else _CLOCK
    # Blender's frame k is the picture that is on at k by the declared rate.
    times = frame_times(poses)
    off = np.abs(np.arange(len(shown)) / float(footage.fps) - (times[shown] - times[0]))
    return _CLOCK if off.max(initial=0.0) > _SLACK * _shortest(times) else None


_CLOCK = "the timeline runs at another rate than it"


def _shortest(times: Array) -> float:
    return float(np.diff(times).min()) if len(times) > 1 else 1.0


def _timeline(frames: Array, start: int) -> range:
    """The whole frames on which a clip with rows on `frames` (N,) is shown."""
    return range(start, max(round(float(frames[-1])), start) + 1)


def _row_at(frames: Array, frame: int) -> int:
    """As the overlay has it; a first row between two frames is shown from the one where the clip starts."""
    return row_at(frames, frame) or 0 if frame <= frames[0] else row_at(frames, min(frame, float(frames[-1]))) or 0


def _is_blenders(sequence: PictureSequence, row_count: int) -> bool:
    """Whether Blender finds each row's file: it counts up the last number in the first file's name, with as many digits."""
    head, digits, tail = last_number(sequence.present[0].name)
    if not digits or sequence.step != 1 or row_count != len(sequence.files):
        return False
    expected = (f"{head}{int(digits) + row:0{len(digits)}d}{tail}" for row in range(row_count))
    return all(file is None or file.name == name for file, name in zip(sequence.files, expected, strict=True))


def last_number(name: str) -> tuple[str, str, str]:
    """A file's name before, in and after its last number, that of its suffix not counted; no digits where it has none."""
    stem, dot, suffix = name.rpartition(".")
    found = re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", stem, re.DOTALL)
    if found is None:
        return stem, "", dot + suffix
    return found[1], found[2], found[3] + dot + suffix


def _request(
    scene: Any, clip: Path, poses: HandPoses, notes: ClipNotes, armature: Any, start: int
) -> ProxyRequest:  # fmt: skip
    frames, times = timeline_frames(scene, poses, armature), frame_times(poses)
    rows = [_row_at(frames, frame) for frame in _timeline(frames, start)]
    lost = set(notes.lost_frames)
    rate = poses.frames_per_second() or Fraction(24)
    image_rate, fps = rate * notes.number_step, frame_rate_fraction(scene)
    return ProxyRequest(
        str(clip.resolve()),
        str(poses.meta.get("clip", {}).get("sha256", "")),
        (image_rate.numerator, image_rate.denominator),
        notes.color or "auto",
        (fps.numerator, fps.denominator),
        tuple(float(times[row]) for row in rows),
        tuple(row in lost for row in rows),
    )
