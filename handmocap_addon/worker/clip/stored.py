"""How a clip's pictures are stored, and from there to upright pictures of square pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ...core.errors import ClipError
from .orientation import Orientation
from .views import View, displayed

ChannelOrder = Literal["rgb", "bgr"]
# Whatever is wider than this is a damaged header, and whatever is nearer to square would only blur the picture.
_WIDEST_PIXEL = 4
_SQUARE = Fraction(1, 200)
# Floats take several times the memory of what is shown of them.
_ROWS_AT_ONCE = 256
# Decoders of films hold several pictures at once.
MOST_VIDEO_PIXELS = 1 << 26


@dataclass(frozen=True)
class StoredPicture:
    """One picture as it is in the file; all of a clip are alike, or scaled to be."""

    stored_size: tuple[int, int]  # width and height
    pixel_aspect: Fraction  # width of a pixel over its height
    orientation: Orientation
    view: View

    @property
    def squared_size(self) -> tuple[int, int]:
        """Width and height with square pixels, before it is turned."""
        width, height = self.stored_size
        return max(round(width * self.pixel_aspect), 1), height

    @property
    def size(self) -> tuple[int, int]:
        """Width and height upright, with square pixels."""
        width, height = self.squared_size
        return (height, width) if self.orientation.swaps_sides else (width, height)


def plausible_aspect(aspect: Fraction | None) -> Fraction:
    """A pixel's width over its height, or 1 for what is nearly square, unknown or absurd."""
    if aspect is None or not Fraction(1, _WIDEST_PIXEL) <= aspect <= _WIDEST_PIXEL:
        return Fraction(1)
    return Fraction(1) if abs(aspect - 1) < _SQUARE else aspect


def upright_pixels(frame: Any, stored: StoredPicture, channel_order: ChannelOrder) -> NDArray[Any]:
    """The pixels (H, W, 3) uint8 of a decoded frame, as `stored` says, whatever size the frame has itself.

    Raises:
        ClipError: nobody here can read such pixels.
    """
    plain = stored.view == "srgb" and not _is_float(frame)
    try:
        pixels = frame.to_ndarray(format=f"{channel_order}24") if plain else _displayed(frame, stored.view)
    except av.error.MemoryError:
        raise  # which says nothing about the pixels
    except BlockingIOError as error:
        raise MemoryError("no memory for the threads that convert pixels") from error
    except (ValueError, av.error.FFmpegError) as error:
        raise ClipError(
            f"The clip's pixels are of a kind that cannot be read ({frame.format.name})", "convert it to RGB of 8 or 16 bits"
        ) from error
    if not plain and channel_order == "bgr":
        pixels = np.ascontiguousarray(pixels[..., ::-1])
    if (pixels.shape[1], pixels.shape[0]) != stored.squared_size:
        shrinks = pixels.shape[0] * pixels.shape[1] > stored.squared_size[0] * stored.squared_size[1]
        pixels = cv2.resize(pixels, stored.squared_size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    # PyAV may give a window on the decoder's own padded rows.
    return np.ascontiguousarray(stored.orientation.applied(pixels))


def _is_float(frame: Any) -> bool:
    return any(kind in frame.format.name for kind in ("f16", "f32"))


def _displayed(frame: Any, view: View) -> NDArray[Any]:
    """Red, green and blue (H, W, 3) uint8, from what is stored as fine as it is. Transparency is left out."""
    if not _is_float(frame):
        deep = any(component.bits > 8 for component in frame.format.components)
        return displayed(frame.to_ndarray(format="rgb48le" if deep else "rgb24"), view)
    pixels = np.empty((frame.height, frame.width, 3), np.uint8)
    for first in range(0, frame.height, _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        pixels[rows] = displayed(_float_values(frame, rows), view)
    return pixels


def _float_values(frame: Any, rows: slice) -> NDArray[Any]:
    """Straight from the planes, since neither PyAV nor FFmpeg's scaler takes all kinds of floats, nor values above 1."""
    name = frame.format.name
    kind = np.dtype(("<" if name.endswith("le") else ">") + ("f2" if "f16" in name else "f4"))
    planes = [
        np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)[: frame.height][rows]
        for plane in frame.planes
    ]
    if name.startswith("gbr"):
        green, blue, red = (plane[:, : frame.width] for plane in planes[:3])
        return np.stack((red, green, blue), axis=-1)
    if name.startswith("gray"):
        return np.repeat(planes[0][:, : frame.width, None], 3, axis=-1)
    channels = len(frame.format.components)
    packed: NDArray[Any] = planes[0][:, : frame.width * channels].reshape(-1, frame.width, channels)
    # Grey with transparency, or red, green and blue with or without.
    return np.repeat(packed[..., :1], 3, axis=-1) if channels < 3 else packed[..., :3]
