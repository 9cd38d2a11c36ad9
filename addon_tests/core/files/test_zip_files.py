"""Zip archives that say less of themselves than they are, or list more than any has."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from handmocap_addon.core.files.zip_files import opened_member, opened_zip, read_member

_LARGE = 1 << 26


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a", content)
    return packed.getvalue()


def saying(content: bytes, size: int) -> bytes:
    """An archive of one member that says another size of itself, in its list and before its content."""
    at, listed = content.index(b"PK\3\4") + 22, content.index(b"PK\1\2") + 24
    changed = bytearray(content)
    for place in (at, listed):
        struct.pack_into("<I", changed, place, size)
    return bytes(changed)


def test_what_is_whole_is_read():
    with opened_zip(zipped(b"abc" * 1000)) as archive:
        assert read_member(archive, archive.getinfo("a")) == b"abc" * 1000
        with opened_member(archive, archive.getinfo("a")) as file:
            assert file.read(3) == b"abc"


def test_a_member_is_unpacked_no_further_than_it_says():
    content = saying(zipped(bytes(_LARGE)), 1000)
    tracemalloc.start()
    try:
        with pytest.raises(zipfile.BadZipFile), opened_zip(content) as archive:  # by its checksum
            read_member(archive, archive.getinfo("a"))
        assert tracemalloc.get_traced_memory()[1] < _LARGE / 8
    finally:
        tracemalloc.stop()


def test_a_list_of_members_that_is_longer_than_any_is_not_read(tmp_path: Path):
    entry = zipped(b"")
    listed = entry[entry.index(b"PK\1\2") : entry.index(b"PK\5\6")] * 200_000
    path = tmp_path / "a.zip"
    path.write_bytes(listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, len(listed), 0, 0))
    tracemalloc.start()
    try:
        with pytest.raises(zipfile.BadZipFile, match="longer than any"), opened_zip(path):
            pass
        assert tracemalloc.get_traced_memory()[1] < 3 * len(listed)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_ways_of_packing_are_refused(method):
    with opened_zip(zipped(b"abc", method)) as archive, pytest.raises(zipfile.BadZipFile, match="not read here"):
        read_member(archive, archive.getinfo("a"))


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    with pytest.raises(FileNotFoundError), opened_zip(tmp_path):
        pass
    with pytest.raises(FileNotFoundError), opened_zip(tmp_path / "nothing"):
        pass
