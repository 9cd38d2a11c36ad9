from __future__ import annotations

from pathlib import Path

import pytest

from handmocap_addon.core.clip.clip_neighbours import hands_of, people_of


def _files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


@pytest.mark.parametrize("place", ["hmr4d_results.pt", "mocap/clip/hmr4d_results.pt", "outputs/demo/clip/hmr4d_results.pt"])
def test_one_person(place: str, tmp_path: Path) -> None:
    _files(tmp_path, "clip.mp4", place)
    assert [(person.name, person.gvhmr) for person in people_of(tmp_path / "clip.mp4")] == [("clip", tmp_path / place)]


@pytest.mark.parametrize("place", ["mocap", "mocap/clip"])
def test_several_people_in_the_order_of_their_names(place: str, tmp_path: Path) -> None:
    _files(tmp_path, "clip.mp4", f"{place}/zoë/hmr4d_results.pt", f"{place}/anna/hmr4d_results.pt", f"{place}/notes.txt")
    assert [person.name for person in people_of(tmp_path / "clip.mp4")] == ["anna", "zoë"]


def test_results_of_other_clips_are_not_people(tmp_path: Path) -> None:
    _files(tmp_path, "clip.mp4", "other.mp4", "mocap/other/hmr4d_results.pt", "mocap/anna/hmr4d_results.pt")
    assert [person.name for person in people_of(tmp_path / "clip.mp4")] == ["anna"]


def test_a_folder_of_images(tmp_path: Path) -> None:
    _files(tmp_path, "frames/0001.png", "frames/hmr4d_results.pt")
    assert len(people_of(tmp_path / "frames")) == 1


def test_nothing(tmp_path: Path) -> None:
    _files(tmp_path, "clip.mp4")
    assert people_of(tmp_path / "clip.mp4") == ()
    assert hands_of(tmp_path / "clip.mp4", None) is None


def test_hands_are_the_person_s_own(tmp_path: Path) -> None:
    _files(tmp_path, "clip.mp4", "hand_poses.npz", "mocap/anna/hand_poses.npz")
    clip = tmp_path / "clip.mp4"
    assert hands_of(clip, tmp_path / "mocap/anna/hmr4d_results.pt") == tmp_path / "mocap/anna/hand_poses.npz"
    assert hands_of(clip, tmp_path / "mocap/ben/hmr4d_results.pt") is None
    assert hands_of(clip, None) == tmp_path / "hand_poses.npz"
