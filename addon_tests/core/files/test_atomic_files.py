from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from handmocap_addon.core.errors import ExitCode, OutputError
from handmocap_addon.core.files import atomic_files
from handmocap_addon.core.files.atomic_files import (
    check_free_space,
    check_output_folder,
    ensure_output_folder,
    replacing,
    write_json,
)


@pytest.fixture
def blocked(tmp_path) -> Path:
    """A folder that cannot exist, since a file is in its place. (Tests may run as root, who may write anywhere.)"""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    return tmp_path / "file" / "folder"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_file_takes_the_old_one_s_place(tmp_path):
    path = tmp_path / "result.txt"
    path.write_text("old", encoding="utf-8")
    with replacing(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert names_in(tmp_path) == ["result.txt"]


def test_a_failing_block_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.txt"
    path.write_text("old", encoding="utf-8")

    def write_half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("ne", encoding="utf-8")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_half()
    assert path.read_text(encoding="utf-8") == "old"
    assert names_in(tmp_path) == ["result.txt"]


def test_a_failing_first_write_leaves_nothing(tmp_path):
    def write_half() -> None:
        with replacing(tmp_path / "result.txt") as temporary:
            temporary.write_text("ne", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert names_in(tmp_path) == []


def test_the_temporary_file_is_in_the_same_folder_with_the_same_suffix(tmp_path):
    with replacing(tmp_path / "Körper 1.usdc") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".usdc"
        assert temporary.name.startswith(".handmocap-")
        temporary.write_bytes(b"")


def test_missing_folders_are_made(tmp_path):
    with replacing(tmp_path / "a" / "b c" / "ä.txt") as temporary:
        temporary.write_bytes(b"1")
    assert (tmp_path / "a" / "b c" / "ä.txt").read_bytes() == b"1"


def test_a_block_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "result.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(OutputError), replacing(path):
        pass
    assert path.read_text(encoding="utf-8") == "old"


def test_a_place_that_cannot_be_written_is_an_output_error(blocked):
    with pytest.raises(OutputError) as caught, replacing(blocked / "result.txt") as temporary:
        temporary.write_bytes(b"")
    assert str(blocked / "result.txt") in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.FAILED


def test_a_full_disk_has_a_sentence_of_its_own_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "body.abc"
    path.write_bytes(b"old")

    def write_until_full() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError) as caught:
        write_until_full()
    assert caught.value.sentence().startswith(f"The disk is full at {path}")
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["body.abc"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_is_really_full():
    with (
        pytest.raises(OutputError, match="disk is full"),
        replacing(Path("/dev/shm/unused")),
        Path("/dev/full").open("wb") as full,
    ):
        full.write(b"1")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_forbidden_place_says_to_choose_another(tmp_path, number):
    with pytest.raises(OutputError) as caught, replacing(tmp_path / "result.txt"):
        raise OSError(number, os.strerror(number))
    assert "may write" in caught.value.hint


def test_two_processes_may_write_the_same_file(tmp_path):
    path = tmp_path / "result.txt"
    other = (
        "import sys; from pathlib import Path; from handmocap_addon.core.files.atomic_files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary: temporary.write_text('other')"
    )
    with replacing(path) as temporary:
        temporary.write_text("ours", encoding="utf-8")
        repository = Path(__file__).parents[3]
        subprocess.run([sys.executable, "-c", other, str(path)], check=True, cwd=repository)
        assert path.read_text(encoding="utf-8") == "other"
    assert path.read_text(encoding="utf-8") == "ours"
    assert names_in(tmp_path) == ["result.txt"]


def test_a_folder_that_can_be_written_is_made_and_left_empty(tmp_path):
    ensure_output_folder(tmp_path / "new" / "folder")
    assert names_in(tmp_path / "new" / "folder") == []


def test_a_folder_that_cannot_be_made_is_an_output_error(blocked):
    with pytest.raises(OutputError) as caught:
        ensure_output_folder(blocked)
    assert str(blocked) in caught.value.message


def test_json_keeps_letters_as_they_are(tmp_path):
    write_json(tmp_path / "report.json", {"clip": "Tänzer 手"})
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "Tänzer 手" in text
    assert json.loads(text) == {"clip": "Tänzer 手"}


def test_json_has_a_list_of_numbers_on_one_line_and_leaves_other_lists_and_letters_alone(tmp_path):
    value = {"by_frame": [0.5, None, -1e-09, 3], "none": [], "names": ["[\n1]", "[ 1,  2 ]"], "nested": [[1, 2], [3, 4]]}
    write_json(tmp_path / "report.json", value)
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert '"by_frame": [0.5, null, -1e-09, 3],' in text.splitlines()[1]


def test_json_that_cannot_be_written_keeps_the_old_file(tmp_path):
    write_json(tmp_path / "report.json", {"ok": True})
    with pytest.raises(TypeError):
        write_json(tmp_path / "report.json", {"ok": object()})
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == {"ok": True}
    assert names_in(tmp_path) == ["report.json"]


def test_enough_space_passes(tmp_path):
    check_free_space(tmp_path, 1)


def test_too_little_space_is_refused_with_both_numbers(tmp_path):
    with pytest.raises(OutputError) as caught:
        check_free_space(tmp_path, 10**18)
    assert re.search(r"\d+ MB free and 1000000000000 MB", caught.value.message)


def test_space_of_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(OutputError):
        check_free_space(tmp_path / "nowhere", 1)


def test_looking_at_a_folder_makes_nothing(tmp_path):
    check_output_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputError, match="file"):
        check_output_folder(tmp_path / "file" / "b")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_next_write_removes_what_a_killed_one_left_and_leaves_what_is_being_written(tmp_path):
    path = tmp_path / "scene [1].blend"
    code = (
        "import os, sys; from pathlib import Path; from handmocap_addon.core.files.atomic_files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); print(temporary.name, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    killed, busy = (subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2))
    try:
        names = [process.stdout.readline().strip() for process in (killed, busy)]
        killed.kill()
        killed.wait()
        elsewhere = re.sub("-[0-9a-f]{8}-", "-00000000-", names[0])  # another machine's, whose processes nobody here knows
        (tmp_path / elsewhere).touch()
        assert names_in(tmp_path) == sorted([*names, elsewhere])
        with replacing(path) as temporary:
            temporary.write_text("whole", encoding="utf-8")
        assert names_in(tmp_path) == sorted([names[1], elsewhere, path.name])
        busy.communicate("")
        assert names_in(tmp_path) == sorted([elsewhere, path.name])
    finally:
        busy.kill()
        for process in (killed, busy):
            process.wait()
            process.stdout.close()


def test_two_threads_that_write_one_file_do_not_meet(tmp_path):
    path = tmp_path / "report.json"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_text("first", encoding="utf-8")
        second.write_text("second", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "first"
    assert [place.name for place in tmp_path.iterdir()] == ["report.json"]


def test_a_container_of_the_same_name_keeps_its_temporary_files(tmp_path, monkeypatch):
    """Its process numbers are its own: none of them may run here."""
    here = Path.readlink
    monkeypatch.setattr(Path, "readlink", lambda self: Path("pid:[1]") if str(self) == "/proc/self/ns/pid" else here(self))
    theirs = tmp_path / f"{atomic_files._temporary_prefix(99999999)}0-0000abcd-report.part.json"
    monkeypatch.undo()
    ours = tmp_path / f"{atomic_files._temporary_prefix(99999999)}0-0000abcd-report.part.json"
    assert theirs != ours or not Path("/proc/self/ns/pid").exists()
    for place in (theirs, ours):
        place.write_text("half", encoding="utf-8")
    with replacing(tmp_path / "report.json") as temporary:
        temporary.write_text("whole", encoding="utf-8")
    assert theirs.exists() == (theirs != ours)
    assert not ours.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="a system that tells when a process started")
def test_what_an_earlier_process_of_a_number_in_use_left_goes(tmp_path):
    started = atomic_files._start_of(os.getpid())
    assert started > 0
    own, earlier = (
        tmp_path / f"{atomic_files._temporary_prefix(os.getpid())}{start}-0000abcd-report.part.json"
        for start in (started, started - 1)
    )
    own.touch()
    earlier.touch()
    with replacing(tmp_path / "report.json") as temporary:
        temporary.write_text("whole", encoding="utf-8")
    assert names_in(tmp_path) == sorted([own.name, "report.json"])


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_limit_on_files_is_named_and_the_old_file_stays(tmp_path):
    code = (
        "import resource, sys; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from handmocap_addon.core.files.atomic_files import write_json\n"
        "from handmocap_addon.core.errors import OutputError\n"
        "try: write_json(Path(sys.argv[1]), list(range(10_000)))\n"
        "except OutputError as error: print(error.sentence())\n"
    )
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    command = [sys.executable, "-B", "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.startswith(f"{path} would be larger than a file may be here: raise the limit")
    assert names_in(tmp_path) == ["report.json"]
    assert path.read_text(encoding="utf-8") == "old"


def test_what_blender_left_half_under_a_name_of_its_own_goes_too(tmp_path):
    half = tmp_path / f"{atomic_files._temporary_prefix(99999999)}0-0000abcd-scene.part.blend@"
    other = tmp_path / f"{atomic_files._temporary_prefix(99999999)}0-0000abcd-other.part.blend@"
    half.touch()
    other.touch()
    with replacing(tmp_path / "scene.blend") as temporary:
        temporary.write_text("whole", encoding="utf-8")
    assert names_in(tmp_path) == sorted(["scene.blend", other.name])


def test_a_writer_s_own_sentence_names_the_file_and_not_its_temporary_name(tmp_path: Path) -> None:
    target = tmp_path / "a.usdc"
    with pytest.raises(OutputError) as caught, replacing(target) as temporary:
        raise OutputError(f"{temporary} is too large", "choose another drive")
    assert caught.value.sentence() == f"{target} is too large: choose another drive"
    assert list(tmp_path.iterdir()) == []
