"""One picture from a file's bytes, read by FFmpeg's decoders whatever its suffix says."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from ...core.clip.moving_pictures import is_moving
from ...core.clip.picture_sizes import MOST_PICTURE_BYTES, picture_need
from ...core.clip.view_choices import ViewChoice
from .exr_files import is_whole_exr
from .orientation import Orientation, orientation_of_picture
from .stored import StoredPicture, plausible_aspect
from .views import View

_UNKNOWN_PIXELS = MOST_PICTURE_BYTES // 32  # of a picture whose header says nothing that is understood
_BLOCK = 256
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_2000 = (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")
# Where a DPX file says how its values were made, and what it says (SMPTE 268M).
_DPX_TRANSFER = 801
_DPX_LINEAR, _DPX_LOG, _DPX_UNSAID = 2, (1, 3), (0, 4, 255)


class UnreadablePictureError(Exception):
    """Says in a few words what a file is that is no picture."""


class TooLargePictureError(UnreadablePictureError):
    """A picture that would take more memory than one may."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"has {width} x {height} pixels, more than are read of one picture")


@dataclass(frozen=True)
class Picture:
    """A decoded picture and how it was stored."""

    frame: Any
    stored: StoredPicture


def read_picture(content: bytes, suffix: str, choice: ViewChoice) -> Picture:
    """Decode a picture.

    Raises:
        UnreadablePictureError: empty, cut short, damaged, or of an unknown kind.
    """
    kind = _kind(content, suffix)
    need = picture_need(content)
    if need is not None and need.byte_count > MOST_PICTURE_BYTES:
        raise TooLargePictureError(*need.size)
    if kind == "mjpeg" and content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):
        raise UnreadablePictureError("is cut short")
    if kind == "exr" and not is_whole_exr(content):
        raise UnreadablePictureError("is not whole")
    context = av.CodecContext.create(kind, "r")
    context.thread_count = 1
    # Without this a damaged JPEG is grey from there on. Others tell by themselves, or would refuse harmless oddities.
    careful = {"err_detect": "explode"} if kind == "mjpeg" else {}
    # The decoder may find another size in the file than its header's; it makes room for whole blocks.
    most_pixels = _UNKNOWN_PIXELS if need is None else (need.size[0] + _BLOCK) * (need.size[1] + _BLOCK)
    context.options = {"max_pixels": str(most_pixels), **careful}
    try:
        frames = [*context.decode(av.Packet(content)), *context.decode(None)]
    except av.error.FFmpegError as error:
        raise UnreadablePictureError("cannot be read as an image") from error
    if not frames or frames[0].is_corrupt:
        raise UnreadablePictureError("cannot be read as an image")
    frame = frames[0]
    aspect = context.sample_aspect_ratio
    stored = StoredPicture(
        (frame.width, frame.height),
        plausible_aspect(Fraction(aspect) if aspect else None),
        # From the file and not from the frame: FFmpeg knows EXIF in some kinds alone.
        orientation_of_picture(content) if kind in ("mjpeg", "png", "webp", "tiff") else Orientation(),
        _view(choice, kind, frame, content),
    )
    return Picture(frame, stored)


def _kind(content: bytes, suffix: str) -> str:
    """The decoder's name."""
    if not content:
        raise UnreadablePictureError("is empty")
    if content.startswith(_PNG):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "mjpeg"
    if content[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    if content[:4] == b"\x76\x2f\x31\x01":
        return "exr"
    if content[:4] in (b"SDPX", b"XPDS"):
        return "dpx"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        if is_moving(content[:32]):
            raise UnreadablePictureError("is an animation")
        return "webp"
    if content.startswith(b"BM"):
        return "bmp"
    if content.startswith(_JPEG_2000):
        return "jpeg2000"
    if suffix.lower() == ".tga":  # has no mark of its own
        return "targa"
    raise UnreadablePictureError("cannot be read as an image")


def _view(choice: ViewChoice, kind: str, frame: Any, content: bytes) -> View:
    if choice != "auto":
        return choice
    if any(name in frame.format.name for name in ("f16", "f32")):
        return "linear"
    return _dpx_view(frame, content) if kind == "dpx" else "srgb"


def _dpx_view(frame: Any, content: bytes) -> View:
    """Film scans are printing density unless they say that they are something else."""
    (transfer,) = struct.unpack_from("B", content, _DPX_TRANSFER)
    bits = max(component.bits for component in frame.format.components)
    if transfer in _DPX_LOG or (transfer in _DPX_UNSAID and bits > 8):
        return "log"
    # Few bits cannot hold light: there "linear" is said of what a display takes.
    return "linear" if transfer == _DPX_LINEAR and bits >= 16 else "srgb"
