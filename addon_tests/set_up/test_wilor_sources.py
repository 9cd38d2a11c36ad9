"""wilor_mini's sources, in whatever they come, are known by what is in them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from handmocap_addon.core.errors import BadInputError
from handmocap_addon.set_up import wilor_sources
from handmocap_addon.set_up.wilor_sources import read_sources, sources_sha256, write_wheel

FILES = {"wilor_mini/__init__.py": b"", "wilor_mini/models/__init__.py": b"x = 1\n", "wilor_mini/models/a-b.json": b"{}"}
BESIDE = {"setup.py": b"raise SystemExit('ran')", "tests/wilor_mini/__init__.pyc": b"c", "assets/video.mp4": b"v" * 1000}


def folder_of(tmp_path: Path) -> Path:
    for name, content in {
        **FILES,
        **BESIDE,
        "wilor_mini/__pycache__/x.pyc": b"c",
        "wilor_mini/pretrained_models/w": b"w",
    }.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "folder"


def archive_of(tmp_path: Path, files: dict[str, bytes], top: str, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(tmp_path / "archive", "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return tmp_path / "archive"


def tar_of(tmp_path: Path) -> Path:
    with tarfile.open(tmp_path / "archive.tar.gz", "w:gz") as archive:
        for name, content in {**BESIDE, **FILES}.items():
            member = tarfile.TarInfo(f"wilor_mini-1.1/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("wilor_mini-1.1/wilor_mini/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return tmp_path / "archive.tar.gz"


def test_whatever_they_come_in_they_are_the_same(tmp_path):
    """Compression, order, dates and what lies beside them change nothing."""
    wheel = write_wheel(FILES, "1.1", tmp_path)
    places = [folder_of(tmp_path), tar_of(tmp_path), wheel]
    assert [read_sources(place) for place in places] == [FILES] * 3
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        reverse = dict(reversed({**FILES, **BESIDE}.items()))
        assert sources_sha256(read_sources(archive_of(tmp_path, reverse, "X-abc/", compression))) == sources_sha256(FILES)


def test_the_hash_is_that_of_the_command_in_the_docstring(tmp_path):
    # find wilor_mini -type f | LC_ALL=C sort | xargs sha256sum | sha256sum
    assert sources_sha256(FILES) == "d7f576d2341b757d102e7996971c2ab98569d3b22c8bd5ab376984ef8300fb5f"


@pytest.mark.parametrize(
    "change",
    [
        {"wilor_mini/__init__.py": b"import os"},
        {"wilor_mini/more.py": b""},
        {"wilor_mini/models/__init__.py": None, "wilor_mini/models/init.py": b"x = 1\n"},
    ],
)
def test_any_other_file_is_another_hash(change):
    changed = {name: content for name, content in {**FILES, **change}.items() if content is not None}
    assert sources_sha256(changed) != sources_sha256(FILES)


def test_the_wheel_holds_them_and_nothing_that_runs(tmp_path):
    first = write_wheel(FILES, "1.1", tmp_path).read_bytes()
    assert write_wheel(FILES, "1.1", tmp_path).read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as wheel:
        assert {name: wheel.read(name) for name in wheel.namelist() if "dist-info" not in name} == FILES
        assert {name.rpartition("/")[2] for name in wheel.namelist() if "dist-info" in name} == {
            "METADATA",
            "WHEEL",
            "RECORD",
        }


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"setup.py": b""}, "holds no wilor_mini"),
        ({**FILES, "wilor_mini/../../evil.py": b""}, "has the name"),
        ({**FILES, "wilor_mini/a\nb.py": b""}, "has the name"),
        ({**FILES, "wilor_mini/big.bin": b"0" * 2001}, "holds more than"),
        ({**FILES, **{f"wilor_mini/{number}.py": b"" for number in range(20)}}, "holds more than"),
    ],
)
def test_what_cannot_be_it_is_a_sentence(tmp_path, monkeypatch, files, words):
    monkeypatch.setattr(wilor_sources, "_MOST_BYTES", 2000)
    monkeypatch.setattr(wilor_sources, "_MOST_FILES", 20)
    with pytest.raises(BadInputError, match=words):
        read_sources(archive_of(tmp_path, files, "X-abc/"))


def test_a_damaged_archive_is_a_sentence(tmp_path):
    whole = archive_of(tmp_path, FILES, "", zipfile.ZIP_STORED).read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2], whole.replace(b"x = 1", b"y = 1")):
        (tmp_path / "archive").write_bytes(content)
        with pytest.raises(BadInputError):
            read_sources(tmp_path / "archive")
