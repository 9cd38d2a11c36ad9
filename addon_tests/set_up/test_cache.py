from __future__ import annotations

from pathlib import Path

import pytest

from handmocap_addon.set_up.cache import PARTS, clear, sizes
from handmocap_addon.set_up.environments import REQUIREMENTS, find_wilor, find_worker
from handmocap_addon.set_up.stamps import pins_hash, write_stamp


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of environments as set-ups leave it, with things of a person's own in it."""
    for name in ("worker-python3.11", "readers-python3.11", "wilor-python3.11"):
        python = tmp_path / name / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_bytes(b"x" * 1000)
        write_stamp(tmp_path / name, pins_hash([REQUIREMENTS / "worker.txt", REQUIREMENTS / "stand_in.txt"]))
    weights = tmp_path / "wilor-weights" / "pretrained_models"
    weights.mkdir(parents=True)
    (weights / "detector.pt").write_bytes(b"x" * 5000)
    (tmp_path / "worker-python-notes").mkdir()
    (tmp_path / "worker-python-notes" / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "clip.mp4").write_bytes(b"mine")
    return tmp_path


def test_each_part_is_measured_alone(folder: Path) -> None:
    found = sizes(folder)
    assert found["blender"] == 0
    assert 1000 < found["worker"] < 1500
    assert 1000 < found["readers"] < 1500
    assert 6000 < found["wilor"] < 6500


def test_only_what_was_asked_for_goes_and_nothing_of_a_person(folder: Path) -> None:
    said: list[str] = []
    freed = clear(folder, ["wilor"], said.append)
    assert 6000 < freed < 6500
    assert find_wilor(folder) is None
    assert find_worker(folder) is not None
    assert sorted(said) == ["Removing wilor-python3.11", "Removing wilor-weights"]
    clear(folder, PARTS, said.append)
    assert find_worker(folder) is None
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left - {".lock"} == {"worker-python-notes/mine.txt", "clip.mp4"}


def test_a_link_to_another_place_and_what_it_leads_to_stay(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_stamp(elsewhere, "pins")
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "worker-python3.11").symlink_to(elsewhere, target_is_directory=True)
    assert clear(folder, PARTS, lambda _text: None) == 0
    assert (folder / "worker-python3.11").is_symlink()
    assert list(elsewhere.iterdir())


def test_a_folder_that_was_never_made_is_no_failure(tmp_path: Path) -> None:
    assert clear(tmp_path / "none", PARTS, lambda _text: None) == 0
    assert set(sizes(tmp_path / "none").values()) == {0}
