"""How a stored picture is turned to stand upright: by a container's matrix, or by EXIF."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Orientation:
    """Mirrored left to right first, then turned clockwise."""

    quarter_turns: int = 0
    mirrored: bool = False

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.quarter_turns % 2 == 1

    def applied(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels (H, W, 3) upright, as a view of the same memory."""
        turned = pixels[:, ::-1] if self.mirrored else pixels
        return np.rot90(turned, -self.quarter_turns)


# EXIF's eight values in the terms above.
_EXIF = {
    1: Orientation(),
    2: Orientation(0, True),
    3: Orientation(2),
    4: Orientation(2, True),
    5: Orientation(3, True),
    6: Orientation(1),
    7: Orientation(1, True),
    8: Orientation(3),
}


def orientation_of_matrix(a: float, b: float, c: float, d: float) -> Orientation:
    """The nearest to a display matrix, which sends x to a x + c y and y to b x + d y, with y downwards."""
    given = np.array(((a, c), (b, d)), float)

    def likeness(orientation: Orientation) -> float:
        quarter = np.linalg.matrix_power(np.array(((0, -1), (1, 0))), orientation.quarter_turns)
        return float((quarter @ np.diag((-1 if orientation.mirrored else 1, 1)) * given).sum())

    return max(
        (Orientation(turns, mirrored) for mirrored, turns in itertools.product((False, True), range(4))), key=likeness
    )


def orientation_of_frame(frame: Any) -> Orientation:
    """What the container, or the video stream itself, says about a decoded frame."""
    try:
        sides = [bytes(side) for side in frame.side_data if side.type.name == "DISPLAYMATRIX"]
    except ValueError:
        # Of a kind that this PyAV has no name for. FFmpeg gives the counter-clockwise turn.
        return Orientation(round(-frame.rotation / 90.0) % 4)
    if not sides or len(sides[0]) != 36:
        return Orientation()
    a, b, _, c, d, _, _, _, _ = struct.unpack("=9i", sides[0])
    return orientation_of_matrix(a, b, c, d)


def orientation_of_picture(content: bytes) -> Orientation:
    """What EXIF in a JPEG, PNG, WebP or TIFF file says; upright where there is none or it is damaged."""
    try:
        tiff = _exif_in(content)
        return _EXIF.get(_orientation_in(tiff), Orientation()) if tiff else Orientation()
    except (struct.error, IndexError, ValueError):
        return Orientation()


def _exif_in(content: bytes) -> bytes:
    """The TIFF structure that holds the tags, or nothing."""
    if content[:2] == b"\xff\xd8":
        at = 2
        while content[at] == 0xFF and content[at + 1] not in (0xDA, 0xD9):
            if content[at + 1] == 0xFF:  # filling
                at += 1
                continue
            (length,) = struct.unpack_from(">H", content, at + 2)
            if content[at + 1] == 0xE1 and content[at + 4 : at + 10] == b"Exif\0\0":
                return content[at + 10 : at + 2 + length]
            at += 2 + length
    elif content[:8] == b"\x89PNG\r\n\x1a\n":
        at = 8
        while at + 8 <= len(content):
            length, kind = struct.unpack_from(">I4s", content, at)
            if kind == b"eXIf":
                return content[at + 8 : at + 8 + length]
            at += 12 + length
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        at = 12
        while at + 8 <= len(content):
            kind, length = struct.unpack_from("<4sI", content, at)
            if kind == b"EXIF":
                return content[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
            at += 8 + length + length % 2
    elif content[:4] in (b"II*\0", b"MM\0*"):
        return content
    return b""


def _orientation_in(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}[tiff[:2]] if tiff[:2] in (b"II", b"MM") else ""
    if not order:
        return 1
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    for number in range(count):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, directory + 2 + 12 * number)
        if tag == _ORIENTATION_TAG and kind == 3:
            return int(value)
    return 1
