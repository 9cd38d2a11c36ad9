"""How many samples an MP4 or QuickTime file says that it has, before a reader makes a row in memory for each of them.

A few bytes can say that there are two thousand million samples of one byte. FFmpeg, here and inside Blender, believes them
and takes gigabytes before it looks for the first. Layout: ISO/IEC 14496-12. Standard library only.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

# Sound in packets for a day and a half, and pictures for a day at 120 a second.
MOST_SAMPLES: Final = 10_000_000
_MOST_BOXES: Final = 1_000_000
# Every box within which FFmpeg looks for others.
_PARENTS: Final = frozenset(b"moov trak mdia minf stbl moof traf mvex dinf edts tref udta wave meta sinf schi cmov".split())
# FFmpeg goes no more than ten deep; a packed index lies three deep.
_MOST_DEEP: Final = 12
_PACKED_LIES: Final = 3
_MOST_PACKED: Final = 1 << 26  # bytes of an index that is packed as a whole, as QuickTime did once
_HANDLERS: Final = (b"vide", b"soun", b"m1a ", b"subp", b"clcp")
# A run of samples may say of each its duration, size, flags, and how much later it is shown; then it is as long.
_SAID_OF_EACH: Final = 0xF00
_SOUND_AT_ONCE: Final = 1024  # samples that are one row where sound is not compressed


@dataclass(frozen=True)
class _Box:
    kind: bytes
    begins: int  # of its content
    ends: int


def samples_beyond_reason(path: Path) -> int | None:
    """The number of samples that a file says, where it is more than are read; None for others, and for other kinds of files.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb", buffering=1 << 12) as file:
        try:
            rows = sum(_Boxes(file).rows_of_tracks())
        except (struct.error, zlib.error, OverflowError):
            return None  # cut short or damaged, which its reader finds out as well
    return rows if rows > MOST_SAMPLES else None


class _Boxes:
    def __init__(self, file: BinaryIO, depth: int = 0) -> None:
        self._file = file
        self._left = _MOST_BOXES
        self._depth = depth

    def rows_of_tracks(self) -> Iterator[int]:
        """For each track, and for each run of a file in fragments, how many rows a reader makes that the file has not."""
        track: dict[bytes, _Box] = {}
        for box in self._inside(0, self._file.seek(0, os.SEEK_END), self._depth):
            if box.kind == b"trak" or box.kind in track.keys() & {b"stsz"}:
                yield self._of_track(track)
                track = {}
            if box.kind == b"trun":
                yield self._of_run(box)
            elif box.kind == b"cmvd":
                if self._depth >= _MOST_DEEP:
                    return
                yield from _Boxes(self._unpacked(box), self._depth + _PACKED_LIES).rows_of_tracks()
            elif box.kind != b"hdlr" or self._handler(box) in _HANDLERS:
                track[box.kind] = box
        yield self._of_track(track)

    def _inside(self, begins: int, ends: int, depth: int) -> Iterator[_Box]:
        """The boxes of a range, and those within the ones that hold others."""
        at = begins
        while at + 8 <= ends and self._left > 0:
            self._left -= 1
            (size,), kind = self._read(at, ">I"), self._file.read(4)
            head = 8
            if size == 1:
                (size,), head = self._read(at + 8, ">Q"), 16
            end = ends if size == 0 else min(at + size, ends)
            if (size != 0 and size < head) or not kind.isascii():
                return
            yield _Box(kind, at + head, end)
            if kind in _PARENTS and depth < _MOST_DEEP:
                yield from self._inside(at + head, end, depth + 1)
            at = end

    def _read(self, at: int, layout: str) -> tuple[int, ...]:
        self._file.seek(at)
        return struct.unpack(layout, self._file.read(struct.calcsize(layout)))

    def _of_track(self, track: dict[bytes, _Box]) -> int:
        sizes = track.get(b"stsz")
        if sizes is None:
            return 0
        each, count = self._read(sizes.begins + 4, ">II")
        if self._is_plain_sound(track):
            return self._of_chunks(track)
        # With a size for each the file has as long a table.
        return count if each else 0

    def _is_plain_sound(self, track: dict[bytes, _Box]) -> bool:
        """Uncompressed sound has a sample at every tick, so that readers take it by the chunk."""
        times, handler = track.get(b"stts"), track.get(b"hdlr")
        if times is None or handler is None or self._handler(handler) != b"soun":
            return False
        entries, _, duration = self._read(times.begins + 4, ">III")
        return (entries, duration) == (1, 1)

    def _handler(self, box: _Box) -> bytes:
        self._file.seek(box.begins + 8)
        return self._file.read(4)

    def _unpacked(self, box: _Box) -> BinaryIO:
        self._file.seek(box.begins + 4)
        return io.BytesIO(zlib.decompressobj().decompress(self._file.read(box.ends - box.begins - 4), _MOST_PACKED))

    def _of_chunks(self, track: dict[bytes, _Box]) -> int:
        places, chunks = track.get(b"stco", track.get(b"co64")), track.get(b"stsc")
        if places is None or chunks is None:
            return 0
        (chunk_count,) = self._read(places.begins + 4, ">I")
        (entries,) = self._read(chunks.begins + 4, ">I")
        entries = min(entries, (chunks.ends - chunks.begins - 8) // 12)
        self._file.seek(chunks.begins + 8)
        listed = list(struct.iter_unpack(">III", self._file.read(12 * max(entries, 0))))
        firsts = [first for first, _, _ in listed[1:]] + [chunk_count + 1]
        return sum(
            max(after - first, 0) * -(-samples // _SOUND_AT_ONCE)
            for (first, samples, _), after in zip(listed, firsts, strict=True)
        )

    def _of_run(self, run: _Box) -> int:
        flags, count = self._read(run.begins, ">II")
        return 0 if flags & _SAID_OF_EACH else count
