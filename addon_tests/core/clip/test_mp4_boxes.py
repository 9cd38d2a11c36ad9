"""MP4 files of a few bytes that say millions of samples, and sound that has as many."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from handmocap_addon.core.clip.mp4_boxes import MOST_SAMPLES, samples_beyond_reason

_TOO_MANY = MOST_SAMPLES + 1


def box(kind: bytes, *content: bytes) -> bytes:
    joined = b"".join(content)
    return struct.pack(">I4s", len(joined) + 8, kind) + joined


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def track(count: int, each: int = 1, handler: bytes = b"vide", in_chunk: int = 1, duration: int = 512) -> bytes:
    table = (
        box(b"stts", numbers(0, 1, count, duration)),
        box(b"stsc", numbers(0, 1, 1, in_chunk, 1)),
        box(b"stsz", numbers(0, each, count)),
        box(b"stco", numbers(0, 1, 8)),
    )
    of_data = box(b"hdlr", numbers(0), b"dhlralis", bytes(12))
    of_media = box(b"hdlr", numbers(0, 0), handler, bytes(12))
    return box(b"trak", box(b"mdia", of_media, box(b"minf", of_data, box(b"stbl", *table))))


def fragment(count: int, flags: int = 0, content: bytes = b"") -> bytes:
    return box(b"moof", box(b"traf", box(b"trun", numbers(flags, count), content)))


def movie(*tracks: bytes) -> bytes:
    return box(b"moov", *tracks)


_PACKED = box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", numbers(0), zlib.compress(movie(track(_TOO_MANY)))))


def _nested(depth: int) -> bytes:
    content = movie()
    for _ in range(depth):
        content = movie(content)
    return content


def _packed_again(times: int) -> bytes:
    content = movie()
    for _ in range(times):
        content = box(b"cmvd", numbers(0), zlib.compress(content))
    return content


_BEYOND = {
    "one size for all": movie(track(_TOO_MANY)),
    "in two tracks": movie(track(_TOO_MANY // 2 + 1), track(_TOO_MANY // 2 + 1)),
    "two sizes": movie(track(_TOO_MANY).replace(b"stco", b"stsz")),
    "sound in packets": movie(track(_TOO_MANY, 4, b"soun", duration=1024)),
    "sound in a chunk": movie(track(10, 4, b"soun", 0xFFFFFFFF, 1) * 3),
    "a run": fragment(_TOO_MANY),
    "several runs": fragment(MOST_SAMPLES) + fragment(1),
    "packed": movie(_PACKED),
    "a box without an end": movie(track(_TOO_MANY))[:0] + struct.pack(">I4s", 0, b"moov") + track(_TOO_MANY),
}
_WITHIN = {
    "a film": movie(track(MOST_SAMPLES)),
    "a size for each": movie(track(_TOO_MANY, 0)),
    "two hours of uncompressed sound": movie(track(7200 * 48_000, 4, b"soun", 4800, 1)),
    "a run with sizes": fragment(2, 0x200, numbers(5, 5)),
    "cut short": movie(track(_TOO_MANY))[:40],
    "boxes in boxes": _nested(5000),
    "packed again and again": _packed_again(1500),
    "nothing": b"",
    "something else": b"\x1a\x45\xdf\xa3" + bytes(100),
}


@pytest.mark.parametrize("name", _BEYOND)
def test_samples_that_cannot_be_are_counted(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + _BEYOND[name])
    assert (samples_beyond_reason(path) or 0) > MOST_SAMPLES


@pytest.mark.parametrize("name", _WITHIN)
def test_other_files_are_left_to_their_reader(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(_WITHIN[name])
    assert samples_beyond_reason(path) is None
