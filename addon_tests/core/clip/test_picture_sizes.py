"""The size of a picture by its header alone, of every kind that is read."""

from __future__ import annotations

import struct

import pytest

from handmocap_addon.core.clip.picture_sizes import too_large


def exr(width: int, height: int) -> bytes:
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(name + b"\0" + struct.pack("<4i", 1, 0, 1, 1) for name in (b"B", b"G", b"R")) + b"\0"
    attributes = {b"channels\0chlist": channels, b"dataWindow\0box2i": window, b"displayWindow\0box2i": window}
    listed = b"".join(name + b"\0" + struct.pack("<i", len(value)) + value for name, value in attributes.items())
    return b"\x76\x2f\x31\x01\x02\0\0\0" + listed + b"\0"


def tiff(width: int, height: int) -> bytes:
    entries = struct.pack("<HHII", 256, 4, 1, width) + struct.pack("<HHII", 257, 4, 1, height)
    return b"II*\0" + struct.pack("<IH", 8, 2) + entries


HEADERS = {
    "png": lambda width, height: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBB", width, height, 16, 6),
    "jpeg": lambda width, height: b"\xff\xd8\xff\xe0\0\x02\xff\xc2\0\x11\x08" + struct.pack(">HH", height, width),
    "tiff": tiff,
    "exr": exr,
    "dpx": lambda width, height: b"SDPX" + bytes(768) + struct.pack(">II", width, height),
    "lossless webp": lambda width, height: b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0/"
    + struct.pack("<I", (width - 1) | (height - 1) << 14),
    "webp": lambda width, height: b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0"
    + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
    "bmp": lambda width, height: b"BM" + bytes(16) + struct.pack("<ii", width, -height),
    "jpeg 2000": lambda width, height: b"\xff\x4f\xff\x51\0\0\0\0" + struct.pack(">4I", width, height, 0, 0)
    + bytes(16) + struct.pack(">H", 3),
    "targa": lambda width, height: bytes(12) + struct.pack("<HH", width, height),
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADERS)
def test_a_picture_of_more_than_a_gigabyte_is_known(kind):
    # WebP without loss ends at 16,384 pixels a side.
    assert too_large(HEADERS[kind](16_001, 15_001)) == (16_001, 15_001)
    assert too_large(HEADERS[kind](8192, 4320)) is None


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_is_cut_tells_nothing(kind, tmp_path):
    whole = HEADERS[kind](16_001, 15_001)
    for length in range(len(whole)):
        (tmp_path / "a.png").write_bytes(whole[:length])
        too_large(whole[:length])
        too_large(tmp_path / "a.png")
    assert too_large(tmp_path / "nothing.png") is None


def test_an_exr_is_as_large_as_the_larger_of_its_windows():
    whole = exr(100, 100)
    window = struct.pack("<4i", 0, 0, 99, 99)
    at = whole.rindex(window)
    shown = whole[:at] + struct.pack("<4i", -5, -5, 15_994, 14_994) + whole[at + 16 :]
    assert too_large(shown) == (16_000, 15_000)
    # A text that looks like a window is none.
    small = b"dataWindow\0box2i\0" + struct.pack("<i", 16) + bytes(16)
    decoy = b"comment\0string\0" + struct.pack("<i", len(small)) + small
    assert too_large(shown[:8] + decoy + shown[8:]) == (16_000, 15_000)


def test_a_jpeg_is_known_behind_however_much_it_says_before():
    said = b"".join(b"\xff\xe1\xff\xff" + bytes(65_533) for _ in range(20))
    whole = HEADERS["jpeg"](30_000, 30_000)
    assert too_large(whole[:2] + said + whole[2:]) == (30_000, 30_000)


def test_what_the_file_holds_itself_counts(tmp_path):
    path = tmp_path / "a.exr"
    path.write_bytes(exr(8192, 4320))
    assert too_large(path) is None
    with path.open("r+b") as file:
        file.truncate((1 << 29) + (1 << 25))
    assert too_large(path) == (8192, 4320)
