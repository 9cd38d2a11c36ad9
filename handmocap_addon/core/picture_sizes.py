"""How large a picture is by its header, before anybody makes room for its pixels."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO, Final

MOST_PICTURE_BYTES: Final = 1 << 30
# What a picture takes while it is read, by measurement: light is floats. Plates of 8192 x 4320 are still read in all kinds.
_BYTES_A_PIXEL: Final = {"exr": 30, "dpx": 16}
_USUAL_BYTES_A_PIXEL: Final = 10
_HEAD: Final = 1 << 20
_JPEG_2000: Final = b"\xff\x4f\xff\x51"
# The markers of a JPEG's frame; the others between 0xC0 and 0xCF are tables.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def too_large(file: Path | bytes) -> tuple[int, int] | None:
    """Width and height of a picture that would need more than `MOST_PICTURE_BYTES`; None for others, and where not known."""
    try:
        with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as stream:
            kind, size = _kind_and_size(stream)
    except (OSError, struct.error, ValueError, IndexError):
        return None
    if kind == "targa" and isinstance(file, Path) and file.suffix.lower() != ".tga":
        return None
    return size if size[0] * size[1] * _BYTES_A_PIXEL.get(kind, _USUAL_BYTES_A_PIXEL) > MOST_PICTURE_BYTES else None


def _kind_and_size(stream: BinaryIO) -> tuple[str, tuple[int, int]]:
    head = stream.read(_HEAD)
    if head.startswith(b"\x89PNG"):
        return "png", struct.unpack_from(">II", head, 16)
    if head.startswith(b"\xff\xd8"):
        return "jpeg", _jpeg(head)
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "tiff", _tiff(stream, "<" if head.startswith(b"II") else ">")
    if head.startswith(b"\x76\x2f\x31\x01"):
        left, top, right, bottom = struct.unpack_from("<4i", head, head.index(b"dataWindow\0box2i\0") + 21)
        return "exr", (max(right - left + 1, 0), max(bottom - top + 1, 0))
    if head[:4] in (b"SDPX", b"XPDS"):
        return "dpx", struct.unpack_from((">" if head.startswith(b"SDPX") else "<") + "II", head, 772)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp", _webp(head)
    if head.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", head, 18)
        return "bmp", (abs(width), abs(height))
    if head.startswith((_JPEG_2000, b"\0\0\0\x0cjP  ")):
        right, bottom, left, top = struct.unpack_from(">4I", head, head.index(_JPEG_2000) + 8)
        return "jpeg2000", (max(right - left, 0), max(bottom - top, 0))
    # Only a TGA has no mark of its own, and at most 65,535 pixels a side.
    return "targa", struct.unpack_from("<HH", head, 12)


def _jpeg(head: bytes) -> tuple[int, int]:
    at = 2
    while head[at] == 0xFF:
        marker, length = struct.unpack_from(">xBH", head, at)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + length
    raise ValueError("no frame")


def _tiff(stream: BinaryIO, order: str) -> tuple[int, int]:
    stream.seek(4)
    stream.seek(*struct.unpack(order + "I", stream.read(4)))
    (count,) = struct.unpack(order + "H", stream.read(2))
    found = {}
    for _ in range(count):
        tag, kind, _count, value = struct.unpack(order + "HHI4s", stream.read(12))
        if tag in (256, 257):
            (found[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), value)
    return found.get(256, 0), found.get(257, 0)


def _webp(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF
