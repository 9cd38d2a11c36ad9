from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("place", [".", "mocap/clip"], ids=["beside the clip", "in mocap/<clip>"])
def test_choosing_a_clip_fills_in_what_lies_with_it(place: str, settings: Any, shot_folder: Path, demo: Path) -> None:
    folder = shot_folder / place
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(demo / "hmr4d_results.pt", folder)
    (folder / "hand_poses.npz").write_bytes(b"")
    settings.clip = str(shot_folder / "clip.mp4")
    assert settings.gvhmr_path() == folder / "hmr4d_results.pt"
    assert settings.hand_poses_path() == folder / "hand_poses.npz"


def test_a_choice_of_the_artist_is_not_overwritten(settings: Any, shot_folder: Path, demo: Path) -> None:
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    settings.gvhmr = "mine.pt"
    settings.clip = str(shot_folder / "clip.mp4")
    assert settings.gvhmr == "mine.pt"


def test_a_clip_alone_fills_in_nothing(settings: Any, shot_folder: Path) -> None:
    settings.clip = str(shot_folder / "clip.mp4")
    assert (settings.gvhmr, settings.hand_poses) == ("", "")


def test_another_clip_does_not_keep_the_first_ones_results(settings: Any, shot_folder: Path, demo: Path) -> None:
    """Files that were filled in for one clip are not the next one's."""
    shutil.copy(demo / "hmr4d_results.pt", shot_folder)
    settings.clip = str(shot_folder / "clip.mp4")
    other = shot_folder.parent / "Aufnahme 2"
    other.mkdir()
    shutil.copy(demo / "clip.mp4", other / "clip.mp4")
    shutil.copy(demo / "hmr4d_results.pt", other)
    settings.clip = str(other / "clip.mp4")
    assert settings.gvhmr_path() == other / "hmr4d_results.pt"


def test_results_go_beside_the_gvhmr_result_else_into_a_folder_of_the_clip(settings: Any, shot_folder: Path) -> None:
    settings.clip = str(shot_folder / "clip.mp4")
    assert settings.result_folder() == shot_folder / "mocap" / "clip"
    settings.gvhmr = str(shot_folder / "gvhmr" / "hmr4d_results.pt")
    assert settings.result_folder() == shot_folder / "gvhmr"


def test_a_gvhmr_result_alone_brings_its_copy_of_the_clip(settings: Any, shot_folder: Path, demo: Path) -> None:
    folder = shot_folder / "gvhmr"
    folder.mkdir()
    shutil.copy(demo / "clip.mp4", folder / "0_input_video.mp4")
    shutil.copy(demo / "hmr4d_results.pt", folder)
    settings.gvhmr = str(folder / "hmr4d_results.pt")
    assert settings.clip_path() == folder / "0_input_video.mp4"
    assert settings.gvhmr_path() == folder / "hmr4d_results.pt"


def test_a_chosen_clip_is_not_replaced_by_a_copy(settings: Any, shot_folder: Path, demo: Path) -> None:
    shutil.copy(demo / "clip.mp4", shot_folder / "0_input_video.mp4")
    settings.clip = str(shot_folder / "clip.mp4")
    settings.gvhmr = str(shot_folder / "hmr4d_results.pt")
    assert settings.clip_path() == shot_folder / "clip.mp4"
