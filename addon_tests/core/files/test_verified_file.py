"""A file is given out as it was when it was hashed, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import random
import zipfile

import pytest

from handmocap_addon.core.files import verified_file
from handmocap_addon.core.files.verified_file import ChangedFileError, VerifiedFile

BLOCK = 1000


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(verified_file, "_BLOCK_BYTES", BLOCK)


@pytest.fixture(params=[0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, 5 * BLOCK + 37])
def content(request):
    return random.Random(request.param).randbytes(request.param)


def test_it_reads_as_the_file_does(tmp_path, content):
    path = tmp_path / "weights"
    path.write_bytes(content)
    with VerifiedFile(path) as file, path.open("rb") as plain:
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        for seed in range(60):
            chosen = random.Random(seed)
            place, count = chosen.randrange(len(content) + 20), chosen.randrange(3 * BLOCK)
            assert file.seek(place) == plain.seek(place)
            assert file.read(count) == plain.read(count)
            assert file.tell() == plain.tell()
        assert file.seek(0) == 0
        assert file.read() == content
        assert file.seek(0, os.SEEK_END) == len(content)
        assert file.seek(-min(5, len(content)), os.SEEK_CUR) == len(content) - min(5, len(content))
        with pytest.raises(OSError, match="before the file"):
            file.seek(-len(content) - 1, os.SEEK_END)
        assert not file.has_changed


def test_a_library_reads_an_archive_through_it(tmp_path):
    path = tmp_path / "weights.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", random.Random(2).randbytes(7 * BLOCK))
    with VerifiedFile(path) as file, zipfile.ZipFile(io.BufferedReader(file)) as archive:
        assert archive.read("data") == random.Random(2).randbytes(7 * BLOCK)


@pytest.mark.parametrize("change", ["a byte", "cut short", "emptied"])
def test_no_changed_byte_is_given_out(tmp_path, change):
    path = tmp_path / "weights"
    path.write_bytes(bytes(range(250)) * 16)
    with VerifiedFile(path) as file:
        before = file.read(BLOCK)
        other = bytearray(path.read_bytes())
        other[2 * BLOCK + 5] ^= 1
        # In the place of the same file, as through another hard link to it.
        with path.open("rb+") as writing:
            writing.write(other)
            if change != "a byte":
                writing.truncate(2 * BLOCK + 7 if change == "cut short" else 0)
        file.seek(0)
        assert file.read(BLOCK) == before
        file.seek(2 * BLOCK)
        with pytest.raises(ChangedFileError):
            file.read(10)
        assert file.has_changed


def test_bytes_that_are_added_later_are_no_part_of_it(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"x" * (BLOCK * 2))
    with VerifiedFile(path) as file:
        with path.open("ab") as writing:
            writing.write(b"y" * BLOCK)
        assert file.read() == b"x" * (BLOCK * 2)


def test_a_file_under_the_same_name_that_replaces_it_is_not_read(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"x" * (BLOCK * 2))
    with VerifiedFile(path) as file:
        path.with_name("other").write_bytes(b"y" * (BLOCK * 2))
        path.with_name("other").replace(path)
        assert file.read() == b"x" * (BLOCK * 2)
