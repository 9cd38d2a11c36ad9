"""A folder's pictures as frames: one a number, those without a file or with a damaged one unseen."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ...core.clip.frame_marks import FrameMark
from ...core.clip.picture_sequences import PictureSequence
from ...core.clip.picture_sizes import MOST_PICTURE_BYTES
from ...core.clip.view_choices import ViewChoice
from ...core.errors import ClipError
from .frame import DecodedFrame, no_pixels
from .info import ClipInfo
from .picture_files import Picture, TooLargePictureError, UnreadablePictureError, read_picture
from .stored import ChannelOrder, StoredPicture, upright_pixels

Array = NDArray[Any]


def decoded_pictures(clip: ClipInfo, channel_order: ChannelOrder) -> Iterator[DecodedFrame]:
    """All rows of a folder; no file is read before its pixels are asked for."""
    sequence = _sequence_of(clip)
    fps = clip.declared_fps or Fraction(24)

    @functools.cache
    def first() -> StoredPicture:
        return stored_pictures(clip)

    def size() -> tuple[int, int]:
        return first().size

    def pixels(path: Path) -> Array | None:
        picture = _picture(path, clip.view)
        if picture is None:
            return None
        if picture.stored.size != first().size:
            wanted, given = first().size, picture.stored.size
            raise ClipError(
                f"{path.name} has another size than the first image, {given[0]} x {given[1]} instead of {wanted[0]} x "
                f"{wanted[1]} pixels",
                "choose images of one size",
            )
        return upright_pixels(picture.frame, picture.stored, channel_order)

    for index, path in enumerate(sequence.files):
        make = no_pixels if path is None else functools.partial(pixels, path)
        yield DecodedFrame(index, float(index / fps), size, make, FrameMark.LOST if path is None else FrameMark.PLAIN)


def stored_pictures(clip: ClipInfo) -> StoredPicture:
    """How the first picture that can be read is stored.

    Raises:
        ClipError: none can.
    """
    for path in _sequence_of(clip).present:
        picture = _picture(path, clip.view)
        if picture is not None:
            return picture.stored
    path = _sequence_of(clip).present[0]
    raise ClipError(f"{path.name} in {path.parent} {_fault(path, clip.view)}", "remove it or write it again")


def _picture(path: Path, view: ViewChoice) -> Picture | None:
    """None for a file that holds no whole picture."""
    try:
        return read_picture(_content(path), path.suffix, view)
    except TooLargePictureError as error:
        raise ClipError(f"{path.name} {error}", "make smaller copies of the pictures") from error
    except UnreadablePictureError:
        return None


def _fault(path: Path, view: ViewChoice) -> str:
    try:
        read_picture(_content(path), path.suffix, view)
    except UnreadablePictureError as error:
        return str(error)
    return "cannot be read as an image"


def _content(path: Path) -> bytes:
    try:
        length = path.stat().st_size
        if length > MOST_PICTURE_BYTES:
            raise ClipError(f"{path.name} has {length / 1e6:.0f} MB, more than are read of one picture", "write it smaller")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadablePictureError("leads nowhere") from error
    except OSError as error:
        # Of a disk that is gone, or a right that is missing, the other pictures would tell nothing.
        raise ClipError(f"{path.name} in {path.parent} cannot be read ({error.strerror})", "look at the disk") from error


def _sequence_of(clip: ClipInfo) -> PictureSequence:
    assert clip.sequence is not None
    return clip.sequence
