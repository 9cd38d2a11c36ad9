from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from handmocap_addon.core.errors import OutputError
from handmocap_addon.core.files.atomic_files import this_machine
from handmocap_addon.core.files.temporary_folders import (
    TRACE_FOLDER,
    TemporaryFolder,
    claim,
    remove_abandoned_folders,
    temporary_files_in_one_place,
)
from handmocap_addon.core.process.trace_log import write_trace

REPOSITORY = Path(__file__).parents[3]
_HOLDS_ONE = """
import sys, tempfile
from handmocap_addon.core.files.temporary_folders import TemporaryFolder, claim
from pathlib import Path
if sys.argv[1] == "ours":
    folder = TemporaryFolder().path
else:
    folder = Path(tempfile.gettempdir()) / sys.argv[1]
    folder.mkdir()
    claim(folder)
(folder / "half a scene").mkdir()
(folder / "half a scene" / "scene.blend").write_bytes(b"half")
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files, of this test alone."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setenv("TEMP", str(place))
    monkeypatch.setenv("TMP", str(place))
    monkeypatch.delenv(TRACE_FOLDER, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    return place


def holder(name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDS_ONE, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert process.stdout is not None
    assert Path(process.stdout.readline().strip()).is_dir()
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    "name",
    [
        "ours",
        pytest.param("blender_aB3xYz", marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files")),
    ],
)
def test_what_a_killed_process_left_goes_with_the_next_run_and_not_before(place: Path, name: str) -> None:
    process = holder(name)
    try:
        with TemporaryFolder():
            pass
        (left,) = place.iterdir()
        assert (left / "half a scene" / "scene.blend").is_file()
    finally:
        end(process)
    assert left.is_dir()
    with TemporaryFolder():
        assert not left.exists()
    assert list(place.iterdir()) == []


def test_a_folder_of_this_very_process_stays_as_long_as_it_is_in_use(place: Path) -> None:
    with TemporaryFolder() as first:
        (first.path / "in use").touch()
        with TemporaryFolder() as second:
            assert first.path != second.path
        remove_abandoned_folders(place)
        assert (first.path / "in use").is_file()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("inside", [[], ["scene.blend"]])
def test_one_that_was_killed_while_it_made_or_removed_its_folder_leaves_nothing(place: Path, inside: list[str]) -> None:
    folder = place / f"handmocap-{this_machine()}-abcd1234"
    folder.mkdir()
    for name in inside:
        (folder / name).touch()
    remove_abandoned_folders(place)
    assert not folder.exists()


def test_what_is_not_ours_stays(place: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ours = f"handmocap-{this_machine()}-"
    names = [
        "blender_aB3xYz",
        "handmocap-00000000-abcd1234",
        "handmocap-notes",
        f"{ours}abcd12345",
        f"{ours}ABCD1234",
        "tmpabcd1234",
    ]
    for name in names:
        (place / name).mkdir()
        (place / name / "work").touch()
    (place / f"{ours}file1234").write_text("a file", encoding="utf-8")
    (elsewhere / "work").touch()
    (place / f"{ours}link1234").symlink_to(elsewhere)
    (place / "blender_Link12").symlink_to(elsewhere)
    remove_abandoned_folders(place)
    assert {path.name for path in place.iterdir()} == {*names, f"{ours}file1234", f"{ours}link1234", "blender_Link12"}
    assert (elsewhere / "work").is_file()
    assert all((place / name / "work").is_file() for name in names)


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_links_inside_are_not_followed(place: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "work").touch()
    process = holder("ours")
    (left,) = place.iterdir()
    (left / "link").symlink_to(tmp_path / "precious")
    (left / "half a scene" / "link").symlink_to(tmp_path / "precious")
    end(process)
    remove_abandoned_folders(place)
    assert not left.exists()
    assert (tmp_path / "precious" / "work").is_file()


@pytest.mark.skipif(sys.platform == "win32" or getattr(os, "geteuid", lambda: 1)() != 0, reason="only root gives files away")
def test_a_folder_of_another_user_stays(place: Path) -> None:
    process = holder("ours")
    end(process)
    (left,) = place.iterdir()
    os.chown(left, 12345, 12345)
    remove_abandoned_folders(place)
    assert left.is_dir()


def test_a_claim_of_another_machine_s_blender_stays(place: Path) -> None:
    """Locks of another machine may not be seen here."""
    folder = place / "blender_aB3xYz"
    folder.mkdir()
    (folder / ".handmocap-owner").write_text("00000000", encoding="utf-8")
    remove_abandoned_folders(place)
    assert folder.is_dir()


def test_only_folders_of_blender_s_sessions_are_claimed(place: Path) -> None:
    claim(place)
    assert list(place.iterdir()) == []


def test_what_is_made_meanwhile_lies_in_one_place_and_goes_with_it(place: Path) -> None:
    with temporary_files_in_one_place():
        inside = Path(tempfile.mkdtemp())
        (one,) = place.iterdir()
        assert inside.parent == one
        child = [sys.executable, "-c", "import tempfile; print(tempfile.mkdtemp())"]
        made = subprocess.run(child, capture_output=True, text=True, check=True).stdout.strip()
        assert Path(made).parent == one
    assert list(place.iterdir()) == []
    assert tempfile.gettempdir() == str(place)
    assert TRACE_FOLDER not in os.environ


def test_a_trace_outlives_the_place_of_its_run(place: Path) -> None:
    with temporary_files_in_one_place(), temporary_files_in_one_place():
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            log = write_trace("test")
    assert log is not None
    assert log.parent == place
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")


def test_without_any_place_the_work_goes_on_and_a_folder_is_a_sentence(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_usable() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none_usable)
    with temporary_files_in_one_place():
        pass
    with pytest.raises(OutputError) as caught:
        TemporaryFolder()
    assert str(place) in caught.value.message
