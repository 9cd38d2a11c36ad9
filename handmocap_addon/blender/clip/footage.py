"""What Blender itself can tell about a clip."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import bpy

from ...core.clip.mp4_boxes import samples_beyond_reason
from ...core.clip.picture_sequences import is_picture, picture_sequence
from ...core.clip.picture_sizes import too_large
from ...core.errors import ClipError

# The largest denominator of the rates in use: 24000/1001 and its kin.
_NTSC = 1001


@dataclass(frozen=True)
class Footage:
    """Width and height in pixels, frames, and frames a second, which a folder of images does not say."""

    size: tuple[int, int]
    frame_count: int
    fps: Fraction | None

    def sentence(self) -> str:
        """A line of a few words."""
        text = f"{self.size[0]} x {self.size[1]}, {self.frame_count} frames"
        if self.fps is None:
            return text
        return f"{text}, {float(self.fps):.5g} fps, {float(self.frame_count / self.fps):.1f} s"


def is_sequence(clip: Path) -> bool:
    """Whether a clip is a folder of pictures, or one of them."""
    return clip.is_dir() or is_picture(clip)


def file_of(clip: Path) -> Path:
    """The video, or the first picture of a sequence.

    Raises:
        ClipError: the folder holds no pictures, or several sequences.
    """
    return picture_sequence(clip).present[0] if is_sequence(clip) else clip


def refuse_beyond_reason(clip: Path) -> None:
    """Keep from Blender's own process what would take gigabytes of it.

    Raises:
        ClipError: a picture of more than is read of one, a film that says more frames than are read, or no readable file.
    """
    if is_sequence(clip):
        size = too_large(file_of(clip))
        if size is not None:
            raise ClipError(f"{clip.name} has pictures of {size[0]} x {size[1]} pixels", "make smaller copies of them")
        return
    try:
        if not clip.is_file():
            raise ClipError(f"{clip.name} is no file", "choose a video file or a folder of images")
        count = samples_beyond_reason(clip)
    except OSError as error:
        raise ClipError(f"{clip.name} cannot be read ({error.strerror})", "choose another clip") from error
    if count is not None:
        raise ClipError(f"{clip.name} says that it has {count} frames or sounds, more than are read", "choose another clip")


def look_at(clip: Path) -> Footage:
    """Size, length and rate of a clip; adds nothing to the open file.

    Raises:
        ClipError: Blender cannot read it.
    """
    refuse_beyond_reason(clip)
    before = set(bpy.data.movieclips)
    try:
        footage = bpy.data.movieclips.load(str(file_of(clip)), check_existing=False)
    except RuntimeError as error:
        raise ClipError(f"Blender cannot read {clip.name}", "choose another clip") from error
    try:
        width, height = footage.size
        if footage.frame_duration == 0:  # Its size is then a made-up one.
            raise ClipError(f"Blender cannot read {clip.name}", "choose another clip")
        count = len(picture_sequence(clip).files) if is_sequence(clip) else footage.frame_duration
        fps = Fraction(footage.fps).limit_denominator(_NTSC) if footage.source == "MOVIE" and footage.fps > 0 else None
        return Footage((width, height), count, fps)
    finally:
        if footage not in before:
            bpy.data.movieclips.remove(footage)
