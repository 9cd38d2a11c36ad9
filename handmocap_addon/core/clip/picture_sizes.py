"""How large a picture is by its header, before anybody makes room for its pixels."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

MOST_PICTURE_BYTES: Final = 1 << 30
_HEAD: Final = 1 << 20
_JPEG_2000: Final = b"\xff\x4f\xff\x51"
# The markers of a JPEG's frame; the others between 0xC0 and 0xCF are tables. Progressive ones are kept twice while read.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE: Final = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_HALF: Final = 1  # an EXR's kind of numbers; the others have four bytes


@dataclass(frozen=True)
class PictureNeed:
    """Width and height in pixels, and about how many bytes a picture takes while it is read, by measurement."""

    size: tuple[int, int]
    byte_count: int


def picture_need(file: Path | bytes) -> PictureNeed | None:
    """What a picture's header says; None where that is not known."""
    try:
        length = len(file) if isinstance(file, bytes) else file.stat().st_size
        with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as stream:
            kind, size, bytes_a_pixel = _said(stream)
    except (OSError, struct.error, ValueError, IndexError, KeyError):
        return None
    if kind == "targa" and isinstance(file, Path) and file.suffix.lower() != ".tga":
        return None
    return PictureNeed(size, length + size[0] * size[1] * bytes_a_pixel)


def too_large(file: Path | bytes) -> tuple[int, int] | None:
    """Width and height of a picture that would need more than `MOST_PICTURE_BYTES`; None for others, and where not known."""
    need = picture_need(file)
    return need.size if need is not None and need.byte_count > MOST_PICTURE_BYTES else None


def _said(stream: BinaryIO) -> tuple[str, tuple[int, int], int]:
    """A picture's kind, its size, and how many bytes a pixel takes besides those of the file."""
    head = stream.read(_HEAD)
    if head.startswith(b"\x89PNG"):
        width, height, bits, colours = struct.unpack_from(">IIBB", head, 16)
        return "png", (width, height), -(-bits // 8) * _PNG_CHANNELS[colours] + 4
    if head.startswith(b"\xff\xd8"):
        return "jpeg", *_jpeg(stream)
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "tiff", _tiff(stream, "<" if head.startswith(b"II") else ">"), 20
    if head.startswith(b"\x76\x2f\x31\x01"):
        return "exr", *_exr(head)
    if head[:4] in (b"SDPX", b"XPDS"):
        return "dpx", struct.unpack_from((">" if head.startswith(b"SDPX") else "<") + "II", head, 772), 18
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp", _webp(head), 8
    if head.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", head, 18)
        return "bmp", (abs(width), abs(height)), 8
    if head.startswith((_JPEG_2000, b"\0\0\0\x0cjP  ")):
        at = head.index(_JPEG_2000)
        right, bottom, left, top = struct.unpack_from(">4I", head, at + 8)
        (channels,) = struct.unpack_from(">H", head, at + 40)
        return "jpeg2000", (max(right - left, 0), max(bottom - top, 0)), 7 * channels + 1
    # Only a TGA has no mark of its own, and at most 65,535 pixels a side.
    return "targa", struct.unpack_from("<HH", head, 12), 8


def _exr(head: bytes) -> tuple[tuple[int, int], int]:
    """The larger of the window that is stored and the one that is shown, each of which one reader makes room for."""
    attributes = exr_attributes(head)[0]
    windows = [struct.unpack("<4i", attributes[name]) for name in (b"dataWindow", b"displayWindow") if name in attributes]
    sizes = [(max(right - left + 1, 0), max(bottom - top + 1, 0)) for left, top, right, bottom in windows]
    listed, at, kinds = attributes[b"channels"], 0, []
    while listed[at]:
        at = listed.index(b"\0", at) + 1
        kinds.append(struct.unpack_from("<i", listed, at)[0])
        at += 16
    bytes_a_number = 2 if all(kind == _HALF for kind in kinds) else 4
    return max(sizes, key=lambda size: size[0] * size[1]), 4 * bytes_a_number + 7


def exr_attributes(content: bytes) -> tuple[dict[bytes, bytes], int]:
    """The attributes of an OpenEXR file by name, and where its header ends.

    Raises:
        ValueError, IndexError, struct.error: it is damaged.
    """
    attributes, at = {}, 8
    while content[at]:
        name_end = content.index(b"\0", at)
        kind_end = content.index(b"\0", name_end + 1)
        (size,) = struct.unpack_from("<i", content, kind_end + 1)
        if size < 0:
            raise ValueError(size)
        value = kind_end + 5
        attributes[content[at:name_end]] = content[value : value + size]
        at = value + size
    return attributes, at + 1


def _jpeg(stream: BinaryIO) -> tuple[tuple[int, int], int]:
    at = 2
    while True:
        stream.seek(at)
        mark, marker, length = struct.unpack(">BBH", stream.read(4))
        if mark != 0xFF:
            raise ValueError("no frame")
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">xHH", stream.read(5))
            return (width, height), 16 if marker in _PROGRESSIVE else 8
        at += 2 + length


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
